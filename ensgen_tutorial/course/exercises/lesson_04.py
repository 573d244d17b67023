"""Exercises of lesson 04: a mask, a receptive field, the chain rule, and drawing pixel by pixel."""

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_mask(answer, random):
    size, sees_itself = int(random.choice([3, 5, 7])), bool(random.integers(2))
    for itself in (sees_itself, not sees_itself):
        found, wanted = call(answer, size, itself), causal_mask(size, itself)
        if np.shape(found) == wanted.shape:
            if np.array_equal(found, wanted.T):
                raise Wrong("this lets whole columns through: rows are the first axis.")
            if np.array_equal(found, np.flip(wanted)):
                raise Wrong("this looks ahead, below and to the right: keep what is read before.")
            if np.array_equal(found, causal_mask(size, not itself)):
                raise Wrong("the other way round at the centre: 1 there only if sees_itself.")
        expect_close(found, wanted, "rows above the centre are 1, rows below 0; in the centre's own "
                     "row only what is left of it is 1, and the centre itself if sees_itself.")


def causal_mask(size, sees_itself):
    mask, center = np.zeros((size, size)), size // 2
    mask[:center] = 1
    mask[center, : center + sees_itself] = 1
    return mask


def check_rows_above(answer, random):
    first, size = (int(each) for each in random.choice([3, 5, 7, 9], size=2, replace=False))
    blocks = int(random.integers(2, 9))
    found = call(answer, first, size, blocks)
    if np.ndim(found) == 0 and np.isclose(float(found), first + blocks * size):
        raise Wrong("a kernel's side counts both directions and the centre; upwards it reaches "
                    "size // 2 rows.")
    if np.ndim(found) == 0 and np.isclose(float(found), max(first, size) // 2):
        raise Wrong("layers add up: each one looks up from where the one before it looked.")
    expect_close(found, rows_above(first, size, blocks), "first_size // 2 rows from the first "
                 "layer, then size // 2 more with every block.", 1e-12)


def rows_above(first_size, size, blocks):
    return first_size // 2 + blocks * (size // 2)


def check_log_likelihood(answer, random):
    count, height, width, levels = 4, 3, 5, 6
    probabilities = random.dirichlet(np.ones(levels), size=(count, height, width))
    pixels = random.integers(0, levels, size=(count, height, width))
    wanted = log_likelihood(probabilities, pixels)
    found = call(answer, probabilities, pixels)
    if np.shape(found) == (count, height, width):
        raise Wrong("these are the pixels' terms: sum them over each image.")
    if np.shape(found) == (count,):
        if np.allclose(found, np.exp(wanted)):
            raise Wrong("this is the probability itself, which underflows for larger images: sum "
                        "logarithms.")
        if np.allclose(found, -wanted):
            raise Wrong("the sign: this is the loss; a log-likelihood of probabilities is negative.")
        if np.allclose(found, wanted / (height * width)):
            raise Wrong("this is the mean over pixels; the chain rule sums.")
    expect_close(found, wanted, "pick from each pixel's distribution the probability of the value "
                 "that is there, take its logarithm, and sum over the image.")


def log_likelihood(probabilities, pixels):
    chosen = np.take_along_axis(probabilities, pixels[..., None], axis=-1)[..., 0]
    return np.log(chosen).sum(axis=(1, 2))


def check_draw(answer, random):
    levels, length = 5, 7
    table = random.dirichlet(np.ones(levels), size=(length + 1, levels))

    def next_probabilities(sequence):
        """Depends on how many values there are and on the last one."""
        return table[len(sequence), sequence[-1]].copy()

    start, uniforms = [int(random.integers(levels))], random.random(length)
    wanted = draw(next_probabilities, start, uniforms)
    found = np.asarray(call(answer, next_probabilities, list(start), uniforms))
    if found.shape == (length,):
        raise Wrong("give back the start as well, then one new value for each uniform number.")
    if found.shape == (length + 1,):
        best = list(start)
        for _ in range(length):
            best.append(int(next_probabilities(best).argmax()))
        if np.array_equal(found, best) and not np.array_equal(best, wanted):
            raise Wrong("this takes the likeliest value every time: the same picture for ever. Use "
                        "the uniform numbers.")
        once = [*start, *((table[1, start[0]].cumsum()[:-1] <= u).sum() for u in uniforms)]
        if np.array_equal(found, once) and not np.array_equal(once, wanted):
            raise Wrong("every value is drawn as if it were the first: ask next_probabilities again "
                        "after each new value.")
    expect_close(found, wanted, "the next value is the number of cumulative probabilities that are "
                 "not above the uniform number; append it, then ask again.", 1e-12)


def draw(next_probabilities, start, uniforms):
    sequence = list(start)
    for uniform in uniforms:
        cumulative = np.cumsum(next_probabilities(sequence))[:-1]
        sequence.append(int((cumulative <= uniform).sum()))
    return sequence


def likeliest(next_probabilities, start, uniforms):
    sequence = list(start)
    for _ in uniforms:
        sequence.append(int(np.argmax(next_probabilities(sequence))))
    return sequence


def never_asked_again(next_probabilities, start, uniforms):
    cumulative = np.cumsum(next_probabilities(start))[:-1]
    return [*start, *((cumulative <= uniform).sum() for uniform in uniforms)]


EXERCISES = (
    Exercise(
        "04.1", "a mask that never looks ahead", check_mask,
        ("Start from np.zeros((size, size)); the centre is at size // 2.",
         "mask[:center] = 1 opens the rows above. Then the centre's own row is left.",
         "A boolean counts as 0 or 1: in that row the first center + sees_itself entries are 1."),
        causal_mask,
        {"whole columns": lambda size, itself: causal_mask(size, itself).T,
         "looks ahead": lambda size, itself: np.flip(causal_mask(size, itself)),
         "at the centre": lambda size, itself: causal_mask(size, not itself)},
    ),
    Exercise(
        "04.2", "the rows above that a stack of layers can see", check_rows_above,
        ("A kernel of side 7 reaches 3 rows up.",
         "The next layer starts from every pixel that the one before it has reached."),
        rows_above,
        {"both directions": lambda first, size, blocks: first + blocks * size,
         "add up": lambda first, size, blocks: max(first, size) // 2,
         "with every block": lambda first, size, blocks: first // 2 + size // 2},
    ),
    Exercise(
        "04.3", "the chain rule in nats", check_log_likelihood,
        ("np.take_along_axis(probabilities, pixels[..., None], axis=-1) picks one probability a "
         "pixel.",
         "log p(x) is the sum of the logarithms over the height and the width."),
        log_likelihood,
        {"underflows": lambda p, x: np.exp(log_likelihood(p, x)),
         "the sign": lambda p, x: -log_likelihood(p, x),
         "mean over pixels": lambda p, x: log_likelihood(p, x) / x[0].size,
         "sum them": lambda p, x: np.log(np.take_along_axis(p, x[..., None], -1)[..., 0])},
    ),
    Exercise(
        "04.4", "drawing, one value after the other", check_draw,
        ("Ask next_probabilities(sequence) for the distribution of the next value.",
         "np.cumsum(probabilities)[:-1] cuts the interval from 0 to 1 into pieces, one per level: in "
         "which piece is the uniform number?",
         "(cumulative <= uniform).sum() counts the pieces before it. Append it to the sequence and "
         "go on."),
        draw,
        {"likeliest": likeliest,
         "as if it were the first": never_asked_again,
         "give back the start": lambda ask, start, u: draw(ask, start, u)[1:]},
    ),
)
