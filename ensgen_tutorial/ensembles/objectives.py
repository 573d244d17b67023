"""What weights are fitted to: convex functions of w on the simplex, with their gradients.

Each objective has ``value(w)``, ``gradient(w)`` and ``gap(w)``, a bound on how far ``value(w)`` is
above the smallest value on the simplex. By convexity that is w·∇ − min_j ∇_j (Jaggi 2013,
"Revisiting Frank-Wolfe", ICML).
"""

import numpy as np
from scipy.special import logsumexp
from sklearn.metrics.pairwise import polynomial_kernel

from ..generators.base import pieces

LEAST = 1e-100              # a likelihood that rounding has made 0 still has a logarithm
AT_ONCE = 2**22             # numbers of a pool that are turned into float64 at one time


class Objective:
    """A convex function of (M,) weights that sum to 1. A subclass needs ``members``, M, ``value``
    and ``gradient``.

    unit: of its values. entropy: what they lack to a cross-entropy, in nats.
    """

    unit, entropy = "loss", 0.0

    def value(self, weights):
        raise NotImplementedError

    def gradient(self, weights):
        raise NotImplementedError

    def gap(self, weights):
        gradient = self.gradient(weights)
        return float(np.maximum(0, weights @ gradient - gradient.min()))     # NaN stays NaN

    @property
    def parts(self):
        """The objectives that are minimised apart: (self,)."""
        return (self,)

    def arrange(self, rows):
        """An ensemble's weights from those of the parts, (parts, M)."""
        return rows[0]


class Separate:
    """Objectives whose sum is wanted, each with weights of its own. arrange: as in Objective."""

    entropy = 0.0

    def __init__(self, parts, arrange):
        self.parts, self.arrange, self.unit = parts, arrange, parts[0].unit


class LogScore(Objective):
    """Mean over images of Σ_rows −log Σ_j w_j p_j, for a mixture or a linear pool, in nats/image.

    log_likelihoods: (N, M), log p_j of every row (an image, or a pixel). per_image: rows per image.
    """

    unit = "nats/image"

    def __init__(self, log_likelihoods, per_image=1):
        if not np.isfinite(log_likelihoods).all():
            raise ValueError("log_likelihoods must be finite, and these hold NaN or infinity.")
        self.members, self.per_image = log_likelihoods.shape[1], per_image
        self.pieces = pieces(len(log_likelihoods), AT_ONCE // self.members)
        largest = log_likelihoods.max(axis=1)
        self.ratios = log_likelihoods - largest[:, None]
        np.exp(self.ratios, out=self.ratios)                           # (N, M), at most 1
        self.offset = float(largest.mean(dtype=float))

    def mixed(self, weights):
        # float32 ratios, of many images, become float64 some at a time.
        return np.concatenate([np.maximum(self.ratios[some] @ weights, LEAST) for some in self.pieces])

    def value(self, weights):
        return -self.per_image * (float(np.log(self.mixed(weights)).mean()) + self.offset)

    def growth(self, weights):
        """Mean responsibility of each member over its weight, mean_i p_j/p_w: (M,)."""
        mixed = self.mixed(weights)
        return sum((1 / mixed[some]) @ self.ratios[some] for some in self.pieces) / len(mixed)

    def gradient(self, weights):
        return -self.per_image * self.growth(weights)

    def gap(self, weights):
        # Sharper than the general bound: log a ≤ a − 1. Responsibilities sum to 1.
        return self.per_image * float(np.maximum(0, np.log(self.growth(weights).max())))


class LogPoolScore(Objective):
    """Mean over images of Σ_pixels −log (Π_j p_j^{w_j} / Z), in nats/image.

    logs: (M, N, levels), log-probabilities of each member, pixel and value. values: (N,) those that
    were there. per_image: pixels per image.
    """

    unit = "nats/image"

    def __init__(self, logs, values, per_image):
        self.logs, self.per_image, self.members = logs, per_image, len(logs)
        self.chosen = logs[:, np.arange(len(values)), values].mean(axis=1, dtype=float)    # (M,)
        self.pieces = pieces(len(values), AT_ONCE // (len(logs) * logs.shape[-1]))

    def pooled(self, weights):
        """Some rows at a time: the logs (M, n, levels), Σ_j w_j log p_j (n, levels), log Z (n,)."""
        for some in self.pieces:
            logs = self.logs[:, some].astype(float)
            pooled = np.tensordot(weights, logs, axes=1)
            yield logs, pooled, logsumexp(pooled, axis=-1)

    def value(self, weights):
        log_z = sum(log_z.sum() for _, _, log_z in self.pooled(weights)) / self.logs.shape[1]
        return self.per_image * float(log_z - weights @ self.chosen)

    def gradient(self, weights):
        expected = sum(np.tensordot(logs, np.exp(pooled - log_z[:, None]), axes=([1, 2], [0, 1]))
                       for logs, pooled, log_z in self.pooled(weights)) / self.logs.shape[1]
        return self.per_image * (expected - self.chosen)


class Divergence(Objective):
    """KL(data ‖ p_w) = Σ_x q(x) log q(x) − Σ_x q(x) log p_w(x), q the shares of the images.

    score: the cross-entropy −Σ q log p_w, an Objective. entropy: of q, in nats; it is a constant,
    so the weights that minimise both are the same.
    """

    unit = "nats/image"

    def __init__(self, score, pixels):
        flat = np.asarray(pixels).reshape(len(pixels), -1)
        shares = np.unique(flat, axis=0, return_counts=True)[1] / len(flat)
        self.score, self.members = score, score.members
        self.entropy = float(-(shares * np.log(shares)).sum())
        if hasattr(score, "growth"):                         # then it has EM's steps, too
            self.growth = score.growth

    def value(self, weights):
        return self.score.value(weights) - self.entropy

    def gradient(self, weights):
        return self.score.gradient(weights)

    def gap(self, weights):
        return self.score.gap(weights)


class Quadratic(Objective):
    """wᵀAw − 2bᵀw + c with A symmetric, no eigenvalue negative: squared errors and discrepancies."""

    def __init__(self, matrix, linear, constant, unit="squared error per image"):
        self.matrix, self.linear, self.constant, self.unit = matrix, linear, constant, unit
        self.members = len(linear)

    def __add__(self, other):
        return Quadratic(self.matrix + other.matrix, self.linear + other.linear,
                         self.constant + other.constant, self.unit)

    def value(self, weights):
        return float(weights @ self.matrix @ weights - 2 * self.linear @ weights + self.constant)

    def gradient(self, weights):
        return 2 * (self.matrix @ weights - self.linear)


def squared_error(predictions, truth, per_image, unit="squared error per image"):
    """Mean ‖y − Σ_j w_j ŷ_j‖² per image. predictions: (M, N), truth: (N,) -> Quadratic."""
    scale = per_image / predictions.shape[1]
    return Quadratic(predictions @ predictions.T * scale, predictions @ truth * scale,
                     float(truth @ truth) * scale, unit)


def discrepancy(drawn, real, kernel=polynomial_kernel):
    """Squared maximum mean discrepancy between Σ_j w_j p_j and the data, from samples.

    drawn: M arrays (n, D) of the members' features; real: (N, D). kernel: (a, D), (b, D) -> (a, b);
    by default (x·y/D + 1)³. Returns a Quadratic.

    A picture is never compared with itself, so every entry is unbiased (Gretton et al. 2012, JMLR
    13, lemma 6). Chance can then bend the function downwards a little in some direction; such
    directions are made flat, or the weights would run into a corner for no reason.
    """
    drawn, real = [np.asarray(each, float) for each in drawn], np.asarray(real, float)

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
    return Quadratic(matrix, np.array([mean(each, real) for each in drawn]), mean(real, real),
                     "squared discrepancy")
