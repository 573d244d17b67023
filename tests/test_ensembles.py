"""The weighted sum's laws: where it is a distribution, and what it can never lose."""

import numpy as np
import pytest
from scipy.special import logsumexp
from test_generators import every_image, ready

from ensgen_tutorial import (
    Mixture, PixelCNN, PixelPool, Remembered, TemplateMixture, VAE, fit_weights,
    load_images, weighted_sum,
)
from ensgen_tutorial.generators.base import Generator, LikelihoodGenerator, NotTrainedError

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


def test_weighted_sum_is_numpy_s_average():
    outputs = np.random.default_rng(0).normal(size=(3, 4, 5))
    np.testing.assert_allclose(
        weighted_sum(outputs, WEIGHTS), np.average(outputs, axis=0, weights=WEIGHTS), atol=1e-12)


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


def test_mixtures_complete_by_the_posterior():
    """Two templates that agree nowhere: a given pixel decides which one goes on."""
    dark, bright = np.zeros((2, 1, 1, 2, 1, 2))
    dark[..., 0], bright[..., 1] = 1, 1
    mixture = Mixture([TemplateMixture(dark), TemplateMixture(bright)])
    images = np.array([0.0, 1.0]).reshape(2, 1, 1, 1) * np.ones((2, 1, 2, 1))
    known = np.array([True, False]).reshape(1, 2, 1)
    np.testing.assert_array_equal(mixture.complete(images, known, seed=0), images)


@pytest.mark.parametrize("kind", ["linear", "log", "mixture"])
def test_fitted_weights_are_the_best_on_the_simplex(kind, members):
    """No point of a fine grid is better than the certificate allows, and losses never rise."""
    truth = ensembles(members)[kind]
    pixels = np.rint(truth.generate(300, seed=4) * 2).astype(np.uint8)
    ensemble = ensembles(members)[kind]
    fitted = fit_weights(ensemble, pixels, tolerance=1e-5)
    assert fitted.weights.sum() == pytest.approx(1) and (fitted.weights >= 0).all()
    assert fitted.gap < 1e-3
    assert fitted.losses[-1] <= fitted.losses[0] + 1e-9
    if kind != "log":
        assert (np.diff(fitted.losses) <= 1e-9).all()            # EM is monotone
    own = -fitted.ensemble.log_likelihood(pixels).mean()
    assert own == pytest.approx(fitted.losses[-1], abs=1e-4)
    for first in np.linspace(0, 1, 6):
        for second in np.linspace(0, 1 - first, 4):
            weights = [first, second, 1 - first - second]
            other = -ensemble.with_weights(np.abs(weights)).log_likelihood(pixels).mean()
            assert own <= other + fitted.gap + 1e-4


def test_the_certificate_is_honest_before_the_end(members):
    pixels = np.rint(members[1].generate(200, seed=4) * 2).astype(np.uint8)
    early = fit_weights(Mixture(members), pixels, steps=3)
    best = fit_weights(Mixture(members), pixels, tolerance=1e-6)
    assert early.losses[-1] - best.losses[-1] <= early.gap
    assert early.gap > best.gap
    equal = fit_weights(Mixture(members), pixels, method="equal")
    np.testing.assert_allclose(equal.weights, 1 / 3)
    assert "above the best possible" in str(best)


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
    with pytest.raises(ValueError, match="method"):
        fit_weights(Mixture(members), np.zeros((1, 2, 2, 1), np.uint8), method="magic")
    with pytest.raises(TypeError, match="PixelPool"):
        fit_weights(members[0], np.zeros((1, 2, 2, 1), np.uint8))


class Painter(Generator):
    image_shape, levels = (2, 2, 1), 3

    def generate(self, count, seed=None):
        return np.ones((count, 2, 2, 1), np.float32)


def test_a_mixture_draws_without_likelihoods_but_says_that_it_cannot_score(members):
    mixture = Mixture([Painter(), members[0]])
    assert mixture.generate(10, seed=0).shape == (10, 2, 2, 1)
    assert mixture.exact is False
    with pytest.raises(TypeError, match="Painter has no likelihood"):
        mixture.log_likelihood(np.zeros((1, 2, 2, 1), np.uint8))


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


def test_untrained_members_are_refused_at_the_door(members):
    for make in (PixelPool, Mixture):
        with pytest.raises(NotTrainedError, match="this PixelCNN was never trained"):
            make([members[0], PixelCNN((2, 2, 1), 3, filters=4)])


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
    np.testing.assert_array_equal(remembered.generate(3, seed=0),
                                  PixelPool([member]).generate(3, seed=0))
