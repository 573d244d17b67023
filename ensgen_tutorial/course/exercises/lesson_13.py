"""Exercises of lesson 13: bootstrap at one and two levels, spreads, and a verdict from an interval."""

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_means(answer, random):
    values = random.normal(1, 2, size=30)
    chosen = random.integers(0, 30, size=(50, 30))
    wanted = resampled_means(values, chosen)
    found = call(answer, values, chosen)
    if np.shape(found) == (50, 30):
        raise Wrong("these are the resampled numbers: take the mean of each row.")
    if np.shape(found) == (30,):
        raise Wrong("this is the mean over the resamples: each row of chosen is one resample.")
    if np.shape(found) == (50,) and np.allclose(found, values.mean()):
        raise Wrong("all 50 are the mean of values itself: pick values[chosen] first.")
    expect_close(found, wanted, "each row of chosen picks 30 of the values; return the rows' means.")


def resampled_means(values, chosen):
    return values[chosen].mean(axis=1)


def check_two_levels(answer, random):
    values = random.normal(0, 1, size=(6, 1)) + random.normal(0, 1, size=(6, 20))
    seeds, images = random.integers(0, 6, size=(40, 6)), random.integers(0, 20, size=(40, 20))
    wanted = two_level_means(values, seeds, images)
    found = call(answer, values, seeds, images)
    if np.shape(found) == (40,):
        if np.allclose(found, values.mean(axis=0)[images].mean(axis=1)):
            raise Wrong("only the images are drawn again: draw the seeds as well.")
        if np.allclose(found, values.mean(axis=1)[seeds].mean(axis=1)):
            raise Wrong("only the seeds are drawn again: draw the images as well.")
    expect_close(found, wanted, "for each resample take the rows seeds[r], of them the columns "
                 "images[r] (np.ix_ does both), and the mean of what is left.")


def two_level_means(values, seeds, images):
    return np.array([values[np.ix_(s, i)].mean() for s, i in zip(seeds, images)])


def check_spreads(answer, random):
    ensemble, single = random.normal(76, 0.1, size=8), random.normal(80, 0.4, size=8)
    wanted = spread_ratio(ensemble, single)
    found = call(answer, ensemble, single)
    if np.ndim(found) == 0 and np.isreal(found):
        if np.isclose(found, wanted**2):
            raise Wrong("this is the ratio of the variances: take standard deviations.")
        if np.isclose(found, 1 / wanted):
            raise Wrong("upside down: below 1 shall mean that the ensemble is steadier.")
        if np.isclose(found, np.mean(ensemble) / np.mean(single)):
            raise Wrong("this compares the means; stability is about the spread over seeds.")
    expect_close(found, wanted, "the standard deviation over seeds of one, divided by that of the "
                 "other.", 1e-3)


def spread_ratio(ensemble, single):
    return np.std(ensemble, ddof=1) / np.std(single, ddof=1)


def check_verdict(answer, random):
    for _ in range(30):
        low, high = np.sort(random.normal(0, 1, size=2))
        wanted = verdict(low, high)
        found = call(answer, low, high)
        if not isinstance(found, str):
            raise Wrong(f"return one of three texts, not {found!r}.")
        if found != wanted and wanted == "not shown":
            raise Wrong(f"the interval from {low:.2f} to {high:.2f} holds 0, so the sign of the gain "
                        "is open: not shown.")
        if found != wanted and wanted == "does not":
            raise Wrong(f"from {low:.2f} to {high:.2f} all gains are below 0: the claim does not hold.")
        if found != wanted:
            raise Wrong(f"from {low:.2f} to {high:.2f} all gains are above 0: the claim holds.")


def verdict(low, high):
    if low > 0:
        return "holds"
    return "does not" if high < 0 else "not shown"


EXERCISES = (
    Exercise(
        "13.1", "means of resampled images", check_means,
        ("values[chosen] has the shape of chosen.", "Take the mean along axis 1."),
        resampled_means,
        {"take the mean of each row": lambda values, chosen: values[chosen],
         "mean over the resamples": lambda values, chosen: values[chosen].mean(axis=0),
         "pick values": lambda values, chosen: np.full(len(chosen), values.mean())},
    ),
    Exercise(
        "13.2", "seeds and images, both drawn again", check_two_levels,
        ("values[np.ix_(rows, columns)] is the table of those rows and columns.",
         "Do it once for each resample: zip(seeds, images)."),
        two_level_means,
        {"draw the seeds as well": lambda v, s, i: v.mean(axis=0)[i].mean(axis=1),
         "draw the images as well": lambda v, s, i: v.mean(axis=1)[s].mean(axis=1)},
    ),
    Exercise(
        "13.3", "how much steadier: the ratio of two spreads", check_spreads,
        ("np.std(..., ddof=1) is the standard deviation of a sample.",
         "The ensemble's stands above the line."),
        spread_ratio,
        {"ratio of the variances": lambda e, s: spread_ratio(e, s) ** 2,
         "upside down": lambda e, s: spread_ratio(s, e),
         "compares the means": lambda e, s: np.mean(e) / np.mean(s)},
    ),
    Exercise(
        "13.4", "a verdict from an interval of gains", check_verdict,
        ("Three cases: the whole interval above 0, below 0, or 0 inside.",
         "Compare low with 0 first, then high."),
        verdict,
        {"not shown": lambda low, high: "holds" if low + high > 0 else "does not",
         "does not hold": lambda low, high: "holds" if low > 0 else "not shown"},
    ),
)
