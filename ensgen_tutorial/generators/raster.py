"""What PixelCNN and PixelRNN share: a Keras network that reads pixels in raster order."""

import keras
import numpy as np
from keras import layers, ops
from scipy.special import expit, softmax

from ..images import check_levels, check_pixels
from .base import KerasGenerator, PixelGenerator, check_image_shape


class RasterNetwork(PixelGenerator, KerasGenerator):
    """A generator with ``network``, from whole numbers (H, W·C, 1) to logits (H, W·C, levels).

    Colour images are read as rows of W·C values, red before green before blue: each channel
    then sees those before it, and one network serves grey and colour.
    """

    def __init__(self, image_shape, levels, seed):
        super().__init__()
        self.image_shape = check_image_shape(image_shape)
        check_levels(levels)
        self.levels, self.seed = levels, seed
        height, width, channels = self.image_shape
        self.rows_shape = (height, width * channels, 1)

    def image_losses(self, pixels, training=False):
        """Cross-entropy of the pixels, −log p(x) in nats: (batch,) (lesson 01)."""
        rows = ops.reshape(ops.cast(pixels, "int32"), (-1, *self.rows_shape))
        logits = ops.cast(self.network(rows, training=training), "float32")
        losses = keras.losses.sparse_categorical_crossentropy(rows, logits, from_logits=True)
        return ops.sum(losses, axis=(1, 2))

    def pixel_probabilities(self, pixels):
        self.check_trained()
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        rows = pixels.reshape(-1, *self.rows_shape).astype(np.int32)
        logits = self.network.predict(rows, batch_size=256, verbose=0)
        return softmax(logits, axis=-1).reshape(*pixels.shape, self.levels)


class ScaledPixels(layers.Layer):
    """Whole numbers (N, H, W, 1) as two features: the value in [-1, 1], and 1 inside the image."""

    def __init__(self, levels):
        super().__init__()
        self.levels = levels

    def call(self, pixels):
        values = ops.cast(pixels, self.compute_dtype) * (2 / (self.levels - 1)) - 1
        return ops.concatenate([values, ops.ones_like(values)], axis=-1)


class PositionBias(layers.Layer):
    """Adds a learnt number to every feature at every position: the network knows where it is."""

    def build(self, shape):
        self.bias = self.add_weight(shape=shape[1:], initializer="random_normal", name="bias")

    def call(self, inputs):
        return inputs + ops.cast(self.bias, self.compute_dtype)


def scaled(values, levels):
    """ScaledPixels in NumPy for one position: (N,) whole numbers -> (N, 2)."""
    values = values.astype(np.float32) * (2 / (levels - 1)) - 1
    return np.stack([values, np.ones_like(values)], axis=-1)


def silu(x):
    """x·sigmoid(x) in NumPy, as ``keras.activations.silu``."""
    return x * expit(x)
