"""The weighted sum, and what weights and members must be."""

import numpy as np
import pytest
from test_generators import ready

from ensgen_tutorial import VAE, Mixture, PixelCNN, PixelPool, weighted_sum
from ensgen_tutorial.generators.base import NotTrainedError

WEIGHTS = np.array([0.2, 0.5, 0.3])


@pytest.fixture(scope="module")
def members():
    return [ready("PixelCNN", (2, 2, 1), 3, seed) for seed in range(3)]


def test_weighted_sum_is_numpy_s_average():
    outputs = np.random.default_rng(0).normal(size=(3, 4, 5))
    np.testing.assert_allclose(
        weighted_sum(outputs, WEIGHTS), np.average(outputs, axis=0, weights=WEIGHTS), atol=1e-12)


@pytest.mark.parametrize("given", [[2, 0, 0, 1], np.float32([1, 1, 1]) / 3, [0.3333333] * 3, [0, 1, 0]])
def test_accepted_weights_sum_to_1_and_work_everywhere(given, members):
    given = given if sum(given) < 2 else [0.0, 0.25, 0.75]
    gate = np.broadcast_to(given, (2, 2, 1, 3)).tolist()
    for make, weights in ((Mixture, given), (PixelPool, given), (PixelPool, gate)):
        ensemble = make(members, weights)
        assert ensemble.weights.dtype == float and abs(ensemble.weights.sum(axis=-1) - 1).max() < 1e-15
        assert ensemble.generate(3, seed=0).shape == (3, 2, 2, 1)
        np.testing.assert_array_equal(ensemble.with_weights(weights).weights, ensemble.weights)


@pytest.mark.parametrize("weights, message", [
    ([0.5, 0.6, -0.1], "negative"), ([0.5, np.nan, 0.5], "finite"), ([0.5, 0.5], "3 weights"),
    ([0.5, 0.5, 0.5], "sum to 1"), (["a", "b", "c"], "numbers"), ([np.inf, 0, 0], "finite"),
])
def test_bad_weights_each_get_their_own_sentence(weights, message, members):
    for make in (PixelPool, Mixture):
        with pytest.raises((ValueError, TypeError), match=message):
            make(members, weights)


def test_bad_members_each_get_their_own_sentence(members):
    for make in (PixelPool, Mixture):
        with pytest.raises(ValueError, match="empty"):
            make([])
        with pytest.raises(ValueError, match="image_shape"):
            make([members[0], ready("PixelCNN", (3, 2, 1), 3)])
        with pytest.raises(ValueError, match="levels"):
            make([members[0], ready("PixelCNN", (2, 2, 1), 4)])
    with pytest.raises(TypeError, match="VAE"):
        PixelPool([members[0], VAE((2, 2, 1), 3, latents=2, hidden=4)])
    with pytest.raises(ValueError, match="kind"):
        PixelPool(members, kind="cubic")
    with pytest.raises(ValueError, match="one shape"):
        weighted_sum([np.zeros(2), np.zeros(3)], [0.5, 0.5])


def test_untrained_members_are_refused_at_the_door(members):
    for make in (PixelPool, Mixture):
        with pytest.raises(NotTrainedError, match="this PixelCNN was never trained"):
            make([members[0], PixelCNN((2, 2, 1), 3, filters=4)])
