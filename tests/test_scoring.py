"""Scores, nats and parameters: counted in one place, once."""

import numpy as np
import pytest
from test_generators import every_image, ready

from ensgen_tutorial import (
    Mixture,
    PixelPool,
    Remembered,
    TemplateMixture,
    bits_per_dimension,
    count_parameters,
    ensemble_nats,
    mean_nats,
    score_members,
)


@pytest.fixture(scope="module")
def members():
    return {"a": ready("PixelCNN", (2, 2, 1), 3, 0), "b": ready("PixelRNN", (2, 2, 1), 3, 1),
            "c": ready("PixelCNN", (2, 2, 1), 3, 2)}


@pytest.fixture(scope="module")
def pixels():
    return every_image((2, 2, 1), 3)


@pytest.mark.parametrize("by, make", [("pixel", PixelPool), ("image", Mixture)])
def test_scores_give_the_ensemble_s_own_likelihood(by, make, members, pixels):
    weights = np.array([0.2, 0.5, 0.3])
    nats = ensemble_nats(score_members(members, pixels, by), weights)
    ensemble = make(members.values(), weights)
    np.testing.assert_allclose(nats, -ensemble.log_likelihood(pixels), rtol=1e-5)
    assert mean_nats(ensemble, pixels) == pytest.approx(nats.mean(), rel=1e-6)


def test_bits_per_dimension_of_a_fair_coin_is_one():
    assert bits_per_dimension(64 * np.log(2), (8, 8, 1)) == pytest.approx(1)


def test_bad_arguments_and_members_are_named(members, pixels):
    class Broken(TemplateMixture):
        def log_likelihood(self, pixels, known=None):
            return np.full(len(pixels), np.nan)

    with pytest.raises(ValueError, match="by must be"):
        score_members(members, pixels, by="row")
    with pytest.raises(TypeError, match="Mixture has no likelihood by pixel"):
        score_members([Mixture(members.values())], pixels)
    with pytest.raises(ValueError, match=r"members\['d'\], Broken, answers with NaN"):
        score_members(members | {"d": Broken(np.full((1, 2, 2, 1, 3), 1 / 3))}, pixels, "image")


def test_each_member_s_parameters_are_counted_once(members):
    a, b, c = members.values()
    inner = PixelPool([Remembered(a), b])
    assert count_parameters(a) == a.count_params() == count_parameters(Remembered(a))
    assert count_parameters(Mixture([inner, a, PixelPool([c, a])])) == sum(
        each.count_params() for each in (a, b, c))
    unknown = TemplateMixture(np.full((1, 2, 2, 1, 3), 1 / 3))
    assert count_parameters(unknown) is None and count_parameters(PixelPool([a, unknown])) is None
