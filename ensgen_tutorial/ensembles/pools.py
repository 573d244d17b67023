"""Pools: the weighted sum of next-pixel distributions, linear or logarithmic."""

import numpy as np
from scipy.special import log_softmax

from ..generators.base import PixelGenerator, PixelReader, check_count
from .weighted_sum import check_members, check_weights, weighted_sum

TINY = np.finfo(np.float32).tiny


class PixelPool(PixelGenerator):
    """Members that answer the same question, p(next pixel | pixels before), summed with weights.

    linear: p = Σ_j w_j p_j. log: p ∝ Π_j p_j^{w_j}, the weighted sum of log-probabilities,
    normalised at each pixel. Both are distributions because all members read the pixels in the
    same order; a pool is a generator too and can be a member of another.

    members: PixelGenerators of one image_shape and levels. weights: (M,) summing to 1, or None for
    equal ones. kind: "linear" or "log".

    Source: Genest and Zidek 1986, "Combining probability distributions", Statistical Science 1(1).
    """

    def __init__(self, members, weights=None, kind="linear"):
        self.members = check_members(members, PixelGenerator)
        self.weights = check_weights(weights, len(self.members))
        if kind not in ("linear", "log"):
            raise ValueError(f"kind must be 'linear' or 'log', not {kind!r}.")
        self.kind = kind
        self.image_shape, self.levels = self.members[0].image_shape, self.members[0].levels

    def with_weights(self, weights):
        """The same members with other weights."""
        return PixelPool(self.members, weights, self.kind)

    def pool(self, member_probabilities):
        """The pool of M arrays (…, levels) of probabilities: (…, levels), last axis sums to 1."""
        if self.kind == "linear":
            return weighted_sum(member_probabilities, self.weights)
        logs = (np.log(np.maximum(p, TINY)) for p in member_probabilities)
        return np.exp(log_softmax(weighted_sum(logs, self.weights), axis=-1))

    def pixel_probabilities(self, pixels):
        return self.pool([member.pixel_probabilities(pixels) for member in self.members])

    def reader(self, count):
        return PoolReader(self, check_count(count))


class PoolReader(PixelReader):
    """Walks images in raster order with every member's reader in lockstep."""

    def __init__(self, pool, count):
        self.pool = pool
        self.readers = [member.reader(count) for member in pool.members]

    def probabilities(self):
        return self.pool.pool([reader.probabilities() for reader in self.readers])

    def write(self, values):
        for reader in self.readers:
            reader.write(values)
