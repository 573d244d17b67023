"""What weights are fitted to: convex functions of w on the simplex, with their gradients.

Each objective has ``value(w)``, ``gradient(w)`` and ``gap(w)``, a bound on how far ``value(w)`` is
above the smallest value on the simplex. By convexity that is w·∇ − min_j ∇_j (Jaggi 2013,
"Revisiting Frank-Wolfe", ICML).
"""

import numpy as np
from scipy.special import logsumexp


class Objective:
    """A convex function of (M,) weights that sum to 1. ``members``: M."""

    def value(self, weights):
        raise NotImplementedError

    def gradient(self, weights):
        raise NotImplementedError

    def gap(self, weights):
        gradient = self.gradient(weights)
        return max(0.0, float(weights @ gradient - gradient.min()))


class LogScore(Objective):
    """Mean over images of Σ_rows −log Σ_j w_j p_j, for a mixture or a linear pool, in nats an image.

    log_likelihoods: (N, M), log p_j of every row (an image, or a pixel). per_image: rows an image.
    """

    def __init__(self, log_likelihoods, per_image=1):
        largest = log_likelihoods.max(axis=1)
        self.ratios = np.exp(log_likelihoods - largest[:, None])       # (N, M), at most 1
        self.offset, self.per_image = float(largest.mean()), per_image
        self.members = log_likelihoods.shape[1]

    def value(self, weights):
        return -self.per_image * (float(np.log(self.ratios @ weights).mean()) + self.offset)

    def growth(self, weights):
        """Mean responsibility of each member over its weight, mean_i p_j/p_w: (M,)."""
        return (1 / (self.ratios @ weights)) @ self.ratios / len(self.ratios)

    def gradient(self, weights):
        return -self.per_image * self.growth(weights)

    def gap(self, weights):
        # Sharper than the general bound: log a ≤ a − 1. Responsibilities sum to 1.
        return self.per_image * max(0.0, float(np.log(self.growth(weights).max())))


class LogPoolScore(Objective):
    """Mean over images of Σ_pixels −log (Π_j p_j^{w_j} / Z), in nats an image.

    logs: (M, N, levels), log-probabilities of each member, pixel and value. values: (N,) those that
    were there. per_image: pixels an image.
    """

    def __init__(self, logs, values, per_image):
        self.logs, self.per_image, self.members = logs, per_image, len(logs)
        self.chosen = logs[:, np.arange(len(values)), values]          # (M, N)

    def pooled(self, weights):
        """Σ_j w_j log p_j, (N, levels), and its log Z, (N,)."""
        logs = np.tensordot(weights, self.logs, axes=1)
        return logs, logsumexp(logs, axis=-1)

    def value(self, weights):
        _, log_z = self.pooled(weights)
        return self.per_image * float((log_z - weights @ self.chosen).mean())

    def gradient(self, weights):
        logs, log_z = self.pooled(weights)
        probabilities = np.exp(logs - log_z[:, None])
        expected = np.tensordot(self.logs, probabilities, axes=([1, 2], [0, 1])) / len(log_z)
        return self.per_image * (expected - self.chosen.mean(axis=1))


class Divergence(Objective):
    """KL(data ‖ p_w) = Σ_x q(x) log q(x) − Σ_x q(x) log p_w(x), q the shares of the images.

    score: the cross-entropy −Σ q log p_w, an Objective. entropy: of q, in nats; it is a constant,
    so the weights that minimise both are the same.
    """

    def __init__(self, score, pixels):
        flat = np.asarray(pixels).reshape(len(pixels), -1)
        shares = np.unique(flat, axis=0, return_counts=True)[1] / len(flat)
        self.score, self.members = score, score.members
        self.entropy = float(-(shares * np.log(shares)).sum())

    def value(self, weights):
        return self.score.value(weights) - self.entropy

    def gradient(self, weights):
        return self.score.gradient(weights)

    def gap(self, weights):
        return self.score.gap(weights)


class Quadratic(Objective):
    """wᵀAw − 2bᵀw + c with A symmetric, no eigenvalue negative: squared errors and discrepancies."""

    def __init__(self, matrix, linear, constant):
        self.matrix, self.linear, self.constant = matrix, linear, constant
        self.members = len(linear)

    def value(self, weights):
        return float(weights @ self.matrix @ weights - 2 * self.linear @ weights + self.constant)

    def gradient(self, weights):
        return 2 * (self.matrix @ weights - self.linear)


def squared_error(predictions, truth, per_image):
    """Mean ‖y − Σ_j w_j ŷ_j‖² an image. predictions: (M, N), truth: (N,) -> Quadratic."""
    scale = per_image / predictions.shape[1]
    return Quadratic(predictions @ predictions.T * scale, predictions @ truth * scale,
                     float(truth @ truth) * scale)


def discrepancy(drawn, real, kernel):
    """Squared maximum mean discrepancy between Σ_j w_j p_j and the data, from samples.

    drawn: M arrays (n, D) of the members' features; real: (N, D). kernel: (a, D), (b, D) -> (a, b).
    A picture is never compared with itself, so every entry is unbiased (Gretton et al. 2012, JMLR
    13, lemma 6). Chance can then bend the function downwards a little in some direction; such
    directions are made flat, or the weights would run into a corner for no reason.
    """
    def mean(first, second):
        values = kernel(first, second)
        if first is second:
            return (values.sum() - np.trace(values)) / (len(values) * (len(values) - 1))
        return values.mean()

    matrix = np.empty((len(drawn), len(drawn)))
    for i, first in enumerate(drawn):
        for j, second in enumerate(drawn[: i + 1]):
            matrix[i, j] = matrix[j, i] = mean(first, second)
    values, vectors = np.linalg.eigh(matrix)
    matrix = (vectors * np.maximum(values, 0)) @ vectors.T
    return Quadratic(matrix, np.array([mean(each, real) for each in drawn]), mean(real, real))
