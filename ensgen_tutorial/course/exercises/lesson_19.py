"""Exercises of lesson 19: bits per pixel value, the gain of a fair choice, disagreement, telling changes."""

import math

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_bits(answer, random):
    for shape in ((8, 8, 1), (8, 12, 1), (8, 8, 3)):
        nats = float(random.uniform(50, 300))
        found, wanted = call(answer, nats, shape), bits_per_value(nats, shape)
        if np.shape(found) == ():
            if np.isclose(found, nats / math.prod(shape)):
                raise Wrong("these are nats: a bit is log 2 nats.")
            if shape[-1] == 3 and np.isclose(found, nats / math.prod(shape[:2]) / math.log(2)):
                raise Wrong("a colour picture has three values for each pixel.")
            if np.isclose(found, nats / math.prod(shape) * math.log(2)):
                raise Wrong("a bit is log 2 = 0.69 nats, so there are more bits than nats.")
        expect_close(found, wanted, "nats / (H · W · C · log 2).")


def bits_per_value(nats, shape):
    return nats / (math.prod(shape) * math.log(2))


def check_gain(answer, random):
    while True:
        validation, test = random.uniform(80, 90, (3, 4)), random.uniform(80, 90, (3, 4, 7))
        choices = [validation.argmin(axis=1), test.mean(axis=2).argmin(axis=1),
                   np.full(3, validation.mean(axis=0).argmin())]
        if len(set(map(tuple, choices))) == 3:              # three ways to choose, all different
            break
    pool = random.uniform(75, 85, (3, 7))
    found, wanted = call(answer, validation, test, pool), gain_of(validation, test, pool)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, test[np.arange(3), choices[1]] - pool):
            raise Wrong("this chooses the best member by its test scores, which nobody may see before "
                        "the choice: the gain comes out too small.")
        if np.allclose(found, test[np.arange(3), choices[2]] - pool):
            raise Wrong("one member for all trainings: each training chooses its own, by its own "
                        "validation score.")
        if np.allclose(found, test.min(axis=1) - pool):
            raise Wrong("this takes the best member of every picture; one member must answer all.")
        if np.allclose(found, -wanted):
            raise Wrong("a gain is positive where the pool needs fewer nats.")
    expect_close(found, wanted, "for each training: the test scores of the member with the lowest "
                 "validation score, minus the pool's, (S, N).")


def gain_of(validation, test, pool):
    chosen = validation.argmin(axis=1)
    return test[np.arange(len(test)), chosen] - pool


def check_doubt(answer, random):
    nats, weights = random.uniform(80, 90, (4, 6)), random.dirichlet(np.ones(4))
    pool = random.uniform(70, 80, 6)
    found, wanted = call(answer, nats, pool, weights), doubt_of(nats, pool, weights)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, nats.mean(axis=0) - pool):
            raise Wrong("the members have weights: take Σ w_j NLL_j, not the plain mean.")
        if np.allclose(found, -wanted):
            raise Wrong("the pool is never worse than its members' weighted mean; this is negative.")
        if np.allclose(found, nats.std(axis=0)) or np.allclose(found, nats.var(axis=0)):
            raise Wrong("members may agree on a score and disagree on the pixels: compare with the pool.")
    expect_close(found, wanted, "Σ_j w_j NLL_j − NLL_pool, for each picture.")


def doubt_of(nats, pool, weights):
    return weights @ nats - pool


def check_telling(answer, random):
    for _ in range(4):
        while True:
            known, changed = random.integers(0, 6, 9).astype(float), random.integers(2, 9, 7).astype(float)
            wanted, higher = telling(known, changed), changed[:, None] > known
            ties = (changed[:, None] == known).mean()
            threshold = (changed > np.median(known)).mean()
            if len(np.unique(np.round([wanted, 1 - wanted, higher.mean(), higher.mean() + ties, threshold], 6))) == 5:
                break
        found = call(answer, known, changed)
        if np.shape(found) == ():
            if np.isclose(found, 1 - wanted):
                raise Wrong("the other way round: 1 where every changed picture has the higher score.")
            if np.isclose(found, higher.mean()):
                raise Wrong("a tie counts half.")
            if np.isclose(found, higher.mean() + ties):
                raise Wrong("a tie counts half, not whole.")
            if np.isclose(found, threshold):
                raise Wrong("this uses one threshold; compare every changed picture with every known one.")
        expect_close(found, wanted, "the share of pairs (changed, known) in which the changed one scores "
                     "higher; a tie counts half.")


def telling(known, changed):
    pairs = changed[:, None] - known
    return ((pairs > 0) + 0.5 * (pairs == 0)).mean()


EXERCISES = (
    Exercise(
        "19.1", "bits for each pixel value", check_bits,
        ("How many values does a picture of this shape hold?", "One bit is log 2 nats."),
        bits_per_value,
        {"bit is log 2 nats": lambda nats, shape: nats / math.prod(shape),
         "three values": lambda nats, shape: nats / math.prod(shape[:2]) / math.log(2),
         "more bits than nats": lambda nats, shape: nats / math.prod(shape) * math.log(2)},
    ),
    Exercise(
        "19.2", "the gain over the best member, chosen fairly", check_gain,
        ("Each training may choose its own member, and only by what it may look at.",
         "`validation.argmin(axis=1)` says which; `test[np.arange(S), which]` is (S, N)."),
        gain_of,
        {"by its test scores": lambda validation, test, pool: np.stack(
            [test[s, test[s].mean(axis=1).argmin()] - pool[s] for s in range(len(test))]),
         "one member for all trainings": lambda validation, test, pool: (
             test[:, validation.mean(axis=0).argmin()] - pool),
         "one member must answer all": lambda validation, test, pool: test.min(axis=1) - pool,
         "gain is positive": lambda validation, test, pool: -gain_of(validation, test, pool)},
    ),
    Exercise(
        "19.3", "how much the members disagree", check_doubt,
        ("Jensen: the pool is at most as surprised as its members are on average. When is the gap 0?",
         "The average has the weights w_j."),
        doubt_of,
        {"have weights": lambda nats, pool, weights: nats.mean(axis=0) - pool,
         "never worse": lambda nats, pool, weights: pool - weights @ nats,
         "disagree on the pixels": lambda nats, pool, weights: nats.std(axis=0)},
    ),
    Exercise(
        "19.4", "how well a score tells changed pictures from known ones", check_telling,
        ("Compare every changed picture with every known one: `changed[:, None]` and `known` make all pairs.",
         "0.5 is a coin's toss; what should a tie count?"),
        telling,
        {"other way round": lambda known, changed: telling(changed, known),
         "counts half.": lambda known, changed: (changed[:, None] > known).mean(),
         "not whole": lambda known, changed: (changed[:, None] >= known).mean(),
         "one threshold": lambda known, changed: (changed > np.median(known)).mean()},
    ),
)
