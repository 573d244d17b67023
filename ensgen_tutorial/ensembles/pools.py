"""Pools: the weighted sum of next-pixel distributions, linear or logarithmic."""

import math

import numpy as np

from ..checks import check_count
from ..data.pixels import check_pixels
from ..generators.base import PixelGenerator, PixelReader, pieces
from ..measures.scoring import check_finite, score_members
from .objectives import AT_ONCE, Divergence, LogPoolScore, LogScore, Separate
from .weighted_sum import Ensemble, check_members, check_weights, sum_up

TINY = np.finfo(np.float32).tiny


class PixelPool(Ensemble, PixelGenerator):
    """Members that answer the same question, p(next pixel | pixels before), summed with weights.

    linear: p = Σ_j w_j p_j. log: p ∝ Π_j p_j^{w_j}, the weighted sum of log-probabilities,
    normalised at each pixel. Both are distributions because all members read the pixels in the
    same order; a pool is a generator too and can be a member of another.

    members: trained PixelGenerators of one image_shape and levels. weights: (M,) summing to 1, or
    None for equal ones; or a gate, (H, W, C, M): weights of each pixel's own. kind: "linear" or
    "log".

    Source: Genest and Zidek 1986, "Combining probability distributions", Statistical Science 1(1).
    Lesson 10.
    """

    member_kind = PixelGenerator
    why = (": a pool's members read the pixels in one order, raster order, or their sum is not a "
           "distribution of images (lesson 10). A Mixture may hold it")

    def __init__(self, members, weights=None, kind="linear"):
        super().__init__(members)
        self.weights = check_weights(weights, len(self.members), rows=(self.image_shape,))
        if kind not in ("linear", "log"):
            raise ValueError(f"kind must be 'linear' or 'log', not {kind!r}.")
        self.kind = kind

    def with_weights(self, weights):
        """The same members with other weights."""
        return PixelPool(self.members, weights, self.kind)

    @property
    def bytes_per_image(self):
        return sum(member.bytes_per_image for member in self.members)

    def pool(self, member_probabilities, weights):
        """The pool of M arrays (…, levels) of probabilities: (…, levels), last axis sums to 1.

        weights: M arrays that broadcast to the probabilities.
        """
        if self.kind == "linear":
            return sum_up(member_probabilities, weights)
        pooled = sum_up((np.log(np.maximum(each, TINY)) for each in member_probabilities), weights)
        pooled = np.exp(pooled - pooled.max(axis=-1, keepdims=True))
        return pooled / pooled.sum(axis=-1, keepdims=True)

    def pixel_probabilities(self, pixels):
        return self.pool((member.pixel_probabilities(pixels) for member in self.members),
                         np.moveaxis(self.weights, -1, 0)[..., None].astype(np.float32))

    def reader(self, count):
        return PoolReader(self, check_count(count))

    def cross_entropy(self, pixels, regions=None):
        """Mean −log p of held-out pixels as a function of the weights: an Objective.

        regions: (H, W, C) whole numbers; the pixels of each number get weights of their own.
        """
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        score = self.linear_score(pixels) if self.kind == "linear" else self.log_score(pixels)
        if regions is None:
            return score(slice(None))
        regions = np.asarray(regions)
        if regions.shape != self.image_shape or regions.dtype.kind not in "iu":
            raise ValueError(f"regions must be whole numbers of shape {self.image_shape}, not "
                             f"{regions.dtype} of shape {regions.shape}.")
        names, places = np.unique(regions, return_inverse=True)
        parts = [score(np.flatnonzero(places.ravel() == k)) for k in range(len(names))]
        return Separate(parts, lambda rows: rows[places.reshape(self.image_shape)])

    def linear_score(self, pixels):
        """A function: some of an image's pixels, as indices -> the LogScore of these."""
        size = math.prod(self.image_shape)
        scores = np.empty((len(pixels), size, len(self.members)), np.float32)       # of 10,000 images, too
        for some in pieces(len(pixels), AT_ONCE // (size * len(self.members))):
            scores[some] = score_members(self.members, pixels[some])

        def score(some):
            part = scores[:, some]
            return LogScore(part.reshape(-1, len(self.members)), part.shape[1])
        return score

    def log_score(self, pixels):
        """A function: some of an image's pixels, as indices -> the LogPoolScore of these."""
        size = math.prod(self.image_shape)
        logs = np.empty((len(self.members), len(pixels), size, self.levels), np.float32)
        for j, member in enumerate(self.members):
            answers = check_finite(member.pixel_probabilities(pixels), j, member)
            np.log(np.maximum(answers, TINY).reshape(logs[j].shape), out=logs[j])
        values = pixels.reshape(len(pixels), size).astype(int)

        def score(some):
            chosen = values[:, some]
            return LogPoolScore(logs[:, :, some].reshape(len(logs), -1, self.levels),
                                chosen.ravel(), chosen.shape[1])
        return score

    def kl_divergence(self, pixels):
        """KL(data ‖ p) of held-out pixels as a function of the weights: an Objective."""
        return Divergence(self.cross_entropy(pixels), pixels)


class PoolReader(PixelReader):
    """Walks images in raster order with every member's reader in lockstep."""

    def __init__(self, pool, count):
        self.pool, self.position = pool, 0
        self.readers = [member.reader(count) for member in pool.members]
        rows = (*pool.image_shape, len(pool.members))
        weights = np.broadcast_to(pool.weights, rows).astype(np.float32)
        self.weights = weights.reshape(-1, len(pool.members), 1, 1)

    def probabilities(self):
        return self.pool.pool([reader.probabilities() for reader in self.readers],
                              self.weights[self.position])

    def write(self, values):
        for reader in self.readers:
            reader.write(values)
        self.position += 1


class Remembered(PixelGenerator):
    """A member that is asked about the same pixels again and again, and computes once.

    member: a PixelGenerator; in all else this one does what it does. Its answers are kept in
    memory, up to 4·N·H·W·C·levels bytes for every array of N images, so that trying a hundred
    ensembles of it costs sums only.
    """

    def __init__(self, member):
        (self.member,), self.answers = check_members([member], PixelGenerator), {}
        self.image_shape, self.levels = member.image_shape, member.levels

    def pixel_probabilities(self, pixels):
        key = (np.shape(pixels), np.asarray(pixels).tobytes())
        if key not in self.answers:
            self.answers[key] = self.member.pixel_probabilities(pixels)
        return self.answers[key]

    @property
    def bytes_per_image(self):
        return self.member.bytes_per_image

    def reader(self, count):
        return self.member.reader(count)

    def generate(self, count, seed=None):
        return self.member.generate(count, seed=seed)

    def complete(self, images, known, seed=None):
        """As in LikelihoodGenerator, with what may be known of an image as for the member."""
        return self.member.complete(images, known, seed=seed)
