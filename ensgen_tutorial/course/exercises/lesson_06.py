"""Exercises of lesson 06: other noise, two Gaussians, a bound and its gap, useless latents, hidden β."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp, xlogy

from . import Exercise, Wrong, call, expect_close


def check_exponential(answer, random):
    mean, count = random.uniform(0.5, 0.8) * random.choice([1, 4]), 2000
    noise = (random.permutation(count) + 0.5) / count           # evenly spread over (0, 1)
    found = [np.asarray(call(answer, mean, noise), float) for _ in range(2)]
    if found[0].shape != (2, count):
        raise Wrong(f"two arrays of the noise's shape are wanted, draws and derivatives, and the "
                    f"result has shape {found[0].shape}.")
    if not np.array_equal(*found):
        raise Wrong("the same noise gave other draws the second time: all chance must come from "
                    "noise.")
    if not np.allclose(np.asarray(call(answer, mean, noise[:1]), float)[0], found[0][0, :1]):
        raise Wrong("each draw must come from its own noise alone.")
    draws, derivatives = found[0]
    if not np.isfinite(draws).all() or draws.min() < 0:
        raise Wrong("an exponential draw is never negative: mind the sign of the logarithm.")
    for wanted, message in ((1 / mean, "this takes mean for a rate: the draws' mean is {:.2f}, and "
                             "{:.2f} was asked for."),
                            (mean, "the draws are not exponential: {:.0%} of them lie above their "
                             "wanted mean, where it should be {:.0%}.")):
        levels = np.exp(-np.sort(draws)[::-1] / wanted)         # evenly spread if it fits
        fits = np.allclose(levels, (np.arange(count) + 0.5) / count, atol=1.01 / count)
        if fits and wanted != mean:
            raise Wrong(message.format(draws.mean(), mean))
        if not fits and wanted == mean:
            raise Wrong(message.format((draws > mean).mean(), np.exp(-1)))
    step = 1e-2 * mean                                          # wide enough for answers in float32
    higher, lower = (np.asarray(call(answer, mean + sign * step, noise), float)[0] for sign in (1, -1))
    expect_close(derivatives, (higher - lower) / (2 * step), "the derivative by mean: with each "
                 "noise held fixed, raise mean a little and look how far its draw moves.", 1e-4)


def exponential_draws(mean, noise):
    return -mean * np.log(noise), -np.log(noise)


def check_kl_between_gaussians(answer, random):
    m1, m2 = random.normal(size=(2, 3))
    s1, s2 = random.uniform(0.5, 2, size=(2, 3))
    wanted = kl_between_gaussians(m1, s1, m2, s2)
    found = call(answer, m1, s1, m2, s2)
    if np.shape(found) == (3,):
        for other, message in (
                (kl_between_gaussians(m2, s2, m1, s1), "this is KL(second ‖ first): the expectation "
                 "must be over the first."),
                (kl_between_gaussians(m1, s1, 0, 1), "this is the divergence from N(0, 1): the "
                 "second mean and deviation are not used."),
                (kl_between_gaussians(m1, s1**0.5, m2, s2**0.5), "this takes the sigmas for "
                 "variances: they are standard deviations."),
                (-wanted, "the sign: a divergence is never negative.")):
            if np.allclose(found, other):
                raise Wrong(message)
    expect_close(call(answer, m1, s1, m1, s1), np.zeros(3), "the divergence of a Gaussian from "
                 "itself must be 0, element by element.")
    x = m1[0] + s1[0] * np.random.default_rng(0).standard_normal(100_000)
    sampled = np.mean(np.log(s2[0] / s1[0]) + ((x - m2[0]) / s2[0]) ** 2 / 2
                      - ((x - m1[0]) / s1[0]) ** 2 / 2)
    expect_close(found, wanted, f"from N({m1[0]:.2f}, {s1[0]:.2f}²) to N({m2[0]:.2f}, "
                 f"{s2[0]:.2f}²), 100,000 draws give about {sampled:.2f}, and your formula "
                 f"{float(np.ravel(found)[0]):.2f}.")


def kl_between_gaussians(mean_1, sigma_1, mean_2, sigma_2):
    squares = (sigma_1**2 + (mean_1 - mean_2) ** 2) / (2 * sigma_2**2)
    return np.log(sigma_2 / sigma_1) + squares - 0.5


def check_evidence(answer, random):
    log_likelihoods = random.normal(-5, 2, size=6)
    prior, encoder = random.dirichlet(np.full(6, 2.0), size=2)
    found, wanted = call(answer, log_likelihoods, prior, encoder), elbo_and_evidence(
        log_likelihoods, prior, encoder)
    if np.shape(found) == (2,):
        if np.allclose(found, wanted[::-1]):
            raise Wrong("the order: the ELBO comes first.")
        if np.isclose(found[1], logsumexp(log_likelihoods, b=encoder)):
            raise Wrong("log p(x) does not depend on the encoder: each z counts with its prior.")
        if np.isclose(found[0], encoder @ log_likelihoods):
            raise Wrong("your ELBO does not charge for the latent: subtract KL(encoder ‖ prior).")
        if np.isclose(found[0], 2 * encoder @ log_likelihoods - wanted[0]):
            raise Wrong("the KL has the wrong sign: the latent's cost makes the ELBO lower.")
    expect_close(found, wanted, "two numbers are wanted, the ELBO and log p(x). When the encoder is "
                 "the true p(z|x), both must be the same; a sum over the six z has no integral.")
    encoder = np.where(np.arange(6) < 3, encoder, 0) / encoder[:3].sum()
    with np.errstate(all="ignore"):
        found = call(answer, log_likelihoods, prior, encoder)
    expect_close(found, elbo_and_evidence(log_likelihoods, prior, encoder), "an encoder may give "
                 "some z the probability 0. They add nothing to an expectation, also where the "
                 "logarithm of 0 stands.")
    with np.errstate(all="ignore"):
        found = call(answer, log_likelihoods - 2000, prior, encoder)
    expect_close(found, np.subtract(elbo_and_evidence(log_likelihoods, prior, encoder), 2000),
                 "log-likelihoods of −2000 underflow: a real picture has many pixels. Never take "
                 "their exponential directly.", 1e-7)


def elbo_and_evidence(log_likelihoods, prior, encoder):
    divergence = (xlogy(encoder, encoder) - xlogy(encoder, prior)).sum()
    return encoder @ log_likelihoods - divergence, logsumexp(log_likelihoods, b=prior)


def careless_evidence(log_likelihoods, prior, encoder):
    elbo = (encoder * (log_likelihoods + np.log(prior) - np.log(encoder))).sum()
    return elbo, logsumexp(log_likelihoods + np.log(prior))


def excess_divergence(scale, means, log_variances, wanted):
    return latent_divergences(scale * means, scale * log_variances).mean() - wanted


def latents_with(divergences, random):
    """Means and log-variances (200, D) whose KL, averaged over images, is as given: (D,)."""
    means, log_variances = random.normal(size=(2, 200, len(divergences)))
    few = random.permutation(len(divergences))[: len(divergences) // 2]
    means[30:, few] *= 0.01                                     # a few images carry these latents
    for d, wanted in enumerate(divergences):
        scale = brentq(excess_divergence, 0, 20, args=(means[:, d], log_variances[:, d], wanted))
        means[:, d] *= scale
        log_variances[:, d] *= scale
    return means, log_variances


def latent_divergences(means, log_variances):
    return 0.5 * (np.exp(log_variances) + means**2 - 1 - log_variances)


def with_steady_latents(divergences, mute, by_variance, by_mean, random):
    """Latents as of latents_with, others that vary by half, and mute ones, shuffled: (200, D) each."""
    means, log_variances = latents_with(divergences, random)
    steady_means, steady = (np.tile(random.choice(values, size), (200, 1)) for values, size in (
        ((-1.25, -0.75, 1.0), mute + by_variance), ((-1.5, -0.5, 0.25), mute + by_mean)))
    varied_means, varied = random.normal(size=(200, by_mean)), random.normal(-1, 0.5, (200, by_variance))
    means = np.hstack([means, steady_means, varied_means])
    log_variances = np.hstack([log_variances, steady[:, :mute], varied, steady[:, mute:]])
    order = random.permutation(means.shape[1])
    return means[:, order], log_variances[:, order]


def check_useless(answer, random):
    for _ in range(3):
        busy, idle = random.choice(np.arange(2, 6), 2, replace=False)
        mute, (by_variance, by_mean) = int(random.choice([2, 4, 5])), random.permutation([1, 2])
        case = with_steady_latents(np.concatenate([
            random.uniform(0.053, 0.09, 2), random.uniform(0.2, 2, busy),
            random.uniform(0.028, 0.047, 2), random.uniform(0.001, 0.02, idle)]),
            mute, by_variance, by_mean, random)
        case = [np.hstack([each, np.zeros((200, 3))]) for each in case]         # idle, and always the same
        idle = int(idle) + 5
        found = call(answer, *case)
        if np.shape(found) != (2,):
            raise Wrong("two whole numbers are wanted: how many latents are idle, and how many are mute.")
        if np.array_equal(found, (mute, idle)):
            raise Wrong("the order: the idle latents come first.")
        if float(found[0]) == 0:
            raise Wrong("none is idle? The threshold holds for each latent alone, averaged over "
                        "images: do not sum over latents.")
        listed = ", ".join(f"{each:.3f}" for each in latent_divergences(*case).mean(axis=0))
        expect_close(found[0], idle, f"compare with the KL of each latent, averaged over images: "
                     f"{listed}. So {idle} are below 0.05, and you count {found[0]}.")
        for other, message in (
                (mute + 3, "a latent that is idle is not counted again: mute ones cost at least 0.05 nats."),
                (mute + by_variance, "a latent with the same mean for all images is not mute if its "
                 "variance depends on the image."),
                (mute + by_mean, "a latent with the same variance for all images is not mute if its "
                 "mean depends on the image.")):
            if float(found[1]) == other and other not in (mute, 0):
                raise Wrong(message)
        expect_close(found[1], mute, f"{mute} latents have the same mean and the same variance for every "
                     f"image and still cost at least 0.05 nats, and you count {found[1]}.")
    two_sided, one_odd = random.choice([-1.0, 1.0], 200), np.zeros(200)
    one_odd[-1] = 6.0
    means, log_variances = np.stack([two_sided, one_odd, np.zeros(200)], 1), np.full((200, 3), -1.0)
    expect_close(call(answer, means, log_variances), (0, 1), "a latent is mute if its mean and its variance are the "
                 "same for all images. Here one mean is −1 or 1 (the KL is the same), one differs in the last image "
                 "alone, and only the third latent is mute.")
    idle, mute = int(random.integers(8, 11)), int(random.integers(2, 6))
    sizes = [idle, mute, 2]
    log_variances = np.tile(np.repeat([-0.375, -2.0, 0.0], sizes), (40, 1))     # KL 0.031, 0.568, 0.070
    means = np.tile(np.repeat([0.0, 0.0, 0.375], sizes), (40, 1))
    found = call(answer, means, log_variances)
    expect_close(found, (idle, mute + 2), f"{idle} latents have the log-variance −0.375 and the mean 0 for all images "
                 f"(a KL of 0.031), {mute} have −2 and 0 (0.568), and 2 have 0 and 0.375 (0.070): {idle} are idle, "
                 f"the others mute.")


def count_useless(means, log_variances):
    divergences = 0.5 * (np.exp(log_variances) + means**2 - 1 - log_variances)
    idle = divergences.mean(axis=0) < 0.05
    same = (means == means[0]).all(axis=0) & (log_variances == log_variances[0]).all(axis=0)
    return int(idle.sum()), int((same & ~idle).sum())


def counted(divergences, means, log_variances):
    """The wrong count of idle latents that some divergences give, and the right one of mute ones."""
    return int((divergences < 0.05).sum()), count_useless(means, log_variances)[1]


def unvaried(values):
    return (values == values[0]).all(axis=0)


def check_hidden_beta(answer, random):
    pixels, latents = int(random.integers(50, 900)), int(random.integers(3, 40))
    factor = round(random.uniform(2, 500), 1)
    for rebuilding in ("sum", "mean"):
        for divergence in ("sum", "mean"):
            case = pixels, latents, rebuilding, divergence, factor
            found, wanted = call(answer, *case), hidden_beta(*case)
            if np.ndim(found) == 0 and np.isclose(float(found), 1 / wanted):
                raise Wrong("this is 1/β: β multiplies the KL, so everything must be divided by "
                            "what multiplies the summed cross-entropy.")
            ratio = float(found) / wanted if np.ndim(found) == 0 else np.nan
            expect_close(found, wanted, f"with {pixels} pixels, {latents} latents, the {rebuilding} "
                         f"over pixels times {factor} and the {divergence} over latents, your β is "
                         f"{ratio:.4g} times the right one.")


def hidden_beta(pixels, latents, rebuilding, divergence, factor):
    of_cross_entropy = factor / (pixels if rebuilding == "mean" else 1)
    of_kl = 1 / (latents if divergence == "mean" else 1)
    return of_kl / of_cross_entropy


EXERCISES = (
    Exercise(
        "06.1", "every draw is a smooth function of the mean, and chance comes from outside",
        check_exponential,
        ("Where does the noise come in? A draw z must satisfy P(draw ≤ z) = 1 − exp(−z/mean).",
         "Set noise = 1 − exp(−z/mean) and solve for z; 1 − noise is as good as noise.",
         "Only then differentiate z by mean, with noise a constant."),
        exponential_draws,
        {"for a rate": lambda m, u: (-np.log(u) / m, np.log(u) / m**2),
         "never negative": lambda m, u: (m * np.log(u), np.log(u)),
         "held fixed": lambda m, u: (-m * np.log(u), np.ones_like(u)),
         "second time": lambda m, u: (np.random.default_rng().exponential(m, len(u)), u),
         "not exponential": lambda m, u: (2 * m * u, 2 * u),
         "its own noise alone": lambda m, u: exponential_draws(m, np.sort(u)),
         "two arrays": lambda m, u: -m * np.log(u)},
    ),
    Exercise(
        "06.2", "the divergence between any two Gaussians", check_kl_between_gaussians,
        ("Write both log-densities, subtract, and take the mean under the first.",
         "Under the first, (x − μ₂)² has the mean σ₁² + (μ₁ − μ₂)²."),
        kl_between_gaussians,
        {"over the first": lambda a, s, b, t: kl_between_gaussians(b, t, a, s),
         "are not used": lambda a, s, b, t: kl_between_gaussians(a, s, 0, 1),
         "for variances": lambda a, s, b, t: kl_between_gaussians(a, s**0.5, b, t**0.5),
         "the sign": lambda a, s, b, t: -kl_between_gaussians(a, s, b, t),
         "from itself": lambda a, s, b, t: kl_between_gaussians(a, s, b, t) + 0.5,
         "100,000 draws": lambda a, s, b, t: 2 * kl_between_gaussians(a, s, b, t)},
    ),
    Exercise(
        "06.3", "the ELBO and what it bounds, for a latent with few values", check_evidence,
        ("Both are sums over z now. Which probabilities weigh the terms of each?",
         "ELBO: weigh log p(x|z) + log p(z) − log q(z|x) by the encoder; 0·log 0 counts as 0 "
         "(scipy.special.xlogy).",
         "log p(x): logsumexp has an argument b for weights."),
        elbo_and_evidence,
        {"the order": lambda w, p, q: elbo_and_evidence(w, p, q)[::-1],
         "does not depend on the encoder":
             lambda w, p, q: (elbo_and_evidence(w, p, q)[0], logsumexp(w, b=q)),
         "does not charge": lambda w, p, q: (q @ w, logsumexp(w, b=p)),
         "wrong sign": lambda w, p, q: (2 * q @ w - elbo_and_evidence(w, p, q)[0],
                                        logsumexp(w, b=p)),
         "probability 0": careless_evidence,
         "underflow": lambda w, p, q: (elbo_and_evidence(w, p, q)[0], np.log(np.exp(w) @ p))},
    ),
    Exercise(
        "06.4", "latents that say nothing about the image, free or paid for", check_useless,
        ("The KL is a sum over latents: compute its terms, (images, latents).",
         "Idle: the mean of these terms over images, axis=0, is below 0.05.",
         "Mute: not idle, and neither the mean nor the log-variance differs from that of the first image."),
        count_useless,
        {"two whole numbers": lambda m, v: count_useless(m, v)[0],
         "the order": lambda m, v: count_useless(m, v)[::-1],
         "none is idle": lambda m, v: counted(latent_divergences(m, v).mean(axis=0) + 0.5, m, v),
         "compare with": lambda m, v: counted(2 * latent_divergences(m, v).mean(axis=0), m, v),
         "and you count": lambda m, v: counted(latent_divergences(m.mean(axis=0), v.mean(axis=0)), m, v),
         "averaged over images": lambda m, v: counted(np.median(latent_divergences(m, v), axis=0), m, v),
         "of each latent": lambda m, v: counted(latent_divergences(m, v / 2).mean(axis=0), m, v),
         "counted again": lambda m, v: (count_useless(m, v)[0], int((unvaried(m) & unvaried(v)).sum())),
         "its variance depends": lambda m, v: (count_useless(m, v)[0], int(
             (unvaried(m) & (latent_divergences(m, v).mean(axis=0) >= 0.05)).sum())),
         "its mean depends": lambda m, v: (count_useless(m, v)[0], int(
             (unvaried(v) & (latent_divergences(m, v).mean(axis=0) >= 0.05)).sum())),
         "same mean and the same variance": lambda m, v: (count_useless(m, v)[0], 0)},
    ),
    Exercise(
        "06.5", "every loss of this kind has a β, stated or not", check_hidden_beta,
        ("The ELBO sums over pixels and over latents. What does a mean divide by?",
         "Write the loss as a·(summed cross-entropy) + b·(summed KL). Which multiple of −ELBO_β "
         "is it?"),
        hidden_beta,
        {"this is 1/β": lambda p, k, r, d, f: 1 / hidden_beta(p, k, r, d, f),
         "the right one": lambda p, k, r, d, f: (p if r == "mean" else 1) / f,
         "over latents": lambda p, k, r, d, f: hidden_beta(p, k, r, d, 1),
         "times": lambda p, k, r, d, f: (p if r == "mean" else 1) * (k if d == "mean" else 1) / f},
    ),
)
