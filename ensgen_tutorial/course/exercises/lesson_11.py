"""Exercises of lesson 11: an EM step, who earns weight, softmax scores, and an honest score."""

import numpy as np
from scipy.special import logsumexp, softmax

from . import Exercise, Wrong, call, expect_close


def check_step(answer, random):
    logs = random.normal(0, 1, (9, 4))
    logs[:, 3] += 20                                         # a member without weight, but probable
    logs -= random.permutation(9)[:, None] * 300.0 + 200     # rows of very different size
    weights = np.append(random.dirichlet(np.full(3, 3.0)), 0.0)
    with np.errstate(all="ignore"):
        wanted, found = one_step(weights, logs), call(answer, weights, logs)
        if np.shape(found) == (4,):
            if not np.isfinite(found).all():
                raise Wrong("np.exp of −900 underflows to 0, and 0/0 is not a number: first subtract from "
                            "each row its own maximum, which changes no responsibility.")
            if np.allclose(found, one_step(np.full(4, 0.25), logs)):
                raise Wrong("the old weights are missing: responsibility j is w_j·p_j / Σ_k w_k·p_k.")
            joint = weights * np.exp(logs - logs.max())
            if np.allclose(found, joint.sum(axis=0) / joint.sum()):
                raise Wrong("divide each row by its own sum first, then take the mean: every image has "
                            "one vote, however probable it is.")
            if np.allclose(found, growth(weights, logs)):
                raise Wrong("this is the mean of p_j/p_w; the new weight is the old one times it.")
            if found[3] > 1e-6:
                raise Wrong("a weight of 0 stays 0, however probable the member is: add no small number.")
    if np.shape(found) == (9, 4):
        raise Wrong("these are the responsibilities of each image: take their mean over the images.")
    expect_close(found, wanted, "the new w_j is the mean over images of w_j·p_j / Σ_k w_k·p_k.")
    logs[0, 3] += 2000
    with np.errstate(all="ignore"):
        found = call(answer, weights, logs)
    expect_close(found, one_step(weights, logs), "a member without weight may find an image far more probable than "
                 "the others do: subtract from each row the maximum of the members *with* weight.")


def maximum_of_all_step(weights, log_likelihoods):
    joint = weights * np.exp(log_likelihoods - log_likelihoods.max(axis=1, keepdims=True))
    return (joint / joint.sum(axis=1, keepdims=True)).mean(axis=0)


def one_step(weights, log_likelihoods):
    joint = np.log(weights) + log_likelihoods
    responsibilities = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    return responsibilities.mean(axis=0)


def growth(weights, log_likelihoods):
    log_mixture = logsumexp(np.log(weights) + log_likelihoods, axis=1, keepdims=True)
    return np.exp(log_likelihoods - log_mixture).mean(axis=0)


def underflowing_step(weights, log_likelihoods):
    joint = weights * np.exp(log_likelihoods)
    return (joint / joint.sum(axis=1, keepdims=True)).mean(axis=0)


def one_maximum_step(weights, log_likelihoods):
    return underflowing_step(weights, log_likelihoods - log_likelihoods.max())


def votes_by_size(weights, log_likelihoods):
    joint = weights * np.exp(log_likelihoods - log_likelihoods.max())
    return joint.sum(axis=0) / joint.sum()


def with_a_small_number(weights, log_likelihoods):
    return one_step(weights + 1e-12, log_likelihoods)


def two_paths(random):
    """A pool's and a new member's log-likelihoods (12,); the mean of their ratio is not far from 1."""
    far = random.exponential(random.choice([0.3, 2.0, 4.0]), 12)
    ahead = [far, -far, np.where(far > np.median(far) * 1.5, -5, 0.2)][random.integers(3)]
    ahead += random.choice([-1, 1]) * random.uniform(0.02, 0.5) - np.log(np.exp(ahead).mean())
    pool = random.normal(-900, 5, 12)
    return pool, pool + ahead


def check_new_member(answer, random):
    cases = [two_paths(random) for _ in range(40)]
    found = []
    for pool, new in cases:
        with np.errstate(all="ignore"):
            each = call(answer, pool, new)
        if np.ndim(each) != 0 or each not in (True, False):
            raise Wrong(f"return True or False, not {each!r:.60}.")
        found.append(bool(each))
    for rule, message in WRONG_RULES.items():
        if found == [bool(rule(pool, new)) for pool, new in cases]:
            raise Wrong(message)
    for (pool, new), each in zip(cases, found):
        mixed = [-np.logaddexp(np.log1p(-share) + pool, np.log(share) + new).mean() + pool.mean()
                 for share in (1e-5, 1e-3)]
        if each != earns_weight(pool, new):
            raise Wrong(f"yours says {each}, but with weights of 0.00001 and 0.001 for the new member the loss "
                        f"changes by {mixed[0]:+.1e} and {mixed[1]:+.1e} nats: differentiate it by the weight.")


def earns_weight(mixture_logs, new_logs):
    # Better alone is enough, by Jensen: mean(exp(new − pool)) ≥ exp(mean(new − pool)) > 1. It is not necessary.
    return np.exp(new_logs - mixture_logs).mean() > 1


def better_on_average(mixture_logs, new_logs):
    return new_logs.mean() > mixture_logs.mean()


def wins_once(mixture_logs, new_logs):
    return (new_logs > mixture_logs).any()


def wins_mostly(mixture_logs, new_logs):
    return (new_logs > mixture_logs).mean() > 0.5


def without_shift(mixture_logs, new_logs):
    return np.exp(new_logs).mean() > np.exp(mixture_logs).mean()


WRONG_RULES = {
    better_on_average: "this asks whether the new member is better alone. A worse one can help, too: where it is "
                       "far better on a few images.",
    wins_once: "one image on which the new member is ahead is not enough: its weight is taken from the others "
               "on all images.",
    wins_mostly: "how often it is ahead does not matter; by how much does.",
    without_shift: "yours is always False. If it takes np.exp of −900: that is 0, so compare each image's two "
                   "log-likelihoods first.",
}


def check_slope(answer, random):
    weights, gradient = random.dirichlet(np.full(5, 2.0)), random.normal(-3, 2, 5)
    found = call(answer, weights, gradient)
    if np.shape(found) == (5,):
        if np.allclose(found, weights * gradient):
            raise Wrong("raising one score lowers all other weights: subtract what that costs, "
                        "w_j·(Σ_k w_k·g_k).")
        if np.allclose(found, gradient):
            raise Wrong("this is the slope with respect to the weights; the scores a move them through softmax.")
        if np.allclose(found, weights * (gradient - gradient.mean())):
            raise Wrong("the mean of the slopes is the weighted one, Σ_k w_k·g_k.")
        if np.allclose(found, -score_slope(weights, gradient)):
            raise Wrong("the sign: the derivative is wanted, not the step downhill.")
    expect_close(found, score_slope(weights, gradient),
                 "∂w_k/∂a_j = w_k·(1[k = j] − w_j): sum it, times g_k, over k.")


def score_slope(weights, gradient):
    return weights * (gradient - weights @ gradient)


def fit_for_check(scores):
    """Weights (M,) that lean towards the best members and leave the worst one out, as a fit may."""
    weights = softmax(scores.mean(axis=0))
    weights[scores.mean(axis=0).argmin()] = 0
    return weights / weights.sum()


def check_honest(answer, random):
    count, folds = int(random.choice([10, 11, 13, 14])), 3
    scores = random.normal(-900, 3, (count, 1)) + random.normal(0, 3, (count, 4))
    scores[0] -= 900
    scores[:, 3] -= 20                                       # no weight for this one
    scores[1, 3] += 60
    with np.errstate(all="ignore"):
        wanted = honest_nats(scores, fit_for_check, folds)
        found = call(answer, scores, fit_for_check, folds)
        wrong = {message: other(scores, fit_for_check, folds) for other, message in WRONG_SCORES.items()}
    if np.ndim(found) == 0 and np.isreal(found):
        for message, value in wrong.items():
            if np.isclose(found, value, rtol=1e-9):
                raise Wrong(message)
        if not np.isfinite(found):
            raise Wrong("np.exp of −900 is 0: use scipy.special.logsumexp with its argument b, or add log w.")
        if np.isclose(found, -wanted):
            raise Wrong("the sign: nats are a cost, minus the log-likelihood.")
    expect_close(found, wanted, "image i is scored with the weights fitted to all images whose fold is not i % folds; "
                 "then take one mean over all images.", 1e-9)


def honest_nats(scores, fit, folds):
    fold = np.arange(len(scores)) % folds
    nats = np.empty(len(scores))
    for k in range(folds):
        weights = fit(scores[fold != k])
        nats[fold == k] = -logsumexp(scores[fold == k] + np.log(weights), axis=1)
    return nats.mean()


def fitted_to_all(scores, fit, folds):
    return -logsumexp(scores + np.log(fit(scores)), axis=1).mean()


def fitted_to_its_own(scores, fit, folds):
    fold = np.arange(len(scores)) % folds
    own = [-logsumexp(scores[fold == k] + np.log(fit(scores[fold == k])), axis=1) for k in range(folds)]
    return np.concatenate(own).mean()


def mean_of_means(scores, fit, folds):
    fold = np.arange(len(scores)) % folds
    return np.mean([-logsumexp(scores[fold == k] + np.log(fit(scores[fold != k])), axis=1).mean()
                    for k in range(folds)])


def other_folds(scores, fit, folds):
    fold = np.concatenate([np.full(len(part), k) for k, part in
                           enumerate(np.array_split(np.arange(len(scores)), folds))])
    nats = np.empty(len(scores))
    for k in range(folds):
        nats[fold == k] = -logsumexp(scores[fold == k] + np.log(fit(scores[fold != k])), axis=1)
    return nats.mean()


WRONG_SCORES = {
    fitted_to_all: "these weights have seen the images that they are scored on: fit them without the fold.",
    fitted_to_its_own: "this fits each fold to itself: fit on the images outside of it, then score those inside.",
    mean_of_means: "the folds are not equally large, so the mean of their means counts some images more: take one "
                   "mean over all images.",
    other_folds: "image i belongs to fold i % folds; these folds are blocks of neighbours.",
}


EXERCISES = (
    Exercise(
        "11.1", "a step of EM: the mean responsibilities are the new weights", check_step,
        ("Responsibility of member j for image i: w_j·p_j(x_i), divided by the sum over members.",
         "Add log w to the log-likelihoods and subtract scipy.special.logsumexp over the members.",
         "exp of that, then the mean over axis 0."),
        one_step,
        {"underflows": underflowing_step,
         "its own maximum": one_maximum_step,
         "old weights are missing": lambda w, logs: one_step(np.full(len(w), 1 / len(w)), logs),
         "one vote": votes_by_size,
         "the old one times it": growth,
         "stays 0": with_a_small_number, "members *with* weight": maximum_of_all_step,
         "take their mean": lambda w, logs: np.exp(
             np.log(w) + logs - logsumexp(np.log(w) + logs, axis=1, keepdims=True))},
    ),
    Exercise(
        "11.2", "a new member earns weight where its mean ratio to the mixture is above 1", check_new_member,
        ("Give the new member the weight ε: the mixture becomes (1 − ε)·p + ε·p_new. What is the loss now?",
         "Its derivative by ε at ε = 0 must be negative."),
        earns_weight,
        {"better alone": better_on_average, "one image": wins_once, "how often": wins_mostly,
         "np.exp of −900": without_shift,
         "differentiate it": lambda pool, new: np.exp(new - pool).mean() > 0.8},
    ),
    Exercise(
        "11.3", "the slope by the scores of a softmax", check_slope,
        ("If score a_j rises, w_j rises by w_j·(1 − w_j), and every other w_k falls by w_j·w_k.",
         "Sum these changes, each times its g_k."),
        score_slope,
        {"subtract what that costs": lambda w, g: w * g,
         "through softmax": lambda w, g: g,
         "the weighted one": lambda w, g: w * (g - g.mean()),
         "the sign": lambda w, g: -score_slope(w, g)},
    ),
    Exercise(
        "11.4", "each image is scored by weights that have not seen it", check_honest,
        ("fold = np.arange(len(scores)) % folds; for each k, which images may `fit` see?",
         "Keep one number per image, and take the mean at the very end.",
         "An image's nats are −logsumexp(scores + log w)."),
        honest_nats,
        {"have seen": fitted_to_all, "each fold to itself": fitted_to_its_own,
         "not equally large": mean_of_means, "blocks of neighbours": other_folds,
         "the sign": lambda *a: -honest_nats(*a),
         "np.exp of −900": lambda scores, fit, folds: -np.log(np.exp(scores) @ fit(scores)).mean()},
    ),
)
