"""Exercises of lesson 12: a bad partner, how many members are enough, a greedy step, leave-one-out."""

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_partner(answer, random):
    for correlation in (0.0, 1.0, -1.0, float(random.uniform(0.2, 0.9)), float(random.uniform(-0.9, -0.1))):
        wanted, found = largest_ratio(correlation), call(answer, correlation)
        if np.ndim(found) == 0 and np.isreal(found) and not np.isclose(found, wanted):
            if np.isclose(found, wanted**2):
                raise Wrong("this is the ratio of the variances; the ratio of the standard deviations is asked for.")
            if correlation and np.isclose(found, 1 / correlation):
                raise Wrong("1/ρ is where the best weight of the partner becomes 0; here the weights are equal, and "
                            "they harm earlier.")
            if np.isclose(found, np.sqrt(3)):
                raise Wrong("this holds for correlation 0; the mean's variance has a term with ρ.")
            if np.isclose(found, correlation + np.sqrt(correlation**2 + 3)):
                raise Wrong("the sign: a partner whose errors correlate may be worse by less, not by more.")
            if np.isclose(found, 1.0):
                raise Wrong("a worse partner can still help: its errors cancel some of the better one's.")
        expect_close(found, wanted, "set (1 + s² + 2ρs)/4, the variance of the mean, equal to 1, that of the better one.")


def largest_ratio(correlation):
    return np.sqrt(correlation**2 + 3) - correlation


def some_scores(random, members=4):
    """log p of 6 images, 5 pixels: (6, 5, members) nats."""
    return np.log(random.uniform(0.05, 0.95, (6, 5, members)))


def pool_nats(scores, weights):
    return -np.log(np.exp(scores) @ weights).sum(axis=1).mean()


def check_enough(answer, random):
    cases = [enough_inputs(random, ratio) for ratio in (0.7, 1.5, *random.integers(2, 20, 4) + random.uniform(0.1, 0.9, 4))]
    cases.append((90.0, 4, 87.0, 1.0))                       # no rounding: exactly four are enough
    found = [call(answer, *case) for case in cases]
    if any(np.shape(each) != (2,) for each in found):
        raise Wrong("two numbers are wanted: the nats of infinitely many members, and how many are enough.")
    limits, counts = np.array(found, float).T
    for other, message in WRONG_LIMITS.items():
        if np.allclose(limits, [other(*case) for case in cases]):
            raise Wrong(message)
    expect_close(limits, [enough(*case)[0] for case in cases],
                 "the limit: a pool of size members has the share 1 − 1/size of the whole gain.")
    for other, message in WRONG_COUNTS.items():
        if np.allclose(counts, [other(*case) for case in cases]):
            raise Wrong(message)
    for case, count in zip(cases, counts):
        if not np.isclose(count, enough(*case)[1], atol=1e-6):
            raise Wrong("how many are enough: with M members, 1/M of the whole gain is missing. Find the smallest M "
                        "for which that is at most gap.")


def enough_inputs(random, ratio):
    """single, size, pool and gap, where the whole gain is ``ratio`` times the gap."""
    single, size, gain = random.uniform(80, 100), int(random.integers(3, 9)), random.uniform(2, 8)
    return single, size, single - gain * (1 - 1 / size), gain / ratio


def enough(single, size, pool, gap):
    gain = (single - pool) / (1 - 1 / size)                  # of infinitely many members
    return single - gain, int(np.ceil(gain / gap))


WRONG_LIMITS = {
    lambda single, size, pool, gap: pool:
        "size members are not at the limit yet: their pool has the share 1 − 1/size of the whole gain.",
    lambda single, size, pool, gap: single - (single - pool) * (1 - 1 / size):
        "the pool has the share 1 − 1/size of the whole gain: divide its gain by this share, do not multiply.",
    lambda single, size, pool, gap: single - size * (single - pool):
        "1/size is the share of the gain that is still missing; the pool has the rest.",
    lambda single, size, pool, gap: single - 2 * (single - pool):
        "twice the gain is right for pools of two; these have size members.",
    lambda single, size, pool, gap: (single - pool) / (1 - 1 / size):
        "this is what infinitely many members gain; how many nats do they have?",
}


WRONG_COUNTS = {
    lambda single, size, pool, gap: (single - enough(single, size, pool, gap)[0]) / gap:
        "members are whole: round up.",
    lambda single, size, pool, gap: np.floor((single - enough(single, size, pool, gap)[0]) / gap):
        "with so few members the pool is still further away than gap: round up.",
    lambda single, size, pool, gap: enough(single, size, pool, gap)[1] + 1:
        "one member fewer is enough, too.",
}


def check_step(answer, random):
    kinds = ["not the best alone", "one once more", "a rare pixel", *["nothing chosen"] * 5, *["any"] * 10]
    cases = [step_inputs(random, kind) for kind in kinds]
    found = []
    for case in cases:
        with np.errstate(all="ignore"):
            each = call(answer, case[0], list(case[1]))
        if np.ndim(each) or np.asarray(each).dtype.kind not in "iuf":
            raise Wrong(f"one number is wanted, which member to add, and this is {each!r:.60}.")
        found.append(each)
    for other, message in WRONG_CHOICES.items():
        if found == [other(*case) for case in cases]:
            raise Wrong(message)
    for each, case in zip(found, cases):
        if each != next_member(*case):
            raise Wrong(f"with chosen = {case[1]} it takes member {each}, and member {next_member(*case)} leads to "
                        "fewer nats. Try every j: the mean of the probabilities of chosen + [j], its logarithm, the "
                        "sum over pixels.")


def step_inputs(random, kind):
    """Scores and members chosen so far, where typical mistakes lead to members of their own."""
    while True:
        scores = some_scores(random)
        chosen = [] if kind == "nothing chosen" else random.integers(0, 4, random.integers(1, 5)).tolist()
        if kind == "a rare pixel":                           # it decides, and a small number would hide it
            scores[0, 0] = random.permutation([-60.0, -50.0, -40.0, -30.0])
            chosen = [int(scores[0, 0].argmin())]
        right = next_member(scores, chosen)
        wrong = [other(scores, chosen) for other in WRONG_CHOICES]
        hidden = next_member(np.log(np.exp(scores) + 1e-12), chosen)
        if kind == "not the best alone" and right not in [wrong[0], *wrong[2:]]:
            return scores, chosen
        if kind == "one once more" and right not in wrong[:3]:
            return scores, chosen
        if kind == "a rare pixel" and hidden != right or kind in ("nothing chosen", "any"):
            return scores, chosen


def nats_after(scores, chosen):
    weights = np.full(len(chosen) + 1, 1 / (len(chosen) + 1))
    return np.array([pool_nats(scores[..., [*chosen, j]], weights) for j in range(scores.shape[-1])])


def next_member(scores, chosen):
    p = np.exp(scores)
    total = p[..., chosen].sum(axis=-1)
    after = [-np.log((total + p[..., j]) / (len(chosen) + 1)).sum(axis=1).mean() for j in range(p.shape[-1])]
    return int(np.argmin(after))


def best_alone(scores, chosen):
    return int(scores.sum(axis=1).mean(axis=0).argmax())


def without_replacement(scores, chosen):
    after = nats_after(scores, chosen)
    after[sorted(set(chosen))] = np.inf
    return int(after.argmin())


def whole_images(scores, chosen):
    return next_member(scores.sum(axis=1, keepdims=True), chosen)


def most_nats(scores, chosen):
    return int(nats_after(scores, chosen).argmax())


def half_the_weight(scores, chosen):
    """The new member gets half of the weight, not 1/(len(chosen) + 1)."""
    if not chosen:
        return best_alone(scores, chosen)
    p = np.exp(scores)
    pool = p[..., chosen].mean(axis=-1)
    return int(np.argmin([-np.log(pool + p[..., j]).sum(axis=1).mean() for j in range(p.shape[-1])]))


WRONG_CHOICES = {
    best_alone: "this is the best member alone. Add up probabilities, not their logarithms, and ask which sum has "
                "the fewest nats.",
    without_replacement: "selection is with replacement: a member that is in may come again.",
    most_nats: "this step leads to the most nats; the fewest are wanted.",
    whole_images: "this sums the probabilities of whole images, as a mixture does; a linear pool sums at each pixel.",
    half_the_weight: "the new member counts as much as each chosen one, not as much as all of them together.",
}


def check_brings(answer, random):
    scores, weights = some_scores(random), random.dirichlet(np.full(4, 3.0))
    scores[0, 0] -= 40                                       # a pixel that all find improbable
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
        if np.allclose(found, [pool_nats(np.delete(scores, j, axis=-1), np.full(3, 1 / 3))
                               - pool_nats(scores, weights) for j in range(4)]):
            raise Wrong("the others keep their proportions: divide their weights by what is left, do not make "
                        "them equal.")
    expect_close(found, wanted, "for each j: weights[j] = 0, the rest divided by their sum, that "
                 "pool's nats less the whole pool's; nothing is added to a probability.")


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
        "12.1", "an equal-weight partner may be up to √(ρ² + 3) − ρ times as bad", check_partner,
        ("Let the better one have variance 1, the partner s². What is the variance of their mean?",
         "It is (1 + s² + 2ρs)/4. For which s is it 1?", "Solve s² + 2ρs − 3 = 0, and take the positive root."),
        largest_ratio,
        {"ratio of the variances": lambda rho: largest_ratio(rho) ** 2,
         "1/ρ": lambda rho: 1 / rho if rho else np.sqrt(3),
         "correlation 0": lambda rho: np.sqrt(3),
         "the sign": lambda rho: rho + np.sqrt(rho**2 + 3),
         "can still help": lambda rho: 1.0},
    ),
    Exercise(
        "12.2", "pools of one size tell the limit, and how many members are enough", check_enough,
        ("The law for pools: gain(M) = G·(1 − 1/M). What is G, if gain(size) = single − pool?",
         "The limit is single − G. With M members, G/M is still missing.",
         "G/M is at most gap where M is at least G/gap: np.ceil rounds up."),
        enough,
        {"not at the limit": lambda single, size, pool, gap: (pool, 3),
         "do not multiply": lambda single, size, pool, gap: (single - (single - pool) * (1 - 1 / size), 3),
         "still missing; the pool": lambda single, size, pool, gap: (single - size * (single - pool), 3),
         "pools of two": lambda single, size, pool, gap: (single - 2 * (single - pool), 3),
         "how many nats do they have": lambda single, size, pool, gap: ((single - pool) / (1 - 1 / size), 3),
         "members are whole": lambda single, size, pool, gap: (
             enough(single, size, pool, gap)[0], (single - pool) / (1 - 1 / size) / gap),
         "with so few": lambda single, size, pool, gap: (
             enough(single, size, pool, gap)[0], (single - pool) / (1 - 1 / size) // gap),
         "one member fewer": lambda single, size, pool, gap: (
             enough(single, size, pool, gap)[0], enough(single, size, pool, gap)[1] + 1),
         "smallest M": lambda single, size, pool, gap: (
             enough(single, size, pool, gap)[0], int(np.ceil(1 / (1 - gap / (single - pool)))))},
    ),
    Exercise(
        "12.3", "a greedy step adds the member that helps the pool most", check_step,
        ("What is the pool's probability of each pixel after member j has come?",
         "Start with total = np.exp(scores)[..., chosen].sum(axis=-1); it is 0 where nothing is chosen.",
         "Return the j with the fewest nats, int(np.argmin(…))."),
        next_member,
        {"best member alone": best_alone, "with replacement": without_replacement, "most nats": most_nats,
         "at each pixel": whole_images, "as much as each": half_the_weight},
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
         "own nats": lambda scores, weights: -scores.sum(axis=1).mean(axis=0),
         "keep their proportions": lambda scores, weights: [
             pool_nats(np.delete(scores, j, axis=-1), np.full(len(weights) - 1, 1 / (len(weights) - 1)))
             - pool_nats(scores, weights) for j in range(len(weights))]},
    ),
)
