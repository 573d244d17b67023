"""Intervals cover the mean as often as they say, and verdicts are as seldom wrong as they say."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from ensgen_tutorial import bootstrap_interval, estimate, estimate_spreads, verdicts


def test_the_bootstrap_interval_covers_the_mean_as_often_as_it_says():
    random, covered = np.random.default_rng(0), 0
    for _ in range(400):
        low, high = bootstrap_interval(random.normal(3, 2, size=60), level=0.9, resamples=400)
        covered += low < 3 < high
    assert 0.85 < covered / 400 < 0.94
    low, high = bootstrap_interval(random.normal(3, 2, size=4000))
    assert (high - low) / (2 * 1.96 * 2 / np.sqrt(4000)) == pytest.approx(1, rel=0.1)


def test_over_seeds_alone_it_is_students_t():
    values = np.random.default_rng(0).normal(1, 2, 8)
    found, known = estimate(values), ttest_1samp(values, 0)
    assert found.p == pytest.approx(known.pvalue)
    assert found.interval(0.9) == pytest.approx(tuple(known.confidence_interval(0.9)))


def test_the_crossed_error_is_the_pigeonhole_bootstrap_s():
    """Rows and columns drawn again, 40,000 times: the same variance, but for S/(S − 1)."""
    random = np.random.default_rng(0)
    values = random.normal(size=(6, 1)) + random.normal(size=40) + random.normal(size=(6, 40))
    rows, columns = (random.multinomial(n, np.full(n, 1 / n), size=40_000) for n in values.shape)
    means = ((rows @ values) * columns).sum(axis=1) / values.size
    assert estimate(values).error ** 2 == pytest.approx(means.var() * 6 / 5, rel=0.1)


@pytest.mark.parametrize("seeds", [3, 5, 8])
def test_a_crossed_interval_covers_other_seeds_and_other_images(seeds):
    random, covered, images_alone = np.random.default_rng(seeds), 0, 0
    for _ in range(1000):
        values = (0.3 * random.normal(size=(seeds, 1)) + 2 * random.normal(size=60)
                  + random.normal(size=(seeds, 60)))
        low, high = estimate(values).interval()
        covered += low <= 0 <= high
        own = values.mean(axis=0)
        images_alone += abs(own.mean()) <= 1.96 * own.std() / np.sqrt(60)
    assert 0.94 <= covered / 1000
    assert images_alone < covered


@pytest.mark.parametrize("seeds, images, spread", [(8, 50, False), (5, None, False), (5, None, True)])
def test_without_a_difference_at_most_6_percent_of_2000_studies_call_one(seeds, images, spread):
    """Families of ten claims under no difference, rivals shared; seeds, images and both at work."""
    random, called, wrong = np.random.default_rng(1), 0, 0
    for _ in range(2000):
        shape = (11, seeds) if images is None else (11, seeds, images)
        results = random.normal(size=shape)
        if images is not None:
            results += random.normal(size=(11, seeds, 1)) + random.normal(size=(11, 1, images))
        rival, methods = results[0], results[1:]
        found = verdicts({j: estimate_spreads(each, rival) if spread else estimate(rival - each)
                          for j, each in enumerate(methods)})
        words = {each.word for each in found.values()}
        called += "holds" in words
        wrong += words != {"not shown"}
    assert called / 2000 <= 0.06 and wrong / 2000 <= 0.06
    assert wrong                                    # and the test could have failed


def test_a_percentile_bootstrap_over_eight_seeds_would_call_twice_as_many():
    random, outside = np.random.default_rng(0), 0
    for _ in range(500):
        low, high = bootstrap_interval(random.normal(size=8), resamples=500)
        outside += low > 0 or high < 0
    assert outside / 500 > 0.08


def test_a_difference_that_is_there_is_found_and_its_interval_says_so():
    random = np.random.default_rng(0)
    gains = {"large": 5 + random.normal(size=8), "none": np.linspace(-1, 1.2, 8),
             "loss": -5 + random.normal(size=8)}
    found = verdicts({name: estimate(values) for name, values in gains.items()})
    assert [each.word for each in found.values()] == ["holds", "not shown", "does not"]
    for each in found.values():
        assert (each.low > 0 or each.high < 0) == (each.word != "not shown")
    assert found["none"].level == pytest.approx(0.95) and found["large"].level > 0.97


def test_spreads_are_compared_pair_by_pair():
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(1000):
        shared = random.normal(size=8)
        own, other = shared + 0.5 * random.normal(size=8), 2 * shared + random.normal(size=8)
        found = estimate_spreads(own, other)
        low, high = found.interval(0.9)
        covered += low <= np.log(2) <= high
        assert (found.p <= 0.1) == (low > 0 or high < 0)
    assert 0.88 < covered / 1000 < 0.92


@pytest.mark.parametrize("call, message", [
    (lambda: bootstrap_interval(np.zeros((2, 2))), "one per image"),
    (lambda: bootstrap_interval(np.zeros(1)), "at least two"),
    (lambda: bootstrap_interval(np.array([1, np.nan])), "finite"),
    (lambda: bootstrap_interval(np.zeros(5), level=95), "level must be a number"),
    (lambda: estimate(np.zeros(1)), "two training seeds"),
    (lambda: estimate(np.zeros((1, 5))), "two training seeds"),
    (lambda: estimate([1, np.inf]), "finite"),
    (lambda: estimate_spreads([1, 2], [3, 4]), "three training seeds"),
    (lambda: estimate_spreads([1, 1, 1], [3, 4, 5]), "do not vary"),
    (lambda: verdicts({"a": estimate([1, 2, 3])}, alpha=5), "alpha must be a number")])
def test_values_that_do_not_fit_get_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
