"""What PixelCNN and PixelRNN share: a Keras network that reads pixels in raster order."""

import math

import keras
import numpy as np
from keras import ops
from scipy.special import log_softmax, softmax

from ..checks import check_count, check_image_shape, check_whole
from ..data.pixels import check_levels, check_pixels
from .base import MEMORY, PixelGenerator, PixelReader, pieces
from .keras_model import KerasGenerator, answers
from .layers import STEPS, ConditionBias, Shifts


class RasterNetwork(PixelGenerator, KerasGenerator):
    """A generator with ``network``, from whole numbers (H, W·C, 1) to logits (H, W·C, levels).

    Colour images are read as rows of W·C values, red before green before blue: each channel
    then sees those before it, and one network serves grey and colour.

    With ``classes``, the network learns p(x | class) from labelled images; what it draws and scores
    is their sum over equally probable classes, p(x) = 1/K Σ_k p(x | k). With ``shifts``, it also
    learns from images moved by a pixel to each side, with the move as an input (``Shifts``); drawing
    and scoring ask for unmoved ones.
    """

    def __init__(self, image_shape, levels, classes, shifts, seed):
        super().__init__()
        self.image_shape = check_image_shape(image_shape)
        levels = check_levels(levels)
        self.classes = None if classes is None else check_whole(classes, "classes", 2)
        self.levels, self.shifts, self.seed = levels, shifts, seed
        height, width, channels = self.image_shape
        self.rows_shape = (height, width * channels, 1)
        self.moves = Shifts(channels, seed) if shifts else None

    def conditioned(self, x, condition):
        """A layer's output with the condition's bias added, where there is a condition."""
        return x if condition is None else ConditionBias()([x, condition])

    def condition_input(self):
        """The network's second input: zeros and ones for the class and for the shift, or None."""
        width = (self.classes or 0) + (len(STEPS) if self.shifts else 0)
        return keras.Input((width,)) if width else None

    def condition(self, count, labels=None, moved=None):
        """The network's second input for ``count`` images: (count, classes + shifts), or None."""
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
        return answers(self.network, inputs).reshape(len(rows), -1, self.levels)

    def pixel_probabilities(self, pixels):
        self.check_trained()
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        if self.classes is None:
            return softmax(self.logits(pixels), axis=-1).reshape(*pixels.shape, self.levels)
        most = MEMORY // (16 * self.classes * pixels[0].size * self.levels)
        sums = [self.sum_over_classes(pixels[some]) for some in pieces(len(pixels), most)]
        return np.concatenate(sums).reshape(*pixels.shape, self.levels)

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

    def given(self, label):
        """p(x | class): a generator of one class's images. Raises ValueError for no such class."""
        return GivenClass(self, label)

    def generate(self, count, seed=None):
        """As every generator; with classes, a class is drawn first and then an image of it, which
        takes a tenth of what reading every image once per class would."""
        if self.classes is None:
            return super().generate(count, seed)
        random = np.random.default_rng(seed)
        labels = random.integers(self.classes, size=check_count(count))
        images = np.empty((count, *self.image_shape), np.float32)
        for label, own in enumerate(random.integers(2**31, size=self.classes)):
            if (here := labels == label).any():
                images[here] = self.given(label).generate(int(here.sum()), seed=int(own))
        return images

    def reader(self, count):
        self.check_trained()
        count = check_count(count)
        if self.classes is None:
            return self.step_reader(count, self.condition_array(count))
        return ClassSumReader(self, count)

    @property
    def bytes_per_image(self):
        # Readers keep features at every position; with classes, each image is read once per class.
        return 4 * math.prod(self.rows_shape) * self.features_kept * (self.classes or 1)

    def condition_array(self, count, labels=None):
        """``condition`` as a NumPy array, for readers."""
        condition = self.condition(count, labels)
        return None if condition is None else ops.convert_to_numpy(condition)

    def step_reader(self, count, condition):
        """A PixelReader of ``count`` images under a condition (count, width), or None."""
        raise NotImplementedError


class GivenClass(PixelGenerator):
    """What a network that learnt from labels draws and scores of one class: p(x | class).

    network: a RasterNetwork with classes. label: which class, from 0.
    """

    def __init__(self, network, label):
        if network.classes is None:
            raise ValueError(f"this {type(network).__name__} learnt no classes: make it with "
                             "classes=10, for example, and train it on labelled images.")
        network.check_trained()
        self.network, self.label = network, check_whole(label, "label", 0, network.classes - 1)
        self.image_shape, self.levels = network.image_shape, network.levels

    @property
    def bytes_per_image(self):
        return self.network.bytes_per_image // self.network.classes

    def labels(self, count):
        return np.full(count, self.label)

    def pixel_probabilities(self, pixels):
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        logits = self.network.logits(pixels, self.labels(len(pixels)))
        return softmax(logits, axis=-1).reshape(*pixels.shape, self.levels)

    def reader(self, count):
        condition = self.network.condition_array(check_count(count), self.labels(count))
        return self.network.step_reader(count, condition)


class ClassSumReader(PixelReader):
    """Walks every image once per class, in lockstep, and sums the answers by the class's posterior."""

    def __init__(self, generator, count):
        self.shape = (generator.classes, count, generator.levels)
        labels = np.repeat(np.arange(generator.classes), count)
        self.inner = generator.step_reader(len(labels), generator.condition_array(len(labels), labels))
        self.log_posterior = np.zeros((generator.classes, count))

    def probabilities(self):
        self.answers = self.inner.probabilities().reshape(self.shape)
        posterior = softmax(self.log_posterior, axis=0)
        return np.einsum("kn,knv->nv", posterior.astype(np.float32), self.answers)

    def write(self, values):
        chosen = self.answers[:, np.arange(len(values)), values]
        self.log_posterior += np.log(np.maximum(chosen, np.finfo(np.float32).tiny))
        self.inner.write(np.tile(values, self.shape[0]))
