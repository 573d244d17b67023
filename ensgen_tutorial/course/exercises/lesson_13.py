"""Exercises of lesson 13: infinitely many drawings, how many seeds, many claims, Holm's test."""

import numpy as np
from scipy.stats import norm, t

from . import Exercise, Wrong, call, expect_close


def check_infinitely_many(answer, random):
    limit, bias = random.uniform(0.1, 1), random.uniform(0.1, 1)
    one, two = limit + bias, limit + bias / 2
    found = call(answer, one, two)
    if np.ndim(found) == 0 and np.isreal(found):
        if np.isclose(found, two):
            raise Wrong("with 2N drawings half of the bias is left.")
        if np.isclose(found, (one + two) / 2):
            raise Wrong("both distances are too large, so infinitely many drawings score less than either.")
        if np.isclose(found, 2 * one - two):
            raise Wrong("the wrong way: from N to 2N drawings the distance falls; it falls on beyond them.")
        if np.isclose(found, one - two) or np.isclose(found, 2 * (one - two)):
            raise Wrong("this is a bias, c/(2N) or c/N: take it from the distance that it belongs to.")
    expect_close(found, limit, "one = d + c/N and two = d + c/(2N): find d.", 1e-6)


def infinitely_many(one, two):
    return 2 * two - one


def half_width(seeds, degrees=None, probability=0.975):
    """Of the interval of a mean over seeds, in standard deviations of a seed."""
    return t.ppf(probability, seeds - 1 if degrees is None else degrees) / np.sqrt(seeds)


def smallest(half, width):
    """The smallest number of seeds, from two on, whose ``width`` is at most ``half``."""
    return next(seeds for seeds in range(2, 10_000) if width(seeds) <= half)


def check_seeds(answer, random):
    many, few = int(random.choice([8, 13, 14, 15])), int(random.choice([3, 5, 7]))       # of many, all mistakes differ
    for seeds, halves in ((many, half_widths(many)), (few, half_widths(few)), (2, [10])):
        for half in halves:
            s = random.uniform(0.5, 2)
            found = call(answer, s, s * half)
            if np.ndim(found) == 0 and np.isreal(found) and found != seeds:
                if found == max(2, np.ceil((norm.ppf(0.975) / half) ** 2)):
                    raise Wrong("1.96 is for very many seeds: take Student's t, which is wider.")
                if found == smallest(half, lambda S: half_width(S, S)):
                    raise Wrong("S seeds leave S − 1 degrees of freedom.")
                if found == smallest(half, lambda S: half_width(S, probability=0.95)):
                    raise Wrong("a 95 % interval leaves out 2.5 % on either side: take the quantile at 0.975.")
                if found == smallest(half, lambda S: half_width(S) / np.sqrt(S)):
                    raise Wrong("the mean of S seeds varies √S times less than a seed, not S times.")
                if found == smallest(half, lambda S: half_width(S) * np.sqrt(S / (S - 1))):
                    raise Wrong("divide by √S: s has its S − 1 already.")
                if found == smallest(half, lambda S: 2 * half_width(S)):
                    raise Wrong("half is the distance to either side, not the whole width.")
            expect_close(found, seeds, "the first of S = 2, 3, … at which quantile · s / √S is at most half; the "
                         "quantile depends on S.", 1e-6)


def half_widths(seeds):
    """Two that take so many seeds, on both sides of where a mistake in S − 1 begins to matter."""
    mistaken = half_width(seeds - 1, seeds - 1)
    return [(mistaken + half_width(seeds - 1)) / 2, (mistaken + half_width(seeds)) / 2]


def seeds_needed(s, half):
    seeds = 2
    while t.ppf(0.975, seeds - 1) * s / np.sqrt(seeds) > half:
        seeds += 1
    return seeds


def check_chance(answer, random):
    claims, alpha = int(random.integers(5, 15)), float(random.uniform(0.01, 0.06))     # claims · alpha below 1
    wanted = chance_of_a_false_verdict(claims, alpha)
    found = call(answer, claims, alpha)
    if np.ndim(found) == 0 and np.isreal(found):
        if np.isclose(found, claims * alpha):
            raise Wrong("this is how many false verdicts to expect; of the probability of at least one it is an "
                        "upper bound, even where it is cut off at 1.")
        if np.isclose(found, alpha**claims):
            raise Wrong("this is the probability that all of them are wrong at once.")
        if np.isclose(found, (1 - alpha) ** claims):
            raise Wrong("this is the probability that none is wrong: take the rest.")
        if np.isclose(found, claims * alpha * (1 - alpha) ** (claims - 1)):
            raise Wrong("this is the probability of exactly one false verdict; two or more count, too.")
        if np.isclose(found, 1 - (1 - alpha / claims) ** claims):
            raise Wrong("this is Bonferroni's rule; here each claim is tested at alpha itself, and nothing is corrected.")
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
            if np.allclose(found, wanted[order][order]):
                raise Wrong("order leads from p to the sorted values, and going back needs its inverse: found[order] = sorted values.")
            if np.allclose(np.minimum(found, 1), np.minimum(claims * p, 1)):
                raise Wrong("this multiplies every p by m: only the smallest must pass 0.05/m.")
            if np.allclose(np.minimum(found, 1)[order], np.minimum(steps, 1)):
                raise Wrong("a claim passes only where all smaller p have passed, too: its value is at least theirs.")
            if np.allclose(np.minimum(found, 1), wanted):
                raise Wrong("a probability is at most 1.")
            if np.allclose(np.minimum(found, 1)[order], np.minimum(np.maximum.accumulate(upside_down), 1)):
                raise Wrong("the wrong way round: the smallest p is multiplied by m, the largest by 1.")
            if any(np.allclose(np.minimum(found, 1), np.minimum(each, 1)) for each in unsorted(p)):
                raise Wrong("sort first: Holm begins with the smallest p.")
            if any(np.allclose(np.minimum(found, 1)[order], np.minimum(step_up(each), 1))
                   for each in (steps, p[order] * claims / np.arange(1, claims + 1))):
                raise Wrong("this begins at the largest p; Holm begins at the smallest and stops at the first that fails.")
        expect_close(found, wanted, "the smallest p times m, the next times m − 1, and so on; no value below one "
                     "before it, none above 1; in the order of p.", 1e-9)


def unsorted(p):
    """p times m, m − 1, … in the order of p, with and without looking back."""
    steps = p * np.arange(len(p), 0, -1)
    return steps, np.maximum.accumulate(steps)


def step_up(steps):
    """Hochberg's way, and Benjamini and Hochberg's: no value above the one after it."""
    return np.minimum.accumulate(steps[::-1])[::-1]


def adjusted(p):
    order = np.argsort(p)
    steps = p[order] * np.arange(len(p), 0, -1)
    found = np.empty(len(p))
    found[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return found


EXERCISES = (
    Exercise(
        "13.1", "the distance of infinitely many drawings, from two finite sets", check_infinitely_many,
        ("From N to 2N drawings the distance falls by half of the bias c/N.",
         "So by how much does it fall from 2N drawings to infinitely many?"),
        infinitely_many,
        {"half of the bias is left": lambda one, two: two,
         "less than either": lambda one, two: (one + two) / 2,
         "the wrong way": lambda one, two: 2 * one - two,
         "this is a bias": lambda one, two: one - two},
    ),
    Exercise(
        "13.2", "the smallest number of seeds for so narrow an interval", check_seeds,
        ("The quantile of S seeds is t.ppf(0.975, S − 1), and the standard error s / √S.",
         "No formula: begin with S = 2, and add a seed while the half-width is too large."),
        seeds_needed,
        {"Student's t": lambda s, half: max(2, int(np.ceil((1.96 * s / half) ** 2))),
         "degrees of freedom": lambda s, half: smallest(half, lambda S: s * half_width(S, S)),
         "either side": lambda s, half: smallest(half, lambda S: s * half_width(S, probability=0.95)),
         "not S times": lambda s, half: smallest(half, lambda S: s * half_width(S) / np.sqrt(S)),
         "its S − 1 already": lambda s, half: smallest(half, lambda S: s * half_width(S) * np.sqrt(S / (S - 1))),
         "not the whole width": lambda s, half: smallest(half, lambda S: 2 * s * half_width(S))},
    ),
    Exercise(
        "13.3", "the chance of a false verdict among many claims", check_chance,
        ("First the probability that none of them is wrong.", "Independent: the probabilities multiply."),
        chance_of_a_false_verdict,
        {"how many false verdicts": lambda claims, alpha: claims * alpha,
         "upper bound": lambda claims, alpha: min(1, claims * alpha),
         "all of them are wrong": lambda claims, alpha: alpha**claims,
         "take the rest": lambda claims, alpha: (1 - alpha) ** claims,
         "exactly one": lambda claims, alpha: claims * alpha * (1 - alpha) ** (claims - 1),
         "nothing is corrected": lambda claims, alpha: 1 - (1 - alpha / claims) ** claims},
    ),
    Exercise(
        "13.4", "Holm's test as adjusted p values", check_adjusted,
        ("The smallest p passes where alpha is at least m times p, the next where it is at least (m − 1) times p.",
         "order = np.argsort(p), then np.maximum.accumulate; write the result back by found[order] = …"),
        adjusted,
        {"in the order of size": lambda p: adjusted(np.sort(p)),
         "needs its inverse": lambda p: adjusted(np.sort(p))[np.argsort(p)],
         "every p by m": lambda p: np.minimum(len(p) * p, 1),
         "at least theirs": lambda p: np.minimum((len(p) - np.argsort(np.argsort(p))) * p, 1),
         "at most 1": lambda p: np.maximum.accumulate(np.sort(p) * np.arange(len(p), 0, -1))[np.argsort(np.argsort(p))],
         "wrong way round": lambda p: np.minimum(
             np.maximum.accumulate(np.sort(p) * np.arange(1, len(p) + 1)), 1)[np.argsort(np.argsort(p))],
         "sort first": lambda p: np.minimum(np.maximum.accumulate(p * np.arange(len(p), 0, -1)), 1),
         "begins at the largest": lambda p: step_up(
             np.sort(p) * np.arange(len(p), 0, -1))[np.argsort(np.argsort(p))]},
    ),
)
