"""How sure a mean is: intervals over images and training seeds."""

import numpy as np

from ..checks import check_whole


def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    """A percentile bootstrap interval of the mean of ``values``: (low, high).

    values: (N,), one number an image; for two generators on the same images, their differences
    (paired). The interval is then over images alone. Or (S, N), a row for each training seed: seeds
    and images are then both drawn anew, so that the interval is about other trainings, too.

    Source: Efron 1979, The Annals of Statistics 7, 1 – 26; Davison and Hinkley 1997, "Bootstrap
    methods and their application", §3.8 (two levels).
    """
    values = np.asarray(values, float)
    if values.ndim not in (1, 2) or values.shape[-1] < 2 or not np.isfinite(values).all() or (
            values.ndim == 2 and len(values) < 2):
        raise ValueError("values must be finite numbers, at least two, one an image (N,), or a row "
                         f"of them for each of two seeds or more (S, N); these have {values.shape}.")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, like 0.95, and is {level!r}.")
    check_whole(resamples, "resamples", 1)
    random = np.random.default_rng(seed)
    if values.ndim == 1:
        means = values[random.integers(0, len(values), (resamples, len(values)))].mean(axis=1)
    else:
        seeds = random.integers(0, len(values), (resamples, len(values)))
        images = random.integers(0, values.shape[1], (resamples, values.shape[1]))
        means = np.array([values[np.ix_(s, i)].mean() for s, i in zip(seeds, images)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
