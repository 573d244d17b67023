"""Exercises of lesson 10: two pools, the ambiguity, the distance of a ghost, and two orders."""

import numpy as np
from scipy.special import log_softmax

from . import Exercise, Wrong, call, expect_close


def check_linear_pool(answer, random):
    members = random.dirichlet(np.ones(5), size=(3, 4))
    weights = random.dirichlet(np.ones(3))
    wanted = linear_pool(members, weights)
    found = call(answer, members, weights)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, members.mean(axis=0)):
            raise Wrong("this is the pool with equal weights: where are yours?")
        if np.allclose(found, np.exp(log_pool(np.log(members), weights))):
            raise Wrong("this is the log pool; the linear one sums probabilities, not logarithms.")
        if np.allclose(np.sum(found, axis=-1), 1 / 3):
            raise Wrong("the weights sum to 1 already: do not divide by M.")
    expect_close(found, wanted, "Σ_j w_j p_j, summed over the first axis.")


def linear_pool(member_probabilities, weights):
    return np.tensordot(weights, member_probabilities, axes=1)


def check_log_pool(answer, random):
    logs = np.log(random.dirichlet(np.ones(5), size=(3, 4)))
    weights = random.dirichlet(np.ones(3))
    wanted = log_pool(logs, weights)
    found = call(answer, logs, weights)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, np.tensordot(weights, logs, axes=1)):
            raise Wrong("the probabilities sum to less than 1: divide by Z, so subtract log Z.")
        if np.allclose(found, np.exp(wanted)):
            raise Wrong("these are the probabilities; their logarithms are wanted.")
        if np.allclose(found, np.log(linear_pool(np.exp(logs), weights))):
            raise Wrong("this is the linear pool: sum the logarithms instead.")
    expect_close(found, wanted, "Σ_j w_j log p_j, minus its logsumexp over the levels.")
    sure = log_softmax(random.normal(0, 1, (3, 4, 5)) * 4000, axis=-1)
    with np.errstate(all="ignore"):
        found = call(answer, sure, weights)
    expect_close(found, log_pool(sure, weights), "with very sure members exp underflows, and Z is 0: "
                 "scipy.special.log_softmax or logsumexp keep the logarithms.")


def log_pool(member_logs, weights):
    return log_softmax(np.tensordot(weights, member_logs, axes=1), axis=-1)


def careless_log_pool(member_logs, weights):
    products = np.exp(np.tensordot(weights, member_logs, axes=1))
    return np.log(products / products.sum(axis=-1, keepdims=True))


def check_ambiguity(answer, random):
    predictions = random.normal(size=(3, 6))
    weights = random.dirichlet(np.ones(3))
    wanted = ambiguity_of(predictions, weights)
    found = call(answer, predictions, weights)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, predictions.var(axis=0)):
            raise Wrong("this is the variance with equal weights: weigh the squares, and the mean.")
        if np.allclose(found, weights @ (predictions - predictions.mean(axis=0)) ** 2):
            raise Wrong("the squares are weighted, but they are taken around the plain mean: the "
                        "sum is Σ w_j ŷ_j.")
        if np.allclose(found, -wanted):
            raise Wrong("the sign: how much lower the sum's error is cannot be negative.")
    expect_close(found, wanted, "Σ_j w_j (ŷ_j − ȳ)² with ȳ = Σ_j w_j ŷ_j, for each input.")


def ambiguity_of(predictions, weights):
    return weights @ (predictions - weights @ predictions) ** 2


def check_ghost(answer, random):
    root = random.normal(size=(4, 4))
    covariance = root @ root.T
    weights = random.dirichlet(np.ones(3))
    wanted = ghost_distance(covariance, weights)
    found = call(answer, covariance, weights)
    if np.ndim(found) == 0:
        trace = np.trace(covariance)
        if np.isclose(found, (1 - (weights**2).sum()) * trace):
            raise Wrong("this is how much variance is lost. The distance compares standard "
                        "deviations: (1 − ‖w‖)², and not 1 − ‖w‖².")
        if np.isclose(found, (1 - 1 / np.sqrt(len(weights))) ** 2 * trace):
            raise Wrong("this holds for equal weights only: put ‖w‖ where 1/√M stands.")
        if np.isclose(found, (1 - np.linalg.norm(weights)) ** 2 * covariance.sum()):
            raise Wrong("tr Σ is the sum of the diagonal, not of all entries.")
    expect_close(found, wanted, "(1 − ‖w‖)² · tr Σ, with ‖w‖ the square root of Σ w_j².")


def ghost_distance(covariance, weights):
    return (1 - np.linalg.norm(weights)) ** 2 * np.trace(covariance)


def check_total(answer, random):
    joint = random.dirichlet(np.full(9, 0.5)).reshape(3, 3) + 1e-3
    joint /= joint.sum()
    wanted = total_of_orders(joint)
    found = call(answer, joint)
    if np.ndim(found) == 0 and np.isclose(found, 1):
        raise Wrong("this adds up to 1: each member's own product does, but the pool multiplies "
                    "sums, (p(left) + p(left|right))/2 and (p(right|left) + p(right))/2.")
    if np.ndim(found) == 0 and np.isclose(found, 4 * wanted):
        raise Wrong("each of the two sums needs its weights of ½.")
    if np.shape(found) == joint.shape:
        raise Wrong("these are the “probabilities” of all pictures: add them up.")
    expect_close(found, wanted, "multiply (p(left) + p(left|right))/2 by (p(right|left) + "
                 "p(right))/2 for all pairs, and add up.")


def total_of_orders(joint):
    p_left, p_right = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
    left = (p_left + joint / p_right) / 2
    right = (joint / p_left + p_right) / 2
    return (left * right).sum()


def pictures_of_orders(joint):
    p_left, p_right = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
    return (p_left + joint / p_right) / 2 * (joint / p_left + p_right) / 2


EXERCISES = (
    Exercise(
        "10.1", "the linear pool is Σ w_j p_j", check_linear_pool,
        ("Each member's array is multiplied by its weight; then they are summed over members.",
         "np.tensordot(weights, member_probabilities, axes=1) does both."),
        linear_pool,
        {"equal weights": lambda members, weights: members.mean(axis=0),
         "log pool": lambda members, weights: np.exp(log_pool(np.log(members), weights)),
         "divide by M": lambda members, weights: linear_pool(members, weights) / len(members)},
    ),
    Exercise(
        "10.2", "the log pool is Σ w_j log p_j − log Z", check_log_pool,
        ("First the weighted sum of the logarithms.",
         "Then normalise each last axis: subtract the logarithm of the sum of exponentials.",
         "scipy.special.log_softmax does that without overflow."),
        log_pool,
        {"subtract log Z": lambda logs, weights: np.tensordot(weights, logs, axes=1),
         "their logarithms": lambda logs, weights: np.exp(log_pool(logs, weights)),
         "linear pool": lambda logs, weights: np.log(linear_pool(np.exp(logs), weights)),
         "underflows": careless_log_pool},
    ),
    Exercise(
        "10.3", "the ambiguity is Σ w_j (ŷ_j − ȳ)²", check_ambiguity,
        ("By the identity it is the weighted mean of squares around the sum ȳ.",
         "ȳ is weights @ predictions, one number for each input."),
        ambiguity_of,
        {"equal weights": lambda predictions, weights: predictions.var(axis=0),
         "plain mean": lambda predictions, weights: (
             weights @ (predictions - predictions.mean(axis=0)) ** 2),
         "the sign": lambda predictions, weights: -ambiguity_of(predictions, weights)},
    ),
    Exercise(
        "10.4", "a ghost is (1 − ‖w‖)² tr Σ away", check_ghost,
        ("Averaging shrinks Σ by Σ w_j², so standard deviations by ‖w‖.",
         "The Fréchet distance of Σ and ‖w‖²Σ is tr(Σ + ‖w‖²Σ − 2‖w‖Σ)."),
        ghost_distance,
        {"variance is lost": lambda cov, w: (1 - (w**2).sum()) * np.trace(cov),
         "equal weights only": lambda cov, w: (1 - 1 / np.sqrt(len(w))) ** 2 * np.trace(cov),
         "sum of the diagonal": lambda cov, w: (1 - np.linalg.norm(w)) ** 2 * cov.sum()},
    ),
    Exercise(
        "10.5", "a pool over two orders does not sum to 1", check_total,
        ("One member says p(left) and p(right|left), the other p(right) and p(left|right).",
         "p(left) is joint.sum(axis=1, keepdims=True); p(right|left) is joint / p(left)."),
        total_of_orders,
        {"adds up to 1": lambda joint: joint.sum(),
         "weights of ½": lambda joint: 4 * total_of_orders(joint),
         "add them up": pictures_of_orders},
    ),
)
