"""Exercises of lesson 03: the chain rule, a forest's average, levels one by one, and correlation."""

import numpy as np

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


def chain_rule(probabilities, pixels):
    images, places = np.indices(pixels.shape)
    return -np.log(probabilities[images, places, pixels]).sum(axis=1)


def check_forest(answer, random):
    votes, values = random.dirichlet(np.ones(4), size=(5, 7)), random.integers(0, 4, size=7)
    chosen = votes[:, np.arange(7), values]
    wanted = -np.log(chosen.mean(axis=0))
    found = call(answer, votes, values)
    if np.shape(found) == (7,) and np.allclose(found, -np.log(chosen).mean(axis=0)):
        raise Wrong("this is the mean of the trees' nats, what a tree costs alone: average the "
                    "probabilities first, then take the logarithm.")
    if np.shape(found) == (7,) and np.allclose(
            found, -np.log((votes.argmax(axis=-1) == values).mean(axis=0) + 1e-9)):
        raise Wrong("votes for the likeliest level lose what a tree says about the others: average "
                    "the probabilities.")
    expect_close(found, wanted, "average over the 5 trees (axis 0), take the probability of each "
                 "row's value, then −log.")


def forest(tree_probabilities, values):
    average = tree_probabilities.mean(axis=0)
    return -np.log(average[np.arange(len(values)), values])


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
    expect_close(found, wanted, "p(v) = (1 − stop_0) ⋯ (1 − stop_{v−1}) · stop_v.")


def levels_from_stops(stops):
    ones = np.ones((len(stops), 1))
    reached = np.cumprod(np.hstack([ones, 1 - stops]), axis=1)
    return reached * np.hstack([stops, ones])


def check_variance(answer, random):
    variance, correlation, count = random.uniform(1, 3), random.uniform(0.1, 0.9), 7
    wanted = variance * (correlation + (1 - correlation) / count)
    found = call(answer, variance, correlation, count)
    if np.ndim(found) == 0 and np.isclose(float(found), variance / count):
        raise Wrong("that holds for uncorrelated members; trees of the same data are not.")
    if np.ndim(found) == 0 and np.isclose(float(found), variance * correlation):
        raise Wrong("that is what remains of infinitely many members.")
    expect_close(found, wanted, "the mean's variance is 1/M² times the sum of all M² covariances: "
                 "M of them are σ², the others ρσ².")


def variance_of_mean(variance, correlation, count):
    return variance * (correlation + (1 - correlation) / count)


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
         "votes": lambda p, v: -np.log((p.argmax(axis=-1) == v).mean(axis=0) + 1e-9)},
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
        "03.4", "what correlation leaves of an average's advantage", check_variance,
        ("Var(mean) = 1/M² Σ_i Σ_j Cov(i, j).",
         "M of the M² terms are σ², and M² − M are ρσ²."),
        variance_of_mean,
        {"uncorrelated": lambda v, r, m: v / m, "infinitely many": lambda v, r, m: v * r},
    ),
)
