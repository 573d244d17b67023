"""Exercises of lesson 03: chain rule, forest, levels one by one, how many trees, how much smoothing."""

import math

import numpy as np
from scipy.optimize import brentq

from . import Exercise, Wrong, call, expect_close


def check_chain_rule(answer, random):
    probabilities, pixels = random.dirichlet(np.ones(5), size=(4, 6)), random.integers(0, 5, (4, 6))
    chosen = np.take_along_axis(probabilities, pixels[..., None], axis=-1)[..., 0]
    wanted = -np.log(chosen).sum(axis=1)
    found = call(answer, probabilities, pixels)
    if np.shape(found) == (4,) and np.allclose(found, -wanted):
        raise Wrong("the sign: a log-likelihood is negative, nats as a loss are positive.")
    if np.shape(found) == (4,) and np.allclose(found, wanted / 6):
        raise Wrong("this is the mean over pixels; the chain rule multiplies, so logarithms add.")
    if np.shape(found) == (4,) and np.allclose(found, -np.log(chosen.sum(axis=1))):
        raise Wrong("the logarithm comes before the sum: the chain rule multiplies probabilities.")
    expect_close(found, wanted, "for each pixel take the probability of the level that is there, "
                 "then −log, then the sum over the 6 pixels.")
    make_unlikely(probabilities[0, :1], pixels[0, :1], 1e-30)          # unlikely is not impossible
    expect_close(call(answer, probabilities, pixels), chain_rule(probabilities, pixels), "a probability "
                 "of 1e-30 costs 69 nats: add no small number to it, and cut nothing off.")
    make_unlikely(probabilities[0], pixels[0], 1e-60)
    with np.errstate(all="ignore"):
        found = call(answer, probabilities, pixels)
    expect_close(found, chain_rule(probabilities, pixels), "a product of small probabilities underflows: take "
                 "logarithms first.")


def make_unlikely(distributions, values, probability):
    """Give each row's value this probability, in place; the other levels share the rest as before."""
    rows = np.arange(len(values))
    distributions[rows, values] = 0
    distributions /= distributions.sum(axis=1, keepdims=True)
    distributions[rows, values] = probability


def chain_rule(probabilities, pixels):
    images, places = np.indices(pixels.shape)
    return -np.log(probabilities[images, places, pixels]).sum(axis=1)


def check_forest(answer, random):
    votes, values = random.dirichlet(np.ones(4), size=(5, 7)), random.permutation(7) % 4
    chosen = votes[:, np.arange(7), values]
    wanted = -np.log(chosen.mean(axis=0))
    found = call(answer, votes, values)
    if np.shape(found) == (7,) and np.allclose(found, -np.log(chosen).mean(axis=0)):
        raise Wrong("this is the mean of the trees' nats, what a tree costs alone: average the "
                    "probabilities first, then take the logarithm.")
    if np.shape(found) == (7,) and np.allclose(found, -wanted):
        raise Wrong("the sign: a log-likelihood is negative, nats as a loss are positive.")
    if np.shape(found) == (7,) and np.allclose(found, -np.log(chosen.sum(axis=0))):
        raise Wrong("this is the sum over the trees, which can exceed 1: a probability is their mean.")
    if np.shape(found) == (7,) and np.allclose(found, log_pool(votes, values)):
        raise Wrong("this averages the trees' logarithms (the log pool, lesson 10): a forest averages their "
                    "probabilities.")
    share = (votes.argmax(axis=-1) == values).mean(axis=0)
    voted = share > 0                                   # elsewhere the nats are infinite, or what was added
    if np.shape(found) == (7,) and voted.any() and np.allclose(
            np.asarray(found)[voted], -np.log(share[voted])):
        raise Wrong("votes for the likeliest level lose what a tree says about the others: average "
                    "the probabilities.")
    expect_close(found, wanted, "average over the 5 trees (axis 0), take the probability of each "
                 "row's value, then −log.")
    for tree in votes:
        make_unlikely(tree[:1], values[:1], 1e-30)
    expect_close(call(answer, votes, values), forest(votes, values), "a probability of 1e-30 costs 69 "
                 "nats: add no small number to it, and cut nothing off.")


def forest(tree_probabilities, values):
    average = tree_probabilities.mean(axis=0)
    return -np.log(average[np.arange(len(values)), values])


def votes_alone(tree_probabilities, values, added=0):
    share = (tree_probabilities.argmax(axis=-1) == values).mean(axis=0)
    with np.errstate(divide="ignore"):
        return -np.log(share + added)


def log_pool(tree_probabilities, values):
    average = np.exp(np.log(tree_probabilities).mean(axis=0))
    return forest(average[None] / average.sum(axis=-1, keepdims=True), values)


def check_levels(answer, random):
    stops = random.uniform(0.1, 0.9, size=(3, 4))
    wanted = levels_from_stops(stops)
    found = call(answer, stops)
    if np.shape(found) == (3, 4):
        raise Wrong("there is one level more than there are questions: what passes all of them is "
                    "the highest level.")
    if np.shape(found) == (3, 5) and not np.allclose(np.sum(found, axis=1), 1):
        raise Wrong("each row must sum to 1: the probability of stopping at v is the question's "
                    "answer times the probability of having reached v.")
    expect_close(found, wanted, "test it by hand: if all four answers are 1/2, the five levels have "
                 "1/2, 1/4, 1/8, 1/16 and 1/16.")


def levels_from_stops(stops):
    ones = np.ones((len(stops), 1))
    reached = np.cumprod(np.hstack([ones, 1 - stops]), axis=1)
    return reached * np.hstack([stops, ones])


def check_trees(answer, random):
    # The last one is exact in floats, and exactly at the limit is enough.
    for arguments in [*(two_errors(random) for _ in range(12)), (2.0, 1.25, 4, 0.25)]:
        found, wanted = call(answer, *arguments), trees_needed(*arguments)
        if np.ndim(found) == 0 and float(found) == wanted - 1:
            raise Wrong("with that number the mean is just outside: round up, not down.")
        if np.ndim(found) == 0 and 0 < wanted - float(found) < 1:
            raise Wrong("right up to here: a number of trees is whole, so round up.")
        if np.ndim(found) == 0 and float(found) == limit_is_the_many(*arguments):
            raise Wrong("here the correlation is many / one, as if `count` trees were infinitely many: "
                        "a part of `many` still falls.")
        if np.ndim(found) == 0 and float(found) == tolerance_of_many(*arguments):
            raise Wrong("the limit is what infinitely many trees reach, and `many` is what `count` trees do.")
        if np.ndim(found) == 0 and float(found) == tolerance_of_one(*arguments):
            raise Wrong("the tolerance is a fraction of the limit, what infinitely many trees reach, not of "
                        "one tree's error.")
        if np.ndim(found) == 0 and float(found) == tolerance_absolute(*arguments) != wanted:
            raise Wrong("the tolerance is relative: 0.01 means 1.01 times the limit, not the limit plus 0.01.")
        if np.ndim(found) == 0 and float(found) == wanted + 1:
            raise Wrong("one tree fewer is enough: exactly at the limit counts as at most.")
        expect_close(found, wanted, "two steps: first the correlation, from the two errors; then the "
                     "smallest k at which (1 − ρ)/k is at most the tolerance times ρ.", 1e-12)


def two_errors(random):
    """one, many, count, tolerance, for which typical mistakes give other numbers of trees."""
    while True:
        one, correlation = random.uniform(0.5, 2), random.uniform(0.3, 0.9)
        count, tolerance = int(random.integers(3, 30)), random.uniform(0.005, 0.04)
        arguments = one, one * (correlation + (1 - correlation) / count), count, tolerance
        ways = (trees_needed, limit_is_the_many, tolerance_of_many, tolerance_of_one, tolerance_absolute)
        numbers = [way(*arguments) for way in ways]
        if min(abs(np.diff(sorted(numbers)))) > 2:
            return arguments


def trees_needed(one, many, count, tolerance):
    correlation = (many / one - 1 / count) / (1 - 1 / count)
    return math.ceil((1 - correlation) / (tolerance * correlation))


def trees_unrounded(one, many, count, tolerance):
    correlation = (many / one - 1 / count) / (1 - 1 / count)
    return (1 - correlation) / (tolerance * correlation)


def limit_is_the_many(one, many, count, tolerance):
    correlation = many / one
    return math.ceil((1 - correlation) / (tolerance * correlation))


def tolerance_of_many(one, many, count, tolerance):
    correlation = (many / one - 1 / count) / (1 - 1 / count)
    return math.ceil((1 - correlation) / ((1 + tolerance) * many / one - correlation))


def tolerance_of_one(one, many, count, tolerance):
    correlation = (many / one - 1 / count) / (1 - 1 / count)
    return math.ceil((1 - correlation) / tolerance)


def tolerance_absolute(one, many, count, tolerance):
    correlation = (many / one - 1 / count) / (1 - 1 / count)
    return math.ceil(one * (1 - correlation) / tolerance)


def check_share(answer, random):
    for _ in range(4):
        answers = np.where(random.random(400) < 0.1, 0, random.beta(4, 2, size=400))
        histogram = np.where(answers < 0.5, random.uniform(0.02, 0.1, 400), random.uniform(0.3, 0.8, 400))
        found, wanted = call(answer, answers, histogram), best_share(answers, histogram)
        if np.ndim(found) == 0 and np.isclose(float(found), one_step(answers, histogram)):
            raise Wrong("this is one step of expectation maximisation: go on until it stands still.")
        if np.ndim(found) == 0 and min(abs(float(found)), abs(float(found) - 1)) < 1e-4:
            raise Wrong("at 0 the rows with answer 0 cost infinitely much, and at 1 the classifier is not "
                        "asked: the best share lies between. Take each row's logarithm before the mean.")
        if np.ndim(found) == 0 and abs(float(found) + wanted - 1) < 1e-3 < abs(float(found) - wanted):
            raise Wrong("this is the classifier's weight, 1 − s: the share s belongs to the histogram.")
        if np.ndim(found) == 0 and abs(float(found) - wanted) < 0.06:
            expect_close(found, wanted, "near, but not the lowest point to 0.001: search more finely, and "
                         "leave the zeros among the answers as they are.", 1e-3)
        expect_close(found, wanted, "the share with the lowest mean of −log((1 − s)·answers + s·histogram).",
                     1e-3)


def best_share(answers, histogram):
    def slope(share):
        return np.mean((answers - histogram) / ((1 - share) * answers + share * histogram))

    return brentq(slope, 1e-9, 1)


def one_step(answers, histogram):
    return np.mean(histogram / (answers + histogram))


EXERCISES = (
    Exercise(
        "03.1", "the logarithms of the chosen probabilities add up", check_chain_rule,
        ("log p(x) = Σ_i log p(x_i | pixels before i).",
         "np.take_along_axis(probabilities, pixels[..., None], axis=-1) picks the level that is "
         "there."),
        chain_rule,
        {"the sign": lambda p, x: -chain_rule(p, x),
         "mean over pixels": lambda p, x: chain_rule(p, x) / x.shape[1],
         "before the sum": lambda p, x: -np.log(
             np.take_along_axis(p, x[..., None], axis=-1)[..., 0].sum(axis=1))},
    ),
    Exercise(
        "03.2", "average first, logarithm afterwards", check_forest,
        ("The forest's probability is the mean of its trees' probabilities.",
         "mean(axis=0), then index with np.arange(len(values)) and values."),
        forest,
        {"the mean of the trees' nats": lambda p, v: -np.log(
            p[:, np.arange(len(v)), v]).mean(axis=0),
         "the sign": lambda p, v: -forest(p, v),
         "the sum over the trees": lambda p, v: forest(p * len(p), v),
         "log pool": log_pool,
         "votes": votes_alone,
         "the likeliest level": lambda p, v: votes_alone(p, v, 1e-9)},
    ),
    Exercise(
        "03.3", "a distribution from one yes-or-no answer per level", check_levels,
        ("To be 2, a pixel must pass 0, pass 1, and stop at 2.",
         "np.cumprod(1 − stops, axis=1) holds the probabilities of having passed."),
        levels_from_stops,
        {"one level more": lambda s: np.array(s),
         "must sum to 1": lambda s: np.hstack([s, 1 - s[:, -1:]])},
    ),
    Exercise(
        "03.4", "from two measured errors to the number of trees that is enough", check_trees,
        ("Infinitely many trees reach one · ρ. What must ρ be for `count` trees to reach `many`?",
         "By the law, many / one depends on ρ and count alone.",
         "many / one = ρ + (1 − ρ)/count is one equation with one unknown.",
         "Enough means ρ + (1 − ρ)/k ≤ (1 + tolerance)·ρ; math.ceil rounds up.",
         "The nats' excess is slope.mean() divided by that number, their limit endless.mean(). −log is steep "
         "where few trees give the level any probability: there the mean of many trees helps most, and the "
         "squared error hardly notices it."),
        trees_needed,
        {"round up, not down": lambda *arguments: trees_needed(*arguments) - 1,
         "right up to here": trees_unrounded,
         "as if `count` trees were infinitely many": limit_is_the_many,
         "what `count` trees do": tolerance_of_many,
         "fraction of the limit": tolerance_of_one,
         "the tolerance is relative": tolerance_absolute,
         "one tree fewer": lambda *arguments: int(trees_unrounded(*arguments)) + 1},
    ),
    Exercise(
        "03.5", "the share of the histogram that costs least", check_share,
        ("Write the mean nats as a function of s, and look at it for s between 0 and 1.",
         "It is convex: scipy.optimize.minimize_scalar(…, bounds=(1e-9, 1), method=\"bounded\")."),
        best_share,
        {"one step": one_step,
         "the classifier's weight": lambda answers, histogram: 1 - best_share(answers, histogram),
         "each row's logarithm": lambda answers, histogram: float(answers.mean() < histogram.mean()),
         "more finely": lambda answers, histogram: best_share(answers, histogram) + 0.01,
         "leave the zeros": lambda answers, histogram: best_share(np.maximum(answers, 1e-3), histogram)},
    ),
)
