"""Objectives: convex, with their gradients and an honest gap."""

import numpy as np
import pytest
from scipy.optimize import check_grad

from ensgen_tutorial.ensembles import objectives
from ensgen_tutorial.ensembles.objectives import (
    Divergence,
    LogPoolScore,
    LogScore,
    discrepancy,
    squared_error,
)
from ensgen_tutorial.ensembles.solvers import quadratic_programming


def one_of_each():
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
        "discrepancy": discrepancy(drawn, random.normal(0.5, 1, (80, 3))),
    }


@pytest.mark.parametrize("kind", one_of_each())
def test_objectives_have_their_gradient_and_an_honest_gap(kind):
    goal, random = one_of_each()[kind], np.random.default_rng(1)
    best = quadratic_programming(goal, 1e-7)[-1]
    size = max(1.0, abs(goal.value(best)))
    for weights in random.dirichlet(np.ones(4), size=5):
        assert check_grad(goal.value, goal.gradient, weights) < 1e-3 * size
        above = goal.value(weights) - goal.value(best)
        assert -1e-6 * size <= above <= goal.gap(weights) + 1e-6 * size


def test_a_log_pool_s_score_does_not_depend_on_how_it_is_cut_up(monkeypatch):
    weights, whole = np.array([0.1, 0.2, 0.3, 0.4]), one_of_each()["log pool"]
    monkeypatch.setattr(objectives, "AT_ONCE", 4 * 5 * 30)
    pieces = one_of_each()["log pool"]
    assert len(pieces.pieces) == 7
    assert pieces.value(weights) == pytest.approx(whole.value(weights), rel=1e-12)
    np.testing.assert_allclose(pieces.gradient(weights), whole.gradient(weights), rtol=1e-10)


def test_a_sum_of_squared_errors_is_that_of_all_answers_together():
    random = np.random.default_rng(0)
    answers, truth, w = random.normal(size=(3, 40)), random.normal(size=40), np.array([0.2, 0.3, 0.5])
    halves = [squared_error(answers[:, some], truth[some], 5) for some in (slice(20), slice(20, 40))]
    assert (halves[0] + halves[1]).value(w) == pytest.approx(squared_error(answers, truth, 10).value(w))
    assert (halves[0] + halves[1]).value(w) == pytest.approx(((w @ answers - truth) ** 2).sum() / 4)
