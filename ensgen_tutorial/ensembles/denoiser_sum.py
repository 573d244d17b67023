"""The sum of denoisers, which is a denoiser and can draw (lesson 10)."""

import math
from functools import reduce
from operator import add

import numpy as np

from ..checks import check_whole
from ..data.pixels import check_pixels, to_signed
from ..generators.base import Generator
from ..predictors.flow import draw_by_flow
from .objectives import Separate, squared_error
from .prediction_sum import answers_of
from .weighted_sum import Ensemble, check_weights, sum_up

TIMES = 16                  # noise levels at which denoisers are compared


class DenoiserSum(Ensemble, Generator):
    """ŷ = Σ_j w_j ŷ_j of denoisers that are asked about one noisy image: a denoiser, which can draw.

    Its squared error is that of a PredictionSum.

    members: Generators with ``denoise(noisy, t)``, image_shape and levels. weights: (M,) summing to
    1, or None for equal ones; or (K, M), row k for times t in [k/K, (k+1)/K). steps: of drawing.
    """

    member_kind = "denoise"

    def __init__(self, members, weights=None, steps=16):
        super().__init__(members, weights)
        if self.image_shape is None or self.levels is None:
            raise TypeError("denoisers must have image_shape and levels, so that their sum can draw; "
                            f"{type(self.members[0]).__name__} has not.")
        self.steps = check_whole(steps, "steps")

    def checked(self, weights):
        rows = (np.shape(weights)[:1],) if np.ndim(weights) == 2 else ()
        return check_weights(weights, len(self.members), rows)

    def with_weights(self, weights):
        """The same members with other weights."""
        return DenoiserSum(self.members, weights, self.steps)

    def weights_at(self, t):
        """The weights (M,) at a time t in [0, 1]."""
        if self.weights.ndim == 1:
            return self.weights
        return self.weights[min(int(t * len(self.weights)), len(self.weights) - 1)]

    def denoise(self, noisy, t):
        """The sum of what the members expect behind ``noisy`` (N, H, W, C): the same shape."""
        return sum_up((member.denoise(noisy, t) for member in self.members), self.weights_at(t))

    def generate(self, count, seed=None):
        return draw_by_flow(self, count, seed)

    def squared_error(self, pixels, noise_levels=1, seed=0):
        """Mean ‖y − ŷ‖² per image, over 16 times t, as a function of the weights: an Objective.

        noise_levels: K; the times in [k/K, (k+1)/K) get weights of their own. seed: of the noise.
        """
        check_whole(noise_levels, "noise_levels")
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        clean = to_signed(pixels.astype(np.float32), self.levels)
        random, each = np.random.default_rng(seed), -(-TIMES // noise_levels)      # times a level

        def error(t):
            noisy = (1 - t) * random.standard_normal(clean.shape).astype(np.float32) + t * clean
            answers = answers_of(self.members, clean.shape, lambda member: member.denoise(noisy, t))
            return squared_error(answers, clean.ravel().astype(float),
                                 math.prod(self.image_shape) / (noise_levels * each))

        parts = [reduce(add, (error((level + (k + 0.5) / each) / noise_levels) for k in range(each)))
                 for level in range(noise_levels)]
        return parts[0] if noise_levels == 1 else Separate(parts, lambda rows: rows)
