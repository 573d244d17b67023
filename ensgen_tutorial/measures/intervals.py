"""How sure a mean is: intervals over images and training seeds."""

import numpy as np
from scipy.stats import bootstrap

from ..checks import check_number, check_whole


def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    """A percentile bootstrap interval of the mean of ``values``: (low, high).

    values: (N,), one number per image; for two generators on the same images, their differences
    (paired). The interval is then over images alone. Or (S, N), a row for each training seed: seeds
    and images are then both drawn again, so that the interval is about other trainings, too.

    Source: Efron 1979, The Annals of Statistics 7, 1 – 26; Davison and Hinkley 1997, "Bootstrap
    methods and their application", §3.8 (two levels).
    """
    values = np.asarray(values, float)
    if values.ndim not in (1, 2) or min(values.shape) < 2 or not np.isfinite(values).all():
        raise ValueError("values must be finite numbers, at least two, one per image (N,), or a row "
                         f"of them for each of two seeds or more (S, N); these have {values.shape}.")
    check_number(level, "level", above=0, below=1)
    check_whole(resamples, "resamples")
    random = np.random.default_rng(seed)
    if values.ndim == 1:
        found = bootstrap((values,), np.mean, confidence_level=level, n_resamples=resamples,
                          method="percentile", rng=random).confidence_interval
        return float(found.low), float(found.high)
    seeds = random.integers(0, len(values), (resamples, len(values)))
    images = random.integers(0, values.shape[1], (resamples, values.shape[1]))
    means = [values[np.ix_(s, i)].mean() for s, i in zip(seeds, images)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
