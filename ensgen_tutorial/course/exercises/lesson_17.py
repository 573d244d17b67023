"""Exercises of lesson 17: how many members, sparsification, mean and median of several fabrics, calibration."""

import numpy as np
from scipy.stats import norm

from . import Exercise, Wrong, call, expect_close


def check_members(answer, random):
    truth, answers, more = team(random)
    wanted, found = members_needed(truth, answers, more), call(answer, truth, answers, more)
    if np.ndim(found) == 0 and not isinstance(found, str) and not np.isclose(found, wanted):
        for slip, message in COUNTS:
            if np.isclose(found, slip(truth, answers, more)):
                raise Wrong(message)
    expect_close(found, wanted, "find the a and the b of the law: for which M is b/M small enough?")
    expect_close(call(answer, np.zeros(4), np.ones((3, 4)), 0.1), 1, "where all members agree, one is enough, and "
                 "0 are too few: at least 1.")


def team(random):
    """Truth, answers and a margin, where the right number and what is taken for it are different numbers."""
    while True:
        truth, more = random.normal(size=40), random.uniform(0.001, 0.005)
        answers = truth + random.normal(0, 3, 40) + random.normal(0, 2, (5, 40))      # a shared error, and their own
        counts = [each(truth, answers, more) for each in (members_needed, *(slip for slip, _ in COUNTS))]
        if len(set(np.round(counts, 9))) == len(counts):
            return truth, answers, more


def members_needed(truth, answers, more):
    b = answers.var(axis=0, ddof=1).mean()                               # the law: a + b/M
    a = ((answers - truth) ** 2).mean() - b
    return max(1, int(np.ceil(b / (more * a))))


def divided_by_all(truth, answers, more):
    b = answers.var(axis=0).mean()
    return np.ceil(b / (more * (((answers - truth) ** 2).mean() - b)))


def over_everything(truth, answers, more):
    b = answers.var(ddof=1)
    return np.ceil(b / (more * (((answers - truth) ** 2).mean() - b)))


def of_one_member(truth, answers, more):
    return np.ceil(answers.var(axis=0, ddof=1).mean() / (more * ((answers - truth) ** 2).mean()))


def of_the_sum(truth, answers, more):
    return np.ceil(answers.var(axis=0, ddof=1).mean() / (more * ((answers.mean(axis=0) - truth) ** 2).mean()))


def not_rounded(truth, answers, more):
    b = answers.var(axis=0, ddof=1).mean()
    return b / (more * (((answers - truth) ** 2).mean() - b))


def rounded_down(truth, answers, more):
    return np.floor(not_rounded(truth, answers, more))


def all_of_it(truth, answers, more):
    return np.ceil(not_rounded(truth, answers, 1 + more))


def as_many_as_there_are(truth, answers, more):
    return min(members_needed(truth, answers, more), len(answers))


COUNTS = (
    (divided_by_all, "the law's s² has M − 1 in the denominator: ddof=1."),
    (over_everything, "the variance is over the members, pixel by pixel: axis=0."),
    (of_one_member, "the comparison is with infinitely many members, which make a smaller error than one."),
    (of_the_sum, "the comparison is with infinitely many members: the sum of those at hand still has b/M too much."),
    (not_rounded, "members are counted: a whole number is wanted, and one that is enough."),
    (rounded_down, "with one member less than needed, the error is still too large: round up."),
    (all_of_it, "the error is a + b/M: a is there already, so only more·a is left for b/M."),
    (as_many_as_there_are, "the law holds for more members than there are answers, too."),
)


def check_share(answer, random):
    for _ in range(8):                                       # a bisection may be right by chance
        check_one_share(answer, *customer(random))
    doubt, error = random.random((2, 12))
    if np.ndim(found := call(answer, doubt, error, 1.1 * error.mean())) or not np.isclose(found, 0):
        raise Wrong("where the mean error of all is small enough, nothing must go: the share is 0.")
    found = call(answer, np.array([3.0, 1.0, 2.0]), np.array([6.0, 1.0, 2.0]), 1.5)
    if np.ndim(found) or not np.isclose(found, 1 / 3):
        raise Wrong("a mean error equal to the limit is small enough: at most the limit is wanted, not less.")


def customer(random):
    """Doubt, error and a limit, where the right share and what is taken for it are different numbers."""
    while True:
        doubt = random.random(int(random.integers(30, 50)))
        error = random.exponential(0.3 + doubt)
        means = rest(doubt, error)
        limit = random.uniform(means.min(), means[0])
        shares = [each(doubt, error, limit) for each in (share_to_go, *(slip for slip, _ in SLIPS))]
        if len(set(np.round(shares, 9))) == len(shares):
            return doubt, error, limit


def rest(order, error):
    """Mean error of the rest when none, one, two … are thrown away, the largest of `order` first."""
    sorted_errors = error[np.argsort(order)]
    return (np.cumsum(sorted_errors) / np.arange(1, len(error) + 1))[::-1]


def share_to_go(doubt, error, limit):
    surest_first = error[np.argsort(doubt)]
    means = np.cumsum(surest_first) / np.arange(1, len(error) + 1)       # of the one, two, three … surest
    kept = np.flatnonzero(means <= limit)[-1] + 1                        # as many as the limit allows
    return 1 - kept / len(error)


def first(reached):
    return np.argmax(reached) / len(reached)


def count_above(doubt, error, limit):
    return np.mean(rest(doubt, error) > limit)


def kept_instead(doubt, error, limit):
    return 1 - share_to_go(doubt, error, limit)


def surest_go(doubt, error, limit):
    return first(rest(-doubt, error) <= limit)


def by_error(doubt, error, limit):
    return first(rest(error, error) <= limit)


def each_block(doubt, error, limit):
    return np.mean(error > limit)


def over_all(doubt, error, limit):
    return first(rest(doubt, error) * np.arange(len(error), 0, -1) / len(error) <= limit)


def until_too_large(doubt, error, limit):
    return 1 - np.argmax(rest(doubt, error)[::-1] > limit) / len(error)


def of_the_mean(doubt, error, limit):
    return first(rest(doubt, error) <= limit * error.mean())


def one_more(doubt, error, limit):
    return share_to_go(doubt, error, limit) + 1 / len(error)


def how_many(doubt, error, limit):
    return share_to_go(doubt, error, limit) * len(error)


SLIPS = (
    (count_above, "you counted every step whose mean is above the limit, also those after the limit was first "
                  "reached."),
    (kept_instead, "this is the share that is kept: the share that must go is wanted."),
    (surest_go, "you threw away the blocks with the least doubt: the most doubtful must go first."),
    (by_error, "nobody knows the error when the blocks are thrown away: sort by the doubt."),
    (each_block, "the limit is for the mean of the rest, not for each block."),
    (over_all, "divide by how many are left, not by how many there were."),
    (until_too_large, "you added blocks until the mean was too large, but it may fall again: of all the shares that "
                      "reach the limit, the smallest is wanted."),
    (of_the_mean, "the limit is an error, not a part of the mean error of all."),
    (one_more, "one block less is enough: does your first mean still hold all blocks?"),
    (how_many, "this is how many blocks must go: divide by how many there are."),
)


def check_one_share(answer, doubt, error, limit):
    wanted, found = share_to_go(doubt, error, limit), call(answer, doubt, error, limit)
    if np.ndim(found) == 0 and not isinstance(found, str) and not np.isclose(found, wanted):
        for slip, message in SLIPS:
            if np.isclose(found, slip(doubt, error, limit)):
                raise Wrong(message)
    expect_close(found, wanted, "compute the mean error of the rest for none, one, two … blocks thrown away: where "
                 "does it first reach the limit?")


def check_fabrics(answer, random):
    for _ in range(4):
        check_some_fabrics(answer, *fabrics(random))


def fabrics(random):
    """Five values and their probabilities, where the median and what is taken for it are five numbers."""
    while True:
        values, probabilities = random.random(5), random.dirichlet(np.ones(5))
        candidates = {best_answers(values, probabilities)[1], np.median(values),
                      most_probable(values, probabilities), unsorted(values, probabilities),
                      interpolated(values, probabilities)}
        if len(candidates) == 5:
            return values, probabilities


def most_probable(values, probabilities):
    return values[probabilities.argmax()]


def unsorted(values, probabilities):
    return values[np.searchsorted(np.cumsum(probabilities), 0.5)]


def interpolated(values, probabilities):
    order = np.argsort(values)
    return np.interp(0.5, np.cumsum(probabilities[order]), values[order])


def check_some_fabrics(answer, values, probabilities):
    (mean, median), found = best_answers(values, probabilities), call(answer, values, probabilities)
    if np.shape(found) != (2,):
        expect_close(found, (mean, median), "")              # says which shape is wanted
    if np.allclose(found, (median, mean)):
        raise Wrong("the two are swapped: squared error wants the mean, absolute error the median.")
    middle = (values.min() + values.max()) / 2
    if any(np.isclose(found[0], each) for each in (values.mean(), middle)):
        raise Wrong("for the squared error each fabric counts by its probability.")
    if np.isclose(found[0], values).any():
        raise Wrong("the best answer to the squared error need not be one of the fabrics.")
    if np.isclose(found[1], mean):
        raise Wrong("for the absolute error move the answer a little: each fabric pulls with its probability, "
                    "however far away it is.")
    if np.isclose(found[1], middle):
        raise Wrong("the middle grey is best for the largest error, not for the expected one: it forgets the "
                    "probabilities.")
    if np.isclose(found[1], np.median(values)):
        raise Wrong("this is the median of the list: the probabilities must be halved, not the number of values.")
    if np.isclose(found[1], most_probable(values, probabilities)):
        raise Wrong("this is the most probable fabric: with two it is the median, with more it need not be.")
    if np.isclose(found[1], unsorted(values, probabilities)):
        raise Wrong("sort the values, and their probabilities with them, before you add up.")
    if np.isclose(found[1], interpolated(values, probabilities)):
        raise Wrong("do not interpolate: there is nothing between two fabrics.")
    expect_close(found[0], mean, "differentiate the expected squared error: where is its slope 0?")
    expect_close(found[1], median, "move the answer a little to the light side: by how much does the expected absolute "
                 "error change?")


def best_answers(values, probabilities):
    order = np.argsort(values)
    reached = np.cumsum(probabilities[order])
    return probabilities @ values, values[order][np.searchsorted(reached, 0.5)]


def check_factor(answer, random):
    for level in random.uniform(0.3, 0.9, 4):
        check_one_factor(answer, random, float(level))


def check_one_factor(answer, random, level):
    mean, sigma = random.normal(size=(300, 400)), random.uniform(0.5, 2, (300, 400))
    # Laplace errors: the ratio of two standard deviations is no answer here.
    truth = mean + float(random.uniform(2, 4)) * sigma * random.laplace(size=mean.shape)
    wanted, found = factor_for(truth, mean, sigma, level), call(answer, truth, mean, sigma, level)
    away = np.abs(truth - mean)
    if np.ndim(found) == 0 and not isinstance(found, str):
        z = norm.ppf((1 + level) / 2)
        # A level lies between two of the numbers, and ways to count and to interpolate differ by one or two.
        inside = np.mean(away <= found * z * sigma)
        if abs(inside - level) <= 3 / away.size:
            return
        signed = (truth - mean) / sigma
        if any(np.isclose(found, np.quantile(each, level) / z, rtol=2e-4) for each in (signed, -signed)):
            raise Wrong("errors lie on both sides of the answer: take their size first.")
        if np.isclose(found, level / np.mean(away <= z * sigma), rtol=2e-4):
            raise Wrong("the share inside does not grow in proportion to the factor: ask how many sigmas away "
                        "the truths are.")
        if np.isclose(found, np.quantile(away / sigma, level), rtol=2e-4):
            raise Wrong("this is where the interval should end, in units of sigma. A normal distribution's "
                        "interval ends at z = norm.ppf((1 + level)/2): divide by it.")
        if np.isclose(found, np.quantile(away / sigma, level) / norm.ppf(level), rtol=2e-4):
            raise Wrong("the interval has two sides: half of what is outside lies below, so z is the "
                        "quantile of (1 + level)/2.")
        if np.isclose(found, np.quantile(away / sigma, (1 + level) / 2) / z, rtol=2e-4):
            raise Wrong("only z has two sides: the errors have lost their sign already, so take their quantile "
                        "at the level itself.")
        if np.isclose(found, 1 / wanted, rtol=2e-4):
            raise Wrong("this is one divided by the factor: sigma is too small, so the factor is above 1.")
        if np.isclose(found, np.sqrt(((away / sigma)**2).mean()), rtol=2e-4):
            raise Wrong("this is how large the errors are in their sigmas, which is the factor only for normal errors: "
                        "take the quantile that the level asks for.")
        if np.isclose(found, np.sqrt((away**2).mean() / (sigma**2).mean()), rtol=2e-4):
            raise Wrong("this makes the two standard deviations equal. Errors need not be normal: take the "
                        "quantile that the level asks for.")
        if np.isclose(found, np.quantile(away, level) / z / sigma.mean(), rtol=2e-4):
            raise Wrong("each pixel has a sigma of its own: divide by it before the quantile is taken.")
    expect_close(found, wanted, "how many sigmas is each truth away, and how many would it be for normal errors?")


def factor_for(truth, mean, sigma, level):
    return np.quantile(np.abs(truth - mean) / sigma, level) / norm.ppf((1 + level) / 2)


EXERCISES = (
    Exercise(
        "17.1", "how many members are nearly as good as infinitely many", check_members,
        ("In the law a + b/M, infinitely many members have the mean error a. The mean ambiguity is (1 − 1/M)·s²: which "
         "part of the members' mean error stays, and which is divided by M?",
         "b = s², for which answers.var needs the right axis and ddof, and a is the members' mean error − b. So b/M may "
         "be at most more·a."),
        members_needed,
        {"M − 1 in the denominator": divided_by_all, "pixel by pixel": over_everything,
         "smaller error than one": of_one_member, "those at hand": of_the_sum, "a whole number": not_rounded,
         "round up": rounded_down, "a is there already": all_of_it,
         "more members than there are": as_many_as_there_are,
         "at least 1": lambda truth, answers, more: np.ceil(not_rounded(truth, answers, more))},
    ),
    Exercise(
        "17.2", "how much must go for a given quality", check_share,
        ("Sort the errors by the doubt. One cumulative sum gives the means of the one, two, three … surest blocks.",
         "Of all these means, which may rise and fall, take the one of the most blocks that is at most the limit. The "
         "others go."),
        share_to_go,
        {"first reached": count_above, "share that is kept": kept_instead, "least doubt": surest_go,
         "sort by the doubt": by_error, "not for each block": each_block, "how many are left": over_all, "may fall again": until_too_large,
         "not a part of": of_the_mean, "one block less": one_more,
         "how many blocks must go": how_many,
         "nothing must go": lambda doubt, error, limit: max(share_to_go(doubt, error, limit), 1 / len(error)),
         "small enough: at most": lambda doubt, error, limit: share_to_go(doubt, error, np.nextafter(limit, 0))},
    ),
    Exercise(
        "17.3", "mean for squares, median for absolute differences", check_fabrics,
        ("Write the expected squared error as a function of the answer, and differentiate.",
         "A step to the light side brings the answer nearer to all lighter fabrics and takes it away from all others. "
         "Where do their probabilities balance?"),
        best_answers,
        {"swapped": lambda values, probabilities: best_answers(values, probabilities)[::-1],
         "counts by its probability": lambda values, probabilities: (
             values.mean(), best_answers(values, probabilities)[1]),
         "one of the fabrics": lambda values, probabilities: (
             values[abs(values - probabilities @ values).argmin()], best_answers(values, probabilities)[1]),
         "move the answer a little": lambda values, probabilities: (probabilities @ values,) * 2,
         "middle grey": lambda values, probabilities: (probabilities @ values, (values.min() + values.max()) / 2),
         "median of the list": lambda values, probabilities: (probabilities @ values, np.median(values)),
         "most probable": lambda values, probabilities: (probabilities @ values, most_probable(values, probabilities)),
         "sort the values": lambda values, probabilities: (probabilities @ values, unsorted(values, probabilities)),
         "do not interpolate": lambda values, probabilities: (
             probabilities @ values, interpolated(values, probabilities))},
    ),
    Exercise(
        "17.4", "the factor that calibrates at one level", check_factor,
        ("How many sigmas is each truth away? The share `level` of these numbers lies below their quantile.",
         "A normal distribution reaches the same share at z = norm.ppf((1 + level)/2) of its own sigmas."),
        factor_for,
        {"divide by it": lambda t, m, s, level: np.quantile(np.abs(t - m) / s, level),
         "size first": lambda t, m, s, level: np.quantile((t - m) / s, level) / norm.ppf((1 + level) / 2),
         "in proportion": lambda t, m, s, level: level / np.mean(np.abs(t - m) <= norm.ppf((1 + level) / 2) * s),
         "two sides": lambda t, m, s, level: np.quantile(np.abs(t - m) / s, level) / norm.ppf(level),
         "only z has two": lambda t, m, s, level:
             np.quantile(np.abs(t - m) / s, (1 + level) / 2) / norm.ppf((1 + level) / 2),
         "one divided by the factor": lambda t, m, s, level: 1 / factor_for(t, m, s, level),
         "only for normal errors": lambda t, m, s, level: ((t - m) / s).std(),
         "standard deviations": lambda t, m, s, level: np.sqrt(((t - m) ** 2).mean() / (s**2).mean()),
         "sigma of its own": lambda t, m, s, level:
             np.quantile(np.abs(t - m), level) / norm.ppf((1 + level) / 2) / s.mean()},
    ),
)
