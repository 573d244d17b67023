"""Sums of predictions: members that were asked the very same question, in numbers."""

import math
from functools import reduce
from operator import add

import numpy as np

from ..checks import check_whole
from ..data.pixels import check_pixels, to_signed
from ..generators.base import Generator
from ..measures.scoring import check_finite
from ..predictors.flow import draw_by_flow
from .objectives import Separate, squared_error
from .weighted_sum import Ensemble, check_weights, sum_up, weighted_sum

TIMES = 16                  # noise levels at which denoisers are compared


class PredictionSum(Ensemble):
    """ŷ = Σ_j w_j ŷ_j of members that answer one input, so that errors cancel.

    Its squared error is the members' mean squared error less their ambiguity, exactly and for
    every number of the answer: (ŷ − y)² = Σ_j w_j (ŷ_j − y)² − Σ_j w_j (ŷ_j − ŷ)².

    members: anything with ``predict(inputs)``. weights: (M,) summing to 1, or None for equal ones.

    Source: Krogh and Vedelsby 1995, "Neural network ensembles, cross validation, and active
    learning", NeurIPS 7, eq. 6. Lesson 10.
    """

    member_kind = "predict"

    def predict(self, inputs):
        """The sum of the members' predictions for ``inputs``: an array of their shape."""
        return weighted_sum([member.predict(inputs) for member in self.members], self.weights)

    def squared_error(self, inputs, targets):
        """Mean ‖y − ŷ‖² per input as a function of the weights: an Objective."""
        targets = np.asarray(targets, float)
        predictions = answers_of(self.members, targets.shape, lambda each: each.predict(inputs))
        return squared_error(predictions, targets.ravel(), targets[0].size, "squared error per input")


class DenoiserSum(Ensemble, Generator):
    """The same sum of denoisers, asked about one noisy image: a denoiser, which can draw.

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


def answers_of(members, shape, ask):
    """Every member's answer as a row of floats, (M, numbers), if it is finite and of ``shape``."""
    rows = []
    for j, member in enumerate(members):
        answer = check_finite(ask(member), j, member)
        if answer.shape != shape:
            raise ValueError(f"members[{j}], {type(member).__name__}, answers in shape "
                             f"{answer.shape}, and the truth has {shape}.")
        rows.append(answer.ravel().astype(float))
    return np.array(rows)
