"""A generative adversarial network (Goodfellow et al. 2014), in one Keras model and one ``fit``."""

import math

import keras
import numpy as np
from keras import layers, ops

from ..checks import check_count, check_image_shape, check_number, check_whole
from ..data.pixels import check_levels, from_signed, to_signed
from .keras_model import KerasGenerator, answers, seeded
from .layers import Doubled


class GAN(KerasGenerator):
    """Draws a latent z ~ N(0, I) and paints it; a discriminator says what does not look real.

    The discriminator D minimises softplus(−D(real)) + softplus(D(fake)), the generator
    softplus(−D(fake)) (the non-saturating loss). D's layers are spectrally normalised; real and
    fake pixels get uniform noise of one level's width, so that whole levels do not give the real
    ones away; drawing uses the moving average of the weights, and batch normalisation's means and
    variances are measured again for it.

    image_shape: (H, W, C). levels: values a pixel can take. latents: length of z. filters: of the
    layers at the smallest size, halved at each doubling. seed: of everything. gain: how steep each
    layer of the discriminator may be; above 1 it sees finer differences. flatness: how much it
    costs the discriminator to judge one real image differently under other noise,
    flatness · (D(real + noise) − D(real + other noise))²; for small noise that is a penalty on
    ‖∇D(real)‖². memory: over about how many of the last steps the weights are averaged.

    Source: Goodfellow et al. 2014, arXiv 1406.2661, §3; Miyato et al. 2018, arXiv 1802.05957
    (spectral normalisation); Mescheder et al. 2018, arXiv 1801.04406, eq. 9 (the penalty, R1);
    Odena et al. 2016, doi 10.23915/distill.00003 (doubling before a convolution leaves no
    checkerboard); Yazıcı et al. 2019, arXiv 1806.04498 (averaged weights); Izmailov et al. 2018,
    arXiv 1803.05407, §3.2 (what they need of batch normalisation). Lesson 07.
    """

    keep_best = False

    def __init__(self, image_shape, levels, latents=32, filters=64, seed=0, gain=1.0, flatness=0.0,
                 memory=100):
        super().__init__()
        self.take(image_shape, levels, latents, filters, seed, gain, flatness, memory)
        # Images are halved until their shorter side is about 4, 7 at most.
        halvings = max(0, round(math.log2(min(self.image_shape[:2]) / 5.5)))
        with seeded(seed):
            self.painter = self.build_painter(halvings)
            self.discriminator = self.build_discriminator(halvings)
            self.noise = keras.random.SeedGenerator(seed)
        self.built = True

    def take(self, image_shape, levels, latents, filters, seed, gain, flatness, memory):
        """Check the constructor's arguments and keep them."""
        self.image_shape = check_image_shape(image_shape)
        levels = check_levels(levels)
        self.levels, self.seed, self.gain = levels, seed, check_number(gain, "gain", above=0)
        self.latents, self.filters = check_whole(latents, "latents"), check_whole(filters, "filters")
        self.flatness, self.memory = check_number(flatness, "flatness", 0), check_whole(memory, "memory")

    def build_painter(self, halvings):
        height, width, channels = self.image_shape
        small = (math.ceil(height / 2**halvings), math.ceil(width / 2**halvings), self.filters)
        z = keras.Input((self.latents,))
        x = layers.Reshape(small)(layers.Dense(math.prod(small), use_bias=False)(z))
        x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
        filters = self.filters
        for _ in range(halvings):
            filters = max(16, filters // 2)
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(Doubled()(x))
            x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.Cropping2D(((0, x.shape[1] - height), (0, x.shape[2] - width)))(x)
        x = layers.Conv2D(channels, 3, padding="same", activation="tanh", dtype="float32")(x)
        return keras.Model(z, x)

    def build_discriminator(self, halvings):
        images = keras.Input(self.image_shape)
        filters = max(16, self.filters // 2**halvings)
        x = self.normalised(layers.Conv2D(filters, 3, padding="same"), images)
        for _ in range(halvings):
            filters = 2 * filters
            x = self.normalised(layers.Conv2D(filters, 4, strides=2, padding="same"), x)
        x = self.normalised(layers.Conv2D(filters, 3, padding="same"), x)
        logits = layers.Dense(1, dtype="float32")(layers.Flatten()(x))
        return keras.Model(images, logits)

    def normalised(self, layer, x):
        """A discriminator's layer: spectrally normalised, ``gain`` times as steep, leaky ReLU."""
        x = self.gain * layers.SpectralNormalization(layer)(x)
        return layers.Maximum()([x, 0.2 * x])

    def make_optimizer(self, learning_rate):
        return keras.optimizers.Adam(learning_rate, beta_1=0.5, use_ema=True,
                                     ema_momentum=1 - 1 / self.memory)

    def fit(self, *arguments, **options):
        history = super().fit(*arguments, **options)
        self.settle()
        return history

    def settle(self):
        """The moving average of the weights, and of its own features the means and variances.

        Those that training kept are of other weights, and the average is worth little with them.
        """
        super().settle()
        z = np.random.default_rng(self.seed).standard_normal((10, 256, self.latents), np.float32)
        found = [layer for layer in self.parts() if isinstance(layer, layers.BatchNormalization)]
        momenta = [layer.momentum for layer in found]
        for k, batch in enumerate(z):
            for layer in found:
                layer.momentum = k / (k + 1)                # the mean of all batches so far
            self.painter(batch, training=True)
        for layer, momentum in zip(found, momenta):
            layer.momentum = momentum

    def parts(self):
        """All layers of the painter, in a list."""
        return self.painter.layers

    def image_losses(self, pixels, training=False):
        """d(real) + d(fake) of each image: (batch,); its gradient trains both networks at once.

        The last two terms have the same value, so they cancel. Their gradients cancel in the
        discriminator's parameters only, and leave the generator's own loss in its parameters.
        """
        clean = to_signed(ops.cast(pixels, "float32"), self.levels)
        z = keras.random.normal((ops.shape(clean)[0], self.latents), seed=self.noise)
        real, fake = map(self.blurred, (clean, self.painter(z, training=training)))
        # One pass for all: spectral normalisation is the same for each of them.
        together = [real, ops.stop_gradient(fake), fake] + [self.blurred(clean)] * (self.flatness > 0)
        logits = self.discriminator(ops.concatenate(together), training=training)[:, 0]
        real_logits, held_logits, fake_logits, *again = ops.split(logits, len(together))
        losses = (
            ops.softplus(-real_logits) + ops.softplus(held_logits)
            + ops.softplus(-fake_logits) - ops.softplus(-held_logits)
        )
        for again_logits in again:
            losses = losses + self.flatness * ops.square(real_logits - again_logits)
        return losses

    def blurred(self, images):
        """Images in [-1, 1] plus uniform noise of one level's width: (batch, H, W, C)."""
        width = 1 / (self.levels - 1)
        return images + keras.random.uniform(ops.shape(images), -width, width, seed=self.noise)

    def decode(self, z):
        """The images of latents: (N, latents) -> float32 (N, H, W, C) in [0, 1]."""
        self.check_trained()
        return from_signed(answers(self.painter, np.asarray(z, np.float32)), self.levels)

    def generate(self, count, seed=None):
        self.check_trained()
        generator = np.random.default_rng(seed)
        return self.decode(generator.standard_normal((check_count(count), self.latents)))
