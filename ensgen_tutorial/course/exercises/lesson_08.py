"""Exercises of lesson 08: a fade, the sizes of the stages, α's timetable, and a fade undone."""

import numpy as np

from . import Exercise, Wrong, call, expect_close


def halved(images):
    count, height, width, channels = images.shape
    return images.reshape(count, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))


def doubled(images):
    return images.repeat(2, axis=1).repeat(2, axis=2)


def check_fade(answer, random):
    height, width = random.integers(2, 5, size=2)
    small = random.uniform(size=(3, height, width, 1))
    large = random.uniform(size=(3, 2 * height, 2 * width, 1))
    alpha = random.uniform(0.1, 0.4)
    found = call(answer, small, large, alpha)
    if np.shape(found) == large.shape:
        if np.allclose(found, fade(small, large, 1 - alpha)):
            raise Wrong("the weights are swapped: at α = 0 there must be only the small picture.")
        if np.allclose(found, tiled_fade(small, large, alpha)):
            raise Wrong("np.tile puts copies of the whole picture side by side; each *pixel* must "
                        "become four, with np.repeat along both axes.")
        if np.allclose(found, doubled(small) + alpha * large):
            raise Wrong("the weights must sum to 1: the small picture has the weight 1 − α.")
    expect_close(found, fade(small, large, alpha),
                 "(1 − α)·(the small picture, each pixel four times) + α·(the large picture).")


def fade(small, large, alpha):
    twice = small.repeat(2, axis=1).repeat(2, axis=2)
    return (1 - alpha) * twice + alpha * large


def tiled_fade(small, large, alpha):
    return (1 - alpha) * np.tile(small, (1, 2, 2, 1)) + alpha * large


def check_sizes(answer, random):
    smallest = int(random.integers(3, 8))
    odd = 2 * int(random.integers(smallest, 9)) + 1              # cannot be halved, and is larger
    for side, least in ((4 * odd, smallest), (8 * smallest, smallest + 1), (odd, smallest),
                        (8 * smallest, smallest)):
        wanted = sizes(side, least)
        found = call(answer, side, least)
        if np.ndim(found) == 1 and len(found):
            listed = [int(size) for size in found]
            if listed == wanted[::-1] and len(wanted) > 1:
                raise Wrong("the order: growing begins at the smallest size.")
            if listed == unlimited(side) and listed != wanted:
                raise Wrong(f"the first size must not be less than {least}, and yours begins at "
                            f"{listed[0]}.")
            if listed == rounded_sizes(side, least) and listed != wanted:
                raise Wrong(f"{side} was halved to an odd size and then again: only even sizes can "
                            "be halved.")
            if listed == wanted[:-1]:
                raise Wrong(f"the last size, {side} itself, is missing.")
        expect_close(found, wanted, f"for images of {side} and a smallest size of {least} the sizes "
                     f"are {wanted}.")


def sizes(side, smallest):
    found = [side]
    while found[0] % 2 == 0 and found[0] // 2 >= smallest:
        found.insert(0, found[0] // 2)
    return found


def rounded_sizes(side, smallest):
    found = [side]
    while found[0] // 2 >= smallest:
        found.insert(0, found[0] // 2)
    return found


def unlimited(side):
    return sizes(side, 1)


def check_timetable(answer, random):
    steps = 2 * int(random.integers(20, 60))
    early = int(random.integers(1, steps // 2 - 1))
    late = int(random.integers(steps // 2 + 2, steps))
    found = [call(answer, step, steps) for step in (early, late)]
    if np.shape(found) == (2,):
        if np.allclose(found, [early / steps, late / steps]):
            raise Wrong("this α reaches 1 only at the end of the stage: the new layer needs the "
                        "second half of the steps with full weight.")
        if np.allclose(found, [2 * early / steps, 2 * late / steps]):
            raise Wrong(f"α must stop at 1, and yours is {2 * late / steps:.2f} at step {late} of "
                        f"{steps}.")
        if np.allclose(found, [1 - timetable(early, steps), 1 - timetable(late, steps)]):
            raise Wrong("α must rise: at step 0 the new layer has no weight.")
    for step, alpha in zip((early, late), found):
        expect_close(alpha, timetable(step, steps), f"step {step} of {steps} needs α = "
                     f"{timetable(step, steps):.3f}: a straight line to 1 at half time, then 1.")
    for step in (0, steps // 2, steps):
        expect_close(call(answer, step, steps), timetable(step, steps),
                     f"look at step {step} of {steps}.")


def timetable(step, steps):
    return min(1.0, step / (steps / 2))


def check_undone(answer, random):
    picture = random.uniform(size=(2, 8, 6, 1))
    alpha = random.uniform(0.2, 0.6)
    faded = fade(halved(picture), picture, alpha)
    found = call(answer, faded, alpha)
    if np.shape(found) == picture.shape:
        if np.allclose(found, faded / alpha):
            raise Wrong("the blocks' means were not faded, so they must not be divided by α.")
        if np.allclose(found, (faded - doubled(halved(faded))) / alpha):
            raise Wrong("this is the detail alone: add the blocks' means again.")
        if np.allclose(found, undone_wrongly(faded, alpha)):
            raise Wrong("the detail was multiplied by α: divide by it.")
    expect_close(found, picture, "split the faded picture into its blocks' means and the detail "
                 "around them, and divide only the detail by α.")


def undone(faded, alpha):
    count, height, width, channels = faded.shape
    blocks = faded.reshape(count, height // 2, 2, width // 2, 2, channels)
    means = blocks.mean(axis=(2, 4), keepdims=True)
    return (means + (blocks - means) / alpha).reshape(faded.shape)


def undone_wrongly(faded, alpha):
    means = doubled(halved(faded))
    return means + alpha * (faded - means)


EXERCISES = (
    Exercise(
        "08.1", "a fade from the small picture to the large one", check_fade,
        ("small.repeat(2, axis=1) doubles the rows; the columns are axis 2.",
         "At α = 0 only the small picture counts, at α = 1 only the large one."),
        fade,
        {"weights are swapped": lambda small, large, alpha: fade(small, large, 1 - alpha),
         "np.tile": tiled_fade,
         "must sum to 1": lambda small, large, alpha: doubled(small) + alpha * large,
         "is wanted": lambda small, large, alpha: (1 - alpha) * small + alpha * halved(large)},
    ),
    Exercise(
        "08.2", "a network grows from the smallest even half", check_sizes,
        ("Begin with the list [side], and put halves in front of it.",
         "Go on while the first entry is even and its half is smallest or more."),
        sizes,
        {"the order": lambda side, smallest: sizes(side, smallest)[::-1],
         "must not be less": lambda side, smallest: unlimited(side),
         "only even sizes": rounded_sizes},
    ),
    Exercise(
        "08.3", "α rises to 1 at half time and stays there", check_timetable,
        ("After half of the steps, step / (steps / 2) is 1.",
         "min(1, …) keeps it there."),
        timetable,
        {"only at the end": lambda step, steps: step / steps,
         "must stop at 1": lambda step, steps: 2 * step / steps,
         "must rise": lambda step, steps: 1 - timetable(step, steps)},
    ),
    Exercise(
        "08.4", "a fade only makes the detail weaker, so it can be undone", check_undone,
        ("A fade leaves the mean of each 2×2 block as it is. What does it do to the rest?",
         "reshape(count, h // 2, 2, w // 2, 2, channels).mean(axis=(2, 4), keepdims=True) gives the "
         "blocks' means."),
        undone,
        {"must not be divided": lambda faded, alpha: faded / alpha,
         "detail alone": lambda faded, alpha: (faded - doubled(halved(faded))) / alpha,
         "divide by it": undone_wrongly},
    ),
)
