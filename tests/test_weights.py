"""Weights: every method that minimises the same thing finds the same, and the certificate holds."""

import time

import keras
import numpy as np
import pytest
from scipy.optimize import check_grad
from test_ensembles import Painter
from test_generators import ready

from ensgen_tutorial import Mixture, PixelPool, PredictionSum, fit_weights
from ensgen_tutorial.ensembles.objectives import (
    Divergence,
    LogPoolScore,
    LogScore,
    discrepancy,
    squared_error,
)
from ensgen_tutorial.ensembles.weights import (
    expectation_maximisation,
    gradient_descent,
    quadratic_programming,
)
from ensgen_tutorial.generators.base import Generator, PixelGenerator
from ensgen_tutorial.measures.distances import cubic

SOLVERS = (expectation_maximisation, quadratic_programming, gradient_descent)


def objectives():
    """One of each kind, on random numbers, with 4 members."""
    random = np.random.default_rng(0)
    scores = random.normal(-2, 1, (300, 4))
    logs = np.log(random.dirichlet(np.ones(5), size=(4, 200)))
    truth = random.normal(size=500)
    pixels = random.integers(0, 2, (300, 2, 2, 1))
    drawn = random.normal(0.3 * np.arange(4)[:, None, None], 1, (4, 60, 3))
    return {
        "mixture": LogScore(scores), "pool": LogScore(scores, per_image=64),
        "log pool": LogPoolScore(logs, random.integers(0, 5, 200), per_image=64),
        "divergence": Divergence(LogScore(scores), pixels),
        "squares": squared_error(truth + random.normal(0, [[1], [2], [3], [4]], (4, 500)), truth, 5),
        "discrepancy": discrepancy(list(drawn), random.normal(0.5, 1, (80, 3)), cubic),
    }


@pytest.mark.parametrize("kind", objectives())
def test_objectives_have_their_gradient_and_an_honest_gap(kind):
    goal, random = objectives()[kind], np.random.default_rng(1)
    best = quadratic_programming(goal, 1e-8)[-1]
    size = max(1.0, abs(goal.value(best)))
    assert goal.gap(best) < 1e-4 * size
    for weights in random.dirichlet(np.ones(4), size=5):
        assert check_grad(goal.value, goal.gradient, weights) < 1e-3 * size
        above = goal.value(weights) - goal.value(best)
        assert -1e-6 * size <= above <= goal.gap(weights) + 1e-6 * size


@pytest.mark.parametrize("per_image", [1, 64])
def test_all_solvers_reach_one_minimum(per_image):
    goal = LogScore(np.random.default_rng(3).normal(-2, 1, (500, 5)), per_image)
    ends = [solver(goal, tolerance=1e-7)[-1] for solver in SOLVERS[:2]]
    ends.append(gradient_descent(goal, 1e-7, optimizer=keras.optimizers.SGD(4.0 / per_image))[-1])
    for weights in ends:
        assert weights.sum() == pytest.approx(1) and (weights >= 0).all()
        assert goal.value(weights) == pytest.approx(goal.value(ends[0]), abs=1e-6)
        np.testing.assert_allclose(weights, ends[0], atol=2e-3)


def test_long_steps_of_em_never_raise_the_loss_and_save_steps():
    random = np.random.default_rng(0)
    base = random.normal(-2, 1, (800, 3))
    goal = LogScore(np.concatenate([base, base + random.normal(0, 0.2, base.shape)], axis=1), 64)
    path = expectation_maximisation(goal, 1e-5)
    losses = [goal.value(weights) for weights in path]
    assert (np.diff(losses) <= 1e-9).all() and goal.gap(path[-1]) <= 1e-5
    weights = path[0]
    for _ in range(4 * len(path)):                       # each long step counts for three plain ones
        weights = weights * goal.growth(weights)
    assert goal.gap(weights) > goal.gap(path[-1])


def test_twenty_members_on_350_digits_take_less_than_a_second():
    random = np.random.default_rng(0)
    truth = random.normal(-1.3, 1, (350 * 64, 1))
    goal = LogScore(truth + random.normal(0, 0.4, (350 * 64, 20)), 64)
    started = time.process_time()
    path = expectation_maximisation(goal, 1e-3)
    assert goal.gap(path[-1]) <= 1e-3
    assert time.process_time() - started < 2.0           # two threads count twice


@pytest.fixture(scope="module")
def members():
    return [ready("PixelCNN", (2, 2, 1), 3, 0), ready("PixelRNN", (2, 2, 1), 3, 1)]


@pytest.fixture(scope="module")
def pixels(members):
    truth = Mixture(members, [0.3, 0.7])
    return np.rint(truth.generate(400, seed=4) * 2).astype(np.uint8)


@pytest.mark.parametrize("make", [PixelPool, lambda m: PixelPool(m, kind="log"), Mixture],
                         ids=["linear", "log", "mixture"])
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


def test_a_region_s_weights_are_those_of_its_pixels_alone(members, pixels):
    regions = np.array([[0, 0], [5, 5]]).reshape(2, 2, 1)
    gate = fit_weights(PixelPool(members), pixels, regions=regions, tolerance=1e-6)
    assert gate.weights.shape == (2, 2, 1, 2)
    np.testing.assert_array_equal(gate.weights[0, 0], gate.weights[0, 1])
    scores = np.stack([m.log_pixel_likelihoods(pixels)[:, 1].ravel() for m in members], axis=1)
    own = expectation_maximisation(LogScore(scores.astype(float), 2), 1e-6)[-1]
    np.testing.assert_allclose(gate.weights[1, 0, 0], own, atol=1e-3)
    # On what it was fitted to, a gate is never worse than weights for all pixels.
    same = fit_weights(PixelPool(members), pixels, tolerance=1e-6)
    assert gate.losses[-1] <= same.losses[-1] + 1e-6
    assert -gate.ensemble.log_likelihood(pixels).mean() == pytest.approx(gate.losses[-1], abs=1e-4)


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
    ensemble = PredictionSum([Tipsy(clean, 1, 2, seed=0), Tipsy(clean, 2, 1, seed=1)])
    fitted = fit_weights(ensemble, pixels, noise_levels=2, tolerance=1e-6)
    np.testing.assert_allclose(fitted.weights, [[0.8, 0.2], [0.2, 0.8]], atol=0.02)
    np.testing.assert_array_equal(fitted.ensemble.weights_at(0.99), fitted.weights[1])
    np.testing.assert_array_equal(fitted.ensemble.weights_at(1.0), fitted.weights[1])
    flat = fit_weights(ensemble, pixels, tolerance=1e-6)
    np.testing.assert_allclose(flat.weights, [0.5, 0.5], atol=0.02)
    assert fitted.losses[-1] < flat.losses[-1]


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
    fitted = fit_weights(Mixture([Flat(0.0), Flat(1.0)]), pixels, "mmd", tolerance=1e-8)
    np.testing.assert_allclose(fitted.weights, [0.3, 0.7], atol=0.01)
    assert fitted.losses[-1] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("ensemble, method, error, message", [
    ("pool", "least_squares", ValueError, "does not fit a PixelPool"),
    ("pool", "mmd", ValueError, "does not fit a PixelPool"),
    ("silent", "cross_entropy", TypeError, 'Flat has no likelihood.*method="mmd"'),
    ("sum", "cross_entropy", ValueError, "does not fit a PredictionSum"),
    ("pool", "magic", ValueError, "one of equal, cross_entropy"),
])
def test_a_method_that_cannot_be_is_refused_with_the_reason(ensemble, method, error, message, members,
                                                            pixels):
    made = {"pool": lambda: PixelPool(members), "silent": lambda: Mixture([Flat(0.1), members[0]]),
            "sum": lambda: PredictionSum([Tipsy(pixels, 1, 1, 0)])}[ensemble]()
    with pytest.raises(error, match=message):
        fit_weights(made, pixels, method)


def test_regions_are_refused_where_they_cannot_be(members, pixels):
    with pytest.raises(TypeError, match="linear PixelPool"):
        fit_weights(Mixture(members), pixels, regions=np.zeros((2, 2, 1), int))
    with pytest.raises(ValueError, match="regions must be whole numbers"):
        fit_weights(PixelPool(members), pixels, regions=np.zeros((2, 1), int))


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
