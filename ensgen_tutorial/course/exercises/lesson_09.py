"""Exercises of lesson 09: velocity from noise, the best denoiser, Heun's step, how far one sees."""

import math

import numpy as np
from scipy.special import softmax

from . import Exercise, Wrong, call, expect_close


def check_velocity(answer, random):
    noisy, noise = random.normal(size=(2, 3, 4, 4, 1))
    t = random.uniform(0.55, 0.9)
    wanted = velocity(noisy, noise, t)
    found = call(answer, noisy, noise, t)
    if np.shape(found) == wanted.shape:
        for other, message in WRONG_VELOCITIES.items():
            if np.allclose(found, other(noisy, noise, t)):
                raise Wrong(message)
    expect_close(found, wanted, "find ŷ first: x_t = (1 − t)·noise + t·y holds for what is expected, "
                 "too. Then divide the distance still to go, ŷ − x_t, by the time left, 1 − t.")


def velocity(noisy, noise, t):
    clean = (noisy - (1 - t) * noise) / t
    return (clean - noisy) / (1 - t)


WRONG_VELOCITIES = {
    lambda noisy, noise, t: -velocity(noisy, noise, t):
        "the sign: this leads from the picture back into the noise.",
    lambda noisy, noise, t: (noisy - (1 - t) * noise) / t:
        "this is ŷ, where the path leads; the velocity is the distance still to go, divided by the time left.",
    lambda noisy, noise, t: noisy - noise:
        "this is the way from the noise to x_t: how much time has that taken?",
    lambda noisy, noise, t: -noise:
        "after the noise is taken away, t·ŷ is left and not ŷ: divide by t.",
    lambda noisy, noise, t: (noise - noisy) / (1 - t):
        "this goes to the noise: it was predicted in place of ŷ, so find ŷ first.",
}


def check_best_guess(answer, random):
    pictures = random.uniform(-1, 1, size=(6, 12))       # so many that no two are near each other
    for t in (random.uniform(0.3, 0.5), 0.99):
        prior = random.dirichlet(np.full(6, 3.0))
        if t == 0.99:
            prior[0] = 0                                        # and yet one row comes from picture 0
            prior /= prior.sum()
        noisy = (1 - t) * random.normal(size=(4, 12)) + t * pictures[:4]
        wanted = best_guess(noisy, t, pictures, prior)
        with np.errstate(all="ignore"):
            found = call(answer, noisy, t, pictures, prior)
        if np.shape(found) == wanted.shape:
            for other, message in WRONG_GUESSES.items():
                same = np.allclose(found, other(noisy, t, pictures, prior))
                if same and not np.allclose(found, wanted):
                    raise Wrong(message)
            if not np.isfinite(np.asarray(found, float)).all():
                raise Wrong("near t = 1 every exp in a row can underflow to 0, and 0/0 is NaN: add the "
                            "logarithm of the prior first, then scipy.special.softmax, row by row.")
        expect_close(found, wanted, "weights: softmax over the pictures of "
                     "log prior_j − ‖x − t·y_j‖² / (2·(1 − t)²); then the weighted sum of the pictures.")


def logs(noisy, t, pictures, scale=None, variance=None):
    """log p(x | picture j), up to a constant: (N, n)."""
    scale, variance = t if scale is None else scale, (1 - t) ** 2 if variance is None else variance
    distances = ((noisy[:, None] - scale * pictures[None]) ** 2).sum(axis=-1)
    return -distances / (2 * variance)


def best_guess(noisy, t, pictures, prior):
    distances = ((noisy[:, None] - t * pictures[None]) ** 2).sum(axis=-1)
    with np.errstate(divide="ignore"):                          # log 0 = −∞: this picture is out
        weights = softmax(np.log(prior) - distances / (2 * (1 - t) ** 2), axis=1)
    return weights @ pictures


def log_prior(prior):
    with np.errstate(divide="ignore"):
        return np.log(prior)


def full_size_pictures(noisy, t, pictures, prior):
    return softmax(log_prior(prior) + logs(noisy, t, pictures, scale=1), axis=1) @ pictures


def not_squared(noisy, t, pictures, prior):
    return softmax(log_prior(prior) + logs(noisy, t, pictures, variance=1 - t), axis=1) @ pictures


def no_prior(noisy, t, pictures, prior):
    return softmax(logs(noisy, t, pictures), axis=1) @ pictures


def prior_added(noisy, t, pictures, prior):
    return softmax(prior + logs(noisy, t, pictures), axis=1) @ pictures


def prior_afterwards(noisy, t, pictures, prior):
    return softmax(logs(noisy, t, pictures), axis=1) * prior @ pictures


def nearest_picture(noisy, t, pictures, prior):
    return pictures[(log_prior(prior) + logs(noisy, t, pictures)).argmax(axis=1)]


def unsafe_guess(noisy, t, pictures, prior):
    fits = prior * np.exp(logs(noisy, t, pictures))
    return fits / fits.sum(axis=1, keepdims=True) @ pictures


def one_maximum(noisy, t, pictures, prior):
    exponents = log_prior(prior) + logs(noisy, t, pictures)
    fits = np.exp(exponents - exponents.max())
    return fits / fits.sum(axis=1, keepdims=True) @ pictures


def clipped_prior(noisy, t, pictures, prior):
    return best_guess(noisy, t, pictures, np.clip(prior, 1e-12, None))


WRONG_GUESSES = {
    full_size_pictures: "compare x with t·y_j: inside x the picture is scaled by t.",
    not_squared: "the noise in x has the standard deviation 1 − t, so its variance is (1 − t)².",
    clipped_prior: "a prior of 0 must exclude its picture: let log 0 be −∞, do not clip it.",
    no_prior: "the prior is missing: by Bayes' rule it multiplies what the distances say.",
    prior_added: "the prior is a probability: add its logarithm to the exponents.",
    prior_afterwards: "with the prior the weights no longer sum to 1.",
    nearest_picture: "this is the most probable picture alone; the best ŷ is the mean of all that "
                     "fit.",
}


def check_heun(answer, random):
    pull, goal = random.uniform(0.3, 0.7), random.normal(size=(3, 4))

    def denoise(noisy, t):
        return goal + pull * np.sin(noisy) * (1 + t)

    x = random.normal(size=(3, 4))
    t = random.uniform(0.2, 0.4)
    following = t + 0.3
    wanted = heun_step(denoise, x, t, following)
    found = call(answer, denoise, x, t, following)
    if np.shape(found) == wanted.shape:
        for other, message in WRONG_STEPS.items():
            if np.allclose(found, other(denoise, x, t, following)):
                raise Wrong(message)
    expect_close(found, wanted, "go to the end with the first velocity, ask there for the second "
                 "one, and take the whole step again from x with the mean of both.")
    with np.errstate(all="ignore"):
        found = call(answer, denoise, x, t, 1.0)
    expect_close(found, denoise(x, t), "at following = 1 there is no velocity to ask for (1 − t is "
                 "0): the last step ends at ŷ.")


def heun_step(denoise, x, t, following):
    first = (denoise(x, t) - x) / (1 - t)
    arrived = x + (following - t) * first
    if following == 1:
        return arrived
    second = (denoise(arrived, following) - arrived) / (1 - following)
    return x + (following - t) * (first + second) / 2


def euler_step(denoise, x, t, following):
    return x + (following - t) * (denoise(x, t) - x) / (1 - t)


def one_after_the_other(denoise, x, t, following):
    arrived = euler_step(denoise, x, t, following)
    second = (denoise(arrived, following) - arrived) / (1 - following)
    return arrived + (following - t) * second


def old_place(denoise, x, t, following):
    first = (denoise(x, t) - x) / (1 - t)
    second = (denoise(x, following) - x) / (1 - following)
    return x + (following - t) * (first + second) / 2


def divides_by_zero(denoise, x, t, following):
    first = (denoise(x, t) - x) / (1 - t)
    arrived = x + (following - t) * first
    second = (denoise(arrived, following) - arrived) / np.float64(1 - following)
    return x + (following - t) * (first + second) / 2


WRONG_STEPS = {
    euler_step: "this is Euler's step: it uses the velocity at the beginning only.",
    one_after_the_other: "these are two steps, one after the other: start again from x, with the "
                         "mean of both velocities.",
    old_place: "the second velocity must be asked for where the first one arrives, not at x.",
}


def check_convolutions(answer, random):
    # With a kernel of 7, the second side leaves a remainder.
    for side, kernel in ((int(random.integers(9, 40)), 3), (3 * int(random.integers(5, 13)) + 2, 7)):
        wanted = convolutions_needed(side, kernel)
        found = call(answer, side, kernel)
        if np.ndim(found) == 0 and np.isreal(found):
            if found == math.ceil((side - 1) / (kernel - 1)):
                raise Wrong("so many are enough for the pixel in the middle; a corner must see the "
                            "opposite corner, side − 1 pixels away.")
            if found == math.ceil((side - 1) / kernel) or found == math.ceil(side / kernel):
                raise Wrong("neighbouring windows overlap: a convolution reaches (kernel − 1)/2 "
                            "pixels to each side, not kernel.")
            if found != int(found):
                raise Wrong("there are no parts of a convolution: round up.")
            if found == (side - 1) // (kernel // 2) != wanted:
                raise Wrong("rounded down, the last pixels are out of reach: round up.")
        expect_close(found, wanted, "each convolution reaches (kernel − 1)/2 further, and "
                     "side − 1 pixels must be reached.")


def convolutions_needed(side, kernel):
    return math.ceil((side - 1) / (kernel // 2))


EXERCISES = (
    Exercise(
        "09.1", "who predicts the noise knows the velocity", check_velocity,
        ("If the noise were known exactly, what would the clean picture be?",
         "x_t = (1 − t)·noise + t·y, solved for y. For expected values that is still true.",
         "The velocity is the distance still to go, ŷ − x_t, divided by the time left, 1 − t."),
        velocity,
        {"the sign": lambda x, n, t: (n - x) / t,
         "this is ŷ": lambda x, n, t: (x - (1 - t) * n) / t,
         "how much time": lambda x, n, t: x - n,
         "divide by t": lambda x, n, t: (x - (1 - t) * n - x) / (1 - t),
         "in place of ŷ": lambda x, n, t: (n - x) / (1 - t)},
    ),
    Exercise(
        "09.2", "what one knows beforehand joins the weights", check_best_guess,
        ("Bayes' rule: the weight of picture j is proportional to prior_j times p(x | picture j).",
         "Its logarithm is log prior_j − ‖x − t·y_j‖² / (2·(1 − t)²), up to a constant.",
         "scipy.special.softmax(…, axis=1) turns logarithms into weights, also those that are −∞."),
        best_guess,
        {"scaled by t": full_size_pictures, "its variance": not_squared, "is missing": no_prior,
         "add its logarithm": prior_added, "no longer sum to 1": prior_afterwards,
         "most probable picture": nearest_picture, "underflow": unsafe_guess,
         "row by row": one_maximum},
    ),
    Exercise(
        "09.3", "one step of Heun's method, and the last one stops at ŷ", check_heun,
        ("Take Euler's step first, and ask for the velocity where it arrives.",
         "Then take the whole step from x again, with the mean of both velocities.",
         "If following is 1, Euler's step is the answer."),
        heun_step,
        {"Euler's step": euler_step, "two steps": one_after_the_other,
         "where the first one arrives": old_place, "there is no velocity": divides_by_zero},
    ),
    Exercise(
        "09.4", "so many convolutions let every pixel see every other one", check_convolutions,
        ("How far does one convolution let a pixel see to the left? And two of them?",
         "From one corner to the other it is side − 1 pixels along each axis."),
        convolutions_needed,
        {"pixel in the middle": lambda side, kernel: math.ceil((side - 1) / (kernel - 1)),
         "overlap": lambda side, kernel: math.ceil(side / kernel),
         "round up": lambda side, kernel: 2 * (side - 1) / (kernel - 1)},
    ),
)
