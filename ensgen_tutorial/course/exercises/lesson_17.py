"""Exercises of lesson 17: the spread, what is left without the doubtful, two fabrics, calibration."""

import numpy as np
from scipy.stats import norm

from . import Exercise, Wrong, call, expect_close


def check_spread(answer, random):
    answers, weights = random.normal(size=(4, 6)), random.dirichlet(np.ones(4))
    wanted, found = spread_of(answers, weights), call(answer, answers, weights)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, answers.var(axis=0)):
            raise Wrong("this is the variance with equal weights: weigh the squares, and the mean too.")
        if np.allclose(found, weights @ (answers - answers.mean(axis=0)) ** 2):
            raise Wrong("the squares are weighed, but taken around the plain mean; the sum is Σ w_j ŷ_j.")
        if np.allclose(found, np.sqrt(wanted)):
            raise Wrong("this is the standard deviation; the identity needs the variance.")
    expect_close(found, wanted, "Σ_j w_j (ŷ_j − Σ_k w_k ŷ_k)², for each pixel.")


def spread_of(answers, weights):
    return weights @ (answers - weights @ answers) ** 2


def check_sparsification(answer, random):
    doubt, error = random.random(20), random.random(20)
    wanted, found = sparsification(doubt, error), call(answer, doubt, error)
    if np.shape(found) == wanted.shape:
        kept = error[np.argsort(doubt)]
        if np.allclose(found, [kept[k * 5:].mean() for k in range(4)]):
            raise Wrong("these threw away what they were surest of: the most doubtful must go first.")
        if np.allclose(found, sparsification(error, error)):
            raise Wrong("the order comes from the error itself, which nobody knows in practice: "
                        "sort by doubt.")
        if np.allclose(found, [kept[::-1][k * 5:].sum() for k in range(4)]):
            raise Wrong("these are sums: the mean of what is left is wanted.")
        if np.allclose(found, [kept[::-1][k * 5:].sum() / 20 for k in range(4)]):
            raise Wrong("divide by how many are left, not by how many there were.")
    expect_close(found, wanted, "sort by doubt, throw away the last quarter, then two, then three, and "
                 "take the mean error of the rest each time.")


def sparsification(doubt, error):
    kept = error[np.argsort(doubt)]
    count = len(kept)
    return np.array([kept[:count - k * count // 4].mean() for k in range(4)])


def check_fabrics(answer, random):
    for p in (0.2, 0.8, float(random.uniform(0.55, 0.95)), float(random.uniform(0.05, 0.45))):
        dark, light = float(random.uniform(0, 0.4)), float(random.uniform(0.6, 1))
        found, wanted = call(answer, p, dark, light), best_answers(p, dark, light)
        if np.shape(found) == (2,):
            if np.allclose(found, wanted[::-1]):
                raise Wrong("the two are exchanged: squared error wants the mean, absolute error the "
                            "median.")
            if np.isclose(found[0], p * light + (1 - p) * dark):
                raise Wrong("the mean weighs dark with p, since p is its probability.")
            if np.isclose(found[0], (dark + light) / 2):
                raise Wrong("the mean is the middle only for p = ½.")
            if np.isclose(found[1], wanted[0]):
                raise Wrong("for the absolute error move the answer a little: every step towards the "
                            "more probable fabric saves more than it costs.")
        expect_close(found, wanted, "squared error: the mean. Absolute error: the median, here the more "
                     "probable of the two.")


def best_answers(p, dark, light):
    return p * dark + (1 - p) * light, dark if p > 0.5 else light


def check_inside(answer, random):
    mean, sigma = random.normal(size=(200, 200)), random.uniform(0.5, 2, (200, 200))
    truth = mean + sigma * random.normal(size=mean.shape)
    level = float(random.uniform(0.3, 0.9))
    wanted, found = share_inside(truth, mean, sigma, level), call(answer, truth, mean, sigma, level)
    if np.ndim(found) == 0:
        away = np.abs(truth - mean) / sigma
        if np.isclose(found, (away <= norm.ppf(level)).mean(), atol=1e-9):
            raise Wrong("the interval has two sides: half of what is outside lies below, so the bound is "
                        "the quantile of (1 + level)/2.")
        if np.isclose(found, (np.abs(truth - mean) <= norm.ppf((1 + level) / 2)).mean(), atol=1e-9):
            raise Wrong("each pixel has a sigma of its own.")
        if np.isclose(found, ((truth - mean) / sigma <= norm.ppf((1 + level) / 2)).mean(), atol=1e-9):
            raise Wrong("truths far below the mean count as inside here: take the absolute value.")
        if np.isclose(found, 1 - wanted, atol=1e-9):
            raise Wrong("this is the share outside.")
    expect_close(found, wanted, "the mean of |truth − mean| ≤ z·sigma, with z = norm.ppf((1 + level)/2).",
                 1e-9)


def share_inside(truth, mean, sigma, level):
    return (np.abs(truth - mean) <= norm.ppf((1 + level) / 2) * sigma).mean()


EXERCISES = (
    Exercise(
        "17.1", "the spread is Σ w_j (ŷ_j − ȳ)²", check_spread,
        ("First the weighted sum of the answers, one number for each pixel.",
         "Then the weighted sum of the squared distances to it."),
        spread_of,
        {"equal weights": lambda answers, weights: answers.var(axis=0),
         "plain mean": lambda answers, weights: weights @ (answers - answers.mean(axis=0)) ** 2,
         "standard deviation": lambda answers, weights: np.sqrt(spread_of(answers, weights))},
    ),
    Exercise(
        "17.2", "without its most doubtful quarters", check_sparsification,
        ("np.argsort(doubt) puts the surest first.",
         "Of n sorted errors, keep the first n, 3n/4, n/2 and n/4."),
        sparsification,
        {"surest of": lambda doubt, error: np.array(
            [error[np.argsort(doubt)][k * len(error) // 4:].mean() for k in range(4)]),
         "error itself": lambda doubt, error: sparsification(error, error),
         "sums": lambda doubt, error: sparsification(doubt, error) * np.array([1, 0.75, 0.5, 0.25]) * len(error),
         "how many are left": lambda doubt, error: sparsification(doubt, error) * np.array([1, 0.75, 0.5, 0.25])},
    ),
    Exercise(
        "17.3", "mean for squares, median for absolute differences", check_fabrics,
        ("Write the expected squared error as a function of the answer, and differentiate.",
         "For the absolute error: between dark and light the expected error is a straight line. Where is its "
         "lowest point?"),
        best_answers,
        {"exchanged": lambda p, dark, light: best_answers(p, dark, light)[::-1],
         "since p is its probability": lambda p, dark, light: (p * light + (1 - p) * dark, dark if p > 0.5 else light),
         "only for p = ½": lambda p, dark, light: ((dark + light) / 2, dark if p > 0.5 else light),
         "move the answer a little": lambda p, dark, light: (p * dark + (1 - p) * light,) * 2},
    ),
    Exercise(
        "17.4", "the share of truths inside their intervals", check_inside,
        ("scipy.stats.norm.ppf(q) is the quantile of the normal distribution.",
         "A central interval of probability level leaves (1 − level)/2 on each side."),
        share_inside,
        {"two sides": lambda t, m, s, level: (np.abs(t - m) <= norm.ppf(level) * s).mean(),
         "sigma of its own": lambda t, m, s, level: (np.abs(t - m) <= norm.ppf((1 + level) / 2)).mean(),
         "absolute value": lambda t, m, s, level: (t - m <= norm.ppf((1 + level) / 2) * s).mean(),
         "share outside": lambda t, m, s, level: 1 - share_inside(t, m, s, level)},
    ),
)
