"""Which weights? Those that make held-out images most probable, with a certificate."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from ..images import ImageSet
from .mixture import Mixture
from .pools import TINY, PixelPool


@dataclass(frozen=True)
class FittedWeights:
    """Weights and how they were found.

    weights: (M,), sum to 1. path: (steps, M), the weights at each step, the first equal.
    losses: (steps,) mean −log p in nats an image. gap: a bound on how far, in nats an image, the
    last loss is above the smallest possible one. ensemble: the same members with these weights.
    """

    weights: np.ndarray
    path: np.ndarray
    losses: np.ndarray
    gap: float
    ensemble: object

    def __str__(self):
        weights = ", ".join(f"{weight:.3f}" for weight in self.weights)
        return (f"weights {weights}: {self.losses[-1]:.3f} nats/image on validation after "
                f"{len(self.losses) - 1} steps, at most {self.gap:.1g} above the best possible")


def fit_weights(ensemble, validation, method="cross_entropy", tolerance=1e-3, steps=20_000):
    """Fit an ensemble's weights on held-out pixels; members stay as they are.

    ensemble: a PixelPool or a Mixture. validation: (N, H, W, C) whole numbers that no member was
    trained on (an ImageSet means its validation split). method: "equal", or "cross_entropy", the
    mean of −log p: by expectation maximisation for the linear pool and the mixture, by sequential
    quadratic programming for the log pool; both problems are convex. tolerance: stop when the
    certified gap to the optimum is below it, in nats an image. Returns FittedWeights.

    Source: Smyth and Wolpert 1997, "Stacked density estimation", NeurIPS 10 (the EM); Jaggi 2013,
    "Revisiting Frank-Wolfe", ICML (the certificate).
    """
    if isinstance(validation, ImageSet):
        validation = validation.validation
    if method not in ("equal", "cross_entropy"):
        raise ValueError(f"method must be 'equal' or 'cross_entropy', not {method!r}.")
    if not isinstance(ensemble, (PixelPool, Mixture)):
        raise TypeError(f"ensemble must be a PixelPool or a Mixture, not {type(ensemble).__name__}.")
    if method == "equal":
        steps = 0
    if isinstance(ensemble, Mixture):
        fitted = expectation_maximisation(ensemble.member_log_likelihoods(validation), tolerance, steps)
        per_image = 1
    elif ensemble.kind == "linear":
        chosen = [member.log_pixel_likelihoods(validation) for member in ensemble.members]
        per_image = chosen[0][0].size
        scores = np.stack([scores.ravel() for scores in chosen], axis=1)
        fitted = expectation_maximisation(scores, tolerance / per_image, steps)
    else:
        fitted, per_image = fit_log_pool(ensemble, validation, tolerance, steps)
    weights, path, losses, gap = fitted
    return FittedWeights(weights, np.array(path), np.array(losses) * per_image, gap * per_image,
                         ensemble.with_weights(weights))


def expectation_maximisation(log_likelihoods, tolerance, steps):
    """Weights that maximise mean_i log Σ_j w_j exp(l_ij), for l of shape (N, M).

    Each step sets w_j to the mean responsibility of member j, which never lowers the objective.
    The bound log max_j mean_i p_j/p_w on what is still to be gained follows from concavity.
    Returns (weights, path, losses, gap), losses and gap in nats a row.
    """
    largest = log_likelihoods.max(axis=1)
    ratios = np.exp(log_likelihoods - largest[:, None])
    weights = np.full(ratios.shape[1], 1 / ratios.shape[1])
    path, losses = [], []
    while True:
        mixed = ratios @ weights
        growth = (ratios / mixed[:, None]).mean(axis=0)      # mean responsibility over weight
        path.append(weights)
        losses.append(-(np.log(mixed) + largest).mean())
        gap = max(0.0, float(np.log(growth.max())))
        if gap <= tolerance or len(path) > steps:
            return weights, path, losses, gap
        weights = weights * growth
        weights = weights / weights.sum()                    # 1 up to rounding


def fit_log_pool(pool, validation, tolerance, steps):
    """As ``expectation_maximisation`` for Π p_j^{w_j}/Z: a convex loss with a duality gap."""
    logs = np.stack([np.log(np.maximum(member.pixel_probabilities(validation), TINY))
                     .reshape(-1, pool.levels) for member in pool.members])       # (M, N, levels)
    values = np.asarray(validation).reshape(-1)
    chosen = logs[:, np.arange(len(values)), values]                              # (M, N)
    path, losses = [], []

    def loss_and_gradient(weights):
        pooled = np.tensordot(weights, logs, axes=1)
        normaliser = logsumexp(pooled, axis=-1)
        probabilities = np.exp(pooled - normaliser[:, None])
        expected = np.einsum("nv,mnv->m", probabilities, logs) / len(values)
        loss = (normaliser - weights @ chosen).mean()
        return loss, expected - chosen.mean(axis=1)

    def record(weights):
        path.append(np.array(weights))
        losses.append(loss_and_gradient(weights)[0])

    equal = np.full(len(logs), 1 / len(logs))
    record(equal)
    weights = equal
    if steps:
        found = minimize(
            loss_and_gradient, equal, jac=True, method="SLSQP", bounds=[(0, 1)] * len(logs),
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
            callback=record, options={"maxiter": steps, "ftol": 1e-12},
        )
        weights = np.clip(found.x, 0, 1) / np.clip(found.x, 0, 1).sum()
        record(weights)
    gradient = loss_and_gradient(weights)[1]
    gap = float(weights @ gradient - gradient.min())         # convexity: loss − optimum ≤ this
    per_image = validation[0].size
    return (weights, path, losses, max(0.0, gap)), per_image
