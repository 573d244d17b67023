"""Pools: sums of next-pixel distributions are distributions, and what they can never lose."""

import numpy as np
import pytest
from scipy.special import logsumexp
from test_generators import every_image, ready

from ensgen_tutorial import Mixture, PixelPool, Remembered, TemplateMixture
from ensgen_tutorial.generators.base import LikelihoodGenerator

WEIGHTS = np.array([0.2, 0.5, 0.3])


@pytest.fixture(scope="module")
def members():
    return [ready("PixelCNN", (2, 2, 1), 3, 0), ready("PixelRNN", (2, 2, 1), 3, 1),
            ready("PixelCNN", (2, 2, 1), 3, 2)]


@pytest.fixture(scope="module")
def pixels():
    return every_image((2, 2, 1), 3)


def ensembles(members):
    return {"linear": PixelPool(members, WEIGHTS), "log": PixelPool(members, WEIGHTS, "log"),
            "mixture": Mixture(members, WEIGHTS)}


@pytest.mark.parametrize("kind", ["linear", "log", "mixture"])
def test_an_ensemble_is_a_distribution_and_a_generator(kind, members, pixels):
    ensemble = ensembles(members)[kind]
    likelihood = ensemble.log_likelihood(pixels)
    assert logsumexp(likelihood) == pytest.approx(0, abs=1e-5)
    drawn = ensemble.generate(3000, seed=0)
    np.testing.assert_array_equal(drawn, ensemble.generate(3000, seed=0))
    index = np.rint(drawn.reshape(-1, 4) * 2) @ [27, 9, 3, 1]
    frequencies = np.bincount(index.astype(int), minlength=81) / 3000
    assert abs(frequencies - np.exp(likelihood)).max() < 0.03
    known = np.array([True, False]).reshape(2, 1, 1)
    completed = ensemble.complete(drawn[:20], known, seed=1)
    np.testing.assert_array_equal(completed[:, 0], drawn[:20, 0])


@pytest.mark.parametrize("kind", ["linear", "log", "mixture"])
def test_an_ensemble_can_be_a_member(kind, members, pixels):
    inner = ensembles(members)[kind]
    outer = (Mixture if kind == "mixture" else PixelPool)([inner, members[0]])
    assert logsumexp(outer.log_likelihood(pixels)) == pytest.approx(0, abs=1e-5)
    assert outer.generate(2, seed=0).shape == (2, 2, 2, 1)


def test_nested_linear_pools_are_one_pool(members, pixels):
    inner = PixelPool(members[:2], [0.25, 0.75])
    nested = PixelPool([inner, members[2]], [0.4, 0.6])
    flat = PixelPool(members, [0.1, 0.3, 0.6])
    np.testing.assert_allclose(
        nested.log_likelihood(pixels), flat.log_likelihood(pixels), atol=1e-5)


def test_linear_pool_and_mixture_lose_at_most_minus_log_weight(members, pixels):
    each = np.stack([member.log_likelihood(pixels) for member in members])
    mixture = Mixture(members, WEIGHTS).log_likelihood(pixels)
    assert (mixture >= each + np.log(WEIGHTS)[:, None] - 1e-9).all()
    for kind in ("linear", "log"):                              # Jensen; −log Z ≥ 0
        assert (PixelPool(members, WEIGHTS, kind).log_likelihood(pixels)
                >= WEIGHTS @ each - 1e-5).all()


def test_log_pool_gains_exactly_minus_log_z(members, pixels):
    """At each pixel: log p = Σ w_j log p_j − log Z."""
    pool = PixelPool(members, WEIGHTS, "log")
    logs = np.stack([np.log(member.pixel_probabilities(pixels)) for member in members])
    log_z = logsumexp(np.tensordot(WEIGHTS, logs, 1), axis=-1)
    chosen = np.stack([member.log_pixel_likelihoods(pixels) for member in members])
    np.testing.assert_allclose(
        pool.log_pixel_likelihoods(pixels), np.tensordot(WEIGHTS, chosen, 1) - log_z, atol=1e-5)


def test_pool_readers_walk_in_lockstep(members):
    for kind in ("linear", "log"):
        pool = PixelPool(members, WEIGHTS, kind)
        drawn = np.rint(pool.generate(50, seed=0) * 2).astype(np.uint8)
        reader = pool.reader(50)
        every = pool.pixel_probabilities(drawn).reshape(50, 4, 3)
        for i, values in enumerate(drawn.reshape(50, 4).T):
            np.testing.assert_allclose(reader.probabilities(), every[:, i], atol=1e-5)
            reader.write(values)


@pytest.mark.parametrize("kind", ["linear", "log"])
def test_a_gate_gives_every_pixel_its_own_weights_and_stays_a_distribution(kind, members, pixels):
    gate = np.random.default_rng(0).dirichlet(np.ones(3), size=(2, 2, 1))
    pool = PixelPool(members, gate, kind)
    assert logsumexp(pool.log_likelihood(pixels)) == pytest.approx(0, abs=1e-5)
    for place in np.ndindex(2, 2, 1):
        flat = PixelPool(members, gate[place], kind).log_pixel_likelihoods(pixels)
        np.testing.assert_allclose(
            pool.log_pixel_likelihoods(pixels)[:, *place], flat[:, *place], atol=1e-6)
    drawn = np.rint(pool.generate(20, seed=0) * 2).astype(np.uint8)
    reader, every = pool.reader(20), pool.pixel_probabilities(drawn).reshape(20, 4, 3)
    for i, values in enumerate(drawn.reshape(20, 4).T):
        np.testing.assert_allclose(reader.probabilities(), every[:, i], atol=1e-5)
        reader.write(values)
    with pytest.raises(ValueError, match="weights have shape"):
        PixelPool(members, gate[0])


class Columns(LikelihoodGenerator):
    """A pixel generator of turned images: it reads column by column."""

    def __init__(self, member):
        self.member, self.levels = member, member.levels
        height, width, channels = member.image_shape
        self.image_shape = (width, height, channels)

    def log_likelihood(self, pixels, known=None):
        return self.member.log_likelihood(pixels.swapaxes(1, 2))


def test_another_order_is_refused_by_a_pool_and_taken_by_a_mixture():
    rows, columns = ready("PixelCNN", (2, 3, 1), 2), Columns(ready("PixelCNN", (3, 2, 1), 2))
    with pytest.raises(TypeError, match="Columns is not one.*raster order.*Mixture"):
        PixelPool([rows, columns])
    mixture = Mixture([rows, columns], [0.4, 0.6])
    assert logsumexp(mixture.log_likelihood(every_image((2, 3, 1), 2))) == pytest.approx(0, abs=1e-5)


def test_a_remembered_member_answers_once_and_draws_the_same(members, pixels):
    asked = []

    class Counting(TemplateMixture):
        def pixel_probabilities(self, pixels):
            asked.append(len(pixels))
            return super().pixel_probabilities(pixels)

    member = Counting(np.full((1, 2, 2, 1, 3), 1 / 3))
    remembered = Remembered(member)
    for images in (pixels, pixels[:5], pixels, pixels[:5].copy()):
        np.testing.assert_array_equal(remembered.pixel_probabilities(images),
                                      TemplateMixture.pixel_probabilities(member, images))
    assert asked == [81, 5]
    drawn, known = member.generate(3, seed=0), np.eye(2, dtype=bool)[..., None]     # any part
    np.testing.assert_array_equal(remembered.generate(3, seed=0), drawn)
    np.testing.assert_array_equal(remembered.complete(drawn, known, seed=1),
                                  member.complete(drawn, known, seed=1))
    assert remembered.bytes_per_image == member.bytes_per_image
    assert PixelPool([remembered, member]).bytes_per_image == 2 * member.bytes_per_image
