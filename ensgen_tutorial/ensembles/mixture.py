"""Mixtures: pick one member an image, so the densities are what is summed."""

import numpy as np
from scipy.special import logsumexp, softmax

from ..checks import check_count
from ..data.pixels import to_pixels
from ..generators.base import Generator, LikelihoodGenerator
from .weighted_sum import check_members, check_weights


class Mixture(LikelihoodGenerator):
    """p(x) = Σ_j w_j p_j(x): each image is drawn whole by one member, picked with its weight.

    Any generators can be mixed. Scoring and completing need a likelihood of every member; with a
    lower bound among them, the mixture's is a lower bound too, and ``exact`` is False.

    members: Generators of one image_shape and levels. weights: (M,) summing to 1, or None.

    Source: McLachlan and Peel 2000, "Finite Mixture Models", ch. 1.
    """

    def __init__(self, members, weights=None):
        self.members = check_members(members, Generator)
        self.weights = check_weights(weights, len(self.members))
        self.image_shape = self.members[0].image_shape
        self.levels = getattr(self.members[0], "levels", None)
        self.exact = all(getattr(member, "exact", False) for member in self.members)

    def with_weights(self, weights):
        """The same members with other weights."""
        return Mixture(self.members, weights)

    def generate(self, count, seed=None):
        generator = np.random.default_rng(seed)
        chosen = generator.choice(len(self.members), size=check_count(count), p=self.weights)
        return self.drawn_by(
            chosen, generator, lambda member, where, own: member.generate(len(where), seed=own)
        )

    def member_log_likelihoods(self, pixels, known=None):
        """log p_j(x) of every member: (N, M) nats."""
        for member in self.members:
            if not isinstance(member, LikelihoodGenerator):
                raise TypeError(f"{type(member).__name__} has no likelihood, so this mixture can "
                                "draw images but neither score nor complete them.")
        return np.stack([member.log_likelihood(pixels, known) for member in self.members], axis=1)

    def log_likelihood(self, pixels, known=None):
        with np.errstate(divide="ignore"):                   # a weight of 0 is a member left out
            log_weights = np.log(self.weights)
        return logsumexp(self.member_log_likelihoods(pixels, known) + log_weights, axis=1)

    def complete(self, images, known, seed=None):
        images = np.asarray(images, np.float32)
        known = np.broadcast_to(known, images.shape)
        likelihoods = self.member_log_likelihoods(to_pixels(images, self.levels), known)
        with np.errstate(divide="ignore"):
            posterior = softmax(likelihoods + np.log(self.weights), axis=1)
        generator = np.random.default_rng(seed)
        chosen = np.array([generator.choice(len(self.members), p=row) for row in posterior])
        return self.drawn_by(
            chosen, generator,
            lambda member, where, own: member.complete(images[where], known[where], seed=own),
        )

    def drawn_by(self, chosen, generator, draw):
        """Images (N, H, W, C), where image i is drawn by member ``chosen[i]``."""
        images = np.empty((len(chosen), *self.image_shape), np.float32)
        for j, member in enumerate(self.members):
            own = int(generator.integers(2**31))             # a seed for every member, used or not
            where = np.flatnonzero(chosen == j)
            if len(where):
                images[where] = draw(member, where, own)
        return images
