"""Which weights? Those that serve held-out images best, with a certificate."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from scipy.optimize import minimize
from scipy.special import softmax

from ..data.image_set import ImageSet
from ..generators.base import LikelihoodGenerator
from ..measures.distances import cubic
from .mixture import Mixture
from .objectives import Divergence, LogPoolScore, LogScore, discrepancy, squared_error
from .pools import TINY, PixelPool
from .predictions import PredictionSum

LIKELIHOOD = ("cross_entropy", "kl_divergence", "gradient_descent")
METHODS = ("equal", *LIKELIHOOD, "least_squares", "mmd")
TIMES = 16                  # noise levels at which denoisers are compared
DRAWN = 500                 # images of each member for "mmd"


@dataclass(frozen=True)
class FittedWeights:
    """Weights and how they were found.

    weights: (M,), sum to 1. path: (steps, M), the weights at each step, the first equal.
    losses: (steps,) what was minimised, at each step: mean −log p or KL in nats an image, squared
    error an image, or squared discrepancy. gap: a bound on how far the last loss is above the
    smallest possible one. ensemble: the same members with these weights. entropy: of the data, in
    nats, for "kl_divergence": what the loss lacks to the cross-entropy; else 0. unit: of the losses.
    With regions or noise levels, weights have a row for each, and the path is that of their mean.
    """

    weights: np.ndarray
    path: np.ndarray
    losses: np.ndarray
    gap: float
    ensemble: object
    entropy: float = 0.0
    unit: str = "nats/image"

    def __str__(self):
        told = (", ".join(f"{weight:.3f}" for weight in self.weights) if self.weights.ndim == 1
                else f"of shape {self.weights.shape}")
        return (f"weights {told}: {self.losses[-1]:.3f} {self.unit} after "
                f"{len(self.losses) - 1} steps on the images it was fitted to, at most {self.gap:.1g} "
                "above the best possible")


def fit_weights(ensemble, validation, method=None, tolerance=1e-3, steps=20_000, regions=None,
                noise_levels=1, optimizer=None, features=None, seed=0):
    """Fit an ensemble's weights on held-out pixels; members stay as they are.

    ensemble: a PixelPool, a Mixture, or a PredictionSum of denoisers. validation: (N, H, W, C)
    whole numbers that no member was trained on (an ImageSet means its validation split).

    method: "equal", or what is minimised and how,

    - "cross_entropy": mean −log p_w, by expectation maximisation with long steps (linear pool and
      mixture) or sequential quadratic programming (log pool); the default where there are
      likelihoods;
    - "kl_divergence": KL(data ‖ p_w), by sequential quadratic programming;
    - "gradient_descent": mean −log p_w again, over w = softmax(a) with a Keras ``optimizer``;
    - "least_squares": the squared error of a PredictionSum; its default;
    - "mmd": the kernel discrepancy between a Mixture's draws and the validation images, which needs
      no likelihood. ``features``: pixels -> (N, D), a classifier's for example; None for the pixels.

    All are convex, so every method that minimises the same thing reaches the same value.
    tolerance: stop when the certified gap to the optimum is below it. regions: (H, W, C) whole
    numbers 0 … R − 1: a linear PixelPool gets weights for each region, fitted apart. noise_levels:
    K: a PredictionSum gets (K, M) weights, for times t in [k/K, (k+1)/K). seed: of noise and draws.

    Returns FittedWeights. Raises ValueError or TypeError where method and ensemble do not fit.

    Source: Smyth and Wolpert 1997, "Stacked density estimation", NeurIPS 10 (EM); Breiman 1996,
    "Stacked regressions", Machine Learning 24 (least squares). Lesson 11.
    """
    if isinstance(validation, ImageSet):
        validation = validation.validation
    if not isinstance(ensemble, (PixelPool, Mixture, PredictionSum)):
        raise TypeError("ensemble must be a PixelPool, a Mixture or a PredictionSum, not "
                        f"{type(ensemble).__name__}.")
    method = method or ("least_squares" if isinstance(ensemble, PredictionSum) else "cross_entropy")
    check_method(ensemble, method)
    solve = solver(method, tolerance, steps, optimizer)
    if regions is not None:
        return fit_regions(ensemble, validation, regions, solve)
    if isinstance(ensemble, PredictionSum):
        return fit_denoisers(ensemble, validation, noise_levels, solve, seed)
    if method == "mmd":
        goal, unit = draws_objective(ensemble, validation, features, seed), "squared discrepancy"
    else:
        goal, unit = likelihood_objective(ensemble, validation), "nats/image"
    if method == "kl_divergence":
        goal = Divergence(goal, validation)
    rows, path, losses, gap = solve_apart([goal], solve)
    return fitted(ensemble, rows[0], path, losses, gap, unit, getattr(goal, "entropy", 0.0))


def fitted(ensemble, weights, path, losses, gap, unit, entropy=0.0):
    return FittedWeights(weights, np.array(path), np.array(losses), gap,
                         ensemble.with_weights(weights), entropy, unit)


def solver(method, tolerance, steps, optimizer):
    """What turns an objective into the path of weights that one method takes."""
    if method == "equal":
        return lambda goal: [np.full(goal.members, 1 / goal.members)]
    if method == "gradient_descent":
        return lambda goal: gradient_descent(goal, tolerance, steps, optimizer)
    if method == "cross_entropy":
        return lambda goal: (expectation_maximisation if isinstance(goal, LogScore)
                             else quadratic_programming)(goal, tolerance, steps)
    return lambda goal: quadratic_programming(goal, tolerance, steps)


def expectation_maximisation(goal, tolerance=1e-3, steps=20_000):
    """The path (steps, M) of EM on a LogScore: w_j ← mean_i of member j's responsibility.

    A step never raises the loss. Two steps show where they lead, and a long step goes there at
    once, if it does not raise the loss either (Varadhan and Roland 2008, scheme S3, Scandinavian
    Journal of Statistics 35).
    """
    def step(weights):
        weights = weights * goal.growth(weights)
        return weights / weights.sum()                       # 1 up to rounding

    path = [np.full(goal.members, 1 / goal.members)]
    while goal.gap(path[-1]) > tolerance and len(path) <= steps:
        start, first = path[-1], step(path[-1])
        second = step(first)
        change, bend = first - start, second - 2 * first + start
        length = np.linalg.norm(change) / max(np.linalg.norm(bend), 1e-300)
        far = np.maximum(start + 2 * length * change + length**2 * bend, 1e-12 * second)
        far = step(far / far.sum())
        path.append(far if goal.value(far) <= goal.value(second) else second)
    return path


def quadratic_programming(goal, tolerance=1e-3, steps=20_000):
    """The path (steps, M) of SciPy's sequential quadratic programming on the simplex."""
    equal = np.full(goal.members, 1 / goal.members)
    path = [equal]
    scale = max(goal.gap(equal), 1e-12)                      # SciPy's tolerance is absolute
    minimize(
        lambda w: goal.value(w) / scale, equal, jac=lambda w: goal.gradient(w) / scale,
        method="SLSQP", bounds=[(0, 1)] * goal.members,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        callback=lambda w: path.append(on_simplex(w)),
        options={"maxiter": steps, "ftol": min(1e-10, 1e-3 * tolerance / scale)},
    )
    return path


def gradient_descent(goal, tolerance=1e-3, steps=20_000, optimizer=None):
    """The path (steps, M) of a Keras optimizer on a, where w = softmax(a), from a = 0.

    Chain rule: ∂f/∂a_j = w_j (∇_j − w·∇).
    """
    optimizer = optimizer or keras.optimizers.Adam(0.05)
    scores = keras.Variable(np.zeros(goal.members, "float32"))
    path = [np.full(goal.members, 1 / goal.members)]
    while goal.gap(path[-1]) > tolerance and len(path) <= steps:
        weights, gradient = path[-1], goal.gradient(path[-1])
        slope = weights * (gradient - weights @ gradient)
        optimizer.apply([ops.convert_to_tensor(slope.astype("float32"))], [scores])
        path.append(softmax(ops.convert_to_numpy(scores).astype(float)))
    return path


def on_simplex(weights):
    weights = np.clip(weights, 0, 1)
    return weights / weights.sum()


def likelihood_objective(ensemble, validation):
    """Mean −log p of held-out pixels as a function of the weights: an Objective."""
    if isinstance(ensemble, Mixture):
        return LogScore(ensemble.member_log_likelihoods(validation))
    per_image = int(np.prod(ensemble.image_shape))
    if ensemble.kind == "linear":
        return LogScore(pixel_scores(ensemble, validation), per_image)
    logs = np.stack([np.log(np.maximum(member.pixel_probabilities(validation), TINY))
                     .reshape(-1, ensemble.levels) for member in ensemble.members])
    return LogPoolScore(logs, np.asarray(validation).reshape(-1).astype(int), per_image)


def pixel_scores(pool, pixels):
    """log p_j of every pixel that is there, one row each: (N·H·W·C, M) nats."""
    return np.stack([member.log_pixel_likelihoods(pixels).ravel().astype(float)
                     for member in pool.members], axis=1)


def draws_objective(mixture, validation, features, seed):
    """Squared discrepancy between a mixture's draws and held-out pixels, as an Objective."""
    if mixture.levels is None:
        raise ValueError('"mmd" compares pixels, and these members have no levels.')
    features = features or (lambda pixels: pixels.reshape(len(pixels), -1) / (mixture.levels - 1.0))
    seeds = np.random.default_rng(seed).integers(2**31, size=len(mixture.members))
    drawn = [features(to_whole(member.generate(DRAWN, seed=int(own)), mixture.levels))
             for member, own in zip(mixture.members, seeds)]
    return discrepancy(drawn, features(validation), cubic)


def fit_regions(pool, validation, regions, solve):
    """A gate: one row of weights for each region of a linear pool."""
    if not isinstance(pool, PixelPool) or pool.kind != "linear":
        raise TypeError("regions have weights of their own in a linear PixelPool only.")
    regions = np.asarray(regions)
    if regions.shape != tuple(pool.image_shape) or regions.dtype.kind not in "iu":
        raise ValueError(f"regions must be whole numbers of shape {tuple(pool.image_shape)}, not "
                         f"{regions.dtype} of shape {regions.shape}.")
    scores = pixel_scores(pool, validation).reshape(len(validation), *regions.shape, -1)
    names, places = np.unique(regions, return_inverse=True)
    goals = [LogScore(scores[:, regions == name].reshape(-1, scores.shape[-1]),
                      int((regions == name).sum())) for name in names]
    rows, path, losses, gap = solve_apart(goals, solve)
    return fitted(pool, rows[places.reshape(regions.shape)], path, losses, gap, "nats/image")


def fit_denoisers(ensemble, validation, noise_levels, solve, seed):
    """Weights of a sum of denoisers, one row for each of ``noise_levels`` ranges of t."""
    if not ensemble.denoises:
        raise TypeError("fit_weights asks denoisers; for other predictions use squared_error and "
                        "quadratic_programming (lesson 11).")
    random = np.random.default_rng(seed)
    clean = np.asarray(validation, np.float32) * (2 / (ensemble.levels - 1)) - 1
    each = -(-TIMES // noise_levels)                         # times a range
    goals = []
    for level in range(noise_levels):
        answers = []
        for t in (level + (np.arange(each) + 0.5) / each) / noise_levels:
            noisy = (1 - t) * random.standard_normal(clean.shape).astype(np.float32) + t * clean
            answers.append([member.denoise(noisy, t).ravel() for member in ensemble.members])
        answers = np.concatenate(answers, axis=1).astype(float)
        truth = np.tile(clean.ravel(), each).astype(float)
        goals.append(squared_error(answers, truth, clean[0].size / noise_levels))
    rows, path, losses, gap = solve_apart(goals, solve)
    return fitted(ensemble, rows[0] if noise_levels == 1 else rows, path, losses, gap,
                  "squared error an image")


def solve_apart(goals, solve):
    """Weights of each goal, (goals, M); the path of their mean, the sum of their losses and gaps."""
    paths = [solve(goal) for goal in goals]
    steps = max(map(len, paths))
    at = [[path[min(step, len(path) - 1)] for path in paths] for step in range(steps)]
    losses = [sum(goal.value(w) for goal, w in zip(goals, each)) for each in at]
    gap = sum(goal.gap(path[-1]) for goal, path in zip(goals, paths))
    return np.array(at[-1]), np.mean(at, axis=1), losses, gap


def to_whole(images, levels):
    return np.rint(images * (levels - 1)).astype(int)


def check_method(ensemble, method):
    """Refuse a method that is none, or asks what the members cannot answer."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}.")
    if isinstance(ensemble, PredictionSum):
        fits = method in ("equal", "least_squares")
    elif method == "mmd":
        fits = isinstance(ensemble, Mixture)
    else:
        fits = method != "least_squares"
        if isinstance(ensemble, Mixture) and method in LIKELIHOOD:
            silent = [m for m in ensemble.members if not isinstance(m, LikelihoodGenerator)]
            if silent:
                raise TypeError(f"{type(silent[0]).__name__} has no likelihood, so the weights of "
                                'this mixture can be fitted by method="mmd" only.')
    if not fits:
        raise ValueError(f"method {method!r} does not fit a {type(ensemble).__name__}: likelihoods "
                         'have "cross_entropy", "kl_divergence" and "gradient_descent", predictions '
                         '"least_squares", draws of a Mixture "mmd".')
