"""Sharper pools, pools where members disagree, and guidance: still exact, and what they promise."""

import numpy as np
import pytest
from scipy.special import logsumexp
from test_generators import every_image, ready

from ensgen_tutorial import (Denoiser, DisputedPool, Guided, PixelPool, Sharpened,
                             disagreement, entropy)

WEIGHTS = np.array([0.2, 0.5, 0.3])


@pytest.fixture(scope="module")
def members():
    return [ready("PixelCNN", (2, 2, 1), 3, 0), ready("PixelRNN", (2, 2, 1), 3, 1),
            ready("PixelCNN", (2, 2, 1), 3, 2)]


@pytest.fixture(scope="module")
def pixels():
    return every_image((2, 2, 1), 3)


def makers(members):
    return {"sharp": Sharpened(PixelPool(members, WEIGHTS), 0.7),
            "flat": Sharpened(members[0], 1.6), "disputed": DisputedPool(members, WEIGHTS, 0.02)}


@pytest.mark.parametrize("kind", ["sharp", "flat", "disputed"])
def test_a_remedy_is_a_distribution_and_draws_by_it(kind, members, pixels):
    remedy = makers(members)[kind]
    likelihood = remedy.log_likelihood(pixels)
    assert logsumexp(likelihood) == pytest.approx(0, abs=1e-5)
    drawn = remedy.generate(3000, seed=0)
    index = np.rint(drawn.reshape(-1, 4) * 2) @ [27, 9, 3, 1]
    frequencies = np.bincount(index.astype(int), minlength=81) / 3000
    assert abs(frequencies - np.exp(likelihood)).max() < 0.03


def test_temperature_1_changes_nothing_and_less_makes_sure(members, pixels):
    plain = members[0].pixel_probabilities(pixels)
    np.testing.assert_allclose(Sharpened(members[0], 1).pixel_probabilities(pixels), plain, atol=1e-6)
    sharp = Sharpened(members[0], 0.5).pixel_probabilities(pixels)
    np.testing.assert_allclose(sharp, plain**2 / (plain**2).sum(axis=-1, keepdims=True), rtol=1e-4)
    assert (entropy(sharp) <= entropy(plain) + 1e-6).all()


def test_the_threshold_goes_from_the_pool_to_the_first_member(members, pixels):
    pool, first = PixelPool(members, WEIGHTS), members[0]
    for threshold, wanted in ((0.0, pool), (np.log(3) + 0.01, first)):
        found = DisputedPool(members, WEIGHTS, threshold).pixel_probabilities(pixels)
        np.testing.assert_allclose(found, wanted.pixel_probabilities(pixels), atol=1e-6)
    answers = [member.pixel_probabilities(pixels) for member in members]
    middle = float(np.median(disagreement(answers, WEIGHTS)))
    disputed = disagreement(answers, WEIGHTS) >= middle
    assert 0.2 < disputed.mean() < 0.8
    mixed = DisputedPool(members, WEIGHTS, middle).pixel_probabilities(pixels)
    np.testing.assert_allclose(mixed[~disputed], answers[0][~disputed], atol=1e-6)


def test_disagreement_is_what_the_pool_s_entropy_adds():
    alike, apart = [np.array([0.5, 0.5])] * 2, [np.array([1.0, 0.0]), np.array([0.0, 1.0])]
    assert disagreement(alike) == pytest.approx(0) and disagreement(apart) == pytest.approx(np.log(2))
    assert entropy(np.full(4, 0.25)) == pytest.approx(np.log(4))


def denoiser(seed):
    """Untrained, with parameters away from zero, said to be ready."""
    generator, random = Denoiser((4, 4, 1), 4, filters=(8,), steps=3), np.random.default_rng(seed)
    for weight in generator.weights:
        weight.assign(random.normal(0, 0.2, weight.shape))
    generator.trained = True
    return generator


def test_guidance_is_a_sum_whose_weights_are_1_together_and_not_convex():
    good, worse = denoiser(0), denoiser(1)
    noisy = np.random.default_rng(0).normal(size=(3, 4, 4, 1)).astype(np.float32)
    both = [each.denoise(noisy, 0.4) for each in (good, worse)]
    np.testing.assert_allclose(Guided(good, worse, 2.5).denoise(noisy, 0.4),
                               2.5 * both[0] - 1.5 * both[1], atol=1e-4)
    np.testing.assert_array_equal(Guided(good, worse, 1, steps=3).generate(2, seed=0),
                                  good.generate(2, seed=0))


@pytest.mark.parametrize("make, message", [
    (lambda members: Sharpened(members[0], 0), "temperature"),
    (lambda members: DisputedPool(members, WEIGHTS, -1), "threshold"),
    (lambda members: DisputedPool(members, [1, 1, 1]), "sum to 1"),
    (lambda members: Guided(members[0], members[1], 2), "denoise")])
def test_what_does_not_fit_gets_a_sentence(make, message, members):
    with pytest.raises((ValueError, TypeError), match=message):
        make(members)
