"""Exercises of lesson 02: nats of noise, a smoothed histogram, a mixture's likelihood, a seam."""

import math

import numpy as np
from scipy.special import logsumexp

from ...generators.quilting import seam as cheapest_seam
from . import Exercise, Wrong, call, expect_close


def check_noise(answer, random):
    shape = (*(int(side) for side in random.integers(3, 9, size=2)), 3)
    levels = int(random.integers(3, 20))
    wanted = math.prod(shape) * math.log(levels)
    found = call(answer, shape, levels)
    if np.ndim(found) == 0 and np.isclose(float(found), wanted / math.log(2)):
        raise Wrong("these are bits; nats want the natural logarithm.")
    if np.ndim(found) == 0 and np.isclose(float(found), wanted / 3):
        raise Wrong("an RGB image has three values a pixel: count the channels too.")
    if np.ndim(found) == 0 and np.isclose(float(found), -wanted):
        raise Wrong("the sign: this is log p; its negative, the nats, is positive.")
    expect_close(found, wanted, "every one of the H · W · C values has probability 1 / levels, and "
                 "independent probabilities multiply.")


def noise_nats(image_shape, levels):
    return np.prod(image_shape) * np.log(levels)


def check_histogram(answer, random):
    levels, smoothing = int(random.integers(5, 12)), random.uniform(0.2, 3)
    values = random.integers(0, levels - 2, size=15)             # the two top levels never occur
    counts = np.bincount(values, minlength=levels)
    wanted = (counts + smoothing) / (len(values) + levels * smoothing)
    found = call(answer, values, levels, smoothing)
    if np.ndim(found) == 1 and len(found) < levels:
        raise Wrong(f"there are {levels} levels, and this has {len(found)}: a level that never "
                    "occurs wants its place too (np.bincount's minlength).")
    if np.shape(found) == (levels,) and np.allclose(found, counts / len(values)):
        raise Wrong("a level that never occurs has probability 0 here: add smoothing to every "
                    "count.")
    if np.shape(found) == (levels,) and not np.isclose(np.sum(found), 1):
        raise Wrong(f"the probabilities sum to {np.sum(found):.4g}, not to 1: divide by the sum of "
                    "the smoothed counts.")
    expect_close(found, wanted, "add smoothing to every count, then divide by the sum.")


def histogram(values, levels, smoothing):
    counts = np.bincount(values, minlength=levels) + smoothing
    return counts / counts.sum()


def check_mixture(answer, random):
    log_weights = np.log(random.dirichlet(np.ones(4)))
    logs = random.normal(-8, 2, size=(6, 4))
    wanted = logsumexp(log_weights + logs, axis=1)
    found = call(answer, log_weights, logs)
    if np.shape(found) == (6,) and np.allclose(found, logs @ np.exp(log_weights)):
        raise Wrong("this is the weighted mean of logarithms; a mixture sums the probabilities, "
                    "and takes the logarithm last.")
    if np.shape(found) == (6,) and np.allclose(found, logsumexp(logs, axis=1)):
        raise Wrong("the weights are missing: each template counts by its w.")
    if np.shape(found) == (6,) and np.allclose(found, np.exp(wanted)):
        raise Wrong("this is p(x); its logarithm is wanted.")
    expect_close(found, wanted, "log p(x) = log Σ_k exp(log w_k + log p_k(x)), one number per image.")
    with np.errstate(all="ignore"):
        found = call(answer, log_weights, logs - 2000)
    expect_close(found, wanted - 2000, "exp(−2000) is 0 for a computer: take the largest number of "
                 "each row out of the sum first, and add it again outside the logarithm.", 1e-5)


def log_mixture(log_weights, log_likelihoods):
    joint = log_weights + log_likelihoods
    largest = joint.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.exp(joint - largest).sum(axis=1))


def check_seam(answer, random):
    errors = random.uniform(1, 2, size=(7, 6))
    errors[:3, 0] = 0.1                                  # a cheap way that ends before a wall
    errors[3:, :4] = 9
    flipped = random.random() < 0.5
    errors = errors[:, ::-1].copy() if flipped else errors
    path = np.asarray(call(answer, errors))
    if path.shape != (7,) or path.dtype.kind not in "iu":
        raise Wrong(f"7 whole numbers are wanted, a column for each row, and this is an array of "
                    f"{path.dtype} with shape {path.shape}.")
    if path.min() < 0 or path.max() > 5:
        raise Wrong(f"columns go from 0 to 5, and these from {path.min()} to {path.max()}.")
    jumps = np.abs(np.diff(path))
    if jumps.max() > 1:
        raise Wrong(f"this path jumps over {jumps.max()} columns from one row to the next; it may "
                    "move by one at most.")
    rows = np.arange(7)
    cost, least = errors[rows, path].sum(), errors[rows, cheapest_seam(errors)].sum()
    if cost > least + 1e-9:
        raise Wrong(f"this path costs {cost:.2f}, and there is one for {least:.2f}: a cheap "
                    "beginning may lead to a wall, so first compute the cheapest cost to reach "
                    "every place, from the top row down, and then walk back up.")


def seam(errors):
    costs = errors.copy()
    rows, columns = costs.shape
    for i in range(1, rows):
        for j in range(columns):
            costs[i, j] += costs[i - 1, max(0, j - 1):j + 2].min()
    path = [int(costs[-1].argmin())]
    for i in range(rows - 2, -1, -1):
        first = max(0, path[0] - 1)
        path.insert(0, first + int(costs[i, first:path[0] + 2].argmin()))
    return np.array(path)


def greedy_seam(errors):
    path = [int(errors[0].argmin())]
    for row in errors[1:]:
        first = max(0, path[-1] - 1)
        path.append(first + int(row[first:path[-1] + 2].argmin()))
    return np.array(path)


EXERCISES = (
    Exercise(
        "02.1", "pixels times channels times the logarithm of levels", check_noise,
        ("What is the probability of one value? And of two independent ones?",
         "−log of a product of equal factors is their number times −log of one.",
         "np.prod(image_shape) counts the values of an image."),
        noise_nats,
        {"these are bits": lambda s, n: np.prod(s) * np.log2(n),
         "count the channels": lambda s, n: s[0] * s[1] * np.log(n),
         "the sign": lambda s, n: -noise_nats(s, n)},
    ),
    Exercise(
        "02.2", "a histogram in which nothing is impossible", check_histogram,
        ("np.bincount counts; its argument minlength makes room for levels that never occur.",
         "Add smoothing to every count. What must you divide by, so that the sum is 1?"),
        histogram,
        {"wants its place too": lambda v, n, s: (np.bincount(v) + s) / (np.bincount(v) + s).sum(),
         "has probability 0 here": lambda v, n, s: np.bincount(v, minlength=n) / len(v),
         "not to 1": lambda v, n, s: (np.bincount(v, minlength=n) + s) / len(v)},
    ),
    Exercise(
        "02.3", "a mixture's log-likelihood, safe from underflow", check_mixture,
        ("p(x) = Σ_k w_k p_k(x): in logarithms a product is a sum.",
         "log Σ_k exp(a_k) = m + log Σ_k exp(a_k − m) for any m: take the largest a_k.",
         "max(axis=1, keepdims=True) keeps a shape that can be subtracted."),
        log_mixture,
        {"weighted mean of logarithms": lambda w, p: p @ np.exp(w),
         "the weights are missing": lambda w, p: logsumexp(p, axis=1),
         "its logarithm is wanted": lambda w, p: np.exp(log_mixture(w, p)),
         "is 0 for a computer": lambda w, p: np.log(np.exp(w + p).sum(axis=1))},
    ),
    Exercise(
        "02.4", "the cheapest seam there is", check_seam,
        ("Let costs[i, j] be the cost of the cheapest path from the top that ends at (i, j).",
         "costs[i, j] = errors[i, j] + the least of costs[i − 1, j − 1], costs[i − 1, j] and "
         "costs[i − 1, j + 1].",
         "The path ends where the last row of costs is least; from there walk up, each time to the "
         "cheapest of the three places above."),
        seam,
        {"may lead to a wall": greedy_seam,
         "jumps over": lambda errors: np.where(np.arange(len(errors)) % 2, 0, errors.shape[1] - 1),
         "whole numbers are wanted": lambda errors: errors.min(axis=1)},
    ),
)
