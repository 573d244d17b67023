"""fit_weights: every method that minimises the same thing finds the same, and the certificate holds."""

import numpy as np
import pytest
from test_generators import ready
from test_mixture import Painter

from ensgen_tutorial import (
    DenoiserSum,
    ImageAverage,
    ImageSet,
    Mixture,
    PixelPool,
    PredictionSum,
    TemplateMixture,
    fit_weights,
)
from ensgen_tutorial.ensembles.objectives import LogScore
from ensgen_tutorial.ensembles.solvers import expectation_maximisation
from ensgen_tutorial.generators.base import Generator, PixelGenerator

POOLS = {"linear": PixelPool, "log": lambda members: PixelPool(members, kind="log"),
         "mixture": Mixture}


@pytest.fixture(scope="module")
def members():
    return [ready("PixelCNN", (2, 2, 1), 3, 0), ready("PixelRNN", (2, 2, 1), 3, 1)]


@pytest.fixture(scope="module")
def pixels(members):
    truth = Mixture(members, [0.3, 0.7])
    return np.rint(truth.generate(400, seed=4) * 2).astype(np.uint8)


@pytest.mark.parametrize("kind", POOLS)
def test_fitted_weights_are_the_best_on_the_simplex(kind, members, pixels):
    """No point of a fine grid is better than the certificate allows, and losses never rise."""
    ensemble = POOLS[kind](members)
    fitted = fit_weights(ensemble, pixels, tolerance=1e-5)
    assert fitted.weights.sum() == pytest.approx(1) and (fitted.weights >= 0).all()
    assert fitted.gap <= 1e-5
    assert fitted.losses[-1] <= fitted.losses[0] + 1e-9
    if kind != "log":
        assert (np.diff(fitted.losses) <= 1e-9).all()            # EM is monotone
    own = -fitted.ensemble.log_likelihood(pixels).mean()
    assert own == pytest.approx(fitted.losses[-1], abs=1e-4)
    for first in np.linspace(0, 1, 9):
        other = -ensemble.with_weights([first, 1 - first]).log_likelihood(pixels).mean()
        assert own <= other + fitted.gap + 1e-4


def test_the_certificate_is_honest_before_the_end(members, pixels):
    early = fit_weights(Mixture(members), pixels, steps=1, tolerance=1e-9)
    best = fit_weights(Mixture(members), pixels, tolerance=1e-6)
    assert early.losses[-1] - best.losses[-1] <= early.gap
    assert early.gap > best.gap
    equal = fit_weights(Mixture(members), pixels, method="equal")
    np.testing.assert_allclose(equal.weights, 1 / 2)
    assert len(equal.losses) == 1 and equal.losses[0] >= best.losses[-1]
    assert "above the best possible" in str(best)


def test_a_start_that_is_the_optimum_stays():
    """Two experts, half of the images each: SciPy's own answer was weights of 0 and 1."""
    pixels = np.repeat([0, 2], 25).reshape(-1, 1, 1, 1) * np.ones((1, 2, 2, 1), int)
    expert = np.full((2, 1, 2, 2, 1, 3), 0.01)
    expert[0, ..., 0] = expert[1, ..., 2] = 0.98
    mixture = Mixture([TemplateMixture(each) for each in expert])
    for method in ("equal", "cross_entropy", "kl_divergence", "gradient_descent"):
        fitted = fit_weights(mixture, pixels, method, tolerance=1e-6)
        np.testing.assert_allclose(fitted.weights, [0.5, 0.5])
        assert fitted.gap <= 1e-6


@pytest.mark.parametrize("make", POOLS.values(), ids=POOLS)
def test_cross_entropy_divergence_and_gradient_descent_agree(make, members, pixels):
    found = {method: fit_weights(make(members), pixels, method, tolerance=1e-6)
             for method in ("cross_entropy", "kl_divergence", "gradient_descent")}
    nats = {name: -each.ensemble.log_likelihood(pixels).mean() for name, each in found.items()}
    for name, each in found.items():
        assert nats[name] == pytest.approx(nats["cross_entropy"], abs=2e-6)
        np.testing.assert_allclose(each.weights, found["cross_entropy"].weights, atol=2e-3)
        assert each.path.shape == (len(each.losses), 2)
    divergence = found["kl_divergence"]
    counts = np.unique(pixels.reshape(400, -1), axis=0, return_counts=True)[1] / 400
    assert divergence.entropy == pytest.approx(-(counts * np.log(counts)).sum())
    assert divergence.losses[-1] + divergence.entropy == pytest.approx(
        found["cross_entropy"].losses[-1], abs=1e-5)


@pytest.mark.parametrize("kind", ["linear", "log"])
def test_a_region_s_weights_are_those_of_its_pixels_alone(kind, members, pixels):
    regions = np.array([[0, 0], [5, 5]]).reshape(2, 2, 1)
    gate = fit_weights(PixelPool(members, kind=kind), pixels, regions=regions, tolerance=1e-6)
    assert gate.weights.shape == (2, 2, 1, 2)
    np.testing.assert_array_equal(gate.weights[0, 0], gate.weights[0, 1])
    if kind == "linear":
        scores = np.stack([m.log_pixel_likelihoods(pixels)[:, 1].ravel() for m in members], axis=1)
        own = expectation_maximisation(LogScore(scores.astype(float), 2), 1e-6)[-1]
        np.testing.assert_allclose(gate.weights[1, 0, 0], own, atol=1e-3)
    # On what it was fitted to, a gate is never worse than weights for all pixels.
    same = fit_weights(PixelPool(members, kind=kind), pixels, tolerance=1e-6)
    assert gate.losses[-1] <= same.losses[-1] + 1e-6
    assert -gate.ensemble.log_likelihood(pixels).mean() == pytest.approx(gate.losses[-1], abs=1e-4)
    with pytest.raises(ValueError, match="regions must be whole numbers"):
        fit_weights(PixelPool(members), pixels, regions=np.zeros((2, 1), int))


class Tipsy(Generator):
    """A denoiser that errs: y + a·noise of its own; t alone decides how much."""

    image_shape, levels = (2, 2, 1), 3

    def __init__(self, clean, early, late, seed):
        self.clean, self.amounts = clean, (early, late)
        self.random = np.random.default_rng(seed)

    def denoise(self, noisy, t):
        return self.clean + self.amounts[int(t >= 0.5)] * self.random.normal(size=noisy.shape)


def test_weights_of_denoisers_follow_their_errors_at_each_noise_level(pixels):
    """Independent errors of variance v_j: the best weights are in proportion to 1/v_j."""
    clean = pixels.astype(float) - 1
    ensemble = DenoiserSum([Tipsy(clean, 1, 2, seed=0), Tipsy(clean, 2, 1, seed=1)])
    fitted = fit_weights(ensemble, pixels, noise_levels=2, tolerance=1e-6)
    np.testing.assert_allclose(fitted.weights, [[0.8, 0.2], [0.2, 0.8]], atol=0.02)
    np.testing.assert_array_equal(fitted.ensemble.weights_at(0.99), fitted.weights[1])
    np.testing.assert_array_equal(fitted.ensemble.weights_at(1.0), fitted.weights[1])
    flat = fit_weights(ensemble, pixels, tolerance=1e-6)
    np.testing.assert_allclose(flat.weights, [0.5, 0.5], atol=0.02)
    assert fitted.losses[-1] < flat.losses[-1]


class Scaled:
    """Predicts its input times a number."""

    def __init__(self, factor):
        self.factor = factor

    def predict(self, inputs):
        return self.factor * inputs


def test_weights_of_predictors_are_least_squares_on_pairs():
    inputs = np.random.default_rng(0).normal(size=(50, 4))
    fitted = fit_weights(PredictionSum([Scaled(1), Scaled(3)]), (inputs, 2.5 * inputs), tolerance=1e-9)
    np.testing.assert_allclose(fitted.weights, [0.25, 0.75], atol=1e-4)
    assert fitted.losses[0] == pytest.approx((inputs**2).sum(axis=1).mean() / 4)
    assert fitted.unit == "squared error per input"
    with pytest.raises(ValueError, match="a pair of inputs and targets"):
        fit_weights(fitted.ensemble, inputs)
    with pytest.raises(ValueError, match=r"members\[0\], Scaled, answers in shape \(50, 4\)"):
        fit_weights(fitted.ensemble, (inputs, inputs[:, 0]))


class Flat(Painter):
    """Draws pixels that are 1 with one probability, else 0."""

    def __init__(self, share):
        self.share = share

    def generate(self, count, seed=None):
        draws = np.random.default_rng(seed).random((count, 2, 2, 1))
        return (draws < self.share).astype(np.float32)


def test_mmd_finds_the_share_of_members_without_likelihoods():
    """Images all black or all white at 3 : 7, from a member of each."""
    pixels = np.repeat([0, 2], [120, 280]).reshape(-1, 1, 1, 1) * np.ones((1, 2, 2, 1), int)
    fitted = fit_weights(Mixture([Flat(0.0), Flat(1.0)]), pixels, tolerance=1e-8)
    np.testing.assert_allclose(fitted.weights, [0.3, 0.7], atol=0.01)
    assert fitted.losses[-1] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("make, method, message", [
    (lambda m: PixelPool(m), "least_squares", "does not fit this PixelPool: there are equal, cross"),
    (lambda m: PixelPool(m), "mmd", "does not fit this PixelPool"),
    (lambda m: Mixture([Flat(0.1), m[0]]), "cross_entropy", "Flat has no log_likelihood.*equal, mmd"),
    (lambda m: DenoiserSum([Tipsy(0, 1, 1, 0)]), "cross_entropy", "does not fit this DenoiserSum"),
    (lambda m: PixelPool(m), "magic", "one of equal, cross_entropy"),
])
def test_a_method_that_cannot_be_is_refused_with_the_reason(make, method, message, members, pixels):
    with pytest.raises(ValueError, match=message):
        fit_weights(make(members), pixels, method)


@pytest.mark.parametrize("make, method, option", [
    (PixelPool, None, "noise_levels"), (PixelPool, "cross_entropy", "optimizer"),
    (PixelPool, "kl_divergence", "regions"), (Mixture, None, "regions"), (Mixture, "equal", "steps"),
    (Mixture, "cross_entropy", "features"), (PixelPool, None, "step"),
])
def test_an_option_that_a_method_does_not_know_is_refused(make, method, option, members, pixels):
    with pytest.raises(TypeError, match=f"no option '{option}'.*the options are"):
        fit_weights(make(members), pixels, method, **{option: 2})


def test_what_is_no_ensemble_is_refused(members, pixels):
    for other in (members[0], ImageAverage(members)):
        with pytest.raises(TypeError, match="must be a PixelPool, a Mixture, a DenoiserSum or"):
            fit_weights(other, pixels)
    with pytest.raises(ValueError, match="tolerance must be a number above 0"):
        fit_weights(Mixture(members), pixels, tolerance=0)
    with pytest.raises(ValueError, match="steps must be a whole number"):
        fit_weights(Mixture(members), pixels, steps=0)
    split = ImageSet("two", 3, pixels[:5], pixels, pixels[:5])
    np.testing.assert_array_equal(fit_weights(Mixture(members), split).weights,
                                  fit_weights(Mixture(members), pixels).weights)


class Broken(TemplateMixture):
    def __init__(self, answer):
        super().__init__(np.full((1, 2, 2, 1, 3), 1 / 3))
        self.answer = answer

    def pixel_probabilities(self, pixels):
        return np.where(pixels[..., None] == 1, self.answer, super().pixel_probabilities(pixels))

    def log_likelihood(self, pixels, known=None):
        return np.where((pixels == 1).any(axis=(1, 2, 3)), self.answer, -1.0)


@pytest.mark.parametrize("answer", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", POOLS)
def test_a_member_that_answers_nan_or_infinity_is_named(kind, answer, members, pixels):
    if kind == "mixture" or answer != -np.inf:               # a pool has floors of its own
        with pytest.raises(ValueError, match=r"members\[1\], Broken, answers with NaN or infinity"):
            fit_weights(POOLS[kind]([members[0], Broken(answer)]), pixels)


class Memory(PixelGenerator):
    """Knows some images by heart, and guesses about all others."""

    image_shape, levels = (2, 2, 1), 3

    def __init__(self, images):
        self.images = images

    def pixel_probabilities(self, pixels):
        seen = (pixels[:, None] == self.images[None]).all(axis=(2, 3, 4)).any(axis=1)
        sure = 0.98 * np.eye(3)[pixels.astype(int)] + 0.02 / 3
        return np.where(seen[:, None, None, None, None], sure, np.full(3, 1 / 3))


def test_a_memorising_member_wins_on_the_training_split_only(members, pixels):
    """Stacking honesty: weights must be fitted on images that no member has learnt."""
    learnt = pixels[:200]
    unseen = ~(pixels[200:, None] == learnt[None, :20]).all(axis=(2, 3, 4)).any(axis=1)
    pool = PixelPool([Memory(learnt[:20]), members[1]])
    assert fit_weights(pool, learnt[:20]).weights[0] > 0.9
    assert fit_weights(pool, pixels[200:][unseen]).weights[0] < 0.6
