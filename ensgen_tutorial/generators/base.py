"""What every generator can do: draw, score, and (pixel generators) read pixels in raster order."""

import inspect
import random
from contextlib import contextmanager

import keras
import numpy as np
from keras import ops

from ..images import check_pixels, to_images, to_pixels


class NotTrainedError(RuntimeError):
    """A generator was asked to draw or score before it had learnt anything."""


class Generator:
    """Anything that can draw images.

    Attributes: ``image_shape``, a tuple (H, W, C).
    """

    image_shape = None

    def generate(self, count, seed=None):
        """Draw ``count`` images: float32 (count, H, W, C) in [0, 1], the same for the same seed."""
        raise NotImplementedError


class LikelihoodGenerator(Generator):
    """A generator that also tells how probable given pixels are.

    Attributes: ``levels``, how many values a pixel can take; ``exact``, whether
    ``log_likelihood`` is the likelihood itself or a lower bound of it.
    """

    levels = None
    exact = True

    def log_likelihood(self, pixels, known=None):
        """Log-likelihood of ``pixels`` (N, H, W, C whole numbers): (N,) in nats an image.

        ``known``: a boolean mask that broadcasts to ``pixels``; only those pixels then count,
        and the others are summed out.
        """
        raise NotImplementedError

    def complete(self, images, known, seed=None):
        """Draw the unknown part of ``images`` (N, H, W, C in [0, 1]), given the known part.

        ``known``: a boolean mask that broadcasts to ``images``. Returns float32 (N, H, W, C).
        """
        raise NotImplementedError


class PixelGenerator(LikelihoodGenerator):
    """A generator that reads pixels in raster order: row by row, left to right, R before G before B.

    The chain rule makes its likelihood exact: log p(x) = Σ_i log p(x_i | x_1 … x_{i-1}).
    """

    def pixel_probabilities(self, pixels):
        """p(x_i = v | pixels before i) for every pixel and value.

        ``pixels``: (N, H, W, C) whole numbers. Returns float32 (N, H, W, C, levels); each last
        axis sums to 1.
        """
        raise NotImplementedError

    def reader(self, count):
        """A reader that walks ``count`` images pixel by pixel. This one recomputes everything."""
        return PixelReader(self, count)

    def log_likelihood(self, pixels, known=None):
        return mask_log_likelihood(self.log_pixel_likelihoods(pixels), known, pixels)

    def log_pixel_likelihoods(self, pixels):
        """log p(x_i | pixels before i) of the pixels that are there: float32 (N, H, W, C), nats."""
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        probabilities = self.pixel_probabilities(pixels)
        chosen = np.take_along_axis(probabilities, pixels[..., None].astype(np.int64), axis=-1)
        return np.log(np.maximum(chosen[..., 0], np.finfo(np.float32).tiny))

    def generate(self, count, seed=None):
        count = check_count(count)
        nothing = np.zeros((count, *self.image_shape), np.float32)
        return self.complete(nothing, known=False, seed=seed)

    def complete(self, images, known, seed=None):
        """As in :class:`LikelihoodGenerator`; what is known must come first in raster order."""
        pixels = check_pixels(to_pixels(images, self.levels), self.image_shape, self.levels)
        count = len(pixels)
        given = pixels.reshape(count, -1)
        known = check_prefix(known, pixels.shape).reshape(count, -1)
        # One number a pixel, whether drawn or given: the same seed draws the same rest.
        uniforms = np.random.default_rng(seed).random(given.shape)
        reader = self.reader(count)
        drawn = np.empty_like(given)
        for i in range(given.shape[1]):
            # A reader is asked even where the pixel is given: its states follow the reading.
            values = draw_values(reader.probabilities(), uniforms[:, i])
            drawn[:, i] = np.where(known[:, i], given[:, i], values)
            reader.write(drawn[:, i])
        return to_images(drawn.reshape(pixels.shape), self.levels)


class PixelReader:
    """Walks images in raster order; the plain way, with a full pass at every pixel.

    Use: ``probabilities()`` tells about the next pixel, ``write(values)`` fixes it and moves on.
    """

    def __init__(self, generator, count):
        self.generator = generator
        self.pixels = np.zeros((count, *generator.image_shape), np.int32)
        self.position = 0

    def probabilities(self):
        """Probabilities of the next pixel's values: (count, levels), each row sums to 1."""
        every = self.generator.pixel_probabilities(self.pixels)
        return every.reshape(len(every), -1, every.shape[-1])[:, self.position]

    def write(self, values):
        """Fix the next pixel at ``values``: (count,) whole numbers."""
        self.pixels.reshape(len(self.pixels), -1)[:, self.position] = values
        self.position += 1


class Trainable(Generator):
    """What ``train_generator`` needs of a generator that learns from images.

    Its constructor stores each argument under its own name and does not learn.
    """

    trained = False

    @property
    def hyperparameters(self):
        """The constructor's arguments and their values, as a dict."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def check_trained(self):
        if not self.trained:
            raise NotTrainedError(
                f"this {type(self).__name__} was never trained: call "
                "train_generator(generator, images, epochs) first, or set generator.trained = True "
                "to see what untrained parameters do."
            )


class Learner(Trainable):
    """A generator that learns in one go, by counting, EM or scikit-learn, without epochs."""

    def learn(self, images):
        """Learn from an ImageSet: ``images.train``, and ``images.validation`` for choices."""
        raise NotImplementedError

    def learnt(self):
        """What was learnt: a dict name -> array of numbers, for the store."""
        raise NotImplementedError

    def restore(self, arrays):
        """Take back what ``learnt`` gave."""
        raise NotImplementedError


class KerasGenerator(Trainable, keras.Model):
    """A generator that learns by minimising L(θ) = Σ_i ℓ(y_i, ŷ_i(θ)) (lesson 01).

    A subclass says what ℓ is in ``image_losses`` and nothing else about training: ``fit`` minimises
    the mean of those losses over a batch. Its constructor stores each argument under its own name.
    """

    keep_best = True            # after training: the best epoch on validation, or the last one
    classes = None              # how many, where image_losses wants (pixels, labels)

    def make_optimizer(self, learning_rate):
        """The optimizer that ``train_generator`` uses, for a number or a schedule."""
        return keras.optimizers.Adam(learning_rate, clipnorm=1.0)

    def image_losses(self, pixels, training=False):
        """ℓ for each image of a batch: (batch, H, W, C) whole numbers -> (batch,).

        Where ``classes`` is set, there is a second argument, the labels (batch,).
        """
        raise NotImplementedError

    def call(self, inputs, training=False):
        inputs = [inputs] if self.classes is None else inputs
        return self.image_losses(*inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(y_pred)

    def fit(self, *arguments, **options):
        history = super().fit(*arguments, **options)
        self.trained = True
        return history

    def arrays(self):
        """The parameters as float arrays: a list in the network's own order."""
        return [np.asarray(ops.convert_to_numpy(weight)) for weight in self.weights]


@contextmanager
def seeded(seed):
    """Let Keras draw its initial parameters and dropout seeds from ``seed``, and only here."""
    before = random.getstate()
    random.seed(seed)                  # Keras takes every default seed from Python's generator
    try:
        yield
    finally:
        random.setstate(before)


def draw_values(probabilities, uniforms):
    """Values whose cumulative probability first exceeds ``uniforms``: (N, levels), (N,) -> (N,)."""
    cumulative = np.cumsum(probabilities, axis=-1, dtype=np.float64)
    return (cumulative[:, :-1] <= uniforms[:, None] * cumulative[:, -1:]).sum(axis=-1)


def mask_log_likelihood(log_pixel_likelihoods, known, pixels):
    """Sum (N, H, W, C) nats over each image's known pixels: (N,)."""
    if known is not None:
        log_pixel_likelihoods = log_pixel_likelihoods * check_prefix(known, np.shape(pixels))
    return log_pixel_likelihoods.reshape(len(log_pixel_likelihoods), -1).sum(axis=1, dtype=float)


def check_known(known, shape):
    """A boolean mask of ``shape`` from one that broadcasts to it, or a clear error."""
    known = np.asarray(known)
    if known.dtype != bool:
        raise TypeError(f"known must be a boolean mask, not an array of {known.dtype}.")
    try:
        return np.broadcast_to(known, shape)
    except ValueError:
        raise ValueError(
            f"known has shape {known.shape}, which does not broadcast to the images' {shape}."
        ) from None


def check_prefix(known, shape):
    """As ``check_known``; a pixel generator can only be given what comes first in raster order."""
    known = check_known(known, shape)
    flat = known.reshape(shape[0], -1)
    if (flat[:, 1:] > flat[:, :-1]).any():
        raise ValueError(
            "known has a known pixel after an unknown one: a generator that reads in raster order "
            "can only go on from what comes first (for example the upper half)."
        )
    return known


def check_count(count):
    """A whole number of images ≥ 1, or a clear error."""
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
        raise ValueError(f"count must be a whole number of images, 1 or more, not {count!r}.")
    return int(count)


def check_image_shape(image_shape):
    """A tuple (H, W, C) of positive whole numbers, or a clear error."""
    shape = tuple(image_shape) if np.iterable(image_shape) else (image_shape,)
    if len(shape) != 3 or not all(isinstance(n, (int, np.integer)) and n > 0 for n in shape):
        raise ValueError(f"image_shape must be (height, width, channels), not {image_shape!r}.")
    return tuple(int(n) for n in shape)
