"""Choosing members: greedy selection against brute force, and what each member brings."""

import itertools

import numpy as np
import pytest
from test_generators import every_image, ready

from ensgen_tutorial import (
    PixelPool,
    ambiguity,
    best_weights,
    ensemble_nats,
    error_correlation,
    greedy_selection,
    leave_one_out,
    pixel_errors,
    score_members,
)


@pytest.fixture(scope="module")
def members():
    return {"a": ready("PixelCNN", (2, 2, 1), 3, 0), "b": ready("PixelRNN", (2, 2, 1), 3, 1),
            "c": ready("PixelCNN", (2, 2, 1), 3, 2)}


@pytest.fixture(scope="module")
def pixels():
    return every_image((2, 2, 1), 3)


def test_each_greedy_step_is_the_best_one():
    scores = np.random.default_rng(0).normal(-2, 1, (50, 3, 5))
    found = greedy_selection(scores, 6)
    assert found.weights.sum() == pytest.approx(1)
    for size in range(1, 7):
        before = np.bincount(found.chosen[: size - 1], minlength=5)
        tried = [ensemble_nats(scores, (before + np.eye(5)[j]) / size).mean() for j in range(5)]
        assert found.losses[size - 1] == pytest.approx(min(tried))
    np.testing.assert_allclose(found.weights, np.bincount(found.chosen, minlength=5) / 6)


def test_greedy_selection_with_replacement_comes_near_the_best_weights():
    scores = np.random.default_rng(1).normal(-2, 1, (200, 4, 3))
    best = ensemble_nats(scores, best_weights(scores, 1e-6)).mean()
    found = greedy_selection(scores, 40)
    assert best <= found.losses[-1] + 1e-9 <= best + 0.01
    every = [ensemble_nats(scores, np.bincount(c, minlength=3) / 3).mean()
             for c in itertools.combinations_with_replacement(range(3), 3)]
    assert found.losses[2] <= min(every) + 0.05


def test_a_copy_brings_nothing_and_the_only_good_member_all():
    random = np.random.default_rng(0)
    good, bad = random.normal(-1, 0.2, (2, 100, 4)), random.normal(-3, 0.2, (100, 4))
    scores = np.stack([good[0], good[0], bad], axis=-1)
    brings = leave_one_out(scores, scores, tolerance=1e-6)
    np.testing.assert_allclose(brings, 0, atol=1e-3)
    assert leave_one_out(scores[..., 1:], scores[..., 1:])[0] == pytest.approx(
        4 * 2, rel=0.1)                                     # four pixels, each 2 nats better
    by_image = leave_one_out(scores, scores[:30], by_image=True)
    assert by_image.shape == (30, 3)
    np.testing.assert_allclose(by_image.mean(axis=0), leave_one_out(scores, scores[:30]))


def test_ambiguity_is_the_gain_over_the_average_member(members, pixels):
    weights = np.array([0.2, 0.5, 0.3])
    scores = score_members(members, pixels)
    alone = np.array([-m.log_likelihood(pixels).mean() for m in members.values()])
    pool = -PixelPool(members.values(), weights).log_likelihood(pixels).mean()
    assert ambiguity(scores, weights) == pytest.approx(weights @ alone - pool, abs=1e-5)
    assert ambiguity(scores[..., [0, 0]], [0.4, 0.6]) == pytest.approx(0, abs=1e-9)


def test_the_variance_of_a_mean_of_correlated_errors():
    """σ²(ρ + (1 − ρ)/M)."""
    random = np.random.default_rng(0)
    errors = np.sqrt(0.3) * random.normal(size=(1, 200_000)) + np.sqrt(0.7) * random.normal(
        size=(5, 200_000))
    correlation = error_correlation(errors)
    np.testing.assert_allclose(np.diag(correlation), 1)
    rho = correlation[np.triu_indices(5, 1)].mean()
    assert rho == pytest.approx(0.3, abs=0.01)
    assert errors.mean(axis=0).var() == pytest.approx(rho + (1 - rho) / 5, rel=0.02)


def test_pixel_errors_are_expectations_less_what_was_there(members, pixels):
    member = members["a"]
    errors = pixel_errors(member, pixels)
    assert errors.shape == (pixels.size,) and abs(errors).max() <= 1
    # Under the member's own distribution every error is 0 on average.
    shares = np.exp(member.log_likelihood(pixels))
    np.testing.assert_allclose(shares @ errors.reshape(len(pixels), -1), 0, atol=1e-5)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="size must be a whole number"):
        greedy_selection(np.zeros((2, 2, 2)), 0)
    with pytest.raises(ValueError, match="as from score_members"):
        ambiguity(np.zeros((2, 2)), [1.0])
    with pytest.raises(ValueError, match="two members"):
        leave_one_out(np.zeros((2, 2, 1)), np.zeros((2, 2, 1)))
    with pytest.raises(ValueError, match="errors must have shape"):
        error_correlation(np.zeros(3))
