"""Exercises of lesson 17: the ambiguity, what is left without the doubtful, two fabrics, calibration."""

import numpy as np
from scipy.stats import norm

from . import Exercise, Wrong, call, expect_close


def check_ambiguity(answer, random):
    answers, weights = random.normal(size=(4, 6)), random.dirichlet(np.ones(4))
    wanted, found = ambiguity_of(answers, weights), call(answer, answers, weights)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, answers.var(axis=0)):
            raise Wrong("this is the variance with equal weights: weight the squares, and the mean too.")
        if np.allclose(found, weights @ (answers - answers.mean(axis=0)) ** 2):
            raise Wrong("the squares are weighted, but taken around the plain mean; the sum is Σ w_j ŷ_j.")
        if np.allclose(found, np.sqrt(wanted)):
            raise Wrong("this is the standard deviation; the identity needs the variance.")
    expect_close(found, wanted, "Σ_j w_j (ŷ_j − Σ_k w_k ŷ_k)², for each pixel.")


def ambiguity_of(answers, weights):
    return weights @ (answers - weights @ answers) ** 2


def check_sparsification(answer, random):
    quarter = int(random.integers(4, 8))
    doubt, error = random.random((2, 4 * quarter))
    wanted, found = sparsification(doubt, error), call(answer, doubt, error)
    if np.shape(found) == wanted.shape:
        kept = error[np.argsort(doubt)]
        if np.allclose(found, [kept[k * quarter:].mean() for k in range(4)]):
            raise Wrong("you threw away the blocks with the least doubt: the most doubtful must go first.")
        if np.allclose(found, sparsification(error, error)):
            raise Wrong("the order comes from the error itself, which nobody knows in practice: "
                        "sort by doubt.")
        if np.allclose(found, [kept[::-1][k * quarter:].sum() for k in range(4)]):
            raise Wrong("these are sums: the mean of what is left is wanted.")
        if np.allclose(found, wanted / error.mean()):
            raise Wrong("these are shares of the mean of all, as in the lesson's picture: the mean error itself is wanted.")
        if np.allclose(found, [kept[::-1][k * quarter:].sum() / (4 * quarter) for k in range(4)]):
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
                raise Wrong("the two are swapped: squared error wants the mean, absolute error the "
                            "median.")
            if np.isclose(found[0], p * light + (1 - p) * dark):
                raise Wrong("the mean weights dark by p, since p is its probability.")
            if np.isclose(found[0], (dark + light) / 2):
                raise Wrong("the mean is the middle only for p = ½.")
            if np.isclose(found[1], wanted[0]):
                raise Wrong("for the absolute error move the answer a little: every step towards the "
                            "more probable fabric saves more than it costs.")
            if np.isclose(found[1], dark + light - wanted[1]):
                raise Wrong("this is the less probable of the two: it costs more often than it saves.")
        expect_close(found, wanted, "squared error: the mean. Absolute error: the median, here the more "
                     "probable of the two.")


def best_answers(p, dark, light):
    return p * dark + (1 - p) * light, dark if p > 0.5 else light


def check_factor(answer, random):
    for level in random.uniform(0.3, 0.9, 4):
        check_one_factor(answer, random, float(level))


def check_one_factor(answer, random, level):
    mean, sigma = random.normal(size=(100, 200)), random.uniform(0.5, 2, (100, 200))
    # Laplace errors: the ratio of two standard deviations is no answer here.
    truth = mean + float(random.uniform(2, 4)) * sigma * random.laplace(size=mean.shape)
    wanted, found = factor_for(truth, mean, sigma, level), call(answer, truth, mean, sigma, level)
    away = np.abs(truth - mean)
    if np.ndim(found) == 0 and not isinstance(found, str):
        # A level lies between two of the numbers, and ways to count and to interpolate differ by one or two.
        inside = np.mean(away <= found * norm.ppf((1 + level) / 2) * sigma)
        if abs(inside - level) <= 3 / away.size:
            return
        if np.isclose(found, np.quantile(away / sigma, level), rtol=2e-4):
            raise Wrong("this is where the interval should end, in units of sigma. A normal distribution's "
                        "interval ends at z = norm.ppf((1 + level)/2): divide by it.")
        if np.isclose(found, np.quantile(away / sigma, level) / norm.ppf(level), rtol=2e-4):
            raise Wrong("the interval has two sides: half of what is outside lies below, so z is the "
                        "quantile of (1 + level)/2.")
        if np.isclose(found, 1 / wanted, rtol=2e-4):
            raise Wrong("this is one divided by the factor: sigma is too small, so the factor is above 1.")
        if np.isclose(found, np.sqrt(((away / sigma)**2).mean()), rtol=2e-4):
            raise Wrong("this is how large the errors are in their sigmas, which is the factor only for normal errors: "
                        "take the quantile that the level asks for.")
        if np.isclose(found, np.sqrt((away**2).mean() / (sigma**2).mean()), rtol=2e-4):
            raise Wrong("this makes the two standard deviations equal. Errors need not be normal: take the "
                        "quantile that the level asks for.")
        if np.isclose(found, np.quantile(away, level) / norm.ppf((1 + level) / 2) / sigma.mean(), rtol=2e-4):
            raise Wrong("each pixel has a sigma of its own: divide by it before the quantile is taken.")
    expect_close(found, wanted, "the quantile `level` of |truth − mean|/sigma, divided by z = "
                 "norm.ppf((1 + level)/2).")


def factor_for(truth, mean, sigma, level):
    return np.quantile(np.abs(truth - mean) / sigma, level) / norm.ppf((1 + level) / 2)


EXERCISES = (
    Exercise(
        "17.1", "the ambiguity is Σ w_j (ŷ_j − ȳ)²", check_ambiguity,
        ("First the weighted sum of the answers, one number for each pixel.",
         "Then the weighted sum of the squared distances to it."),
        ambiguity_of,
        {"equal weights": lambda answers, weights: answers.var(axis=0),
         "plain mean": lambda answers, weights: weights @ (answers - answers.mean(axis=0)) ** 2,
         "standard deviation": lambda answers, weights: np.sqrt(ambiguity_of(answers, weights))},
    ),
    Exercise(
        "17.2", "without its most doubtful quarters", check_sparsification,
        ("np.argsort(doubt) puts the surest first.",
         "Of n sorted errors, keep the first n, 3n/4, n/2 and n/4."),
        sparsification,
        {"least doubt": lambda doubt, error: np.array(
            [error[np.argsort(doubt)][k * len(error) // 4:].mean() for k in range(4)]),
         "error itself": lambda doubt, error: sparsification(error, error),
         "sums": lambda doubt, error: sparsification(doubt, error) * np.array([1, 0.75, 0.5, 0.25]) * len(error),
         "shares of the mean": lambda doubt, error: sparsification(doubt, error) / error.mean(),
         "how many are left": lambda doubt, error: sparsification(doubt, error) * np.array([1, 0.75, 0.5, 0.25])},
    ),
    Exercise(
        "17.3", "mean for squares, median for absolute differences", check_fabrics,
        ("Write the expected squared error as a function of the answer, and differentiate.",
         "For the absolute error: between dark and light the expected error is a straight line. Where is its "
         "lowest point?"),
        best_answers,
        {"swapped": lambda p, dark, light: best_answers(p, dark, light)[::-1],
         "since p is its probability": lambda p, dark, light: (p * light + (1 - p) * dark, dark if p > 0.5 else light),
         "only for p = ½": lambda p, dark, light: ((dark + light) / 2, dark if p > 0.5 else light),
         "move the answer a little": lambda p, dark, light: (p * dark + (1 - p) * light,) * 2,
         "less probable": lambda p, dark, light: (p * dark + (1 - p) * light, light if p > 0.5 else dark)},
    ),
    Exercise(
        "17.4", "the factor that calibrates at one level", check_factor,
        ("How many sigmas is each truth away? The share `level` of these numbers lies below their quantile.",
         "A normal distribution reaches the same share at z = norm.ppf((1 + level)/2) of its own sigmas."),
        factor_for,
        {"divide by it": lambda t, m, s, level: np.quantile(np.abs(t - m) / s, level),
         "two sides": lambda t, m, s, level: np.quantile(np.abs(t - m) / s, level) / norm.ppf(level),
         "one divided by the factor": lambda t, m, s, level: 1 / factor_for(t, m, s, level),
         "only for normal errors": lambda t, m, s, level: ((t - m) / s).std(),
         "standard deviations": lambda t, m, s, level: np.sqrt(((t - m) ** 2).mean() / (s**2).mean()),
         "sigma of its own": lambda t, m, s, level:
             np.quantile(np.abs(t - m), level) / norm.ppf((1 + level) / 2) / s.mean()},
    ),
)
