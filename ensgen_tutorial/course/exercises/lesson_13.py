"""Exercises of lesson 13: a distance of drawings, an interval over seeds, many claims, a verdict."""

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
    expect_close(found, wanted, "none of them is wrong with probability (1 − alpha)^claims.", 1e-6)


def chance_of_a_false_verdict(claims, alpha):
    return 1 - (1 - alpha) ** claims


def check_verdict(answer, random):
    at_the_border = [(0.0, random.uniform(0.1, 1)), (-random.uniform(0.1, 1), 0.0)]
    for low, high in [*np.sort(random.normal(0, 1, size=(30, 2))), *at_the_border]:
        wanted = verdict(low, high)
        found = call(answer, low, high)
        if found not in ("holds", "does not", "not shown"):
            raise Wrong(f"return exactly 'holds', 'does not' or 'not shown', and not {found!r}.")
        if found != wanted and wanted == "not shown":
            raise Wrong(f"the interval from {low:.2f} to {high:.2f} holds 0, so the sign of the gain "
                        "is open: 'not shown'.")
        if found != wanted and wanted == "does not":
            raise Wrong(f"from {low:.2f} to {high:.2f} all gains are below 0: the claim does not hold.")
        if found != wanted:
            raise Wrong(f"from {low:.2f} to {high:.2f} all gains are above 0: the claim holds.")


def verdict(low, high):
    if low > 0:
        return "holds"
    return "does not" if high < 0 else "not shown"


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
         "take the rest": lambda claims, alpha: (1 - alpha) ** claims},
    ),
    Exercise(
        "13.4", "a verdict from an interval of gains", check_verdict,
        ("Three cases: the whole interval above 0, below 0, or 0 inside.",
         "Compare low with 0 first, then high."),
        verdict,
        {"not shown": lambda low, high: "holds" if low + high > 0 else "does not",
         "does not hold": lambda low, high: "holds" if low > 0 else "not shown"},
    ),
)
