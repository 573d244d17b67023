"""Exercises of lesson 10: the log pool, a mixture pixel by pixel, the best weight, related ghosts."""

import numpy as np
from scipy.special import log_softmax, softmax

from . import Exercise, Wrong, call, expect_close


def check_log_pool(answer, random):
    logs = np.log(random.dirichlet(np.ones(5), size=(3, 4)))
    weights = random.dirichlet(np.ones(3))
    wanted = log_pool(logs, weights)
    found = call(answer, logs, weights)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, np.tensordot(weights, logs, axes=1)):
            raise Wrong("the probabilities sum to less than 1: divide by Z, so subtract log Z.")
        if np.allclose(found, np.exp(wanted)):
            raise Wrong("these are the probabilities; their logarithms are wanted.")
        if np.allclose(found, np.log(np.tensordot(weights, np.exp(logs), axes=1))):
            raise Wrong("this is the linear pool: sum the logarithms instead.")
    expect_close(found, wanted, "Σ_j w_j log p_j, minus its logsumexp over the levels.")
    sure = log_softmax(random.normal(0, 1, (3, 4, 5)) * 4000, axis=-1)
    with np.errstate(all="ignore"):
        found = call(answer, sure, weights)
    expect_close(found, log_pool(sure, weights), "with very sure members exp underflows, and Z is 0: "
                 "scipy.special.log_softmax or logsumexp keep the logarithms.")
    logs[2, :, random.integers(5)] = -np.inf
    weights = np.array([*random.dirichlet(np.ones(2)), 0])
    with np.errstate(all="ignore"):
        found = call(answer, logs, weights)
    expect_close(found, log_pool(logs, weights), "a member with weight 0 spoils the sum where it "
                 "excludes a level: 0·log 0 is NaN. It must have no say.")
    weights = weights[::-1]                                     # now the member that excludes a level has weight
    with np.errstate(all="ignore"):
        found = call(answer, logs, weights)
    expect_close(found, log_pool(logs, weights), "where a member with weight excludes a level, the pool "
                 "excludes it, too: its logarithm is −∞.")


def log_pool(member_logs, weights):
    asked = weights > 0                                         # 0·log 0 would be NaN
    return log_softmax(np.tensordot(weights[asked], member_logs[asked], axes=1), axis=1)


def careless_log_pool(member_logs, weights):
    products = np.exp(np.tensordot(weights, member_logs, axes=1))
    return np.log(products / products.sum(axis=-1, keepdims=True))


def everybody_asked(member_logs, weights):
    return log_softmax(np.tensordot(weights, member_logs, axes=1), axis=-1)


def check_mixture(answer, random):
    members, pixels, weights = some_members(random, 6)
    wanted = mixture_pixels(members, pixels, weights)
    found = call(answer, members, pixels, weights)
    if np.shape(found) == wanted.shape:
        for other, message in WRONG_MIXTURES.items():
            if np.allclose(found, other(members, pixels, weights)):
                raise Wrong(message)
        if not np.allclose(np.sum(found, axis=-1), 1):
            raise Wrong("a pixel's probabilities do not sum to 1: the weights must, at each pixel.")
    expect_close(found, wanted, "at each pixel the weights are w_j times the probability that member j "
                 "gives to all pixels before it, divided by their sum.")
    members, pixels, weights = some_members(random, 700)
    members[:, :3] = softmax(40 * np.log(members[:, :3]), axis=-1)      # and some are very sure
    with np.errstate(all="ignore"):
        found = call(answer, members, pixels, weights)
        expect_close(found, mixture_pixels(members, pixels, weights), "with many pixels the products "
                     "underflow to 0: add logarithms, and use scipy.special.softmax over the members.")
        members[2] = softmax(np.log(members[2]) + np.eye(8)[pixels], axis=-1)
        weights[2] = 0                                      # it would fit, and is never picked
        found = call(answer, members, pixels, weights / weights.sum())
        expect_close(found, mixture_pixels(members, pixels, weights / weights.sum()), "a member with "
                     "weight 0 is never picked, however well the pixels fit it.")


def some_members(random, pixels, levels=8):
    """Probabilities (3, pixels, levels) that resemble each other, values, weights."""
    own = random.normal(size=(pixels, levels)) + 0.1 * random.normal(size=(3, pixels, levels))
    return softmax(own, axis=-1), random.integers(levels, size=pixels), random.dirichlet(np.full(3, 5.0))


def mixture_pixels(member_probabilities, pixels, weights):
    there = member_probabilities[:, np.arange(len(pixels)), pixels]     # of the level that is there
    logs = np.log(there)                                        # (M, pixels)
    before = np.cumsum(logs, axis=1) - logs                     # log p_j of all pixels before
    shares = softmax(np.log(weights)[:, None] + before, axis=0)
    return np.einsum("mp,mpv->pv", shares, member_probabilities)


def fixed_weights(member_probabilities, pixels, weights):
    return np.tensordot(weights, member_probabilities, axes=1)


def products_so_far(member_probabilities, pixels, weights, own=False):
    there = np.take_along_axis(member_probabilities, pixels[None, :, None], axis=-1)[..., 0]
    products = np.cumprod(there, axis=1)
    if not own:
        products = np.concatenate([np.ones((len(weights), 1)), products[:, :-1]], axis=1)
    shares = weights[:, None] * products
    return np.einsum("mp,mpv->pv", shares / shares.sum(axis=0), member_probabilities)


def looks_ahead(member_probabilities, pixels, weights):
    return products_so_far(member_probabilities, pixels, weights, own=True)


def one_before(member_probabilities, pixels, weights):
    there = np.take_along_axis(member_probabilities, pixels[None, :, None], axis=-1)[..., 0]
    last = np.concatenate([np.ones((len(weights), 1)), there[:, :-1]], axis=1)
    shares = weights[:, None] * last
    return np.einsum("mp,mpv->pv", shares / shares.sum(axis=0), member_probabilities)


WRONG_MIXTURES = {
    fixed_weights: "this is the linear pool. A mixture picks one member for the whole image, so the "
                   "pixels before tell who it may have been, and the weights change.",
    looks_ahead: "this looks ahead: the weights at a pixel may use only the pixels before it.",
    one_before: "this looks back by one pixel only: all pixels before count.",
}


def check_best_weight(answer, random):
    first, spread = random.uniform(1, 2), random.uniform(0.6, 0.9)
    second = first + random.uniform(0.1, 0.4)
    for errors in ((first, second), (second, first)):
        wanted = best_weight(*errors, spread)
        found = call(answer, *errors, spread)
        if np.ndim(found) == 0:
            if np.isclose(found, 1 - wanted):
                raise Wrong("this is the weight of the first member; the second one's is wanted.")
            if np.isclose(found, errors[0] / (first + second)):
                raise Wrong("this shares out the weight by the errors alone. Where is the derivative of "
                            "E(w) zero?")
            if np.isclose(found, float(errors[0] > errors[1])):
                raise Wrong("this asks the better member alone, and here the sum is better than both.")
        expect_close(found, wanted, "set the derivative of E(w) to zero: E₂ − E₁ − D·(1 − 2w) = 0.")
    far = random.uniform(2, 3)                                  # |E₁ − E₂| > D: an end is best
    for errors in ((1.0, far), (far, 1.0)):
        expect_close(call(answer, *errors, 0.8), best_weight(*errors, 0.8), "if one member is much worse, "
                     "the lowest point lies outside [0, 1]: then the best weight is 0 or 1.")
    with np.errstate(all="ignore"):
        for number in (np.float64, float):                      # 0/0 is no number in NumPy, and an error in Python
            try:
                found = answer(number(first), number(first), number(0))
            except ZeroDivisionError:
                found = np.nan
            if np.ndim(found) or not 0 <= found <= 1:
                raise Wrong("if both members always agree, D is 0 and any weight is best: return one of them.")


def best_weight(first_error, second_error, difference):
    if difference == 0:
        return 0.5                                              # the members agree: any weight will do
    return np.clip(0.5 + (first_error - second_error) / (2 * difference), 0, 1)


def check_ghost(answer, random):
    root = random.normal(size=(4, 4))
    covariance = root @ root.T
    weights = random.dirichlet(np.ones(3))
    for correlation in (random.uniform(0.2, 0.8), 1.0, 0.0):
        wanted = ghost_distance(covariance, weights, correlation)
        found = call(answer, covariance, weights, correlation)
        if np.ndim(found) == 0 and 0 < correlation < 1:
            for other, message in WRONG_GHOSTS.items():
                if np.isclose(found, other(covariance, weights, correlation)):
                    raise Wrong(message)
        expect_close(found, wanted, "the covariance of the average is s²·Σ with s² = Σ_j w_j² + "
                     "ρ·Σ_{j≠k} w_j w_k; the distance is (1 − s)² · tr Σ.")


def shrunk(weights, correlation):
    """s², the share of the variance that is left."""
    squares = (weights**2).sum()
    return squares + correlation * (1 - squares)                # Σ_{j≠k} w_j w_k = 1 − Σ w_j²


def ghost_distance(covariance, weights, correlation):
    squares = (weights**2).sum()
    left = squares + correlation * (1 - squares)                # Σ_{j≠k} w_j w_k = 1 − Σ w_j²
    return (1 - np.sqrt(left)) ** 2 * np.trace(covariance)


WRONG_GHOSTS = {
    lambda cov, w, rho: ghost_distance(cov, w, 0):
        "this is the law for independent pictures: where is the correlation?",
    lambda cov, w, rho: (1 - shrunk(w, rho)) * np.trace(cov):
        "this is how much variance is lost. The distance compares standard deviations: (1 − s)², and "
        "not 1 − s².",
    lambda cov, w, rho: ghost_distance(cov, np.full(len(w), 1 / len(w)), rho):
        "this holds for equal weights only: put Σ w_j² where 1/M stands.",
    lambda cov, w, rho: (1 - np.sqrt(shrunk(w, rho))) ** 2 * cov.sum():
        "tr Σ is the sum of the diagonal, not of all entries.",
    lambda cov, w, rho: (1 - np.sqrt((w**2).sum() + rho * (1 - (w**2).sum()) / 2)) ** 2 * np.trace(cov):
        "each pair of members stands twice in the double sum: as (j, k) and as (k, j).",
    lambda cov, w, rho: (1 - np.sqrt((w**2).sum() + rho)) ** 2 * np.trace(cov):
        "the correlation counts for pairs of different members only, and their weights w_j·w_k do "
        "not sum to 1.",
}


EXERCISES = (
    Exercise(
        "10.1", "the log pool is normalised and survives every member", check_log_pool,
        ("Sum the logarithms with the weights; the result is normalised up to one number, log Z.",
         "log Z is the logsumexp over the levels; scipy.special.log_softmax subtracts it.",
         "What is 0 · (−∞)? Leave out the members that have the weight 0."),
        log_pool,
        {"divide by Z": lambda logs, weights: np.tensordot(weights, logs, axes=1),
         "logarithms are wanted": lambda logs, weights: np.exp(log_pool(logs, weights)),
         "linear pool": lambda logs, weights: np.log(np.tensordot(weights, np.exp(logs), axes=1)),
         "underflows": careless_log_pool, "no say": everybody_asked},
    ),
    Exercise(
        "10.2", "a mixture is a pool whose weights change from pixel to pixel", check_mixture,
        ("p(x_i | before) = p(before and x_i) / p(before), and both are sums Σ_j w_j p_j(…).",
         "So the weights at pixel i are w_j p_j(before) / Σ_k w_k p_k(before).",
         "np.cumsum of the log-probabilities that are there, less the pixel's own, is log p_j(before)."),
        mixture_pixels,
        {"this is the linear pool": fixed_weights, "looks ahead": looks_ahead,
         "by one pixel only": one_before, "underflow": products_so_far},
    ),
    Exercise(
        "10.3", "the best weight is the bottom of the parabola, or an end", check_best_weight,
        ("Where is the derivative of E(w) = (1 − w)·E₁ + w·E₂ − w·(1 − w)·D zero?",
         "At w = ½ + (E₁ − E₂) / (2D). Which values may a weight have?",
         "And what if D is 0?"),
        best_weight,
        {"first member": lambda e1, e2, d: 0.5 - (e1 - e2) / (2 * d),
         "by the errors alone": lambda e1, e2, d: e1 / (e1 + e2),
         "asks the better member alone": lambda e1, e2, d: float(e1 > e2),
         "outside [0, 1]": lambda e1, e2, d: 0.5 + (e1 - e2) / (2 * d),
         "D is 0": lambda e1, e2, d: np.clip(0.5 + (e1 - e2) / (2 * d), 0, 1),
         "both members always agree": lambda e1, e2, d: max(0, min(1, 0.5 + (e1 - e2) / (2 * d)))},
    ),
    Exercise(
        "10.4", "the more related the pictures, the fainter the ghost", check_ghost,
        ("Cov Σ w_j x_j = Σ_j Σ_k w_j w_k Cov(x_j, x_k): which of these are Σ, and which ρΣ?",
         "Σ_{j≠k} w_j w_k = 1 − Σ w_j², since the weights sum to 1.",
         "The covariance is s²Σ, and the Fréchet distance of Σ and s²Σ is (1 − s)² tr Σ."),
        ghost_distance,
        {"where is the correlation": lambda cov, w, rho: ghost_distance(cov, w, 0),
         "variance is lost": lambda cov, w, rho: (1 - shrunk(w, rho)) * np.trace(cov),
         "equal weights only": lambda cov, w, rho: ghost_distance(cov, np.full(3, 1 / 3), rho),
         "sum of the diagonal": lambda cov, w, rho: (1 - np.sqrt(shrunk(w, rho))) ** 2 * cov.sum(),
         "stands twice": lambda cov, w, rho: (
             1 - np.sqrt((w**2).sum() + rho * (1 - (w**2).sum()) / 2)) ** 2 * np.trace(cov),
         "different members only": lambda cov, w, rho: (
             1 - np.sqrt((w**2).sum() + rho)) ** 2 * np.trace(cov)},
    ),
)
