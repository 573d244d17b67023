"""Exercises of lesson 16: decibels, sub-pixels, left and right, and the price of few draws."""

import math

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_psnr(answer, random):
    truth = random.uniform(0.2, 0.8, (12, 10))
    guess = truth + random.normal(0, 0.05, truth.shape)
    guess[0] = guess[:, -1] = 1                            # a bad border, which must not count
    wanted = psnr_inside(truth, guess, 2)
    found = call(answer, truth, guess, 2)
    if np.ndim(found) == 0:
        error = ((truth - guess)[2:-2, 2:-2] ** 2).mean()
        for wrong, message in (
            (-10 * np.log10(((truth - guess) ** 2).mean()), "the border still counts: cut it off at "
             "all four sides, of both pictures."),
            (-10 * np.log(error), "decibels need the logarithm to base 10, and this is the natural one."),
            (-20 * np.log10(error), "20 log₁₀ belongs to the root mean square error; to the mean square "
             "belongs 10 log₁₀."),
            (10 * np.log10(error), "the sign: a smaller error must give more decibels."),
            (10 * np.log10(255**2 / error), "the peak is 1 here: these pictures go from 0 to 1."),
            ((-10 * np.log10(((truth - guess)[2:-2, 2:-2] ** 2).mean(axis=1))).mean(),
             "first the mean over all pixels, then one logarithm."),
        ):
            if np.isclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "compare your mean squared error with one computed by hand on a "
                 "picture of two pixels.")
    expect_close(call(answer, truth, guess, 0), psnr_inside(truth, guess, 0),
                 "with border = 0 nothing is cut: picture[0:-0] would be empty.")


def psnr_inside(truth, answer, border):
    height, width = truth.shape
    inside = slice(border, height - border), slice(border, width - border)
    return -10 * np.log10(((truth - answer)[inside] ** 2).mean())


def check_interleave(answer, random):
    blocks = random.normal(size=(3, 5, 4))
    wanted = interleave(blocks, 2)
    found = call(answer, blocks, 2)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, interleave(blocks[..., [0, 2, 1, 3]], 2)):
            raise Wrong("each block is turned: feature 1 belongs to the right of feature 0, "
                        "and feature 2 below it.")
        if np.allclose(found, blocks.reshape(6, 10)):
            raise Wrong("reshape alone puts a pixel's features next to each other in one row: the axes must be "
                        "exchanged in between.")
    expect_close(found, wanted, "reshape to (H, W, s, s), bring the axes into the order "
                 "(H, s, W, s), and reshape to (s·H, s·W).")
    expect_close(call(answer, random.normal(size=(2, 3, 9)) * 0 + np.arange(9), 3),
                 np.tile(np.arange(9.0).reshape(3, 3), (2, 3)), "with scale 3 each block must read "
                 "0 1 2 / 3 4 5 / 6 7 8.")


def interleave(blocks, scale):
    height, width, _ = blocks.shape
    split = blocks.reshape(height, width, scale, scale)
    return split.transpose(0, 2, 1, 3).reshape(scale * height, scale * width)


def check_asymmetry(answer, random):
    kernel = random.normal(size=(5, 5))

    def predict(picture):
        """A linear filter that knows its left from its right, and up from down."""
        around = np.lib.stride_tricks.sliding_window_view(np.pad(picture, 2), (5, 5))
        return np.einsum("ijab,ab->ij", around, kernel)

    for picture in random.normal(size=(2, 6, 6)):
        check_one_asymmetry(answer, predict, picture)
        check_one_asymmetry(answer, predict, -picture)      # where the largest was, the smallest is now


def check_one_asymmetry(answer, predict, picture):
    wanted, found = asymmetry(predict, picture), call(answer, predict, picture)
    if np.ndim(found) == 0 and not np.isclose(found, wanted):
        plain, mirrored = predict(picture), predict(picture[:, ::-1])
        apart = mirrored[:, ::-1] - plain
        for wrong, message in (
            (np.abs(mirrored - plain).max(), ("the answer to the mirrored picture must be mirrored back before "
             "the two are compared.")),
            (np.abs(predict(picture[::-1])[::-1] - plain).max(), ("this exchanges above and below: left and right "
             "are the second axis.")),
            (np.abs(apart).mean(), "this is the mean difference: the largest is wanted."),
            (apart.max(), "differences may be negative: take absolute values first."),
            (-apart.min(), "differences may be negative: take absolute values first."),
            (np.abs(mirrored[:, ::-1] - picture).max(), "compare with predict(picture), not with the picture."),
        ):
            if np.isclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "the largest |predict(mirrored)[:, ::-1] − predict(picture)|.")


def asymmetry(predict, picture):
    return np.abs(predict(picture[:, ::-1])[:, ::-1] - predict(picture)).max()


def check_draws(answer, random):
    for loss in (0.1, 3.02, *random.uniform(0.05, 2, 8)):
        loss = float(loss)
        wanted, found = draws_needed(loss), call(answer, loss)
        if np.ndim(found) == 0 and not np.isclose(found, wanted):
            exact = 1 / (10 ** (loss / 10) - 1)
            if np.isclose(found, exact):
                raise Wrong("half a draw cannot be averaged: round up to a whole number.")
            if np.isclose(found, math.floor(exact)) or np.isclose(found, round(exact)):
                raise Wrong("with so few draws the loss is larger than allowed: round up.")
            if np.isclose(found, math.ceil(1 / (10 ** (loss / 20) - 1))):
                raise Wrong("1 + 1/K is a ratio of squares already: loss = 10 log₁₀(1 + 1/K), not 20.")
            if np.isclose(found, math.ceil(1 / (math.exp(loss / 10) - 1))):
                raise Wrong("decibels: the logarithm is to base 10.")
            if np.isclose(found, math.ceil(10 ** (-loss / 10))) or np.isclose(found, math.ceil(10 ** (loss / 10))):
                raise Wrong("the truth is one draw, too: even the best answer has the error σ², and the mean "
                            "of K draws σ² + σ²/K.")
        expect_close(found, wanted, "solve 10 log₁₀(1 + 1/K) ≤ loss for K, and round up.")


def draws_needed(loss):
    return math.ceil(1 / (10 ** (loss / 10) - 1))


EXERCISES = (
    Exercise(
        "16.1", "PSNR is −10 log₁₀ of the mean squared error inside the border", check_psnr,
        ("Cut the border off both pictures, then square the differences.",
         "picture[border:-border] is empty for border 0; count from the other end."),
        psnr_inside,
        {"border still counts": lambda t, a, b: -10 * np.log10(((t - a) ** 2).mean()),
         "natural one": lambda t, a, b: psnr_inside(t, a, b) * np.log(10),
         "20 log₁₀": lambda t, a, b: 2 * psnr_inside(t, a, b),
         "the sign": lambda t, a, b: -psnr_inside(t, a, b),
         "peak is 1": lambda t, a, b: psnr_inside(t, a, b) + 20 * np.log10(255),
         "first the mean": lambda t, a, b: (
             -10 * np.log10(((t - a)[b:-b, b:-b] ** 2).mean(axis=1))).mean(),
         "border = 0": lambda t, a, b: -10 * np.log10(((t - a)[b:-b, b:-b] ** 2).mean()) if b
         else 0.0},
    ),
    Exercise(
        "16.2", "s² features become a block of s × s pixels", check_interleave,
        ("Where must feature 1 of pixel (0, 0) go? And feature s?",
         "An axis for the pixel's row, one for the row in its block: they belong side by side.",
         "reshape, transpose(0, 2, 1, 3), reshape."),
        interleave,
        {"block is turned": lambda blocks, s: blocks.reshape(*blocks.shape[:2], s, s).transpose(
            0, 3, 1, 2).reshape(s * blocks.shape[0], s * blocks.shape[1]),
         "reshape alone": lambda blocks, s: blocks.reshape(s * blocks.shape[0], s * blocks.shape[1])},
    ),
    Exercise(
        "16.3", "how differently left and right are treated", check_asymmetry,
        ("picture[:, ::-1] mirrors, and does so again to mirror back.",
         "np.abs(…).max() is the largest absolute difference."),
        asymmetry,
        {"mirrored back before": lambda predict, x: np.abs(predict(x[:, ::-1]) - predict(x)).max(),
         "above and below": lambda predict, x: np.abs(predict(x[::-1])[::-1] - predict(x)).max(),
         "mean difference": lambda predict, x: np.abs(predict(x[:, ::-1])[:, ::-1] - predict(x)).mean(),
         "absolute values": lambda predict, x: (predict(x[:, ::-1])[:, ::-1] - predict(x)).max(),
         "not with the picture": lambda predict, x: np.abs(predict(x[:, ::-1])[:, ::-1] - x).max()},
    ),
    Exercise(
        "16.4", "so many draws keep the loss small", check_draws,
        (("Let μ be the expected picture and σ² the variance of a draw. The truth is a draw as well, so the best "
          "possible answer, μ, has the error σ²."),
         "The mean of K draws has σ² + σ²/K, which is 10 log₁₀(1 + 1/K) decibels more: solve for K."),
        draws_needed,
        {"half a draw": lambda loss: 1 / (10 ** (loss / 10) - 1),
         "round up": lambda loss: math.floor(1 / (10 ** (loss / 10) - 1)),
         "not 20": lambda loss: math.ceil(1 / (10 ** (loss / 20) - 1)),
         "base 10": lambda loss: math.ceil(1 / (math.exp(loss / 10) - 1)),
         "the truth is one draw": lambda loss: math.ceil(10 ** (-loss / 10))},
    ),
)
