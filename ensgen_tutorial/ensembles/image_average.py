"""The literal reading of ŷ = Σ w_j ŷ_j: average finished images. It draws ghosts (lesson 10)."""

import numpy as np

from ..checks import check_count
from ..generators.base import Generator
from .weighted_sum import check_members, check_weights, weighted_sum


class ImageAverage(Generator):
    """Each image is the weighted sum of one finished image of every member: a cautionary tale.

    The members' draws are independent, so what they disagree on turns grey: the covariance of the
    pixels shrinks by Σ w_j², for members of one distribution.

    members: Generators of one image_shape. weights: (M,) summing to 1, or None for equal ones.
    """

    no_likelihood = "an average of pictures can take values that no picture has"

    def __init__(self, members, weights=None):
        self.members = check_members(members, Generator)
        self.weights = check_weights(weights, len(self.members))
        self.image_shape = self.members[0].image_shape

    def with_weights(self, weights):
        """The same members with other weights."""
        return ImageAverage(self.members, weights)

    def generate(self, count, seed=None):
        seeds = np.random.default_rng(seed).integers(2**31, size=len(self.members))
        drawn = [member.generate(check_count(count), seed=int(own))
                 for member, own in zip(self.members, seeds)]
        return np.clip(weighted_sum(drawn, self.weights), 0, 1).astype(np.float32)
