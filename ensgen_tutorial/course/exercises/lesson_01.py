"""Exercises of lesson 01: losses by hand, a gradient, and what a sum does to the learning rate."""

import numpy as np
from scipy.special import expit, log_softmax

from . import Exercise, Wrong, call, expect_close


def check_cross_entropy(answer, random):
    logits, values = random.normal(0, 3, size=(6, 5)), random.integers(0, 5, size=6)
    wanted = -log_softmax(logits, axis=1)[np.arange(6), values]
    found = call(answer, logits, values)
    if np.shape(found) == () and np.isclose(found, wanted.mean()):
        raise Wrong("this is the mean; return the loss of each of the 6 pixels.")
    if np.shape(found) == (6,) and np.allclose(found, -wanted):
        raise Wrong("the sign: a probability below 1 has a negative logarithm, a loss is positive.")
    if np.shape(found) == (6,) and np.allclose(found, -logits[np.arange(6), values]):
        raise Wrong("logits are not log-probabilities yet: subtract the logarithm of the sum of "
                    "their exponentials.")
    expect_close(found, wanted, "compare with −log softmax(logits)[value], pixel by pixel.")
    with np.errstate(all="ignore"):
        found = call(answer, logits + 2000, values)
    expect_close(found, wanted, "logits of 2000 overflow: subtract the largest logit of each row "
                 "first, which changes nothing else.", 1e-5)


def cross_entropy(logits, values):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return log_sums - shifted[np.arange(len(values)), values]


def check_kl(answer, random):
    means, log_variances = random.normal(size=(4, 3)), random.normal(size=(4, 3))
    wanted = 0.5 * (np.exp(log_variances) + means**2 - 1 - log_variances).sum(axis=1)
    found = call(answer, means, log_variances)
    if np.shape(found) == (4,) and np.allclose(found, wanted / 3):
        raise Wrong("this is the mean over latents, which divides β by their number: take the sum.")
    if np.shape(found) == (4,) and np.allclose(
            found, 0.5 * (log_variances + means**2 - 1 - np.log(np.abs(log_variances))).sum(axis=1)):
        raise Wrong("log_variances is the logarithm of the variance: its exponential is σ².")
    if np.shape(found) == (4,) and np.allclose(found, -wanted):
        raise Wrong("the sign: a divergence is never negative.")
    expect_close(found, wanted, "KL = ½ Σ (σ² + μ² − 1 − log σ²), summed over the last axis.")


def kl_to_standard_normal(means, log_variances):
    return 0.5 * np.sum(np.exp(log_variances) + means**2 - 1 - log_variances, axis=1)


def check_gradient(answer, random):
    features, targets = random.normal(size=(20, 3)), random.integers(0, 2, size=20)
    theta = random.normal(size=3)
    wanted = features.T @ (expit(features @ theta) - targets)
    found = call(answer, theta, features, targets)
    if np.shape(found) == (3,) and np.allclose(found, -wanted):
        raise Wrong("the sign: this points downhill, the gradient points uphill.")
    if np.shape(found) == (3,) and np.allclose(found, wanted / 20):
        raise Wrong("this is the gradient of the mean; L is a sum.")
    expect_close(found, wanted, "for each image the gradient is (p − y) times its features; then "
                 "sum over images.")


def gradient(theta, features, targets):
    predictions = 1 / (1 + np.exp(-(features @ theta)))
    return features.T @ (predictions - targets)


def check_learning_rate(answer, random):
    rate, count = random.uniform(0.01, 1), int(random.integers(10, 1000))
    found = call(answer, rate, count)
    if np.ndim(found) == 0 and np.isclose(float(found), rate * count):
        raise Wrong("the other way round: the sum's gradient is already the larger one.")
    expect_close(found, rate / count, "the step must stay the same, and the gradient of the sum is "
                 "N times that of the mean.", 1e-12)


def rate_for_the_sum(rate_for_the_mean, count):
    return rate_for_the_mean / count


EXERCISES = (
    Exercise(
        "01.1", "cross-entropy from logits, safe from overflow", check_cross_entropy,
        ("log softmax(a)_v = a_v − log Σ_u exp(a_u).",
         "Subtract logits.max(axis=1, keepdims=True) before you take exponentials.",
         "Row i's value is logits[i, values[i]]: index with np.arange(len(values))."),
        cross_entropy,
        {"logits are not log-probabilities": lambda a, v: -a[np.arange(len(v)), v],
         "return the loss of each": lambda a, v: np.mean(cross_entropy(a, v)),
         "overflow": lambda a, v: np.log(np.exp(a).sum(1)) - a[np.arange(len(v)), v],
         "the sign": lambda a, v: -cross_entropy(a, v)},
    ),
    Exercise(
        "01.2", "the divergence of q(z|x) from the prior", check_kl,
        ("The closed form stands in the section on the ELBO.",
         "log_variances holds log σ²: you need its exponential once, and itself once."),
        kl_to_standard_normal,
        {"mean over latents": lambda m, v: kl_to_standard_normal(m, v) / m.shape[1],
         "never negative": lambda m, v: -kl_to_standard_normal(m, v)},
    ),
    Exercise(
        "01.3", "(p − y) times the features, summed over images", check_gradient,
        ("What is the derivative of −y·log p − (1 − y)·log(1 − p) by the logit?",
         "It is p − y. Multiply it by the features and sum over images: a product with "
         "features.T."),
        gradient,
        {"points uphill": lambda t, x, y: -gradient(t, x, y),
         "L is a sum": lambda t, x, y: gradient(t, x, y) / len(y)},
    ),
    Exercise(
        "01.4", "the sum needs a learning rate N times smaller", check_learning_rate,
        ("A step is the learning rate times the gradient.",
         "The gradient of the sum is N times the gradient of the mean."),
        rate_for_the_sum,
        {"the other way round": lambda rate, count: rate * count,
         "the step must stay the same": lambda rate, count: rate},
    ),
)
