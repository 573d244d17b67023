"""Mixtures draw with any members, and score and complete where every member can."""

import numpy as np
import pytest
from test_generators import ready

from ensgen_tutorial import Mixture, TemplateMixture
from ensgen_tutorial.generators.base import Generator


def test_mixtures_complete_by_the_posterior():
    """Two templates that agree nowhere: a given pixel decides which one goes on."""
    dark, bright = np.zeros((2, 1, 1, 2, 1, 2))
    dark[..., 0], bright[..., 1] = 1, 1
    mixture = Mixture([TemplateMixture(dark), TemplateMixture(bright)])
    images = np.array([0.0, 1.0]).reshape(2, 1, 1, 1) * np.ones((2, 1, 2, 1))
    known = np.array([True, False]).reshape(1, 2, 1)
    np.testing.assert_array_equal(mixture.complete(images, known, seed=0), images)


class Painter(Generator):
    image_shape, levels = (2, 2, 1), 3

    def generate(self, count, seed=None):
        return np.ones((count, 2, 2, 1), np.float32)


def test_a_mixture_has_what_all_its_members_have():
    mixture = Mixture([Painter(), ready("PixelCNN", (2, 2, 1), 3)])
    assert mixture.generate(10, seed=0).shape == (10, 2, 2, 1)
    assert mixture.exact is False
    for method in ("log_likelihood", "complete", "cross_entropy", "kl_divergence"):
        assert not hasattr(mixture, method)
        assert hasattr(Mixture(mixture.members[1:]), method)
        assert not hasattr(Mixture([mixture]), method)
    assert hasattr(mixture, "discrepancy")
    with pytest.raises(AttributeError, match="no attribute 'log_likelihood'") as refusal:
        mixture.log_likelihood(np.zeros((1, 2, 2, 1), np.uint8))
    assert "Painter has no log_likelihood" in str(refusal.value.__cause__)
