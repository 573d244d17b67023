"""Exercises of lesson 12: ambiguity, what members are worth, a greedy step, leave-one-out."""

import numpy as np

from . import Exercise, Wrong, call, expect_close


def some_scores(random, members=4):
    """log p of 6 images, 5 pixels: (6, 5, members) nats."""
    return np.log(random.uniform(0.05, 0.95, (6, 5, members)))


def pool_nats(scores, weights):
    return -np.log(np.exp(scores) @ weights).sum(axis=1).mean()


def check_ambiguity(answer, random):
    scores, weights = some_scores(random), random.dirichlet(np.full(4, 3.0))
    wanted = ambiguity(scores, weights)
    found = call(answer, scores, weights)
    if np.ndim(found) == 0 and np.isreal(found):
        if np.isclose(found, -wanted):
            raise Wrong("the sign: the average member has more nats than the pool, so average less "
                        "pool is 0 or more.")
        if np.isclose(found, 0, atol=1e-9):
            raise Wrong("a weighted sum of log p is the average member once more: the pool adds up "
                        "probabilities, and takes the logarithm afterwards.")
        if np.isclose(found, wanted / 5):
            raise Wrong("this is per pixel: add up the pixels of an image, then take the mean over "
                        "images.")
        if np.isclose(found, pool_nats(scores, weights)):
            raise Wrong("these are the pool's nats: how much better are they than the average "
                        "member's?")
        if np.isclose(found, -scores.sum(axis=1).mean() - pool_nats(scores, weights)):
            raise Wrong("the average over the members needs the same weights as the pool.")
    expect_close(found, wanted, "Σ_j w_j · nats of member j, less the nats of Σ_j w_j p_j.")


def ambiguity(scores, weights):
    members = -scores.sum(axis=1).mean(axis=0)
    pool = -np.log(np.exp(scores) @ weights).sum(axis=1).mean()
    return members @ weights - pool


def check_worth(answer, random):
    correlation, count = random.uniform(0.2, 0.8), int(random.integers(3, 12))
    wanted = worth(correlation, count)
    found = call(answer, correlation, count)
    if np.ndim(found) == 0 and np.isreal(found):
        if np.isclose(found, 1 / wanted):
            raise Wrong("this is the share of the variance that is left; K independent members "
                        "leave 1/K of it.")
        if np.isclose(found, count):
            raise Wrong("that would be so with correlation 0: what the errors share stays.")
        if np.isclose(found, 1 / correlation):
            raise Wrong("this is the limit of infinitely many members; there are count of them.")
        if np.isclose(found, 1 / (correlation + 1 / count)):
            raise Wrong("only the part 1 − ρ of the variance is divided by count.")
    expect_close(found, wanted, "set 1/K equal to ρ + (1 − ρ)/count and solve for K.")
    expect_close(call(answer, 1.0, count), 1.0, "copies, with correlation 1, are worth one member.")


def worth(correlation, count):
    return 1 / (correlation + (1 - correlation) / count)


def check_step(answer, random):
    for wished in ("not the best alone", "one once more"):
        scores, chosen = step_inputs(random, wished)
        wanted = next_member(scores, chosen)
        found = call(answer, scores, list(chosen))
        expect_close(np.ndim(found), 0, "one number is wanted, which member to add.")
        alone = scores.sum(axis=1).mean(axis=0)
        if found == alone.argmax() != wanted:
            raise Wrong("this is the best member alone. Add up probabilities, not their "
                        "logarithms, and ask which sum has the fewest nats.")
        if wanted in chosen and found == next_member(scores, chosen, again=False):
            raise Wrong("selection is with replacement: a member that is in may come again.")
        if found == nats_after(scores, chosen).argmax():
            raise Wrong("this step leads to the most nats; the fewest are wanted.")
        expect_close(found, wanted, "try every member j: the mean of the probabilities of chosen + "
                     "[j], its logarithm, the sum over pixels.")


def step_inputs(random, wished):
    """Scores and members chosen so far, where each typical mistake leads to a member of its own."""
    while True:
        scores, chosen = some_scores(random), random.integers(0, 4, 3).tolist()
        right, alone = next_member(scores, chosen), scores.sum(axis=1).mean(axis=0).argmax()
        wrong = {alone, nats_after(scores, chosen).argmax()}
        once_more = right in chosen
        if once_more:
            wrong.add(next_member(scores, chosen, again=False))
        if once_more == (wished == "one once more") and len({right, *wrong}) == 3 + once_more:
            return scores, chosen


def nats_after(scores, chosen):
    weights = np.full(len(chosen) + 1, 1 / (len(chosen) + 1))
    return np.array([pool_nats(scores[..., [*chosen, j]], weights)
                     for j in range(scores.shape[-1])])


def next_member(scores, chosen, again=True):
    p = np.exp(scores)
    total = p[..., chosen].sum(axis=-1)
    after = [-np.log((total + p[..., j]) / (len(chosen) + 1)).sum(axis=1).mean()
             if again or j not in chosen else np.inf for j in range(p.shape[-1])]
    return int(np.argmin(after))


def check_brings(answer, random):
    scores, weights = some_scores(random), random.dirichlet(np.full(4, 3.0))
    wanted = brings(scores, weights)
    found = call(answer, scores, weights)
    if np.shape(found) == (4,):
        if np.allclose(found, -np.array(wanted)):
            raise Wrong("the sign: positive where the pool gets worse, so has more nats, without "
                        "the member.")
        if np.allclose(found, brings(scores, weights, rescale=False)):
            raise Wrong("the weights that stay sum to less than 1: divide them by their sum.")
        if np.allclose(found, np.array(wanted) + pool_nats(scores, weights)):
            raise Wrong("these are the nats without each member; what does the whole pool have?")
        if np.allclose(found, -scores.sum(axis=1).mean(axis=0)):
            raise Wrong("these are each member's own nats; what the pool loses is another matter.")
    expect_close(found, wanted, "for each j: weights[j] = 0, the rest divided by their sum, that "
                 "pool's nats less the whole pool's.")


def brings(scores, weights, rescale=True):
    p = np.exp(scores)

    def nats(w):
        return -np.log(p @ w).sum(axis=1).mean()

    without = weights * (1 - np.eye(len(weights)))           # row j has no member j
    if rescale:
        without = without / without.sum(axis=1, keepdims=True)
    return [nats(row) - nats(weights) for row in without]


EXERCISES = (
    Exercise(
        "12.1", "ambiguity is the average member's nats less the pool's", check_ambiguity,
        ("A member's nats: −scores, summed over pixels, then the mean over images.",
         "The pool's probabilities are np.exp(scores) @ weights."),
        ambiguity,
        {"the sign": lambda scores, weights: -ambiguity(scores, weights),
         "once more": lambda scores, weights: 0.0 * scores.sum(),
         "per pixel": lambda scores, weights: ambiguity(scores, weights) / scores.shape[1],
         "pool's nats": pool_nats,
         "same weights": lambda scores, weights: (-scores.sum(axis=1).mean()
                                                  - pool_nats(scores, weights))},
    ),
    Exercise(
        "12.2", "correlated members are worth fewer independent ones", check_worth,
        ("K independent members leave 1/K of the variance.",
         "M members that correlate by ρ leave ρ + (1 − ρ)/M of it."),
        worth,
        {"share of the variance": lambda correlation, count: 1 / worth(correlation, count),
         "correlation 0": lambda correlation, count: count,
         "limit": lambda correlation, count: 1 / correlation,
         "only the part": lambda correlation, count: 1 / (correlation + 1 / count)},
    ),
    Exercise(
        "12.3", "a greedy step adds the member that helps the pool most", check_step,
        ("Start with total = np.exp(scores)[..., chosen].sum(axis=-1).",
         "With member j the pool is (total + p[..., j]) / (len(chosen) + 1).",
         "Return the j with the fewest nats, int(np.argmin(…))."),
        next_member,
        {"best member alone": lambda scores, chosen: scores.sum(axis=1).mean(axis=0).argmax(),
         "with replacement": lambda scores, chosen: next_member(scores, chosen, again=False),
         "most nats": lambda scores, chosen: nats_after(scores, chosen).argmax()},
    ),
    Exercise(
        "12.4", "leave-one-out: what the pool loses without each member", check_brings,
        ("Set one weight to 0 and divide the others by their sum.",
         "The answer is the nats without the member less the nats of the whole pool, for each."),
        brings,
        {"the sign": lambda scores, weights: [-each for each in brings(scores, weights)],
         "sum to less than 1": lambda scores, weights: brings(scores, weights, rescale=False),
         "nats without each": lambda scores, weights: (np.array(brings(scores, weights))
                                                       + pool_nats(scores, weights)),
         "own nats": lambda scores, weights: -scores.sum(axis=1).mean(axis=0)},
    ),
)
