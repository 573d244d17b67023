"""Exercises of lesson 09: the velocity, the best denoiser, Heun's step, and how far one sees."""

import math

import numpy as np
from scipy.special import softmax

from . import Exercise, Wrong, call, expect_close


def check_velocity(answer, random):
    noisy, denoised = random.normal(size=(2, 3, 4, 4, 1))
    t = random.uniform(0.55, 0.9)
    wanted = velocity(noisy, denoised, t)
    found = call(answer, noisy, denoised, t)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, -wanted):
            raise Wrong("the sign: this leads from the picture back into the noise.")
        if np.allclose(found, denoised - noisy):
            raise Wrong("this is the way that is left; divide it by the time that is left.")
        if np.allclose(found, (denoised - noisy) / t):
            raise Wrong("this divides by the time that has passed, not by the time that is left.")
    expect_close(found, wanted, "the way that is left, ŷ − x_t, divided by the time left, 1 − t.")


def velocity(noisy, denoised, t):
    return (denoised - noisy) / (1 - t)


def check_best_guess(answer, random):
    pictures = random.uniform(-1, 1, size=(6, 5))
    for t in (random.uniform(0.3, 0.5), 0.99):
        noisy = (1 - t) * random.normal(size=(4, 5)) + t * pictures[:4]
        wanted = best_guess(noisy, t, pictures)
        with np.errstate(all="ignore"):
            found = call(answer, noisy, t, pictures)
        if np.shape(found) == wanted.shape:
            for other, message in WRONG_GUESSES.items():
                if np.allclose(found, other(noisy, t, pictures)) and not np.allclose(found, wanted):
                    raise Wrong(message)
            if not np.isfinite(np.asarray(found, float)).all():
                raise Wrong("near t = 1 every exp underflows to 0, and 0/0 is NaN: use "
                            "scipy.special.softmax, or subtract the largest exponent first.")
        expect_close(found, wanted, "weights: softmax over the pictures of "
                     "−‖x − t·y_j‖² / (2·(1 − t)²); then the weighted sum of the pictures.")


def best_guess(noisy, t, pictures):
    distances = ((noisy[:, None] - t * pictures[None]) ** 2).sum(axis=-1)
    weights = softmax(-distances / (2 * (1 - t) ** 2), axis=1)
    return weights @ pictures


def full_size_pictures(noisy, t, pictures):
    distances = ((noisy[:, None] - pictures[None]) ** 2).sum(axis=-1)
    return softmax(-distances / (2 * (1 - t) ** 2), axis=1) @ pictures


def not_squared(noisy, t, pictures):
    distances = ((noisy[:, None] - t * pictures[None]) ** 2).sum(axis=-1)
    return softmax(-distances / (2 * (1 - t)), axis=1) @ pictures


def nearest_picture(noisy, t, pictures):
    distances = ((noisy[:, None] - t * pictures[None]) ** 2).sum(axis=-1)
    return pictures[distances.argmin(axis=1)]


def unsafe_guess(noisy, t, pictures):
    distances = ((noisy[:, None] - t * pictures[None]) ** 2).sum(axis=-1)
    fits = np.exp(-(distances + 1) / (2 * (1 - t) ** 2))
    return fits / fits.sum(axis=1, keepdims=True) @ pictures


WRONG_GUESSES = {
    full_size_pictures: "compare x_t with t·y_j: inside x_t the picture is scaled by t.",
    not_squared: "the noise in x_t has the standard deviation 1 − t, so its variance is (1 − t)².",
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
        expect_close(found, wanted, "each convolution reaches (kernel − 1)/2 further, and "
                     "side − 1 pixels must be reached.")


def convolutions_needed(side, kernel):
    return math.ceil((side - 1) / ((kernel - 1) // 2))


EXERCISES = (
    Exercise(
        "09.1", "the velocity is the way left by the time left", check_velocity,
        ("On the straight path from the noise to ŷ, how far is it still, and how long does it take?",
         "The way left is ŷ − x_t, the time left is 1 − t."),
        velocity,
        {"the sign": lambda x, y, t: (x - y) / (1 - t),
         "divide it by": lambda x, y, t: y - x,
         "time that has passed": lambda x, y, t: (y - x) / t},
    ),
    Exercise(
        "09.2", "the best denoiser is a weighted sum of pictures", check_best_guess,
        ("If picture j was the clean one, x_t is t·y_j plus noise of standard deviation 1 − t.",
         "Its log-probability is −‖x_t − t·y_j‖² / (2·(1 − t)²), up to a constant.",
         "scipy.special.softmax(…, axis=1) turns these into weights; weights @ pictures is the sum."),
        best_guess,
        {"scaled by t": full_size_pictures, "its variance": not_squared,
         "most probable picture": nearest_picture, "underflows": unsafe_guess},
    ),
    Exercise(
        "09.3", "one step of Heun's rule, and the last one stops at ŷ", check_heun,
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
