"""Pools: the weighted sum of next-pixel distributions, linear or logarithmic."""

import numpy as np

from ..checks import check_count
from ..generators.base import PixelGenerator, PixelReader
from .weighted_sum import check_members, check_weights, sum_up

TINY = np.finfo(np.float32).tiny


class PixelPool(PixelGenerator):
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

    def __init__(self, members, weights=None, kind="linear"):
        self.members = check_members(
            members, PixelGenerator, ": a pool's members read the pixels in one order, raster order, "
            "or their sum is not a distribution of images (lesson 10). A Mixture may hold it")
        self.image_shape, self.levels = self.members[0].image_shape, self.members[0].levels
        self.weights = check_weights(weights, len(self.members), rows=(tuple(self.image_shape),))
        if kind not in ("linear", "log"):
            raise ValueError(f"kind must be 'linear' or 'log', not {kind!r}.")
        self.kind = kind

    def with_weights(self, weights):
        """The same members with other weights."""
        return PixelPool(self.members, weights, self.kind)

    def pool(self, member_probabilities, weights):
        """The pool of M arrays (…, levels) of probabilities: (…, levels), last axis sums to 1.

        weights: (M, …, 1), which broadcast to the probabilities.
        """
        if self.kind == "linear":
            return sum_up(member_probabilities, weights)
        pooled = sum_up(np.log(np.maximum(member_probabilities, TINY)), weights)
        pooled = np.exp(pooled - pooled.max(axis=-1, keepdims=True))
        return pooled / pooled.sum(axis=-1, keepdims=True)

    def pixel_probabilities(self, pixels):
        return self.pool([member.pixel_probabilities(pixels) for member in self.members],
                         np.moveaxis(self.weights, -1, 0)[..., None])

    def reader(self, count):
        return PoolReader(self, check_count(count))


class PoolReader(PixelReader):
    """Walks images in raster order with every member's reader in lockstep."""

    def __init__(self, pool, count):
        self.pool, self.position = pool, 0
        self.readers = [member.reader(count) for member in pool.members]
        pixels = int(np.prod(pool.image_shape))
        rows = (*pool.image_shape, len(pool.members))
        weights = np.broadcast_to(pool.weights, rows).astype(np.float32)
        self.weights = weights.reshape(pixels, -1, 1, 1)

    def probabilities(self):
        return self.pool.pool([reader.probabilities() for reader in self.readers],
                              self.weights[self.position])

    def write(self, values):
        for reader in self.readers:
            reader.write(values)
        self.position += 1


class Remembered(PixelGenerator):
    """A member that is asked about the same pixels again and again, and computes once.

    member: a PixelGenerator. Its answers are kept in memory, up to 4·N·H·W·C·levels bytes for
    every array of N images, so that trying a hundred ensembles of it costs sums only.
    """

    def __init__(self, member):
        (self.member,), self.answers = check_members([member], PixelGenerator), {}
        self.image_shape, self.levels = member.image_shape, member.levels

    def pixel_probabilities(self, pixels):
        key = (np.shape(pixels), np.asarray(pixels).tobytes())
        if key not in self.answers:
            self.answers[key] = self.member.pixel_probabilities(pixels)
        return self.answers[key]

    def reader(self, count):
        return self.member.reader(count)
