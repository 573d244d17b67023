"""Exercises of lesson 06: noise outside the network, two Gaussians, a tighter bound, idle latents."""

import numpy as np
from scipy.special import logsumexp

from . import Exercise, Wrong, call, expect_close


def check_reparameterise(answer, random):
    means, log_variances, noise = random.normal(size=(3, 5, 4))
    found = call(answer, means, log_variances, noise)
    if np.shape(found) == (5, 4):
        if np.allclose(found, means + np.exp(log_variances) * noise):
            raise Wrong("this multiplies the noise by the variance σ²; its standard deviation σ is "
                        "wanted.")
        if np.allclose(found, means + log_variances * noise):
            raise Wrong("log_variances holds log σ²: take half of it, then the exponential.")
        if np.allclose(found, np.exp(log_variances / 2) * noise):
            raise Wrong("the means are missing.")
    expect_close(found, means + np.exp(log_variances / 2) * noise, "z = μ + σ·ε with "
                 "σ = exp(log σ² / 2), latent by latent.")


def reparameterise(means, log_variances, noise):
    return means + np.exp(log_variances / 2) * noise


def check_kl_between_gaussians(answer, random):
    m1, m2 = random.normal(size=(2, 3))
    s1, s2 = random.uniform(0.5, 2, size=(2, 3))
    wanted = kl_between_gaussians(m1, s1, m2, s2)
    found = call(answer, m1, s1, m2, s2)
    if np.shape(found) == (3,) and np.allclose(found, kl_between_gaussians(m2, s2, m1, s1)):
        raise Wrong("this is KL(second ‖ first): the expectation must be over the first.")
    if np.shape(found) == (3,) and np.allclose(found, kl_between_gaussians(m1, s1, 0, 1)):
        raise Wrong("this is the divergence from N(0, 1): the second mean and deviation are not "
                    "used.")
    if np.shape(found) == (3,) and np.allclose(found, -wanted):
        raise Wrong("the sign: a divergence is never negative.")
    expect_close(found, wanted, "log(σ₂/σ₁) + (σ₁² + (μ₁ − μ₂)²)/(2σ₂²) − ½, element by element.")


def kl_between_gaussians(mean_1, sigma_1, mean_2, sigma_2):
    squares = (sigma_1**2 + (mean_1 - mean_2) ** 2) / (2 * sigma_2**2)
    return np.log(sigma_2 / sigma_1) + squares - 0.5


def check_bound(answer, random):
    log_weights = random.normal(0, 2, size=(7, 4))
    wanted = logsumexp(log_weights, axis=0) - np.log(7)
    found = call(answer, log_weights)
    if np.shape(found) == (7,):
        raise Wrong("there is one bound per image: the draws lie along the first axis.")
    if np.shape(found) == (4,) and np.allclose(found, log_weights.mean(axis=0)):
        raise Wrong("this is the mean of the logarithms, the ELBO; the logarithm of the mean weight "
                    "is wanted.")
    if np.shape(found) == (4,) and np.allclose(found, wanted + np.log(7)):
        raise Wrong("this is the logarithm of the sum: subtract log k for the mean.")
    expect_close(found, wanted, "the logarithm of the mean of exp(log_weights) over the draws.")
    with np.errstate(all="ignore"):
        found = call(answer, log_weights - 2000)
    expect_close(found, wanted - 2000, "weights of exp(−2000) are 0 for a computer: subtract the "
                 "largest log-weight of each image first and add it again at the end.", 1e-5)


def bound(log_weights):
    largest = log_weights.max(axis=0)
    return largest + np.log(np.exp(log_weights - largest).mean(axis=0))


def check_idle(answer, random):
    used = random.permutation(np.array([True] * int(random.integers(1, 6)) + [False] * 6))
    means = random.normal(0, np.where(used, 1.5, 0.01), size=(200, len(used)))
    log_variances = np.where(used, -2.0, 0.0) + random.normal(0, 0.01, size=means.shape)
    found = call(answer, means, log_variances)
    if np.ndim(found) == 0 and float(found) == used.sum():
        raise Wrong("this counts the latents at work: count the idle ones.")
    if np.shape(found) == used.shape:
        raise Wrong("one whole number is wanted: how many of the latents are idle.")
    if np.ndim(found) == 0 and float(found) in (0, len(used)):
        raise Wrong("a threshold holds for each latent alone: take the mean of the KL over images, "
                    "axis 0, and do not sum over latents.")
    expect_close(found, 6, "count the latents whose KL, averaged over images, is below 0.05 nats.")


def count_idle(means, log_variances):
    divergences = 0.5 * (np.exp(log_variances) + means**2 - 1 - log_variances)
    return int((divergences.mean(axis=0) < 0.05).sum())


EXERCISES = (
    Exercise(
        "06.1", "the draw is a smooth function of μ and σ, the noise comes from outside",
        check_reparameterise,
        ("A normal number with mean μ and deviation σ is μ + σ·ε.",
         "log_variances holds log σ², so that σ = exp(log σ² / 2)."),
        reparameterise,
        {"by the variance": lambda m, v, e: m + np.exp(v) * e,
         "take half of it": lambda m, v, e: m + v * e,
         "means are missing": lambda m, v, e: np.exp(v / 2) * e},
    ),
    Exercise(
        "06.2", "the divergence between any two Gaussians", check_kl_between_gaussians,
        ("Write both log-densities, subtract, and take the mean under the first.",
         "Under the first, (x − μ₂)² has the mean σ₁² + (μ₁ − μ₂)²."),
        kl_between_gaussians,
        {"over the first": lambda a, s, b, t: kl_between_gaussians(b, t, a, s),
         "are not used": lambda a, s, b, t: kl_between_gaussians(a, s, 0, 1),
         "the sign": lambda a, s, b, t: -kl_between_gaussians(a, s, b, t)},
    ),
    Exercise(
        "06.3", "the importance-weighted bound, safe from underflow", check_bound,
        ("The weights are exp(log_weights), and the bound is the logarithm of their mean.",
         "Subtract log_weights.max(axis=0) before you take exponentials."),
        bound,
        {"the ELBO": lambda w: w.mean(axis=0),
         "subtract log k": lambda w: logsumexp(w, axis=0),
         "along the first axis": lambda w: logsumexp(w, axis=1) - np.log(w.shape[1]),
         "largest log-weight": lambda w: np.log(np.exp(w).mean(axis=0))},
    ),
    Exercise(
        "06.4", "latents that say nothing about the image", check_idle,
        ("The KL is a sum over latents: compute its terms, (images, latents).",
         "Take their mean over images, axis=0, and count those below 0.05."),
        count_idle,
        {"one whole number": lambda m, v: (0.5 * (np.exp(v) + m**2 - 1 - v)).mean(axis=0) < 0.05,
         "count the idle ones": lambda m, v: m.shape[1] - count_idle(m, v),
         "alone": lambda m, v: int((0.5 * (np.exp(v) + m**2 - 1 - v)).sum() < 0.05)},
    ),
)
