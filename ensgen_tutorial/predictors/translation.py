"""One kind of picture into another: networks that learn it by distance, or against a critic."""

import keras
import numpy as np
from keras import layers, ops

from ..checks import check_image_shape, check_number, check_whole
from ..generators.keras_model import seeded
from ..generators.layers import Doubled
from .base import KerasPredictor


class Translator(KerasPredictor):
    """A U of convolutions from one picture to another of the same size, trained on mean |y − ŷ|.

    image_shape: of an answer, (H, W, C); H and W must be multiples of 4. channels: of an input.
    filters: features at the picture's size, at half and at a quarter of it. seed: of everything.

    Source: Ronneberger et al. 2015, arXiv 1505.04597 (the U); Isola et al. 2017, arXiv 1611.07004,
    §3 (translation from pairs). Lesson 17.
    """

    def __init__(self, image_shape, channels=1, filters=(24, 48, 64), seed=0):
        super().__init__()
        self.image_shape = check_image_shape(image_shape)
        if any(n % 4 for n in self.image_shape[:2]):
            raise ValueError(f"image_shape must have sides that 4 divides, not {self.image_shape}.")
        self.channels, self.seed = check_whole(channels, "channels"), seed
        self.filters = tuple(check_whole(n, "each of filters") for n in filters)
        with seeded(seed):
            self.build_networks()
        self.built = True

    def build_networks(self):
        inputs = keras.Input((None, None, self.channels))
        first, second, third = self.filters
        large = twice(inputs, first)
        half = twice(layers.MaxPooling2D()(large), second)
        quarter = twice(layers.MaxPooling2D()(half), third)
        half = twice(layers.Concatenate()([half, Doubled()(quarter)]), second)
        large = twice(layers.Concatenate()([large, Doubled()(half)]), first)
        answer = layers.Conv2D(self.image_shape[-1], 1, dtype="float32")(large)
        self.network = keras.Model(inputs, answer)

    def answer(self, inputs):
        return np.clip(super().answer(inputs), 0, 1)


class AdversarialTranslator(Translator):
    """A translator whose answers must also look real beside their inputs: |y − ŷ| plus a critic.

    The critic looks at patches of (input, answer); both networks learn from one loss, as in GAN.
    weight: of the critic's opinion against the mean absolute difference. gain, seed: as in GAN.

    Source: Isola et al. 2017, arXiv 1611.07004, eq. 4 (there the distance is weighted by 100).
    Lesson 17.
    """

    keep_best = False

    def __init__(self, image_shape, channels=1, filters=(24, 48, 64), seed=0, weight=0.02):
        self.weight = check_number(weight, "weight", 0)
        super().__init__(image_shape, channels, filters, seed)

    def build_networks(self):
        super().build_networks()
        inputs = keras.Input((*self.image_shape[:2], self.channels))
        answer = keras.Input(self.image_shape)
        x = layers.Concatenate()([inputs, answer])
        for filters, stride in ((24, 2), (48, 2), (64, 1)):
            x = layers.SpectralNormalization(
                layers.Conv2D(filters, 4 if stride == 2 else 3, strides=stride, padding="same"))(x)
            x = layers.Maximum()([x, 0.2 * x])      # leaky ReLU; Keras's own logs an error here
        self.critic = keras.Model([inputs, answer], layers.Conv2D(1, 1, dtype="float32")(x))

    def make_optimizer(self, learning_rate):
        return keras.optimizers.Adam(learning_rate, beta_1=0.5, use_ema=True, ema_momentum=0.998)

    def input_losses(self, inputs, targets, training=False):
        answered = self.network(inputs, training=training)
        together = [targets, ops.stop_gradient(answered), answered]
        opinions = ops.mean(self.critic([ops.concatenate([inputs] * 3), ops.concatenate(together)],
                                        training=training), axis=(1, 2, 3))
        real, held, own = ops.split(opinions, 3)
        # The last two cancel in value and in the critic's gradient (GAN.image_losses).
        critic = ops.softplus(-real) + ops.softplus(held) + ops.softplus(-own) - ops.softplus(-held)
        return ops.mean(ops.abs(targets - answered), axis=(1, 2, 3)) + self.weight * critic


def twice(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return x
