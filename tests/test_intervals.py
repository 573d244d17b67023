"""Intervals cover the mean as often as they say."""

import numpy as np
import pytest

from ensgen_tutorial import bootstrap_interval


def test_the_bootstrap_interval_covers_the_mean_as_often_as_it_says():
    random, covered = np.random.default_rng(0), 0
    for _ in range(400):
        low, high = bootstrap_interval(random.normal(3, 2, size=60), level=0.9, resamples=400)
        covered += low < 3 < high
    assert 0.85 < covered / 400 < 0.94
    low, high = bootstrap_interval(random.normal(3, 2, size=4000))
    assert (high - low) / (2 * 1.96 * 2 / np.sqrt(4000)) == pytest.approx(1, rel=0.1)


def test_a_two_level_interval_covers_other_seeds_as_well():
    """Means of 6 seeds × 50 images, with a part that each seed's images share: 95 % hold 0."""
    random = np.random.default_rng(0)
    held, width = [], []
    for trial in range(120):
        values = 0.5 * random.normal(size=(6, 1)) + random.normal(size=(6, 50))
        for rows in (values, values.mean(axis=0)):
            low, high = bootstrap_interval(rows, resamples=300, seed=trial)
            held.append(low <= 0 <= high)
            width.append(high - low)
    assert np.mean(held[::2]) > 0.8 > np.mean(held[1::2]) + 0.2      # images alone: far too narrow
    assert np.mean(width[::2]) > 1.5 * np.mean(width[1::2])
    with pytest.raises(ValueError, match="two seeds or more"):
        bootstrap_interval(np.zeros((1, 5)))


@pytest.mark.parametrize("values, options, message", [
    (np.zeros((1, 2, 3)), {}, "one per image"), (np.zeros(1), {}, "at least two"),
    (np.array([1, np.nan]), {}, "finite"), (np.zeros(5), {"level": 95}, "level must be a number"),
    (np.zeros(5), {"resamples": 0}, "resamples")])
def test_values_that_do_not_fit_get_a_sentence(values, options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(values, **options)
