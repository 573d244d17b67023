"""Layers that several generators share, and their counterparts in NumPy."""

import keras
import numpy as np
from keras import layers, ops
from scipy.special import expit

from ..data.pixels import to_signed

STEPS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))      # (down, right): how images are moved


class Shifts(layers.Layer):
    """Moves some training images by one pixel, at random: copies that cost no new data.

    Three fifths of the images are moved, equally often to each side; the rim that is left is 0.
    Which way is an input of the network, so that moved copies teach it without being drawn (Jun et al.
    2020, "Distribution augmentation for generative modeling", ICML).
    """

    def __init__(self, channels, seed):
        super().__init__()
        self.channels, self.random = channels, keras.random.SeedGenerator(seed)

    def call(self, rows):
        """(N, H, W·C, 1) -> the same with some moved, and which step of STEPS each has made."""
        (height, width), wide = rows.shape[1:3], self.channels
        count = ops.shape(rows)[0]
        moves = keras.random.uniform((count,), seed=self.random) < 0.6
        which = keras.random.randint((count,), 1, len(STEPS), seed=self.random)
        which = ops.where(moves, which, 0)
        padded = ops.pad(rows, [[0, 0], [1, 1], [wide, wide], [0, 0]])
        found = rows
        for step, (down, right) in enumerate(STEPS[1:], start=1):
            left = wide * (1 - right)
            moved = padded[:, 1 - down : 1 - down + height, left : left + width]
            found = ops.where(ops.reshape(which == step, (-1, 1, 1, 1)), moved, found)
        return found, which


class Doubled(layers.Layer):
    """Every position becomes four: (N, H, W, F) -> (N, 2·H, 2·W, F)."""

    def call(self, features):
        return doubled(features)

    def compute_output_shape(self, shape):
        return shape[0], *(None if n is None else 2 * n for n in shape[1:3]), shape[3]


class ConditionBias(layers.Layer):
    """Adds a bias that depends on a condition (N, width) to every position of (N, H, W, F)."""

    def build(self, shapes):
        (*_, features), (*_, width) = shapes
        self.kernel = self.add_weight(shape=(width, features), name="kernel")

    def call(self, inputs):
        features, condition = inputs
        bias = ops.matmul(ops.cast(condition, self.compute_dtype),
                          ops.cast(self.kernel, self.compute_dtype))
        return features + bias[:, None, None]


class ScaledPixels(layers.Layer):
    """Whole numbers (N, H, W, 1) as two features: the value in [-1, 1], and 1 inside the image."""

    def __init__(self, levels):
        super().__init__()
        self.levels = levels

    def call(self, pixels):
        values = to_signed(ops.cast(pixels, self.compute_dtype), self.levels)
        return ops.concatenate([values, ops.ones_like(values)], axis=-1)


class PositionBias(layers.Layer):
    """Adds a learnt number to every feature at every position: the network knows where it is."""

    def build(self, shape):
        self.bias = self.add_weight(shape=shape[1:], initializer="random_normal", name="bias")

    def call(self, inputs):
        return inputs + ops.cast(self.bias, self.compute_dtype)


def doubled(images):
    """Every pixel becomes four: (N, h, w, C) -> (N, 2h, 2w, C)."""
    count, height, width, channels = ops.shape(images)
    shape = (count, height, 2, width, 2, channels)
    # Not ops.repeat: its gradient makes TensorFlow write an error line on many processors.
    return ops.reshape(ops.broadcast_to(images[:, :, None, :, None], shape),
                       (-1, 2 * height, 2 * width, channels))


def scaled(values, levels):
    """ScaledPixels in NumPy for one position: (N,) whole numbers -> (N, 2)."""
    values = to_signed(values.astype(np.float32), levels)
    return np.stack([values, np.ones_like(values)], axis=-1)


def silu(x):
    """x·sigmoid(x) in NumPy, as ``keras.activations.silu``."""
    return x * expit(x)
