"""Exercises of lesson 16: decibels, sub-pixels, eight answers, and the price of a sharp answer."""

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


def check_self_ensemble(answer, random):
    kernel = random.normal(size=(5, 5))

    def predict(picture):
        """A linear filter that knows its left from its right, and up from down."""
        around = np.lib.stride_tricks.sliding_window_view(np.pad(picture, 2), (5, 5))
        return np.einsum("ijab,ab->ij", around, kernel)

    picture = random.normal(size=(6, 6))
    wanted = self_ensemble(predict, picture)
    found = call(answer, predict, picture)
    if np.shape(found) == wanted.shape:
        quarters = [np.rot90(predict(np.rot90(picture, k)), -k) for k in range(4)]
        astray = [np.rot90(predict(np.rot90(picture, k)), k) for k in range(4)]
        if np.allclose(found, np.mean(quarters, axis=0)):
            raise Wrong("these are the four turns; a square has eight symmetries: mirror the "
                        "picture, and turn it four times again.")
        if np.allclose(found, predict(picture)):
            raise Wrong("this is one answer: the picture was not turned.")
        if np.allclose(found, 8 * wanted):
            raise Wrong("the answers are summed: take their mean.")
        turned = [predict(np.rot90(each, k)) for each in (picture, picture[:, ::-1]) for k in range(4)]
        if np.allclose(found, np.mean(turned, axis=0)):
            raise Wrong("each answer must be turned back before the mean.")
        both = astray + [np.rot90(predict(np.rot90(picture[:, ::-1], k)), k)[:, ::-1] for k in range(4)]
        if np.allclose(found, np.mean(both, axis=0)):
            raise Wrong("turn back the other way round: −k quarters undo k quarters.")
    expect_close(found, wanted, "to undo “mirror, then turn”, first turn back, then mirror.")


def self_ensemble(predict, picture):
    answers = []
    for mirrored in (False, True):
        for k in range(4):
            start = picture[:, ::-1] if mirrored else picture
            back = np.rot90(predict(np.rot90(start, k)), -k)
            answers.append(back[:, ::-1] if mirrored else back)
    return np.mean(answers, axis=0)


def check_price(answer, random):
    for K in (1, 2, int(random.integers(3, 30))):
        wanted, found = price_of_sampling(K), call(answer, K)
        if np.ndim(found) == 0:
            if np.isclose(found, 1 + 1 / K):
                raise Wrong("this is the ratio of the two squared errors; in decibels it is 10 log₁₀.")
            if np.isclose(found, np.log(1 + 1 / K)) or np.isclose(found, 10 * np.log(1 + 1 / K)):
                raise Wrong("decibels: 10 times the logarithm to base 10.")
            if np.isclose(found, 20 * np.log10(1 + 1 / K)):
                raise Wrong("1 + 1/K is a ratio of squares already: 10 log₁₀, not 20.")
            if np.isclose(found, -wanted):
                raise Wrong("the loss is asked for, a positive number of decibels.")
            if np.isclose(found, 10 * np.log10(K)) or np.isclose(found, 10 * np.log10(1 / K)):
                raise Wrong("the truth is one draw, too: even the perfect mean is σ² away from it. "
                            "Add that to the σ²/K of the mean of K draws.")
        expect_close(found, wanted, "how far is the mean of K draws from the expected picture, and how far is "
                     "the truth from it? Draws are independent, so their squares add up.")


def price_of_sampling(K):
    return 10 * np.log10(1 + 1 / K)


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
        "16.3", "eight answers, turned back, averaged", check_self_ensemble,
        ("np.rot90(picture, k) turns by k quarters, and picture[:, ::-1] mirrors.",
         "What is done last must be undone first."),
        self_ensemble,
        {"four turns": lambda predict, x: np.mean(
            [np.rot90(predict(np.rot90(x, k)), -k) for k in range(4)], axis=0),
         "not turned": lambda predict, x: predict(x),
         "take their mean": lambda predict, x: 8 * self_ensemble(predict, x),
         "turned back before": lambda predict, x: np.mean(
             [predict(np.rot90(y, k)) for y in (x, x[:, ::-1]) for k in range(4)], axis=0),
         "other way round": lambda predict, x: np.mean(
             [np.rot90(predict(np.rot90(x, k)), k) for k in range(4)]
             + [np.rot90(predict(np.rot90(x[:, ::-1], k)), k)[:, ::-1] for k in range(4)], axis=0),
         "first turn back": lambda predict, x: np.mean(
             [np.rot90(predict(np.rot90(x, k)), -k) for k in range(4)]
             + [np.rot90(predict(np.rot90(x[:, ::-1], k))[:, ::-1], -k) for k in range(4)], axis=0)},
    ),
    Exercise(
        "16.4", "the mean of K perfect draws loses 10 log₁₀(1 + 1/K) decibels", check_price,
        ("Let μ be the expected picture and σ² the variance of a draw. The truth is a draw as well.",
         "E‖truth − mean of K‖² = σ² + σ²/K, and the best possible answer, μ, has σ²."),
        price_of_sampling,
        {"ratio of the two": lambda K: 1 + 1 / K, "base 10": lambda K: 10 * np.log(1 + 1 / K),
         "not 20": lambda K: 20 * np.log10(1 + 1 / K), "positive": lambda K: -price_of_sampling(K),
         "the truth is one draw": lambda K: 10 * np.log10(K)},
    ),
)
