"""Exercises of lesson 08: fades, sizes of the stages, a timetable, a fade undone, lost contrast."""

import numpy as np

from . import Exercise, Wrong, call, expect_close


def halved(images):
    count, height, width, channels = images.shape
    return images.reshape(count, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))


def doubled(images):
    return images.repeat(2, axis=1).repeat(2, axis=2)


def check_fade(answer, random):
    count = 3
    for channels in (1, count):                     # with 3 channels NumPy can match the wrong axis
        height, width = random.integers(4, 7, size=2)
        small = random.uniform(size=(count, height, width, channels))
        large = random.uniform(size=(count, 2 * height, 2 * width, channels))
        alphas = random.uniform(0.1, 0.4, size=count)
        found = call(answer, small, large, alphas)
        if np.shape(found) == large.shape:
            if np.allclose(found, fade_each(small, large, 1 - alphas)):
                raise Wrong("the weights are swapped: at α = 0 there must be only the small picture.")
            if np.allclose(found, tiled_fade(small, large, alphas)):
                raise Wrong("np.tile puts copies of the whole picture side by side; each *pixel* "
                            "must become four.")
            if np.allclose(found, doubled(small) + along_first(alphas) * large):
                raise Wrong("the weights of the two pictures must sum to 1.")
            if channels == count and np.allclose(found, fade(small, large, alphas)):
                raise Wrong("NumPy matched the three α with the three colours: each *picture* has "
                            "its own.")
        expect_close(found, fade_each(small, large, alphas), f"pixel by pixel: the first picture has "
                     f"α = {alphas[0]:.2f}; its first pixel is {small[0, 0, 0, 0]:.2f} in the small "
                     f"picture and {large[0, 0, 0, 0]:.2f} in the large one, so "
                     f"{fade_each(small, large, alphas)[0, 0, 0, 0]:.3f} is wanted.")


def fade(small, large, alpha):
    return (1 - alpha) * doubled(small) + alpha * large


def fade_each(small, large, alphas):
    twice = small.repeat(2, axis=1).repeat(2, axis=2)
    alphas = alphas[:, None, None, None]
    return (1 - alphas) * twice + alphas * large


def along_first(alphas):
    return alphas[:, None, None, None]


def tiled_fade(small, large, alphas):
    return (1 - along_first(alphas)) * np.tile(small, (1, 2, 2, 1)) + along_first(alphas) * large


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
        if np.ndim(found) == 1 and len(found) != len(wanted):   # before its shape is complained about
            raise Wrong(f"for images of {side} and a smallest size of {least} your list is not as long as it "
                        f"should be: {len(found)} instead of {len(wanted)}.")
        expect_close(found, wanted, f"for images of {side} and a smallest size of {least} your list is as "
                     "long as it should be, but not all of its sizes are right.")


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
    per_stage, stages = 2 * int(random.integers(10, 40)) + 1, int(random.integers(3, 6))
    steps = [0, 1, per_stage - 1]                               # all of the first stage
    for stage in range(1, stages):
        steps += [stage * per_stage + k for k in (0, 1, 3, per_stage // 2, per_stage // 2 + 1,
                                                  per_stage - 1)]
    found = [call(answer, step, per_stage, stages) for step in steps]
    wanted = [timetable(step, per_stage, stages) for step in steps]
    if any(np.shape(each) != (2,) for each in found):
        raise Wrong("two numbers are wanted at each step: the stage and α.")
    found, wanted = np.array(found, float), np.array(wanted)
    first = wanted[:, 0] == 0
    for step, (stage, _), (right, _) in zip(steps, found, wanted):
        if stage != right:
            raise Wrong(f"with {per_stage} steps per stage, step {step} belongs to stage {right:g}, and you "
                        f"say {stage:g}.")
    if not np.allclose(found[first, 1], 1):
        raise Wrong("in stage 0 there is nothing to fade from: its only layer has full weight at "
                    "once.")
    if found[:, 1].max() > 1:
        raise Wrong(f"α must stop at 1, and yours reaches {found[:, 1].max():.2f}.")
    if np.allclose(found[~first, 1], 1 - wanted[~first, 1]):
        raise Wrong("α must rise: when a stage begins, its new layer has no weight.")
    if found[3::6, 1].min() > 0:
        raise Wrong("α is 0 in the first step of a stage that fades, and yours begins at "
                    f"{found[3::6, 1].min():.4f}.")
    if np.allclose(found[3::6, 1], 0) and found[8, 1] < 1:
        raise Wrong("this α reaches 1 only at the end of a stage: the new layer needs the second "
                    "half of the steps with full weight.")
    for step, mine, right in zip(steps, found, wanted):
        expect_close(mine[1], right[1], f"half of {per_stage} steps is {per_stage / 2:g}, so step "
                     f"{step} needs α = {right[1]:.4f}, and yours is {mine[1]:.4f}.")


def timetable(step, per_stage, stages):
    stage = step // per_stage
    if stage == 0:
        return 0, 1.0
    return stage, min(1.0, (step - stage * per_stage) / (per_stage / 2))


def check_undone(answer, random):
    picture = random.uniform(size=(2, 8, 6, 2))
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


def check_contrast(answer, random):
    for near in ("between", "between", "between", "small", "large"):
        # Pictures with means other than 0 and of unlike scales: one α for all is no mean of their own.
        small = random.uniform(0.3, 1, size=(4, 6, 6, 1)) * random.choice([-1, 1], size=(4, 6, 6, 1), p=[0.8, 0.2])
        large = random.uniform(-1, 1, size=small.shape) - 0.3 * small
        large *= np.array([0.2, 0.4, 0.6, 0.75])[:, None, None, None]
        if near == "large":                         # a paler copy: the contrast falls to the end
            large = small * random.uniform(0.3, 0.6)
        elif near == "small":
            small, large = small * random.uniform(0.3, 0.6), small
        found, wanted = call(answer, small, large), palest(small, large)
        if np.ndim(found) == 0:
            explain_contrast(float(found), wanted, small, large)
        here, least = [((1 - a) * small + a * large)[..., 0] for a in (np.mean(found), wanted)]
        expect_close(found, wanted, f"at your α the mean square is {np.mean(here**2):.6f}, and there "
                     f"is an α where it is {np.mean(least**2):.6f}.", 6e-4)


def explain_contrast(found, wanted, small, large):
    """Raise Wrong where a number that is not the wanted one comes from a typical mistake."""
    def near(other):
        return np.isclose(found, other, rtol=0, atol=6e-4)

    if near(wanted):
        return
    if near(unclipped(small, large)):
        raise Wrong(f"α is a weight, from 0 to 1, and yours is {found:.2f}: the parabola is lowest outside of "
                    "that range; where in it is the contrast least?")
    if not 0 <= found <= 1:
        raise Wrong(f"α must be from 0 to 1, and yours is {found:.2f}.")
    if 0 < wanted < 1 and near(1 - wanted):
        raise Wrong("this is the weight of the small picture; α is the large one's.")
    if near(each_palest(small, large)):
        raise Wrong("this is the mean of each picture's own best α; wanted is one α for the mean over all of them.")
    if abs(found - wanted) < 0.01:
        raise Wrong(f"almost: α is wanted to three decimals, and yours is {found:.3f}.")


def palest(small, large):
    change = large - small                          # the mean square is a parabola in α
    return float(np.clip(-np.mean(small * change) / np.mean(change**2), 0, 1))


def unclipped(small, large):
    change = large - small
    return -np.mean(small * change) / np.mean(change**2)


def each_palest(small, large):
    return np.mean([palest(*pair) for pair in zip(small, large)])


EXERCISES = (
    Exercise(
        "08.1", "each picture fades with its own α", check_fade,
        ("small.repeat(2, axis=1) doubles the rows; the columns are axis 2.",
         "NumPy matches shapes from the last axis on: which shape must alphas get, so that it "
         "belongs to the first axis?"),
        fade_each,
        {"weights are swapped": lambda small, large, alphas: fade_each(small, large, 1 - alphas),
         "np.tile": tiled_fade,
         "must sum to 1":
             lambda small, large, alphas: doubled(small) + along_first(alphas) * large,
         "three colours": lambda small, large, alphas: (
             fade(small, large, alphas) if small.shape[-1] == 3 else fade_each(small, large, alphas)),
         "pixel by pixel": lambda small, large, alphas: fade(small, large, alphas.mean()),
         "has shape": fade},
    ),
    Exercise(
        "08.2", "a network grows from the smallest whole half", check_sizes,
        ("Begin with the list [side], and put halves in front of it.",
         "Go on while the first entry is even and its half is smallest or more."),
        sizes,
        {"and a smallest size of": lambda side, smallest: sizes(side, smallest + 1),
         "the order": lambda side, smallest: sizes(side, smallest)[::-1],
         "must not be less": lambda side, smallest: unlimited(side),
         "only even sizes": rounded_sizes},
    ),
    Exercise(
        "08.3", "a stage and its α at each step of a training", check_timetable,
        ("step // per_stage is the stage, and step % per_stage the step within it.",
         "After half of a stage, (step within it) / (per_stage / 2) is 1. Half of 21 is 10.5.",
         "Stage 0 has no smaller picture to fade from."),
        timetable,
        {"the end of a stage": lambda s, n, k: (s // n, 1.0 if s < n else (s % n) / n),
         "must stop at 1": lambda s, n, k: (s // n, 1.0 if s < n else 2 * (s % n) / n),
         "must rise": lambda s, n, k: (s // n, 1.0 if s < n else 1 - timetable(s, n, k)[1]),
         "nothing to fade from": lambda s, n, k: (s // n, min(1, 2 * (s % n) / n)),
         "half of": lambda s, n, k: (s // n, 1.0 if s < n else min(1, (s % n) / (n // 2))),
         "is 0 in the first step": lambda s, n, k: (
             s // n, 1.0 if s < n else min(1.0, (s % n + 1) / (n / 2))),
         "belongs to stage": lambda s, n, k: (min((s + 1) // n, k - 1), 1.0)},
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
    Exercise(
        "08.5", "a fade between different pictures is palest somewhere on its way", check_contrast,
        ("Write the mean square of (1 − α)·small + α·large as a parabola in α.",
         "With change = large − small it is mean((small + α·change)²). Where is its derivative 0?",
         "If that is outside of [0, 1], the smallest value lies at an end."),
        palest,
        {"lowest outside": unclipped,
         "must be from 0 to 1": lambda small, large: -unclipped(small, large),
         "weight of the small": lambda small, large: round(palest(large, small), 3),
         "each picture's own": each_palest,
         "three decimals": lambda small, large: round(palest(small, large), 2),
         "mean square is": lambda small, large: 0.5},
    ),
)
