"""Exercises of lesson 13: a distance of drawings, an interval over seeds, many claims, Holm's test."""

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_frechet(answer, random):
    real, drawn = random.normal(1, 2, size=40), random.normal(1.5, 0.7, size=25)
    wanted = frechet_of_numbers(real, drawn)
    found = call(answer, real, drawn)
    if np.ndim(found) == 0 and np.isreal(found):
        means, spreads = real.mean() - drawn.mean(), real.std(ddof=1) - drawn.std(ddof=1)
        variances = real.var(ddof=1) - drawn.var(ddof=1)
        if np.isclose(found, means**2):
            raise Wrong("the means are compared, the spreads are not.")
        if np.isclose(found, means**2 + variances**2):
            raise Wrong("the variances are compared: take standard deviations.")
        if np.isclose(found, abs(means) + abs(spreads)):
            raise Wrong("square both differences before you add them.")
        if np.isclose(found, means**2 + (real.std() - drawn.std()) ** 2):
            raise Wrong("these are standard deviations with ddof=0; take ddof=1, as np.cov does.")
    expect_close(found, wanted, "the squared difference of the means, plus the squared difference of "
                 "the standard deviations.", 1e-6)


def frechet_of_numbers(real, drawn):
    return (real.mean() - drawn.mean()) ** 2 + (real.std(ddof=1) - drawn.std(ddof=1)) ** 2


def check_interval(answer, random):
    for seeds, quantile in ((5, 2.776), (8, 2.365)):
        gains = random.normal(0.5, 1, size=seeds)
        wanted = interval_over_seeds(gains, quantile)
        found = call(answer, gains, quantile)
        if np.shape(found) == (2,):
            mean, spread = gains.mean(), gains.std(ddof=1)
            if np.allclose(found, (mean - quantile * spread, mean + quantile * spread)):
                raise Wrong("this is where single seeds lie: the mean of S seeds varies √S times less.")
            half = quantile * gains.std() / np.sqrt(seeds)
            if np.allclose(found, (mean - half, mean + half)):
                raise Wrong("with so few seeds it matters: divide the sum of squares by S − 1 (ddof=1).")
            if np.allclose(found, wanted[::-1]):
                raise Wrong("upside down: return (low, high).")
        expect_close(found, wanted, "the mean, less and plus quantile · s / √S; use the quantile you are given.", 1e-6)


def interval_over_seeds(gains, quantile):
    half = quantile * gains.std(ddof=1) / np.sqrt(len(gains))
    return gains.mean() - half, gains.mean() + half


def check_chance(answer, random):
    claims, alpha = int(random.integers(5, 50)), float(random.uniform(0.01, 0.1))
    wanted = chance_of_a_false_verdict(claims, alpha)
    found = call(answer, claims, alpha)
    if np.ndim(found) == 0 and np.isreal(found):
        if np.isclose(found, claims * alpha):
            raise Wrong("this is how many false verdicts to expect, and it can exceed 1; the "
                        "probability of at least one is less.")
        if np.isclose(found, alpha**claims):
            raise Wrong("this is the probability that all of them are wrong at once.")
        if np.isclose(found, (1 - alpha) ** claims):
            raise Wrong("this is the probability that none is wrong: take the rest.")
        if np.isclose(found, claims * alpha * (1 - alpha) ** (claims - 1)):
            raise Wrong("this is the probability of exactly one false verdict; two or more count, too.")
    expect_close(found, wanted, "begin with the opposite: no verdict at all is false.", 1e-6)


def chance_of_a_false_verdict(claims, alpha):
    return 1 - (1 - alpha) ** claims


def check_adjusted(answer, random):
    for claims in (5, 8):
        few = random.uniform(0, 0.02, size=claims - 5), (0.012, 0.0121)      # so close that Holm must look back
        many = random.uniform(0.05, 0.1, size=1), random.uniform(0.6, 0.9, size=2)
        p = random.permutation(np.concatenate([*few, *many]))
        wanted, order = adjusted(p), np.argsort(p)
        found = call(answer, p.copy())
        if np.shape(found) == (claims,) and not np.allclose(found, wanted):
            steps, upside_down = p[order] * np.arange(claims, 0, -1), p[order] * np.arange(1, claims + 1)
            if np.allclose(found, wanted[order]):
                raise Wrong("this is in the order of size: return it in the order of p.")
            if np.allclose(np.minimum(found, 1), np.minimum(claims * p, 1)):
                raise Wrong("this multiplies every p by m: only the smallest must pass 0.05/m.")
            if np.allclose(np.minimum(found, 1)[order], np.minimum(steps, 1)):
                raise Wrong("a claim passes only where all smaller p have passed, too: its value is at least theirs.")
            if np.allclose(np.minimum(found, 1), wanted):
                raise Wrong("a probability is at most 1.")
            if np.allclose(np.minimum(found, 1)[order], np.minimum(np.maximum.accumulate(upside_down), 1)):
                raise Wrong("the wrong way round: the smallest p is multiplied by m, the largest by 1.")
        expect_close(found, wanted, "the smallest p times m, the next times m − 1, and so on; no value below one "
                     "before it, none above 1; in the order of p.", 1e-9)


def adjusted(p):
    order = np.argsort(p)
    steps = p[order] * np.arange(len(p), 0, -1)
    found = np.empty(len(p))
    found[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return found


EXERCISES = (
    Exercise(
        "13.1", "the Fréchet distance of two samples of numbers", check_frechet,
        ("Two differences, each squared, then added.", "The spread of a sample is x.std(ddof=1)."),
        frechet_of_numbers,
        {"the spreads are not": lambda real, drawn: (real.mean() - drawn.mean()) ** 2,
         "take standard deviations": lambda real, drawn: (
             (real.mean() - drawn.mean()) ** 2 + (real.var(ddof=1) - drawn.var(ddof=1)) ** 2),
         "square both": lambda real, drawn: (
             abs(real.mean() - drawn.mean()) + abs(real.std(ddof=1) - drawn.std(ddof=1))),
         "ddof=0": lambda real, drawn: (real.mean() - drawn.mean()) ** 2 + (real.std() - drawn.std()) ** 2},
    ),
    Exercise(
        "13.2", "an interval over training seeds", check_interval,
        ("The standard error of a mean of S numbers is s / √S.",
         "s divides by S − 1: gains.std(ddof=1)."),
        interval_over_seeds,
        {"where single seeds lie": lambda gains, quantile: (
            gains.mean() - quantile * gains.std(ddof=1), gains.mean() + quantile * gains.std(ddof=1)),
         "S − 1": lambda gains, quantile: (
             gains.mean() - quantile * gains.std() / np.sqrt(len(gains)),
             gains.mean() + quantile * gains.std() / np.sqrt(len(gains))),
         "upside down": lambda gains, quantile: interval_over_seeds(gains, quantile)[::-1]},
    ),
    Exercise(
        "13.3", "the chance of a false verdict among many claims", check_chance,
        ("First the probability that none of them is wrong.", "Independent: the probabilities multiply."),
        chance_of_a_false_verdict,
        {"it can exceed 1": lambda claims, alpha: claims * alpha,
         "all of them are wrong": lambda claims, alpha: alpha**claims,
         "take the rest": lambda claims, alpha: (1 - alpha) ** claims,
         "exactly one": lambda claims, alpha: claims * alpha * (1 - alpha) ** (claims - 1)},
    ),
    Exercise(
        "13.4", "Holm's test as adjusted p values", check_adjusted,
        ("The smallest p passes where alpha is at least m times p, the next where it is at least (m − 1) times p.",
         "order = np.argsort(p), then np.maximum.accumulate; write the result back by found[order] = …"),
        adjusted,
        {"in the order of size": lambda p: adjusted(np.sort(p)),
         "every p by m": lambda p: np.minimum(len(p) * p, 1),
         "at least theirs": lambda p: np.minimum((len(p) - np.argsort(np.argsort(p))) * p, 1),
         "at most 1": lambda p: np.maximum.accumulate(np.sort(p) * np.arange(len(p), 0, -1))[np.argsort(np.argsort(p))],
         "wrong way round": lambda p: np.minimum(
             np.maximum.accumulate(np.sort(p) * np.arange(1, len(p) + 1)), 1)[np.argsort(np.argsort(p))]},
    ),
)
