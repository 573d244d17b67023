"""Solvers: all reach one minimum, and none returns what is not certified."""

import time

import keras
import numpy as np
import pytest

from ensgen_tutorial.ensembles.objectives import LogPoolScore, LogScore, Objective, Quadratic
from ensgen_tutorial.ensembles.solvers import (
    equal_weights,
    expectation_maximisation,
    gradient_descent,
    pairwise,
    quadratic_programming,
)

TOLERANCE = 1e-6


def log_scores(random, kind, rows, members):
    """Log-likelihoods (rows, members), hard in one way."""
    base = random.normal(-2, 1, (rows, members))
    if kind == "two identical members":
        base[:, 1] = base[:, 0]
    if kind == "all members identical":
        base = np.repeat(base[:, :1], members, axis=1)
    if kind == "one member dominates every row":
        base[:, 0] = base.max(axis=1) + random.exponential(0.3, rows)
    if kind == "the optimum is the start":
        base = np.repeat([[-90.0, -100], [-100, -90]], rows, axis=0)
    if kind == "one member":
        base = base[:, :1]
    if kind == "twenty members, nearly collinear":
        base = base[:, :1] + random.normal(0, 0.1, (rows, 2)) @ random.normal(size=(2, 20))
        base += random.normal(0, 1e-3, base.shape)
    if kind == "a single row":
        base = base[:1]
    if kind == "very large":
        base = 1e3 * base - 1e4
    if kind == "very small":
        base = 1e-6 * base
    if kind == "one row that only a bad member knows":
        base[:, 0] -= 5000
        base[0], base[0, 0] = -1e4, 0
    return base


LOG_SCORES = ("random", "two identical members", "all members identical", "very large", "very small",
              "one member dominates every row", "the optimum is the start", "one member",
              "twenty members, nearly collinear", "a single row", "one row that only a bad member knows")
QUADRATICS = {"quadratic": 9, "rank-deficient quadratic": 1, "zero quadratic": 0}        # their rank


def problem(number):
    """One of many Objectives, small and awkward."""
    random = np.random.default_rng(number)
    kinds = (*LOG_SCORES, *QUADRATICS, "log pool", "log pool of identical members")
    kind, members, rows = kinds[number % len(kinds)], random.integers(2, 7), random.integers(5, 40)
    if kind in LOG_SCORES:
        return LogScore(log_scores(random, kind, rows, members), random.choice([1, 64]))
    if kind in QUADRATICS:
        answers = random.normal(size=(QUADRATICS[kind], members))
        truth = random.normal(size=len(answers))
        return Quadratic(answers.T @ answers, answers.T @ truth, truth @ truth)
    logs = np.log(random.dirichlet(np.ones(5), size=(members, rows)))
    logs = logs[:1].repeat(members, axis=0) if "identical" in kind else logs
    return LogPoolScore(logs, random.integers(0, 5, rows), 4)


def test_every_solver_reaches_the_same_value_on_200_problems():
    for number in range(200):
        goal = problem(number)
        paths = [quadratic_programming(goal, TOLERANCE),
                 pairwise(goal, equal_weights(goal)[0], TOLERANCE, steps=2000)]
        if hasattr(goal, "growth"):
            paths.append(expectation_maximisation(goal, TOLERANCE))
        for path in paths:
            assert goal.gap(path[-1]) <= TOLERANCE, number
            assert abs(path[-1].sum() - 1) < 1e-12 and (path[-1] >= 0).all(), number
        values = [goal.value(path[-1]) for path in paths]
        assert max(values) - min(values) <= TOLERANCE + 1e-14 * abs(max(values)), number


def test_an_ill_conditioned_quadratic_takes_several_turns():
    random = np.random.default_rng(0)
    answers = random.normal(size=(50, 3)) @ random.normal(size=(3, 20))
    answers += random.normal(0, 1e-2, answers.shape)
    truth = answers @ random.dirichlet(np.ones(20)) + random.normal(0, 0.01, 50)
    goal = Quadratic(answers.T @ answers, answers.T @ truth, truth @ truth)
    assert goal.gap(pairwise(goal, equal_weights(goal)[0], 1e-7, 500)[-1]) > 1e-4     # not alone
    assert goal.gap(quadratic_programming(goal, 1e-7)[-1]) <= 1e-7


@pytest.mark.parametrize("per_image", [1, 64])
def test_gradient_descent_reaches_the_same_minimum(per_image):
    goal = LogScore(np.random.default_rng(3).normal(-2, 1, (500, 5)), per_image)
    optimizer = keras.optimizers.SGD(4.0 / per_image)
    ends = [expectation_maximisation(goal, 1e-7)[-1], quadratic_programming(goal, 1e-7)[-1],
            gradient_descent(goal, 1e-5, optimizer=optimizer)[-1],
            gradient_descent(goal, 1e-5, optimizer=optimizer)[-1]]                # it may serve again
    for weights in ends:
        assert weights.sum() == pytest.approx(1) and (weights >= 0).all()
        assert goal.value(weights) == pytest.approx(goal.value(ends[0]), abs=1e-5)
        np.testing.assert_allclose(weights, ends[0], atol=2e-3)


def test_what_is_not_certified_is_an_error_unless_steps_were_limited(monkeypatch):
    goal = LogScore(np.random.default_rng(3).normal(-2, 1, (50, 4)))
    for solver in (expectation_maximisation, quadratic_programming, gradient_descent):
        path = solver(goal, 1e-12, steps=2)
        assert len(path) == 3 and goal.gap(path[-1]) > 1e-12
    monkeypatch.setattr("ensgen_tutorial.ensembles.solvers.MOST", 5)
    assert goal.gap(expectation_maximisation(goal, 1e-9)[-1]) <= 1e-9     # led on by pairwise steps
    with pytest.raises(ArithmeticError, match="after 5 steps .* another learning rate"):
        gradient_descent(goal, 1e-9)

    class NotANumber(Objective):
        members = 3

        def value(self, weights):
            return np.nan

        def gradient(self, weights):
            return weights * np.nan

    with pytest.raises(ArithmeticError, match="nan above the best"):
        quadratic_programming(NotANumber())
    with pytest.raises(ArithmeticError, match="choose a larger tolerance"):
        quadratic_programming(LogScore(1e3 * goal.ratios, 64), 1e-300)


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
