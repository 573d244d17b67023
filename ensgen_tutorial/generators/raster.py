"""What PixelCNN and PixelRNN share: a Keras network that reads pixels in raster order."""

import keras
import numpy as np
from keras import layers, ops
from scipy.special import expit, log_softmax, softmax

from ..images import check_levels, check_pixels
from .base import KerasGenerator, PixelGenerator, PixelReader, check_count, check_image_shape

STEPS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))      # (down, right): how images are moved
CLASSES_AT_ONCE = 9_000_000     # probabilities held at a time: 36 MB a copy


class RasterNetwork(PixelGenerator, KerasGenerator):
    """A generator with ``network``, from whole numbers (H, W·C, 1) to logits (H, W·C, levels).

    Colour images are read as rows of W·C values, red before green before blue: each channel
    then sees those before it, and one network serves grey and colour.

    With ``classes``, the network learns p(x | class) from labelled images; what it draws and scores
    is their sum over equally probable classes, p(x) = 1/K Σ_k p(x | k). With ``shifts``, it also
    learns from images moved by a pixel to each side, and is told so (``Shifts``); drawing and
    scoring ask for unmoved ones.
    """

    def __init__(self, image_shape, levels, classes, shifts, seed):
        super().__init__()
        self.image_shape = check_image_shape(image_shape)
        check_levels(levels)
        check_classes(classes)
        self.levels, self.classes, self.shifts, self.seed = levels, classes, shifts, seed
        height, width, channels = self.image_shape
        self.rows_shape = (height, width * channels, 1)
        self.moves = Shifts(channels, seed) if shifts else None

    def told(self, x, condition):
        """A layer's output with the condition's bias added, where there is a condition."""
        return x if condition is None else ConditionBias()([x, condition])

    def condition_input(self):
        """The network's second input: zeros and ones for the class and for the shift, or None."""
        width = (self.classes or 0) + (len(STEPS) if self.shifts else 0)
        return keras.Input((width,)) if width else None

    def condition(self, count, labels=None, moved=None):
        """What the network is told of ``count`` images: (count, classes + shifts), or None."""
        parts = [] if self.classes is None else [ops.one_hot(labels, self.classes)]
        if self.shifts:
            moved = ops.zeros((count,), "int32") if moved is None else moved
            parts.append(ops.one_hot(moved, len(STEPS)))
        return ops.concatenate(parts, axis=-1) if parts else None

    def image_losses(self, pixels, labels=None, training=False):
        """Cross-entropy of the pixels, −log p(x) in nats: (batch,) (lesson 01); with classes,
        −log p(x | label)."""
        rows, moved = ops.reshape(ops.cast(pixels, "int32"), (-1, *self.rows_shape)), None
        if self.shifts and training:
            rows, moved = self.moves(rows)
        condition = self.condition(ops.shape(rows)[0], labels, moved)
        inputs = rows if condition is None else [rows, condition]
        logits = ops.cast(self.network(inputs, training=training), "float32")
        losses = keras.losses.sparse_categorical_crossentropy(rows, logits, from_logits=True)
        return ops.sum(losses, axis=(1, 2))

    def logits(self, pixels, labels=None):
        """The network's answers in NumPy: (N, H, W, C) -> (N, H·W·C, levels)."""
        rows = pixels.reshape(-1, *self.rows_shape).astype(np.int32)
        condition = self.condition(len(rows), labels)
        inputs = rows if condition is None else [rows, ops.convert_to_numpy(condition)]
        logits = self.network.predict(inputs, batch_size=256, verbose=0)
        return logits.reshape(len(rows), -1, self.levels)

    def pixel_probabilities(self, pixels):
        self.check_trained()
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        if self.classes is None:
            return softmax(self.logits(pixels), axis=-1).reshape(*pixels.shape, self.levels)
        some = max(1, CLASSES_AT_ONCE // (self.classes * pixels[0].size * self.levels))
        parts = [self.sum_over_classes(pixels[i : i + some]) for i in range(0, len(pixels), some)]
        return np.concatenate(parts).reshape(*pixels.shape, self.levels)

    def sum_over_classes(self, pixels):
        """Σ_k p(k | pixels before i) p(x_i | pixels before i, k): (N, H·W·C, levels)."""
        logs = np.stack([log_softmax(self.logits(pixels, np.full(len(pixels), k)), axis=-1)
                         for k in range(self.classes)])
        values = pixels.reshape(1, len(pixels), -1, 1).astype(np.int64)
        chosen = np.take_along_axis(logs, values, axis=-1)[..., 0]
        before = np.zeros(chosen.shape)
        np.cumsum(chosen[..., :-1], axis=-1, out=before[..., 1:])
        posterior = softmax(before, axis=0).astype(np.float32)          # all classes equal at first
        return np.einsum("knp,knpv->npv", posterior, np.exp(logs))

    def reader(self, count):
        self.check_trained()
        count = check_count(count)
        if self.classes is None:
            return self.step_reader(count, self.told_numbers(count))
        return ClassSumReader(self, count)

    def told_numbers(self, count, labels=None):
        """``condition`` as a NumPy array, for readers."""
        condition = self.condition(count, labels)
        return None if condition is None else ops.convert_to_numpy(condition)

    def step_reader(self, count, condition):
        """A PixelReader of ``count`` images under a condition (count, width), or None."""
        raise NotImplementedError


class ClassSumReader(PixelReader):
    """Walks every image once a class, in lockstep, and sums the answers by the class's posterior."""

    def __init__(self, generator, count):
        self.shape = (generator.classes, count, generator.levels)
        labels = np.repeat(np.arange(generator.classes), count)
        self.inner = generator.step_reader(len(labels), generator.told_numbers(len(labels), labels))
        self.log_posterior = np.zeros((generator.classes, count))

    def probabilities(self):
        self.answers = self.inner.probabilities().reshape(self.shape)
        posterior = softmax(self.log_posterior, axis=0)
        return np.einsum("kn,knv->nv", posterior.astype(np.float32), self.answers)

    def write(self, values):
        chosen = self.answers[:, np.arange(len(values)), values]
        self.log_posterior += np.log(np.maximum(chosen, np.finfo(np.float32).tiny))
        self.inner.write(np.tile(values, self.shape[0]))


class Shifts(layers.Layer):
    """Moves some training images by one pixel, at random: copies that cost no new data.

    Three fifths of the images are moved, equally often to each side; the rim that is left is 0.
    The network is told which way, so that moved copies teach it without being drawn (Jun et al.
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


class ConditionBias(layers.Layer):
    """Adds what a condition (N, width) says to every position of features (N, H, W, F)."""

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


def check_classes(classes):
    """None or a whole number of classes ≥ 2, or a clear error."""
    whole = isinstance(classes, (int, np.integer)) and not isinstance(classes, bool)
    if classes is not None and not (whole and classes >= 2):
        raise ValueError(f"classes must be None or a whole number, 2 or more, not {classes!r}.")
