"""Mixtures: pick one member per image, so the densities are what is summed."""

import numpy as np
from scipy.special import logsumexp, softmax
from sklearn.utils.metaestimators import available_if

from ..checks import check_count
from ..data.pixels import check_pixels, to_pixels
from ..generators.base import Generator, check_known, draw_values
from ..measures.scoring import check_finite, score_members
from .objectives import Divergence, LogScore, discrepancy
from .weighted_sum import Ensemble

DRAWN = 500                 # images of each member for the discrepancy


def if_members_have(*methods):
    """A mixture's method that is there only where every member has ``methods``."""
    def check(mixture):
        for member in mixture.members:
            for method in methods:
                if not hasattr(member, method):
                    raise AttributeError(f"{type(member).__name__} has no {method}")
        return True
    return available_if(check)


class Mixture(Ensemble, Generator):
    """p(x) = Σ_j w_j p_j(x): each image is drawn whole by one member, picked with its weight.

    Any generators can be mixed. A mixture has ``log_likelihood`` and ``complete`` where every
    member has them; with a lower bound among the members' likelihoods, the mixture's is a lower
    bound too, and ``exact`` is False.

    members: Generators of one image_shape and levels. weights: (M,) summing to 1, or None.

    Source: McLachlan and Peel 2000, "Finite Mixture Models", ch. 1.
    """

    @property
    def exact(self):
        return all(getattr(member, "exact", False) for member in self.members)

    def generate(self, count, seed=None):
        generator = np.random.default_rng(seed)
        chosen = generator.choice(len(self.members), size=check_count(count), p=self.weights)
        return self.drawn_by(
            chosen, generator, lambda member, where, own: member.generate(len(where), seed=own)
        )

    @if_members_have("log_likelihood")
    def log_likelihood(self, pixels, known=None):
        """log p(x) of ``pixels`` (N, H, W, C whole numbers): (N,) nats; ``known`` as for others."""
        scores = score_members(self.members, pixels, "image", known)[:, 0]
        return logsumexp(scores, axis=1, b=self.weights)

    @if_members_have("log_likelihood", "complete")
    def complete(self, images, known, seed=None):
        """Draw the unknown part of ``images``, each by one member, picked with its posterior."""
        images = np.asarray(images, np.float32)
        known = check_known(known, images.shape)
        scores = score_members(self.members, to_pixels(images, self.levels), "image", known)[:, 0]
        with np.errstate(divide="ignore"):                   # a weight of 0 is a member left out
            posterior = softmax(scores + np.log(self.weights), axis=1)
        generator = np.random.default_rng(seed)
        return self.drawn_by(
            draw_values(posterior, generator.random(len(images))), generator,
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

    @if_members_have("log_likelihood")
    def cross_entropy(self, pixels):
        """Mean −log p of held-out pixels as a function of the weights: an Objective."""
        return LogScore(score_members(self.members, pixels, "image")[:, 0])

    @if_members_have("log_likelihood")
    def kl_divergence(self, pixels):
        """KL(data ‖ p) of held-out pixels as a function of the weights: an Objective."""
        return Divergence(self.cross_entropy(pixels), pixels)

    def discrepancy(self, pixels, features=None, seed=0):
        """Squared discrepancy between draws and held-out pixels, as a function of the weights.

        features: pixels -> (N, D), a classifier's for example; None for the pixels themselves, in
        [0, 1]. seed: of the members' draws, 500 each. Returns an Objective.
        """
        if self.levels is None:
            raise ValueError("the discrepancy compares pixels, and these members have no levels.")
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        features = features or (lambda pixels: pixels.reshape(len(pixels), -1) / (self.levels - 1.0))
        seeds = np.random.default_rng(seed).integers(2**31, size=len(self.members))
        drawn = [
            features(to_pixels(check_finite(member.generate(DRAWN, int(own)), j, member), self.levels))
            for j, (member, own) in enumerate(zip(self.members, seeds))]
        return discrepancy(drawn, features(pixels))
