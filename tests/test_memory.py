"""Ten thousand images fit where a few do: drawing, scoring and comparing work in pieces."""

import tracemalloc

import numpy as np
import pytest

from ensgen_tutorial import (PixelCNN, PixelGenerator, PixelPool, PixelRNN, density_coverage, fit_weights,
                             precision_recall)
from ensgen_tutorial.generators import base, raster


@pytest.fixture
def peak():
    """A function that calls another one and returns the most bytes it held, and its result."""
    def measure(action):
        tracemalloc.start()
        try:
            result = action()
            return tracemalloc.get_traced_memory()[1], result
        finally:
            tracemalloc.stop()

    return measure


@pytest.fixture(scope="module")
def pool():
    """Eight networks that learnt ten classes."""
    members = [kind((4, 4, 1), 4, classes=10, seed=j)
               for j, kind in enumerate([PixelCNN, PixelRNN] * 4)]
    for member in members:
        member.trained = True
    return PixelPool(members)


def test_a_pool_draws_and_scores_in_bounded_memory(pool, peak, monkeypatch):
    few = pool.generate(12, seed=1)
    _, drawn = peak(lambda: pool.generate(40, seed=1))
    pixels = np.rint(drawn * 3).astype(np.uint8)
    scores = pool.log_likelihood(pixels)
    for module in (base, raster):
        monkeypatch.setattr(module, "MEMORY", 2**24)             # 16 MB: fifteen images at a time
    assert 40 * pool.bytes_per_image > 2 * 2**24
    used, same = peak(lambda: pool.generate(40, seed=1))
    assert used < 2 * 2**24
    np.testing.assert_array_equal(same, drawn)
    np.testing.assert_array_equal(few, drawn[:12])
    used, same = peak(lambda: pool.log_likelihood(np.tile(pixels, (20, 1, 1, 1))))
    assert used < 2 * 2**24
    np.testing.assert_allclose(same[:40], scores, rtol=1e-5)


def test_distances_between_many_features_take_bounded_memory(peak):
    """All distances at once would be 200 MB."""
    features = np.random.default_rng(0).normal(size=(2, 5000, 4))
    for measure in (precision_recall, density_coverage):
        used, shares = peak(lambda: measure(*features))
        assert used < 60e6 and min(shares) > 0.9


class Guess(PixelGenerator):
    """A member that costs nothing: its log-likelihoods are random, by the image's mean."""

    image_shape, levels = (28, 28, 1), 256

    def __init__(self, seed):
        self.seed = seed

    def log_pixel_likelihoods(self, pixels):
        random = np.random.default_rng(self.seed)
        return -random.random(pixels.shape, np.float32) * (1 + self.seed / 8) - pixels / 255


def test_weights_are_fitted_to_many_images_in_bounded_memory(peak):
    """200 MB for 2,000 images of 28×28 and eight members; so 1 GB for 10,000. Their scores in float64 are 100 MB."""
    pixels = np.random.default_rng(0).integers(0, 256, (2000, 28, 28, 1)).astype(np.uint8)
    used, fitted = peak(lambda: fit_weights(PixelPool([Guess(seed) for seed in range(8)]), pixels, tolerance=0.1))
    assert used < 200e6 and fitted.gap <= 0.1 and fitted.weights.argmax() == 0
