"""The VAE's latents: decoded, reconstructed, joined by a line, laid out as a plane; its bounds."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from ensgen_tutorial import VAE
from ensgen_tutorial.generators.base import NotTrainedError


@pytest.fixture(scope="module")
def vae():
    """Untrained, with parameters away from zero, said to be ready."""
    generator = VAE((4, 4, 1), 5, latents=2, hidden=8, samples=16, seed=3)
    random = np.random.default_rng(0)
    for weight in generator.weights:
        weight.assign(random.normal(0, 0.2, weight.shape))
    generator.trained = True
    return generator


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(1).integers(0, 5, (6, 4, 4, 1)).astype(np.uint8)


def test_a_decoded_image_is_the_mean_of_its_distribution(vae):
    z = np.random.default_rng(0).normal(size=(3, 2))
    images = vae.decode_images(z)
    assert images.shape == (3, 4, 4, 1) and images.dtype == np.float32
    by_hand = sum(vae.decode(z)[..., v] * v / 4 for v in range(5))
    np.testing.assert_allclose(images, by_hand, atol=1e-6)
    assert images.min() >= 0 and images.max() <= 1


def test_a_reconstruction_decodes_the_posterior_mean(vae, pixels):
    means, log_variances = vae.posterior(pixels)
    assert means.shape == log_variances.shape == (6, 2)
    for found, wanted in zip((means, log_variances), vae.encode(pixels.astype(np.int32))):
        np.testing.assert_allclose(found, np.asarray(wanted), atol=1e-5)
    np.testing.assert_array_equal(vae.reconstruct(pixels / np.float32(4)), vae.decode_images(means))


def test_an_interpolation_goes_straight_from_one_reconstruction_to_the_other(vae, pixels):
    images = pixels / np.float32(4)
    line = vae.interpolate(images[0], images[1], steps=5)
    assert line.shape == (5, 4, 4, 1)
    np.testing.assert_allclose(line[[0, -1]], vae.reconstruct(images[:2]), atol=1e-6)
    middle = vae.posterior(pixels[:2])[0].mean(axis=0, keepdims=True)
    np.testing.assert_allclose(line[2:3], vae.decode_images(middle), atol=1e-5)


def test_the_latent_plane_lies_on_the_prior_s_quantiles(vae):
    plane = vae.latent_plane(3)
    low, middle, high = norm.ppf([1 / 6, 3 / 6, 5 / 6])
    corners = [(low, high), (high, high), (middle, middle), (low, low), (high, low)]
    np.testing.assert_allclose(plane[[0, 2, 4, 6, 8]], vae.decode_images(corners), atol=1e-6)


def test_the_weights_are_the_joint_over_the_posterior(vae, pixels):
    """With the same noise, log p(x|z) + log p(z) − log q(z|x), written out with SciPy's densities."""
    found = vae.log_weights(pixels, samples=4, seed=9)
    means, log_variances = vae.posterior(pixels)
    scales = np.exp(log_variances / 2)
    z = means + scales * np.random.default_rng(9).standard_normal((4, 6, 2))
    for k in range(4):
        decoded = np.take_along_axis(vae.decode(z[k]), pixels[..., None].astype(int), axis=-1)
        wanted = (np.log(decoded).sum(axis=(1, 2, 3, 4)) + norm.logpdf(z[k]).sum(axis=1)
                  - norm.logpdf(z[k], means, scales).sum(axis=1))
        np.testing.assert_allclose(found[k], wanted, rtol=1e-4)


def test_bounds_over_the_same_draws_rise_with_k(vae, pixels):
    """Jensen: the bound of all 16 draws is above the mean bound of their halves, and so on."""
    log_weights = vae.log_weights(pixels, samples=16)
    assert np.allclose(vae.bound(pixels, 16), vae.log_likelihood(pixels))
    means = [logsumexp(log_weights.reshape(16 // k, k, -1), axis=1).mean() - np.log(k)
             for k in (1, 2, 4, 8, 16)]
    assert all(np.diff(means) > 0)
    assert means[-1] == pytest.approx(vae.bound(pixels, 16).mean())
    assert means[0] == pytest.approx(log_weights.mean())
    np.testing.assert_array_equal(vae.bound(pixels, 3, seed=1), vae.bound(pixels, 3, seed=1))
    assert (vae.bound(pixels, 3, seed=1) != vae.bound(pixels, 3, seed=2)).any()


def test_pieces_change_nothing(vae, pixels, monkeypatch):
    whole = vae.log_weights(pixels, 8)
    monkeypatch.setattr("ensgen_tutorial.generators.vae.MEMORY", 32 * 80 * 5)   # five images each
    np.testing.assert_allclose(vae.log_weights(pixels, 8), whole, rtol=1e-5)


def test_bad_arguments_get_a_sentence(vae, pixels):
    images = pixels / np.float32(4)
    for z in (np.zeros(2), np.zeros((3, 4)), np.zeros((0, 2))):
        with pytest.raises(ValueError, match=r"shape \(N, 2\)"):
            vae.decode_images(z)
    with pytest.raises(ValueError, match="finite"):
        vae.decode_images([[0, np.nan]])
    with pytest.raises(ValueError, match="steps must be a whole number, 2 or more"):
        vae.interpolate(images[0], images[1], steps=1)
    for value in (0, 2.5, True):
        with pytest.raises(ValueError, match="steps"):
            vae.interpolate(images[0], images[1], steps=value)
        with pytest.raises(ValueError, match="side"):
            vae.latent_plane(value)
        with pytest.raises(ValueError, match="samples"):
            vae.bound(pixels, value)
    with pytest.raises(ValueError, match="latents = 2, and this VAE has 3"):
        VAE((4, 4, 1), 5, latents=3, hidden=4).latent_plane()
    fresh = VAE((4, 4, 1), 5, latents=2, hidden=4)
    for ask in (lambda: fresh.reconstruct(images), lambda: fresh.decode_images(np.zeros((1, 2))),
                lambda: fresh.bound(pixels, 2), lambda: fresh.latent_plane(2)):
        with pytest.raises(NotTrainedError):
            ask()
