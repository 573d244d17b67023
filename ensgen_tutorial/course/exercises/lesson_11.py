"""Exercises of lesson 11: an EM step, its certificate, softmax scores, KL, and least squares."""

import numpy as np
from scipy.special import logsumexp

from . import Exercise, Wrong, call, expect_close


def random_scores(random):
    """Weights (4,) and log-likelihoods (9, 4) as large as those of pictures: exp would give 0."""
    weights = random.dirichlet(np.full(4, 3.0))
    return weights, random.normal(-900, 2, (9, 1)) + random.normal(0, 1, (9, 4))


def check_step(answer, random):
    weights, logs = random_scores(random)
    wanted = one_step(weights, logs)
    with np.errstate(all="ignore"):
        found = call(answer, weights, logs)
    if np.shape(found) == (4,):
        if not np.isfinite(found).all():
            raise Wrong("np.exp of −900 underflows to 0, and 0/0 is no number: subtract each row's "
                        "maximum first, which changes no responsibility.")
        if np.allclose(found, one_step(np.full(4, 0.25), logs)):
            raise Wrong("the old weights are missing: responsibility j is w_j·p_j / Σ_k w_k·p_k.")
        joint = weights * np.exp(logs - logs.max())
        if np.allclose(found, joint.sum(axis=0) / joint.sum()):
            raise Wrong("divide each row by its own sum first, then take the mean: every image has "
                        "one vote, however probable it is.")
        if np.allclose(found, growth(weights, logs)):
            raise Wrong("this is the mean of p_j/p_w; the new weight is the old one times it.")
    if np.shape(found) == (9, 4):
        raise Wrong("these are the responsibilities of each image: take their mean over the images.")
    expect_close(found, wanted, "the new w_j is the mean over images of w_j·p_j / Σ_k w_k·p_k.")


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


def votes_by_size(weights, log_likelihoods):
    joint = weights * np.exp(log_likelihoods - log_likelihoods.max())
    return joint.sum(axis=0) / joint.sum()


def check_certificate(answer, random):
    weights, logs = random_scores(random)
    ratios = growth(weights, logs)
    with np.errstate(all="ignore"):
        found = call(answer, weights, logs)
    if np.ndim(found) == 0 and np.isreal(found):
        if not np.isfinite(found):
            raise Wrong("np.exp of −900 underflows to 0: subtract log p_w from log p_j before exp.")
        if np.isclose(found, ratios.max()):
            raise Wrong("this is the largest ratio; the bound in nats is its logarithm.")
        if np.isclose(found, np.log((weights * ratios).max())):
            raise Wrong("these are mean responsibilities, which hold the weight: the ratio is "
                        "p_j/p_w, without w_j.")
        if np.isclose(found, mean_of_logs(weights, logs)):
            raise Wrong("the mean comes inside: the logarithm of the mean ratio, not the mean of "
                        "the logarithms, or the bound does not hold.")
    expect_close(found, np.log(ratios.max()), "log of the largest, over members j, of "
                 "mean_i p_j(x_i)/p_w(x_i).")


def certificate(weights, log_likelihoods):
    log_mixture = logsumexp(np.log(weights) + log_likelihoods, axis=1, keepdims=True)
    ratios = np.exp(log_likelihoods - log_mixture).mean(axis=0)
    return np.log(ratios.max())


def mean_of_logs(weights, log_likelihoods):
    log_mixture = logsumexp(np.log(weights) + log_likelihoods, axis=1, keepdims=True)
    return (log_likelihoods - log_mixture).mean(axis=0).max()


def underflowing_certificate(weights, log_likelihoods):
    members = np.exp(log_likelihoods)
    return np.log((members / (members @ weights)[:, None]).mean(axis=0).max())


def check_slope(answer, random):
    weights, gradient = random.dirichlet(np.full(5, 2.0)), random.normal(-3, 2, 5)
    found = call(answer, weights, gradient)
    if np.shape(found) == (5,):
        if np.allclose(found, weights * gradient):
            raise Wrong("raising one score lowers all other weights: subtract what that costs, "
                        "w_j·(Σ_k w_k·g_k).")
        if np.allclose(found, gradient):
            raise Wrong("this is the slope by the weights; the scores a move them through softmax.")
        if np.allclose(found, weights * (gradient - gradient.mean())):
            raise Wrong("the mean of the slopes is the weighted one, Σ_k w_k·g_k.")
        if np.allclose(found, -score_slope(weights, gradient)):
            raise Wrong("the sign: the derivative is wanted, not the step downhill.")
    expect_close(found, score_slope(weights, gradient),
                 "∂w_k/∂a_j = w_k·(1[k = j] − w_j): sum it, times g_k, over k.")


def score_slope(weights, gradient):
    return weights * (gradient - weights @ gradient)


def check_kl(answer, random):
    counts = random.integers(1, 9, size=7)
    cross_entropy = random.uniform(3, 6)
    wanted = kl_from_cross_entropy(cross_entropy, counts)
    entropy = cross_entropy - wanted
    found = call(answer, cross_entropy, counts)
    if np.ndim(found) == 0 and np.isreal(found):
        if np.isclose(found, cross_entropy + entropy):
            raise Wrong("the sign: cross-entropy is KL plus entropy, so KL is less than it.")
        if np.isclose(found, cross_entropy - np.log(counts.sum())):
            raise Wrong("log N is the entropy only if no image comes twice, and here some do.")
        if np.isclose(found, cross_entropy - entropy / np.log(2)):
            raise Wrong("this entropy is in bits, and the cross-entropy is in nats.")
        if np.isclose(found, entropy):
            raise Wrong("this is the entropy of the data: subtract it from the cross-entropy.")
    expect_close(found, wanted, "cross-entropy + Σ q·log q, where q are the counts' shares.")


def kl_from_cross_entropy(cross_entropy, counts):
    shares = counts / counts.sum()
    entropy = -(shares * np.log(shares)).sum()
    return cross_entropy - entropy


def check_two(answer, random):
    truth = random.normal(size=60)
    first = truth + random.normal(0, 1.0, 60)
    second = truth + 0.5 * (first - truth) + random.normal(0, 1.0, 60)
    inside = call(answer, first, second, truth)
    if np.ndim(inside) == 0 and np.isreal(inside):
        errors = [((guess - truth) ** 2).sum() for guess in (first, second)]
        if np.isclose(inside, errors[1] / sum(errors)):
            raise Wrong("this looks at each error alone, but the two errors are correlated: minimise "
                        "the squared error of the sum.")
        if np.isclose(inside, 1 - best_weight(first, second, truth)):
            raise Wrong("this is the weight of the second predictor; the first one's is wanted.")
    expect_close(inside, best_weight(first, second, truth), "set the derivative of "
                 "Σ(w·first + (1 − w)·second − truth)² by w to 0.")
    worse = truth + 3 * (first - truth)                      # its best free weight is below 0
    expect_close(call(answer, worse, truth + (first - truth), truth), 0.0,
                 "a weight must stay between 0 and 1: clip it.")


def best_weight(first, second, truth):
    difference = first - second
    weight = difference @ (truth - second) / (difference @ difference)
    return np.clip(weight, 0, 1)


def unclipped(first, second, truth):
    difference = first - second
    return difference @ (truth - second) / (difference @ difference)


def by_errors_alone(first, second, truth):
    errors = [((guess - truth) ** 2).sum() for guess in (first, second)]
    return errors[1] / sum(errors)


EXERCISES = (
    Exercise(
        "11.1", "a step of EM: the mean responsibilities are the new weights", check_step,
        ("Responsibility of member j for image i: w_j·p_j(x_i), divided by the sum over members.",
         "Add log w to the log-likelihoods and subtract scipy.special.logsumexp over the members.",
         "exp of that, then the mean over axis 0."),
        one_step,
        {"underflows": underflowing_step,
         "old weights are missing": lambda w, logs: one_step(np.full(len(w), 1 / len(w)), logs),
         "one vote": votes_by_size,
         "the old one times it": growth,
         "take their mean": lambda w, logs: np.exp(
             np.log(w) + logs - logsumexp(np.log(w) + logs, axis=1, keepdims=True))},
    ),
    Exercise(
        "11.2", "the certificate bounds the distance to the best weights", check_certificate,
        ("log p_w(x_i) is the logsumexp over members of log w_j + log p_j(x_i).",
         "Mean over images of exp(log p_j − log p_w), one number per member.",
         "The logarithm of the largest."),
        certificate,
        {"underflows": underflowing_certificate,
         "its logarithm": lambda w, logs: growth(w, logs).max(),
         "without w_j": lambda w, logs: np.log(one_step(w, logs).max()),
         "the mean comes inside": mean_of_logs},
    ),
    Exercise(
        "11.3", "the slope by the scores of a softmax", check_slope,
        ("If score a_j rises, w_j rises by w_j·(1 − w_j), and every other w_k falls by w_j·w_k.",
         "Add up, times each g_k: w_j·g_j − w_j·Σ_k w_k·g_k."),
        score_slope,
        {"subtract what that costs": lambda w, g: w * g,
         "through softmax": lambda w, g: g,
         "the weighted one": lambda w, g: w * (g - g.mean()),
         "the sign": lambda w, g: -score_slope(w, g)},
    ),
    Exercise(
        "11.4", "KL is the cross-entropy less the entropy of the data", check_kl,
        ("The data's distribution gives each distinct image its share of the counts.",
         "Its entropy is −Σ q·log q, in nats with np.log."),
        kl_from_cross_entropy,
        {"the sign": lambda h, counts: 2 * h - kl_from_cross_entropy(h, counts),
         "comes twice": lambda h, counts: h - np.log(counts.sum()),
         "in bits": lambda h, counts: h - (h - kl_from_cross_entropy(h, counts)) / np.log(2),
         "subtract it": lambda h, counts: h - kl_from_cross_entropy(h, counts)},
    ),
    Exercise(
        "11.5", "least squares on the simplex, for two", check_two,
        ("Write the sum as second + w·(first − second): a line through 0 with the slope w.",
         "The best slope is d·(truth − second) / d·d, d = first − second.",
         "What lies outside of [0, 1] has its best allowed place at the border."),
        best_weight,
        {"clip it": unclipped,
         "correlated": by_errors_alone,
         "weight of the second": lambda f, s, t: 1 - best_weight(f, s, t)},
    ),
)
