"""What every generator can do: draw, score, and (pixel generators) read pixels in raster order."""

import inspect
import math
from contextlib import nullcontext

import numpy as np

from ..checks import check_count
from ..data.pixels import check_pixels, to_images, to_pixels
from ..machine.threads import one_thread_each

MEMORY = 2**28              # about how many bytes drawing or scoring may take at one time
FEW = 1000                  # images whose steps are too small to be worth sharing among threads


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
    """A generator that also says how probable given pixels are.

    Attributes: ``levels``, how many values a pixel can take; ``exact``, whether
    ``log_likelihood`` is the likelihood itself or a lower bound of it.
    """

    levels = None
    exact = True

    def log_likelihood(self, pixels, known=None):
        """Log-likelihood of ``pixels`` (N, H, W, C whole numbers): (N,) in nats per image.

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
    A subclass needs ``image_shape``, ``levels`` and ``pixel_probabilities``; everything else
    follows from these, a piece of the images at a time, so that memory stays bounded.
    """

    @property
    def bytes_per_image(self):
        """About how much memory a reader takes for each image; by this, drawing is cut up."""
        return 16 * math.prod(self.image_shape) * self.levels           # four copies of all answers

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
        # Sixteen copies of all answers: a pool holds one of each member.
        most = MEMORY // (64 * math.prod(self.image_shape) * self.levels)
        return np.concatenate([self.log_chosen(pixels[some]) for some in pieces(len(pixels), most)])

    def log_chosen(self, pixels):
        probabilities = self.pixel_probabilities(pixels)
        chosen = np.take_along_axis(probabilities, pixels[..., None].astype(np.int64), axis=-1)
        return np.log(np.maximum(chosen[..., 0], np.finfo(np.float32).tiny))

    def generate(self, count, seed=None):
        nothing = np.zeros((check_count(count), *self.image_shape), np.float32)
        return self.complete(nothing, known=False, seed=seed)

    def complete(self, images, known, seed=None):
        """As in :class:`LikelihoodGenerator`; what is known must come first in raster order."""
        pixels = check_pixels(to_pixels(images, self.levels), self.image_shape, self.levels)
        known = check_prefix(known, pixels.shape).reshape(len(pixels), -1)
        given = pixels.reshape(len(pixels), -1)
        # One number per pixel, whether drawn or given: the same seed draws the same rest.
        uniforms = np.random.default_rng(seed).random(given.shape)
        drawn = np.concatenate([self.read(given[some], known[some], uniforms[some]) for some in
                                pieces(len(given), MEMORY // self.bytes_per_image)])
        return to_images(drawn.reshape(pixels.shape), self.levels)

    def read(self, given, known, uniforms):
        """Walk some images: their pixels (N, pixels), drawn where they are not known."""
        reader, drawn = self.reader(len(given)), np.empty_like(given)
        # Beside other work on the same cores, threads that wait for each other at every small step
        # make drawing fifty times as slow.
        with one_thread_each() if len(given) <= FEW else nullcontext():
            for i in range(given.shape[1]):
                # A reader is asked even where the pixel is given: its states follow the reading.
                values = draw_values(reader.probabilities(), uniforms[:, i])
                drawn[:, i] = np.where(known[:, i], given[:, i], values)
                reader.write(drawn[:, i])
        return drawn


class PixelReader:
    """Walks images in raster order; the plain way, with a full pass at every pixel.

    Use: ``probabilities()`` says what the next pixel may be, ``write(values)`` fixes it and moves on.
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


class Trainable:
    """What ``train_generator`` needs of a generator or predictor that learns.

    Its constructor stores each argument under its own name and does not learn.
    """

    trained = False

    @property
    def hyperparameters(self):
        """The constructor's arguments and their values, as a dict."""
        names = inspect.signature(type(self)).parameters
        if missing := [name for name in names if not hasattr(self, name)]:
            raise TypeError(f"{type(self).__name__}'s constructor must store its argument under its "
                            f"own name, self.{missing[0]} = {missing[0]}, so that it can be kept.")
        return {name: getattr(self, name) for name in names}

    def check_trained(self):
        if not self.trained:
            raise NotTrainedError(
                f"this {type(self).__name__} was never trained: call "
                "train_generator(generator, images, epochs) first, or set generator.trained = True "
                "to see what untrained parameters do."
            )

    def learnt(self):
        """What was learnt: a dict name -> array of numbers, for the store."""
        raise NotImplementedError

    def restore(self, arrays):
        """Take back what ``learnt`` gave; from then on this is trained."""
        raise NotImplementedError

    def learnt_shapes(self):
        """What ``learnt`` will give: a dict name -> shape, or None where it depends on the data."""
        return None


class Learner(Trainable):
    """Learns in one go, by counting, EM or scikit-learn, without epochs."""

    def learn(self, images):
        """Learn from an ImageSet or PairSet: its ``train``, and its ``validation`` for choices."""
        raise NotImplementedError


def pieces(count, most):
    """Slices that cover ``count`` images, at most ``most`` each, at least one."""
    most = max(1, int(most))
    return [slice(first, first + most) for first in range(0, count, most)]


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
    """A boolean mask of ``shape`` from one that broadcasts to it, or a TypeError or ValueError."""
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
