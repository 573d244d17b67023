"""Sums of predictions and of finished images: one has a theorem, the other draws ghosts."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from ensgen_tutorial import Denoiser, DenoiserSum, ImageAverage, PredictionSum, TemplateMixture
from ensgen_tutorial.generators.base import NotTrainedError
from ensgen_tutorial.predictors.flow import flow

WEIGHTS = np.array([0.2, 0.5, 0.3])


@pytest.fixture(scope="module")
def denoisers():
    made = [Denoiser((4, 4, 1), 5, filters=(4, 6), steps=3, seed=seed) for seed in range(3)]
    for seed, denoiser in enumerate(made):
        random = np.random.default_rng(seed)
        for weight in denoiser.network.weights:
            weight.assign(random.normal(0, 0.3, weight.shape))
        denoiser.trained = True
    return made


def test_the_ambiguity_identity_is_exact_for_every_pixel(denoisers):
    random = np.random.default_rng(0)
    clean, noisy = random.uniform(-1, 1, (2, 7, 4, 4, 1))
    each = np.stack([denoiser.denoise(noisy, 0.4).astype(float) for denoiser in denoisers])
    total = DenoiserSum(denoisers, WEIGHTS).denoise(noisy, 0.4)
    spread = np.tensordot(WEIGHTS, (each - total) ** 2, axes=1)
    errors = np.tensordot(WEIGHTS, (each - clean) ** 2, axes=1)
    np.testing.assert_allclose((total - clean) ** 2, errors - spread, atol=1e-10)


def test_a_sum_of_denoisers_draws_by_flowing(denoisers):
    ensemble = DenoiserSum(denoisers, WEIGHTS, steps=3)
    drawn = ensemble.generate(5, seed=1)
    assert drawn.shape == (5, 4, 4, 1) and drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, ensemble.generate(5, seed=1))
    one = DenoiserSum(denoisers, [0, 1, 0], steps=3)
    noise = np.random.default_rng(1).standard_normal((5, 4, 4, 1)).astype(np.float32)
    np.testing.assert_allclose(flow(one, noise, 3)[-1], flow(denoisers[1], noise, 3)[-1], rtol=1e-3)
    nested = DenoiserSum([ensemble, denoisers[0]], [0.5, 0.5])
    np.testing.assert_allclose(nested.denoise(noise, 0.5), 0.5 * ensemble.denoise(noise, 0.5)
                               + 0.5 * denoisers[0].denoise(noise, 0.5), rtol=1e-4)


def test_anything_that_predicts_can_be_summed():
    x = np.random.default_rng(0).normal(size=(30, 2))
    members = [LinearRegression().fit(x, x[:, 0]), KNeighborsRegressor(3).fit(x, x[:, 0])]
    total = PredictionSum(members, [0.25, 0.75])
    np.testing.assert_allclose(
        total.predict(x), 0.25 * members[0].predict(x) + 0.75 * members[1].predict(x))
    assert not hasattr(total, "generate") and not hasattr(DenoiserSum, "predict")
    members[1].fit(x, x[:, :1])
    with pytest.raises(ValueError, match="outputs of one shape"):            # (30,) and (30, 1)
        total.predict(x)


def test_bad_members_and_weights_each_get_their_own_sentence(denoisers):
    for make, method in ((DenoiserSum, "denoise"), (PredictionSum, "predict")):
        with pytest.raises(TypeError, match=f"must have a method {method}, and object has none"):
            make([object()])
        with pytest.raises(ValueError, match="empty"):
            make([])
    with pytest.raises(ValueError, match="sum to 1"):
        DenoiserSum(denoisers, [[0.2, 0.5, 0.3], [1, 1, 1]])
    with pytest.raises(ValueError, match="3 weights"):
        PredictionSum([LinearRegression()] * 3, [[0.2, 0.5, 0.3]])
    with pytest.raises(NotTrainedError, match="never trained"):
        DenoiserSum([Denoiser((4, 4, 1), 5, filters=(4,))])
    with pytest.raises(ValueError, match="steps must be a whole number"):
        DenoiserSum(denoisers, steps=0)


def test_averaging_draws_shrinks_their_covariance_by_the_sum_of_squared_weights():
    """The ghosting law, and its Fréchet distance in pixels: (1 − ‖w‖₂)² tr Σ."""
    random = np.random.default_rng(0)
    member = TemplateMixture(random.dirichlet(np.full(3, 0.3), size=(2, 2, 2, 1)))
    average = ImageAverage([member] * 3, WEIGHTS)
    drawn = [np.reshape(generator.generate(40_000, seed=2), (-1, 4)).astype(float)
             for generator in (average, member)]
    np.testing.assert_array_equal(drawn[0], average.generate(40_000, seed=2).reshape(-1, 4))
    np.testing.assert_allclose(np.cov(drawn[0].T), (WEIGHTS**2).sum() * np.cov(drawn[1].T), atol=3e-3)
    np.testing.assert_allclose(drawn[0].mean(axis=0), drawn[1].mean(axis=0), atol=1e-2)
    assert ImageAverage([member]).generate(3, seed=0).dtype == np.float32
    with pytest.raises(TypeError, match="Generator"):
        ImageAverage([np.mean])
