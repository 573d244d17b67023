"""Exercises of lesson 15: shares, fair shares, what leaving one out misses, and what "nothing" is."""

import math
from itertools import permutations

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_responsibilities(answer, random):
    logs, weights = np.log(random.uniform(0.01, 1, (5, 3))), random.dirichlet(np.ones(3))
    wanted, found = responsibilities(logs, weights), call(answer, logs, weights)
    if np.shape(found) == wanted.shape:
        plain = np.exp(logs) / np.exp(logs).sum(axis=-1, keepdims=True)
        if np.allclose(found, plain):
            raise Wrong("these are shares for equal weights: each likelihood is multiplied by its weight first.")
        if np.allclose(found, np.exp(logs) * weights):
            raise Wrong("these are the members' parts of the sum; divide by the sum, so that each row "
                        "sums to 1.")
        if np.allclose(found, weights * np.exp(logs) / (weights * np.exp(logs)).sum(axis=0)):
            raise Wrong("the columns sum to 1 here: it is the members of one pixel that share it.")
    expect_close(found, wanted, "w_j p_j / Σ_k w_k p_k, in each row.")
    small = logs - random.permutation(5)[:, None] * 900.0 - 900      # rows of very different size, one mixed
    small[0, 0] -= 900
    with np.errstate(all="ignore"):
        found = call(answer, small, weights)
    expect_close(found, responsibilities(small, weights), "likelihoods this small underflow to 0, and 0/0 is nothing: subtract each row's largest "
                 "logarithm before exp; the shares do not change.")


def responsibilities(logs, weights):
    parts = weights * np.exp(logs - logs.max(axis=-1, keepdims=True))
    return parts / parts.sum(axis=-1, keepdims=True)


def random_game(random, members=3):
    gains = {(): float(random.normal())}                # what nobody gains need not be 0
    for number in range(1, 2**members):
        gains[tuple(j for j in range(members) if number >> j & 1)] = float(random.normal(2, 1))
    return gains


def check_shapley(answer, random):
    gains = random_game(random)
    wanted, found = fair_shares(gains, 3), call(answer, gains, 3)
    if np.shape(found) == wanted.shape:
        total = gains[0, 1, 2]
        alone = np.array([gains[j,] for j in range(3)])
        last = np.array([total - gains[tuple(k for k in range(3) if k != j)] for j in range(3)])
        first_come = np.array([gains[0,] - gains[()], gains[0, 1] - gains[0,], total - gains[0, 1]])
        for wrong, message in (
            (alone, "this is what each gains alone; together they gain more or less than the sum."),
            (last, "this is leave-one-out: what is lost when one leaves. It does not add up to the whole."),
            (first_come, "this is one order of arrival, 0, 1, 2; the mean over all orders is wanted."),
            (6 * wanted, "divide by the number of orders, 3! = 6."),
            (fair_shares(gains | {(): 0.0}, 3), "here gains[()] is not 0: subtract it from what the first to come gains."),
            (np.full(3, total / 3), "equal shares add up, but ignore who brings what."),
        ):
            if np.allclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "for each of the six orders, note what each member adds when it comes; take the mean.")
    gains = random_game(random, 4)
    expect_close(call(answer, gains, 4), fair_shares(gains, 4), "with four members there are 24 orders.")


def fair_shares(gains, members):
    shares = np.zeros(members)
    for order in permutations(range(members)):
        there = ()
        for j in order:
            larger = tuple(sorted((*there, j)))
            shares[j] += gains[larger] - gains[there]
            there = larger
    return shares / math.factorial(members)


def check_twins(answer, random):
    for alone, both in ((3.0, 3.0), (2.0, 2.5), tuple(sorted(random.uniform(1, 4, 2)))):
        found, wanted = call(answer, alone, both), twins(alone, both)
        if np.shape(found) == (2,) and not np.allclose(found, wanted):
            if np.allclose(found, wanted[::-1]) and not np.isclose(*wanted):
                raise Wrong("the two are exchanged: first Shapley's value, then what is lost when one leaves.")
            if np.isclose(found[0], alone):
                raise Wrong("alone is what one gains if it comes first; if it comes second, it adds less. The two "
                            "orders are equally likely.")
            if np.isclose(found[1], alone):
                raise Wrong("when one twin leaves, the other is still there and gains as much alone.")
        expect_close(found, wanted, "what does a twin add in each of the two orders, and what is left when one leaves?")


def twins(alone, both):
    return both / 2, both - alone


def check_nothing(answer, random):
    for members in (2, 3, 5):
        shares, better = random.uniform(5, 40, members), float(random.uniform(1, 9))
        wanted, least = over_another_nothing(shares, better)
        found = call(answer, shares, better)
        try:
            new, enough = found
        except (TypeError, ValueError):
            raise Wrong("two results are wanted: the new shares (M,), and a number.") from None
        if np.shape(new) == (members,):
            for wrong, message in (
                (shares - better, "so the sum falls by M times `better`, and what all gain together is only `better` less."),
                (shares + better / members, "the sign: there is less to share if \"nothing\" is better already."),
                (shares * (1 - better / shares.sum()),
                 ("the sum is right, but not who loses what: whoever comes first loses `better`, and each member comes "
                  "first equally often.")),
            ):
                if np.allclose(new, wrong):
                    raise Wrong(message)
        expect_close(new, wanted, "the first shares: which of the additions in an order change, and how often is that member's?")
        if np.ndim(enough) == 0 and np.isclose(enough, shares.min()) and not np.isclose(enough, least):
            raise Wrong("with this `better`, the smallest share loses only a part of itself: each member bears a part of it.")
        expect_close(enough, least, "the number: the smallest share must have lost all of itself.")


def over_another_nothing(shares, better):
    return shares - better / len(shares), len(shares) * shares.min()


EXERCISES = (
    Exercise(
        "15.1", "each member's share is w_j p_j over the sum", check_responsibilities,
        ("Turn logarithms into likelihoods, weigh them, and divide each row by its sum.",
         "Subtracting a row's largest logarithm multiplies all its likelihoods by the same number."),
        responsibilities,
        {"equal weights": lambda logs, w: responsibilities(logs, np.ones(len(w))),
         "divide by the sum": lambda logs, w: np.exp(logs) * w,
         "columns sum to 1": lambda logs, w: w * np.exp(logs) / (w * np.exp(logs)).sum(axis=0),
         "underflow": lambda logs, w: w * np.exp(logs) / (w * np.exp(logs)).sum(axis=-1, keepdims=True)},
    ),
    Exercise(
        "15.2", "fair shares are means over all orders of arrival", check_shapley,
        ("itertools.permutations gives all orders.",
         "Keys of gains are sorted tuples: tuple(sorted((*there, j)))."),
        fair_shares,
        {"gains alone": lambda gains, M: np.array([gains[j,] for j in range(M)]),
         "leave-one-out": lambda gains, M: np.array(
             [gains[tuple(range(M))] - gains[tuple(k for k in range(M) if k != j)] for j in range(M)]),
         "one order": lambda gains, M: np.array(
             [gains[tuple(range(j + 1))] - gains[tuple(range(j))] for j in range(M)]),
         "number of orders": lambda gains, M: fair_shares(gains, M) * math.factorial(M),
         "equal shares": lambda gains, M: np.full(M, gains[tuple(range(M))] / M)},
    ),
    Exercise(
        "15.3", "twins share by Shapley and vanish by leaving one out", check_twins,
        ("Two members, two orders. The first to come gains alone; what does the second add?",
         "If one leaves, what is left gains alone."),
        twins,
        {"exchanged": lambda alone, both: twins(alone, both)[::-1],
         "comes second": lambda alone, both: (alone, both - alone),
         "still there": lambda alone, both: (both / 2, alone)},
    ),
    Exercise(
        "15.4", "each member comes first equally often, so all lose the same", check_nothing,
        ("Write down what each member adds in one order of arrival. Which of these numbers contains v(∅)?",
         "Each member is the first to come in 1/M of the orders."),
        over_another_nothing,
        {"falls by M times": lambda shares, better: (shares - better, shares.min()),
         "the sign": lambda shares, better: (shares + better / len(shares), len(shares) * shares.min()),
         "not who loses what": lambda shares, better: (shares * (1 - better / shares.sum()), shares.sum()),
         "only a part of itself": lambda shares, better: (shares - better / len(shares), shares.min()),
         "two results": lambda shares, better: 0.0},
    ),
)
