"""Exercises of lesson 14: a soup, a moving average, a student's loss, and one member's own matrix."""

import numpy as np
from scipy.special import log_softmax

from . import Exercise, NotAnswered, Wrong, call, expect_close


def check_soup(answer, random):
    learnt = [{"0": random.normal(size=(3, 2)), "1": random.normal(size=4)} for _ in range(3)]
    weights = random.dirichlet(np.ones(3))
    found, wanted = call(answer, learnt, weights), soup_of(learnt, weights)
    if not isinstance(found, dict):
        raise Wrong(f"a dict is wanted, name → array, and this is of type {type(found).__name__}.")
    if any(each is ... for each in found.values()):
        raise NotAnswered("replace the dots with your answer.")
    if found.keys() != wanted.keys():
        raise Wrong(f"the names must be {sorted(wanted)}, and these are {sorted(map(str, found))}.")
    for name, array in wanted.items():
        if np.shape(found[name]) == array.shape:
            stacked = np.stack([each[name] for each in learnt])
            if np.allclose(found[name], stacked.mean(axis=0)):
                raise Wrong("this is the plain mean: where are the weights?")
            if np.allclose(found[name], array / 3):
                raise Wrong("the weights sum to 1 already: do not divide by M.")
        expect_close(found[name], array, f"Σ_j w_j θ_j, name by name; look at {name!r}.")


def soup_of(learnt, weights):
    return {name: sum(weight * each[name] for weight, each in zip(weights, learnt)) for name in learnt[0]}


def check_average(answer, random):
    path, momentum = random.normal(size=(7, 3)), float(random.uniform(0.6, 0.95))
    wanted, found = moving_average(path, momentum), call(answer, path, momentum)
    if np.shape(found) == wanted.shape:
        from_nothing = np.zeros(3)
        for row in path:
            from_nothing = momentum * from_nothing + (1 - momentum) * row
        for wrong, message in (
            (from_nothing, "this starts with zeros, which pull the average towards 0: start with the first row."),
            (moving_average(path, 1 - momentum), "the average keeps m of itself and takes 1 − m of the new step; "
             "yours is the other way round."),
            (path.mean(axis=0), "this is the plain mean: later steps must count more."),
            (moving_average(path[::-1], momentum), "this walks backwards: the last step must count most."),
        ):
            if np.allclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "average = path[0]; then for each further row average = m·average + (1 − m)·row.")


def moving_average(path, momentum):
    average = path[0]
    for row in path[1:]:
        average = momentum * average + (1 - momentum) * row
    return average


def check_loss(answer, random):
    teacher = random.dirichlet(np.full(5, 0.5), size=6)
    logits = random.normal(size=(6, 5)) * 3
    wanted, found = student_loss(teacher, logits), call(answer, teacher, logits)
    if np.ndim(found) == 0:
        logs = log_softmax(logits, axis=-1)
        for wrong, message in (
            (-(teacher * logs).sum(), "this is the cross-entropy; KL is that less the teacher's own entropy."),
            (wanted / 6, "sum over the pixels; do not take their mean."),
            ((np.exp(logs) * (logs - np.log(teacher))).sum(), "this is KL(student ‖ teacher): the average is over "
             "the teacher's probabilities."),
            ((teacher * (np.log(teacher) - logits)).sum(), "logits are no logarithms of probabilities yet: normalise them "
             "with log_softmax."),
            (-wanted, "the sign: KL is never negative."),
        ):
            if np.isclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "Σ q (log q − log_softmax(logits)), over all pixels and values.")
    teacher[0] = [0, 0.5, 0.5, 0, 0]
    with np.errstate(all="ignore"):
        found = call(answer, teacher, logits)
    expect_close(found, student_loss(teacher, logits), "where the teacher says 0, the term is 0 · log 0 = 0, and not NaN: "
                 "scipy.special.xlogy knows that.")
    sure = logits * 1000
    with np.errstate(all="ignore"):
        found = call(answer, teacher, sure)
    expect_close(found, student_loss(teacher, sure), "with very sure students exp underflows and log gives −∞: "
                 "scipy.special.log_softmax keeps the logarithms.")


def student_loss(teacher, logits):
    entropy = -(teacher * np.log(np.where(teacher > 0, teacher, 1))).sum()
    return -(teacher * log_softmax(logits, axis=-1)).sum() - entropy


def check_matrix(answer, random):
    W, r, s, x = (random.normal(size=size) for size in ((4, 3), 4, 3, (6, 4)))
    wanted, found = own_matrix(W, r, s), call(answer, W, r, s)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, W * r[:, None]) or np.allclose(found, W * s):
            raise Wrong("one of the two factors is missing.")
        if np.allclose(found, W + np.outer(r, s)):
            raise Wrong("the member's matrix is W times the rank-one matrix r sᵀ, number by number, and not plus.")
        if np.allclose(found, W * (r @ r) * (s @ s)):
            raise Wrong("r and s are vectors: each row of W has its own r, each column its own s.")
    expect_close(found, wanted, "(x∘r)W∘s = xM for all x: row f of W is multiplied by r_f, column g by s_g.")
    expect_close(x @ np.asarray(found, float), ((x * r) @ W) * s, "try it on some x: x @ M must be (x∘r)W∘s.")


def own_matrix(W, r, s):
    return W * np.outer(r, s)


EXERCISES = (
    Exercise(
        "14.1", "a soup is Σ w_j θ_j, name by name", check_soup,
        ("A dict comprehension over the names of the first network.",
         "sum(weight * each[name] for weight, each in zip(weights, learnt))"),
        soup_of,
        {"plain mean": lambda learnt, w: soup_of(learnt, np.full(len(w), 1 / len(w))),
         "do not divide": lambda learnt, w: soup_of(learnt, w / len(w)),
         "the names": lambda learnt, w: {int(name) + 1: array for name, array in soup_of(learnt, w).items()},
         "a dict is wanted": lambda learnt, w: list(soup_of(learnt, w).values())},
    ),
    Exercise(
        "14.2", "a moving average forgets slowly", check_average,
        ("A loop over path[1:].", "m close to 1 keeps much of the past."),
        moving_average,
        {"starts with zeros": lambda path, m: moving_average(np.concatenate([np.zeros((1, path.shape[1])), path]), m),
         "other way round": lambda path, m: moving_average(path, 1 - m),
         "plain mean": lambda path, m: path.mean(axis=0),
         "backwards": lambda path, m: moving_average(path[::-1], m)},
    ),
    Exercise(
        "14.3", "a student's loss is KL(teacher ‖ student)", check_loss,
        ("KL(q ‖ p) = Σ q log q − Σ q log p.",
         "scipy.special has xlogy(q, q), which is 0 for q = 0, and log_softmax."),
        student_loss,
        {"teacher's own entropy": lambda q, z: -(q * log_softmax(z, axis=-1)).sum(),
         "do not take their mean": lambda q, z: student_loss(q, z) / len(q),
         "KL(student": lambda q, z: (np.exp(log_softmax(z, axis=-1)) * (log_softmax(z, axis=-1) - np.log(q))).sum(),
         "normalise them": lambda q, z: (q * (np.log(q) - z)).sum(),
         "the sign": lambda q, z: -student_loss(q, z),
         "not NaN": lambda q, z: (q * (np.log(q) - log_softmax(z, axis=-1))).sum(),
         "very sure": lambda q, z: np.nansum(q * np.log(np.where(q > 0, q, 1))) - np.nansum(
             q * np.log(np.exp(z - z.max(axis=-1, keepdims=True)) / np.exp(
                 z - z.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True)))},
    ),
    Exercise(
        "14.4", "a member's own matrix is W ∘ r sᵀ", check_matrix,
        ("Write out one number of (x∘r)W∘s: Σ_f x_f r_f W_fg s_g.", "So M_fg = r_f W_fg s_g."),
        own_matrix,
        {"factors is missing": lambda W, r, s: W * r[:, None],
         "not plus": lambda W, r, s: W + np.outer(r, s),
         "r and s are vectors": lambda W, r, s: W * (r @ r) * (s @ s)},
    ),
)
