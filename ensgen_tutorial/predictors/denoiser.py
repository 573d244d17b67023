"""Denoisers that draw: the article's convolutional stack with the time as input, and a U."""

import math

import keras
import numpy as np
from keras import layers, ops

from ..checks import check_image_shape, check_whole
from ..data.pixels import check_levels, to_signed
from ..generators.base import Generator
from ..generators.keras_model import KerasGenerator, seeded
from .flow import draw_by_flow

SPREAD = 0.5        # standard deviation of pixels in [-1, 1] that the scales below count with
HIDDEN = 0.1        # share of labels that a network does not see in training


class Denoiser(KerasGenerator):
    """Learns the clean image y of a noisy one, x_t = (1 − t)·noise + t·y, and draws by flowing.

    Trained on L(θ) = Σ ‖y − ŷ(x_t, t)‖² / c(t)², y in [-1, 1]; c(t) is the error of the best
    linear guess, so that every t counts alike. The best ŷ is the mean of y given x_t. Drawing
    starts from noise at t = 0 and follows the velocity (ŷ − x_t) / (1 − t) to t = 1.

    image_shape: (H, W, C). levels: values a pixel can take. filters: features at each size, from
    the image's own on; each size is half the one before. steps: of drawing. seed: of everything.
    memory: over about how many of the last steps of training the weights are averaged. classes: how
    many, to learn from labels too; a random tenth of them is hidden, so that it can do without.

    Source: Lipman et al. 2023, arXiv 2210.02747 (flow matching, straight paths); Karras et al.
    2022, arXiv 2206.00364, table 1 (scales); Ronneberger et al. 2015, arXiv 1505.04597 (the U); Ho
    and Salimans 2022, arXiv 2207.12598 (hidden labels). Lesson 09.
    """

    keep_best = False

    def __init__(self, image_shape, levels, filters=(32, 64, 96), steps=16, seed=0,
                 memory=100, classes=None):
        super().__init__()
        self.image_shape = check_image_shape(image_shape)
        levels = check_levels(levels)
        if not np.iterable(filters) or not len(filters):
            raise ValueError("filters must be whole numbers, one per size, like (32, 64), not "
                             f"{filters!r}.")
        self.filters = tuple(check_whole(n, "each of filters") for n in filters)
        self.levels, self.steps, self.seed = levels, check_whole(steps, "steps"), seed
        self.memory = check_whole(memory, "memory")
        self.classes = None if classes is None else check_whole(classes, "classes")
        with seeded(seed):
            self.network = self.build_network()
            self.noise = keras.random.SeedGenerator(seed)
        self.built = True

    def build_network(self):
        noisy, time = keras.Input(self.image_shape), keras.Input((1,))
        moment = layers.Dense(64, activation="silu")(TimeWaves()(time))
        if self.classes is None:
            return self.build_u([noisy, time], noisy, moment)
        label = keras.Input((), dtype="int32")                  # 0: hidden, then the classes
        moment = layers.Add()([moment, layers.Embedding(self.classes + 1, 64)(label)])
        return self.build_u([noisy, time, label], noisy, moment)

    def build_u(self, inputs, seen, moment):
        """The network: from what is seen at once, scaled and shifted by the moment."""
        def block(x, filters):
            """Two convolutions, the second one scaled by the time, around which x also flows."""
            y = layers.Conv2D(filters, 3, padding="same")(layers.Activation("silu")(x))
            scale = layers.Dense(filters, kernel_initializer="zeros", bias_initializer="ones")(moment)
            y = layers.Multiply()([y, layers.Reshape((1, 1, filters))(scale)])
            shift = layers.Dense(filters)(moment)
            y = layers.Add()([y, layers.Reshape((1, 1, filters))(shift)])
            y = layers.Conv2D(filters, 3, padding="same")(layers.Activation("silu")(y))
            return layers.Add()([x, y])

        x = layers.Conv2D(self.filters[0], 3, padding="same")(seen)
        passed = []
        for smaller in self.filters[1:]:
            passed.append(x)
            x = layers.Conv2D(smaller, 4, strides=2, padding="same")(x)
            x = block(x, smaller)
        x = block(x, self.filters[-1])
        for same in reversed(passed):
            (height, width), filters = same.shape[1:3], same.shape[-1]
            x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(x)
            x = layers.Cropping2D(((0, x.shape[1] - height), (0, x.shape[2] - width)))(x)
            x = block(layers.Add()([x, same]), filters)
        x = layers.Activation("silu")(x)
        x = layers.Conv2D(self.image_shape[-1], 3, padding="same", kernel_initializer="zeros",
                          dtype="float32")(x)
        return keras.Model(inputs, x)

    def make_optimizer(self, learning_rate):
        return keras.optimizers.Adam(learning_rate, use_ema=True,
                                     ema_momentum=1 - 1 / self.memory)

    def image_losses(self, pixels, labels=None, training=False):
        """‖y − ŷ‖² / c(t)² of each image at a random t: (batch,)."""
        clean = to_signed(ops.cast(pixels, "float32"), self.levels)
        if self.classes is None:
            return self.flow_losses(clean, (), training)
        hidden = keras.random.uniform(ops.shape(labels), seed=self.noise) < HIDDEN
        return self.flow_losses(clean, (ops.where(hidden, 0, labels + 1),), training)

    def flow_losses(self, clean, condition, training):
        """As ``image_losses``, of clean images in [-1, 1]; condition: what the network knows besides."""
        shape = (ops.shape(clean)[0], 1, 1, 1)
        t = ops.sigmoid(keras.random.normal(shape, seed=self.noise))    # most often in the middle
        noise = keras.random.normal(ops.shape(clean), seed=self.noise)
        denoised = self.denoised((1 - t) * noise + t * clean, t, condition, training)
        _, correction = scales(t)
        return ops.sum(ops.square((clean - denoised) / correction), axis=(1, 2, 3))

    def denoised(self, noisy, t, condition=(), training=False):
        """ŷ: the best linear guess, plus what the network corrects: tensors (batch, H, W, C)."""
        keep, correction = scales(t)
        scaled = noisy / ops.sqrt((t * SPREAD) ** 2 + (1 - t) ** 2)
        network = self.network([scaled, ops.reshape(t, (-1, 1)), *condition], training=training)
        return keep * noisy + correction * ops.cast(network, "float32")

    def denoise(self, noisy, t):
        """The clean image expected behind noisy ones: (N, H, W, C) in [-1, 1], t in [0, 1]."""
        return self.denoise_given(noisy, t, () if self.classes is None else (
            np.zeros(len(noisy), np.int32),))

    def denoise_given(self, noisy, t, condition):
        """As ``denoise``; condition: arrays (N, …), what the network knows besides."""
        self.check_trained()
        noisy = np.asarray(noisy, np.float32)
        if noisy.shape[1:] != self.image_shape or not 0 <= t <= 1:
            raise ValueError(f"denoise needs noisy images (N, *{self.image_shape}) and one t in "
                             f"[0, 1], not {noisy.shape} and {t!r}.")
        times = np.full((len(noisy), 1), t, np.float32)
        keep, correction = scales(np.float32(t))
        scaled = noisy / np.sqrt((t * SPREAD) ** 2 + (1 - t) ** 2).astype(np.float32)
        network = self.network.predict_on_batch([scaled, times, *condition])
        return keep * noisy + correction * np.asarray(network, np.float32)

    def given(self, label):
        """This denoiser for one class, 0 … classes − 1: something that denoises and draws."""
        if self.classes is None:
            raise TypeError("this Denoiser learnt without labels: make it with classes= and train "
                            "it on labelled images.")
        label = check_whole(label, "label", 0, self.classes - 1)
        return Conditioned(self, lambda count: (np.full(count, label + 1, np.int32),))

    def generate(self, count, seed=None):
        self.check_trained()
        return draw_by_flow(self, count, seed)


class Conditioned(Generator):
    """A denoiser that knows something about every image: it denoises and draws accordingly.

    condition: a function from a number of images to what the network knows of them, a tuple of arrays.
    """

    def __init__(self, denoiser, condition):
        self.denoiser, self.condition = denoiser, condition
        self.image_shape, self.levels = denoiser.image_shape, denoiser.levels
        self.steps = denoiser.steps

    def denoise(self, noisy, t):
        """As in :class:`Denoiser`."""
        return self.denoiser.denoise_given(noisy, t, self.condition(len(noisy)))

    def generate(self, count, seed=None):
        return draw_by_flow(self, count, seed)


class StackDenoiser(Denoiser):
    """The article's plain stack as a denoiser: 3×3 convolutions of 64, 128, 256, 512 and C features.

    Batch normalisation and leaky ReLU stand between them, every layer is built once, and the time
    shifts each feature. A pixel of ŷ sees len(filters) + 1 pixels to each side and no further:
    enough for small images.

    Arguments as for Denoiser, but filters: features of each convolution before the last one.

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167 (batch normalisation). Lesson 09.
    """

    def __init__(self, image_shape, levels, filters=(64, 128, 256, 512), steps=16, seed=0,
                 memory=100):
        super().__init__(image_shape, levels, filters, steps, seed, memory)

    def build_network(self):
        noisy, time = keras.Input(self.image_shape), keras.Input((1,))
        x, waves = noisy, TimeWaves()(time)
        for filters in self.filters:
            # No bias here: a normalisation would take it away again. The time's shift has one.
            x = self.normalise(layers.Conv2D(filters, 3, padding="same", use_bias=False)(x))
            shift = layers.Dense(filters)(waves)
            x = layers.Add()([x, layers.Reshape((1, 1, filters))(shift)])
            x = layers.LeakyReLU()(x)
        x = layers.Conv2D(self.image_shape[-1], 3, padding="same", kernel_initializer="zeros",
                          dtype="float32")(x)
        return keras.Model([noisy, time], x)

    def normalise(self, features):
        """What stands between a convolution and the time's shift; a subclass may leave it out."""
        return layers.BatchNormalization()(features)


class TimeWaves(layers.Layer):
    """A time in [0, 1] as sines and cosines of rising frequency: (N, 1) -> (N, 16)."""

    def call(self, time):
        angles = time * (math.pi * 2.0 ** ops.arange(8, dtype=time.dtype) / 2)
        return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)


def scales(t):
    """What the best linear guess keeps of x_t, and its root mean square error.

    For pixels of mean 0 and standard deviation SPREAD: ŷ = keep·x_t. At t = 1 they are 1 and 0,
    so a clean image stays what it is.
    """
    variance = (t * SPREAD) ** 2 + (1 - t) ** 2
    return t * SPREAD**2 / variance, SPREAD * (1 - t) / variance**0.5
