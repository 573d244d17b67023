"""A GAN that grows while it learns: 4×4, then 8×8, then 16×16 … (Karras et al. 2018)."""

import math
import warnings

import keras
import numpy as np
from keras import layers, ops

from ..checks import check_whole
from ..data.pixels import from_signed
from .gan import GAN
from .keras_model import KerasGenerator, seeded
from .layers import Doubled, doubled


class ProgressiveGAN(GAN):
    """A GAN whose two networks begin at a small size and get one layer more for each doubling.

    At ``stage`` k it paints pictures of ``sizes[k]``. A new layer fades in: with a weight
    ``alpha`` that rises from 0 to 1, its picture is (1 − α)·twice(small picture) + α·(large
    picture), and the discriminator reads in the same way. ``fit`` gives each stage the same number
    of epochs; α rises during the first half of them. Losses, noise and averaged weights are
    those of :class:`GAN`.

    smallest: the images are halved to the first stage's size as long as their sides are even and
    stay this long. All other arguments as for GAN.

    Source: Karras et al. 2018, arXiv 1710.10196, §2 and figure 2. Lesson 08.
    """

    def __init__(self, image_shape, levels, latents=32, filters=64, smallest=4, seed=0, gain=1.0,
                 flatness=0.0, memory=100):
        KerasGenerator.__init__(self)                   # not GAN's: its networks do not grow
        self.take(image_shape, levels, latents, filters, seed, gain, flatness, memory)
        self.smallest = check_whole(smallest, "smallest")
        self.sizes = growing_sizes(self.image_shape[:2], smallest)
        widths = [max(16, filters // 2**stage) for stage in range(len(self.sizes))]
        with seeded(seed):
            self.build_painter(widths)
            self.build_discriminator(widths)
            self.noise = keras.random.SeedGenerator(seed)
        # In half precision α + 1/fade_steps would be rounded to α, and the fade would never end.
        self.alpha = self.add_weight(shape=(), initializer="ones", trainable=False, autocast=False,
                                     name="alpha")
        self.stage, self.fade_steps = len(self.sizes) - 1, 1
        self.built = True

    def build_painter(self, widths):
        def block(x, layer):
            x = layers.BatchNormalization(momentum=0.9)(layer(x))
            return layers.Activation("relu")(x)

        z = keras.Input((self.latents,))
        small = (*self.sizes[0], widths[0])
        x = layers.Reshape(small)(layers.Dense(math.prod(small), use_bias=False)(z))
        x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
        self.first_layers = keras.Model(z, x)
        self.growth, self.to_image = [], []
        for stage, width in enumerate(widths):
            if stage:
                x = keras.Input((*self.sizes[stage - 1], widths[stage - 1]))
                layer = layers.Conv2D(width, 3, padding="same", use_bias=False)
                self.growth.append(keras.Model(x, block(Doubled()(x), layer)))
            x = keras.Input((*self.sizes[stage], width))
            paint = layers.Conv2D(self.image_shape[2], 3, padding="same", activation="tanh",
                                  dtype="float32")
            self.to_image.append(keras.Model(x, paint(x)))

    def build_discriminator(self, widths):
        def block(shape, *parts):
            start = x = keras.Input(shape)
            for part in parts:
                x = self.normalised(part, x)
            return keras.Model(start, x)

        self.from_image, self.shrinkage = [], []
        for stage, width in enumerate(widths):
            size = self.sizes[stage]
            self.from_image.append(block(
                (*size, self.image_shape[2]), layers.Conv2D(width, 3, padding="same")))
            if stage:
                self.shrinkage.append(block(
                    (*size, width), layers.Conv2D(widths[stage - 1], 4, strides=2, padding="same")))
        x = keras.Input((*self.sizes[0], widths[0]))
        last = block(x.shape[1:], layers.Conv2D(widths[0], 3, padding="same"))
        logits = layers.Dense(1, dtype="float32")(layers.Flatten()(last(x)))
        self.last_layers = keras.Model(x, logits)

    def make_optimizer(self, learning_rate):
        # A short memory of squares (beta_2): layers that come late soon have their own.
        return keras.optimizers.Adam(learning_rate, beta_1=0.5, beta_2=0.99, use_ema=True,
                                     ema_momentum=1 - 1 / self.memory)

    def parts(self):
        return [layer for part in (self.first_layers, *self.growth) for layer in part.layers]

    def painter(self, z, training=False):
        """Pictures of this stage: (N, latents) -> (N, h, w, C) in [-1, 1]."""
        x = self.first_layers(z, training=training)
        for grown in self.growth[: self.stage]:
            before, x = x, grown(x, training=training)
        large = self.to_image[self.stage](x)
        if self.stage == 0:
            return large
        return self.faded(doubled(self.to_image[self.stage - 1](before)), large)

    def faded(self, small, large):
        """(1 − α)·small + α·large, whatever the precision of the two."""
        alpha = ops.cast(self.alpha, large.dtype)
        return (1 - alpha) * ops.cast(small, large.dtype) + alpha * large

    def discriminator(self, images, training=False):
        """Logits of "this is real" for pictures of this stage: (N, h, w, C) -> (N, 1)."""
        x = self.from_image[self.stage](images, training=training)
        for stage in range(self.stage, 0, -1):
            x = self.shrinkage[stage - 1](x, training=training)
            if stage == self.stage:
                small = self.from_image[stage - 1](halved(images), training=training)
                x = self.faded(small, x)
        return self.last_layers(x, training=training)

    def shrunk(self, pixels):
        """Real pixels as this stage sees them, faded like the painted ones: (N, h, w, C) floats."""
        pixels = ops.cast(pixels, "float32")
        for _ in range(len(self.sizes) - 1 - self.stage):
            pixels = halved(pixels)
        if self.stage == 0:
            return pixels
        return self.faded(doubled(halved(pixels)), pixels)

    def image_losses(self, pixels, training=False):
        """GAN's losses at this stage: (batch,). Each step of training lets alpha rise a little."""
        if training:
            self.alpha.assign(ops.minimum(self.alpha + 1 / self.fade_steps, 1))
        return super().image_losses(self.shrunk(pixels), training=training)

    def fit(self, *arguments, callbacks=(), **options):
        """Train stage after stage: each gets the same number of epochs. Returns the History."""
        with warnings.catch_warnings():
            # The layers that wait for their stage.
            warnings.filterwarnings("ignore", "Gradients do not exist")
            return super().fit(*arguments, callbacks=[Growth(), *callbacks], **options)

    def decode(self, z):
        """The images of latents: (N, latents) -> float32 (N, h, w, C) in [0, 1]."""
        self.check_trained()
        z = np.asarray(z, np.float32)
        painted = [ops.convert_to_numpy(self.painter(z[i : i + 256])) for i in range(0, len(z), 256)]
        return from_signed(np.concatenate(painted), self.levels)


class Growth(keras.callbacks.Callback):
    """Begins each stage of a ProgressiveGAN at its epoch, and lets Keras build its functions."""

    stage = None

    def on_epoch_begin(self, epoch, logs=None):
        model, epochs = self.model, self.params["epochs"]
        stages = [stage_of(each, epochs, len(model.sizes)) for each in range(epochs)]
        if self.stage == stages[epoch]:
            return
        self.stage = model.stage = stages[epoch]
        if epoch == stages.index(self.stage):           # where a training goes on, all is kept
            if epoch and model.optimizer.built:         # grow on the average of the last stage
                model.settle()
                for variable in model.trainable_variables:          # JAX wants arrays of their own
                    variable.assign(ops.copy(variable))
            model.alpha.assign(float(self.stage == 0))
        model.fade_steps = max(1, self.params["steps"] * stages.count(self.stage) // 2)
        model.make_train_function(force=True)
        model.test_function = None


def growing_sizes(size, smallest):
    """The sizes of all stages, smallest first: halves of ``size``, as long as they are whole."""
    sizes = [tuple(size)]
    while all(side % 2 == 0 and side // 2 >= smallest for side in sizes[0]):
        sizes.insert(0, tuple(side // 2 for side in sizes[0]))
    return sizes


def stage_of(epoch, epochs, stages):
    """Which stage an epoch of training belongs to; the last epoch always to the last stage."""
    return ((epoch + 1) * stages - 1) // epochs


def halved(images):
    """Four pixels become their mean: (N, h, w, C) -> (N, h/2, w/2, C)."""
    return ops.average_pool(images, 2, strides=2)
