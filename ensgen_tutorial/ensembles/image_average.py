"""The literal reading of ŷ = Σ w_j ŷ_j: average finished images. It draws ghosts (lesson 10)."""

import numpy as np

from ..checks import check_count
from ..generators.base import Generator
from .weighted_sum import Ensemble, sum_up


class ImageAverage(Ensemble, Generator):
    """Each image is the weighted sum of one finished image of every member: a cautionary tale.

    The members' draws are independent, so what they disagree on turns grey: the covariance of the
    pixels shrinks by Σ w_j², for members of one distribution. It has no likelihood: an average of
    pictures can take values that no picture has.

    members: Generators of one image_shape. weights: (M,) summing to 1, or None for equal ones.
    """

    def generate(self, count, seed=None):
        check_count(count)
        seeds = np.random.default_rng(seed).integers(2**31, size=len(self.members))
        drawn = (member.generate(count, seed=int(own)) for member, own in zip(self.members, seeds))
        return np.clip(sum_up(drawn, self.weights), 0, 1).astype(np.float32)
