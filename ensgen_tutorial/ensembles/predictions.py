"""Sums of predictions: members that were asked the very same question, in numbers."""

import numpy as np

from ..checks import check_count
from ..data.pixels import to_images, to_pixels
from ..generators.base import Generator
from ..predictors.flow import flow
from .weighted_sum import check_members, check_weights, sum_up


class PredictionSum(Generator):
    """ŷ = Σ_j w_j ŷ_j of members that answer one question, so that errors cancel.

    Its squared error is the members' mean squared error less their ambiguity, exactly and for
    every pixel: (ŷ − y)² = Σ_j w_j (ŷ_j − y)² − Σ_j w_j (ŷ_j − ŷ)².

    members: denoisers (with ``denoise(noisy, t)`` and ``image_shape``), whose sum is a denoiser and
    can draw; or anything with ``predict(inputs)``. weights: (M,) summing to 1, or None for equal
    ones; for denoisers also (K, M), row k for times t in [k/K, (k+1)/K). steps: of drawing.

    Source: Krogh and Vedelsby 1995, "Neural network ensembles, cross validation, and active
    learning", NeurIPS 7, eq. 6. Lesson 10.
    """

    no_likelihood = "it answers with numbers, not with probabilities"

    def __init__(self, members, weights=None, steps=16):
        members = tuple(members)
        self.denoises = bool(members) and all(hasattr(member, "denoise") for member in members)
        if not self.denoises and not all(hasattr(member, "predict") for member in members):
            raise TypeError("every member must have denoise(noisy, t), or every one predict(inputs);"
                            f" these are {', '.join(type(m).__name__ for m in members)}.")
        self.members = check_members(members, Generator if self.denoises else object)
        rows = ((len(weights),),) if self.denoises and np.ndim(weights) == 2 else ()
        self.weights = check_weights(weights, len(self.members), rows)
        self.image_shape = getattr(self.members[0], "image_shape", None)
        self.levels, self.steps = getattr(self.members[0], "levels", None), steps

    def with_weights(self, weights):
        """The same members with other weights."""
        return PredictionSum(self.members, weights, self.steps)

    def weights_at(self, t):
        """The weights (M,) at a time t in [0, 1]."""
        if self.weights.ndim == 1:
            return self.weights
        return self.weights[min(int(t * len(self.weights)), len(self.weights) - 1)]

    def denoise(self, noisy, t):
        """The sum of what the members expect behind ``noisy`` (N, H, W, C): the same shape."""
        return sum_up([member.denoise(noisy, t) for member in self.members], self.weights_at(t))

    def predict(self, inputs):
        """The sum of the members' predictions for ``inputs``: an array of their shape."""
        return sum_up([member.predict(inputs) for member in self.members], self.weights)

    def generate(self, count, seed=None):
        if not self.denoises:
            raise TypeError("only a sum of denoisers can draw: predictions need an input.")
        noise = np.random.default_rng(seed).standard_normal((check_count(count), *self.image_shape))
        images = flow(self, noise.astype(np.float32), self.steps)[-1]
        return to_images(to_pixels(np.clip((images + 1) / 2, 0, 1), self.levels), self.levels)
