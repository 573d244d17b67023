"""Exercises of lesson 16: gains in decibels, sub-pixels, what the spread saves, and the price of few draws."""

import math

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_gain(answer, random):
    truth = random.uniform(0.2, 0.8, (12, 10))
    near, far = (truth + random.normal(0, noise, truth.shape) for noise in (0.03, 0.06))
    near[0] = near[:, -1] = 1                              # bad borders, which must not count
    far[-1] = far[:, 0] = 0
    wanted, found = gain(truth, near, far, 2), call(answer, truth, near, far, 2)
    if np.ndim(found) == 0 and not np.isclose(found, wanted):
        inner = slice(2, -2)
        errors = [truth - near, truth - far]
        inside = [each[inner, inner] for each in errors]
        ratio = np.divide(*(np.mean(each**2) for each in inside))
        for wrong, message in (
            (-wanted, "the sign: the gain is positive where the answer is nearer to the truth than its rival."),
            (ten_logs(errors), "the border still counts: cut it off at all four sides, of all three pictures."),
            (ten_logs(each[inner] for each in errors), "cut the border off at the left and at the right as well."),
            (ten_logs(each[:, inner] for each in errors), "cut the border off at the top and at the bottom as well."),
            (ten_logs(each[2:, 2:] for each in errors), "cut the border off at the far ends as well, not only at "
             "the first two sides."),
            (-10 * np.log(ratio), "decibels need the logarithm to base 10, and this is the natural one."),
            (-20 * np.log10(ratio), "20 log₁₀ belongs to the root mean square error; to the mean square "
             "belongs 10 log₁₀."),
            (-5 * np.log10(ratio), "PSNR takes the mean squared error itself, without a root."),
            (-10 * np.log10(np.divide(*(np.abs(each).mean() for each in inside))), "square the differences: these are "
             "absolute ones."),
            (-10 * np.log10(np.divide(*(each.mean() ** 2 for each in inside))), "first square the differences, then "
             "take their mean."),
            (np.mean(-10 * np.log10(np.divide(*((each**2).mean(axis=1) for each in inside)))), "first the mean over "
             "all pixels, then one logarithm."),
            (1 / ratio, "this is the ratio of the errors: decibels are ten times its logarithm."),
            (-10 * np.log10(ratio) + 20 * np.log10(255), "the peak is the same in both PSNRs, so it cancels."),
        ):
            if np.isclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "the gain is the PSNR of the answer less that of its rival. Test yours on an answer whose "
                 "errors are a tenth of its rival's: 20 decibels.")
    expect_close(call(answer, 255 * truth, 255 * near, 255 * far, 2), wanted,
                 "for pictures up to 255 the gain must be the same: the peak cancels.")
    nothing_cut = "with border = 0 nothing is cut: picture[0:-0] would be empty."
    try:
        found = call(answer, truth, near, far, 0)
    except Wrong:                                          # eg.psnr stops at empty pictures
        raise Wrong(nothing_cut) from None
    expect_close(found, gain(truth, near, far, 0), nothing_cut)


def ten_logs(errors):
    """How much smaller the first error's mean square is than the second's, in decibels."""
    near, far = (np.mean(each**2) for each in errors)
    return 10 * np.log10(far / near)


def gain(truth, answer, rival, border):
    height, width = truth.shape
    inside = slice(border, height - border), slice(border, width - border)
    near, far = (((truth - each)[inside] ** 2).mean() for each in (answer, rival))
    return 10 * np.log10(far / near)


def gain_of_cut_outs(truth, answer, rival, border):
    """A typical wrong answer: right, but psnr stops at border = 0, where the cut-outs are empty."""
    from ...measures.restoration import psnr               # scikit-image: only when it is needed

    inside = slice(border, -border), slice(border, -border)
    return psnr(truth[inside], answer[inside]) - psnr(truth[inside], rival[inside])


def check_interleave(answer, random):
    blocks = random.normal(size=(3, 5, 12))
    wanted, found = interleave(blocks, 2), call(answer, blocks, 2)
    if np.shape(found) == wanted.shape:
        pixels = blocks.reshape(3, 5, 2, 2, 3)
        for wrong, message in (
            (interleave(pixels.swapaxes(2, 3).reshape(blocks.shape), 2), "each block is turned: the second pixel of a "
             "block belongs to the right of the first, and the third below it."),
            (blocks.reshape(wanted.shape), "reshape alone puts the pixels of a block next to each other in one row: the "
             "axes must be exchanged in between."),
            (pixels.transpose(2, 0, 3, 1, 4).reshape(wanted.shape), "the first pixels of all blocks stand together: each "
             "small pixel must become one block."),
            (interleave(blocks.reshape(3, 5, 3, 4).swapaxes(2, 3).reshape(blocks.shape), 2), "the C numbers of one pixel "
             "stand together: the channel is the last of the axes, not the first."),
        ):
            if np.allclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "write down where the number at blocks[0, 1, 0] must go, and where yours goes.")
    numbered = np.tile(np.arange(18.0), (2, 3, 1))
    expect_close(call(answer, numbered, 3), np.tile(np.arange(18.0).reshape(3, 3, 2), (2, 3, 1)),
                 "with scale 3 and two channels each block's first channel must read 0 2 4 / 6 8 10 / 12 14 16.")


def interleave(blocks, scale):
    height, width, features = blocks.shape
    channels = features // scale**2
    split = blocks.reshape(height, width, scale, scale, channels)
    return split.transpose(0, 2, 1, 3, 4).reshape(scale * height, scale * width, channels)


def check_saved(answer, random):
    truth = random.uniform(size=40)
    shared, scales = random.normal(0, 0.1, 40), np.array([[0.05], [0.1], [0.2]])
    answers, weights = truth + shared + scales * random.normal(size=(3, 40)), np.array([0.5, 0.3, 0.2])
    wanted, found = saved(answers, truth, weights), call(answer, answers, truth, weights)
    if np.ndim(found) == 0 and not np.isclose(found, wanted):
        errors = ((answers - truth) ** 2).mean(axis=1)
        spread = weights @ (answers - weights @ answers) ** 2
        of_sum = ((weights @ answers - truth) ** 2).mean()
        for wrong, message in (
            (-wanted, "the sign: what is saved is positive."),
            (10 * np.log10(errors.mean() / of_sum), "the members' errors must be weighted, too."),
            (10 * np.log10(errors.min() / of_sum), "this compares with the best member: the members' weighted mean error is "
             "wanted."),
            (10 * weights @ np.log10(errors / of_sum), "first the mean of the errors, then one logarithm: this is a mean of "
             "decibels."),
            (10 * np.log10(weights @ errors / ((answers.mean(axis=0) - truth) ** 2).mean()), "the sum has the weights, too: "
             "this one is the plain mean of the answers."),
            (weights @ errors - of_sum, "this is the spread itself: decibels are ten times the logarithm of a ratio."),
            (weights @ errors / of_sum, "this is the ratio of the errors: decibels are ten times its logarithm."),
            (of_sum / (weights @ errors), "this is the share of the error that is left: how many decibels lower is "
             "the sum's error?"),
            (-10 * np.log10(spread.mean()), "this is the spread in decibels: compare the errors with and without it."),
            (10 * np.log(weights @ errors / of_sum), "decibels need the logarithm to base 10, and this is the natural one."),
            (20 * np.log10(weights @ errors / of_sum), "squared errors are squares already: 10 log₁₀, not 20."),
        ):
            if np.isclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "two numbers are needed: the members' weighted mean squared error, and the squared error of "
                 "weights @ answers. What is their ratio in decibels?")


def saved(answers, truth, weights):
    mean_error = weights @ ((answers - truth) ** 2).mean(axis=1)
    return 10 * np.log10(mean_error / ((weights @ answers - truth) ** 2).mean())


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
            if np.isclose(found, wanted + 1):
                raise Wrong("one draw fewer is enough: put K − 1 into MSE(K), and compare with σ².")
            if np.isclose(found, math.ceil(10 ** (-loss / 10))) or np.isclose(found, math.ceil(10 ** (loss / 10))):
                raise Wrong("the truth is one draw, too: even the best answer has the error σ², and the mean "
                            "of K draws σ² + σ²/K.")
        expect_close(found, wanted, "put your K into MSE(K) = σ²(1 + 1/K): how many decibels is that above the smallest "
                     "error, σ²?")


def draws_needed(loss):
    return math.ceil(1 / (10 ** (loss / 10) - 1))


EXERCISES = (
    Exercise(
        "16.1", "a gain in decibels is 10 log₁₀ of the ratio of two mean squared errors, whatever the peak", check_gain,
        ("PSNR = 10 log₁₀(peak² / MSE): subtract one from the other.",
         "Cut the border off all pictures; [border:-border] is empty for border 0, so count from the other end."),
        gain,
        {"the sign": lambda t, a, r, b: gain(t, r, a, b),
         "border still counts": lambda t, a, r, b: gain(t, a, r, 0),
         "left and at the right": lambda t, a, r, b: ten_logs(((t - a)[b:-b], (t - r)[b:-b])),
         "top and at the bottom": lambda t, a, r, b: ten_logs(((t - a)[:, b:-b], (t - r)[:, b:-b])),
         "far ends": lambda t, a, r, b: ten_logs(((t - a)[b:, b:], (t - r)[b:, b:])),
         "natural one": lambda t, a, r, b: gain(t, a, r, b) * np.log(10),
         "20 log₁₀": lambda t, a, r, b: 2 * gain(t, a, r, b),
         "without a root": lambda t, a, r, b: gain(t, a, r, b) / 2,
         "absolute ones": lambda t, a, r, b: 10 * np.log10(
             np.abs(t - r)[b:-b, b:-b].mean() / np.abs(t - a)[b:-b, b:-b].mean()),
         "then take their mean": lambda t, a, r, b: 20 * np.log10(
             abs((t - r)[b:-b, b:-b].mean() / (t - a)[b:-b, b:-b].mean())),
         "one logarithm": lambda t, a, r, b: (10 * np.log10(
             ((t - r)[b:-b, b:-b] ** 2).mean(axis=1) / ((t - a)[b:-b, b:-b] ** 2).mean(axis=1))).mean(),
         "ratio of the errors": lambda t, a, r, b: 10 ** (gain(t, a, r, b) / 10),
         "so it cancels": lambda t, a, r, b: gain(t, a, r, b) + 20 * np.log10(255),
         "up to 255": lambda t, a, r, b: gain(t, np.clip(a, 0, 1), np.clip(r, 0, 1), b),
         "would be empty": gain_of_cut_outs,
         "border = 0": lambda t, a, r, b: ten_logs(((t - a)[b:-b, b:-b], (t - r)[b:-b, b:-b])) if b else 0.0},
    ),
    Exercise(
        "16.2", "s² pixels of C numbers become a block of s × s pixels", check_interleave,
        ("Where must pixel 1 of block (0, 0) go? And pixel s?",
         "Split the last axis into three: row in the block, column in the block, channel.",
         "An axis for the small pixel's row, one for the row in its block: they belong side by side."),
        interleave,
        {"block is turned": lambda blocks, s: blocks.reshape(*blocks.shape[:2], s, s, -1).transpose(
            0, 3, 1, 2, 4).reshape(s * blocks.shape[0], s * blocks.shape[1], -1),
         "reshape alone": lambda blocks, s: blocks.reshape(s * blocks.shape[0], s * blocks.shape[1], -1),
         "become one block": lambda blocks, s: blocks.reshape(*blocks.shape[:2], s, s, -1).transpose(
             2, 0, 3, 1, 4).reshape(s * blocks.shape[0], s * blocks.shape[1], -1),
         "not the first": lambda blocks, s: blocks.reshape(*blocks.shape[:2], -1, s, s).transpose(
             0, 3, 1, 4, 2).reshape(s * blocks.shape[0], s * blocks.shape[1], -1)},
    ),
    Exercise(
        "16.3", "the spread lowers the members' mean error to that of the sum", check_saved,
        ("The identity: error of the sum = weighted mean error − spread. Which ratio tells what is saved?",
         "weights @ answers is the sum; ((answers - truth) ** 2).mean(axis=1) has one error for each member."),
        saved,
        {"the sign": lambda answers, truth, weights: -saved(answers, truth, weights),
         "must be weighted": lambda answers, truth, weights: 10 * np.log10(
             ((answers - truth) ** 2).mean() / ((weights @ answers - truth) ** 2).mean()),
         "the best member": lambda answers, truth, weights: 10 * np.log10(
             ((answers - truth) ** 2).mean(axis=1).min() / ((weights @ answers - truth) ** 2).mean()),
         "mean of decibels": lambda answers, truth, weights: 10 * weights @ np.log10(
             ((answers - truth) ** 2).mean(axis=1) / ((weights @ answers - truth) ** 2).mean()),
         "plain mean of the answers": lambda answers, truth, weights: 10 * np.log10(
             weights @ ((answers - truth) ** 2).mean(axis=1) / ((answers.mean(axis=0) - truth) ** 2).mean()),
         "spread itself": lambda answers, truth, weights: (weights @ (answers - weights @ answers) ** 2).mean(),
         "ratio of the errors": lambda answers, truth, weights: 10 ** (saved(answers, truth, weights) / 10),
         "that is left": lambda answers, truth, weights: 10 ** (-saved(answers, truth, weights) / 10),
         "spread in decibels": lambda answers, truth, weights: -10 * np.log10(
             (weights @ (answers - weights @ answers) ** 2).mean()),
         "natural one": lambda answers, truth, weights: np.log(10) * saved(answers, truth, weights),
         "not 20": lambda answers, truth, weights: 2 * saved(answers, truth, weights)},
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
         "one draw fewer": lambda loss: math.ceil(1 / (1 - 10 ** (-loss / 10))),
         "the truth is one draw": lambda loss: math.ceil(10 ** (-loss / 10))},
    ),
)
