"""How an objective is minimised: paths of weights on the simplex whose end is certified.

Each solver takes an Objective, a tolerance and the most steps, and returns its path, (steps, M)
weights that begin with equal ones. Its end has a ``gap`` of at most ``tolerance``, or there is an
ArithmeticError; only where the caller limits ``steps`` may the gap be larger. Lesson 11.
"""

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import softmax

MOST = 20_000               # steps, where the caller does not say
TURNS = 5                   # of quadratic programming


def equal_weights(goal, tolerance=None):
    """The path of one step: equal weights, whatever their gap."""
    return [np.full(goal.members, 1 / goal.members)]


def direct(goal, tolerance=1e-3, steps=None):
    """Expectation maximisation where the objective has responsibilities, else quadratic programming."""
    solver = expectation_maximisation if hasattr(goal, "growth") else quadratic_programming
    return solver(goal, tolerance, steps)


def expectation_maximisation(goal, tolerance=1e-3, steps=None):
    """The path of EM on a LogScore: w_j ← mean_i of member j's responsibility.

    A step never raises the loss. Two steps show how the weights change, and how that change itself
    changes: together they estimate where all further steps lead, and a third one starts from there.
    If the loss is then higher than after the two, these are kept (Varadhan and Roland 2008, scheme S3, Scandinavian Journal of Statistics 35).
    """
    def step(weights):
        weights = weights * goal.growth(weights)
        return weights / weights.sum()                       # 1 up to rounding

    path = equal_weights(goal)
    while goal.gap(path[-1]) > tolerance and len(path) <= (steps or MOST):
        start, first = path[-1], step(path[-1])
        second = step(first)
        change, bend = first - start, second - 2 * first + start
        length = np.linalg.norm(change) / max(np.linalg.norm(bend), 1e-100)
        far = np.maximum(start + 2 * length * change + length**2 * bend, 1e-12 * second)
        far = step(far / far.sum())
        path.append(far if goal.value(far) <= goal.value(second) else second)
    return path if steps else certified(goal, led_on(goal, path, tolerance, 2000), tolerance)


def quadratic_programming(goal, tolerance=1e-3, steps=None):
    """The path of sequential quadratic programming (Kraft 1988, SciPy's SLSQP) on the simplex.

    It stops where the loss hardly falls, which can be before the certificate holds: pairwise steps
    lead on from there, and where they are slow, it takes another turn, scaled to what is left.
    """
    path = equal_weights(goal)
    for _ in range(1 if steps else TURNS):
        left = goal.gap(path[-1])                            # SciPy's tolerance is absolute
        if not left > tolerance:
            break
        minimize(
            lambda w: goal.value(w) / left, path[-1], jac=lambda w: goal.gradient(w) / left,
            method="SLSQP", bounds=[(0, 1)] * goal.members,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
            callback=lambda w: path.append(on_simplex(w)),
            options={"maxiter": steps or 200, "ftol": 1e-10},
        )
        if not steps:
            path = led_on(goal, path, tolerance, steps=200)
    return path if steps else certified(goal, path, tolerance)


def gradient_descent(goal, tolerance=1e-3, steps=None, optimizer=None):
    """The path of a Keras ``optimizer`` (None: Adam) on a, where w = softmax(a), from a = 0.

    Chain rule: ∂f/∂a_j = w_j (∇_j − w·∇). No other method helps it along.
    """
    import keras  # only this way of walking needs it
    from keras import ops

    optimizer = optimizer or keras.optimizers.Adam(0.05)
    optimizer = type(optimizer).from_config(optimizer.get_config())     # each path has its own
    scores = keras.Variable(np.zeros(goal.members, "float32"))
    path = equal_weights(goal)
    while goal.gap(path[-1]) > tolerance and len(path) <= (steps or MOST):
        weights, gradient = path[-1], goal.gradient(path[-1])
        slope = weights * (gradient - weights @ gradient)
        optimizer.apply([ops.convert_to_tensor(slope.astype("float32"))], [scores])
        path.append(softmax(ops.convert_to_numpy(scores).astype(float)))
    return path if steps else certified(goal, path, tolerance, "take an optimizer with another "
                                        "learning rate, or another method")


def led_on(goal, path, tolerance, steps):
    """The path; where its end is not certified, it goes on from its best point by pairwise steps."""
    if goal.gap(path[-1]) <= tolerance:
        return path
    best = int(np.nanargmin([goal.value(weights) for weights in path]))
    return path[:best] + pairwise(goal, path[best], tolerance, steps)


def pairwise(goal, weights, tolerance, steps):
    """A path that always shifts weight from the worst member that has some to the best one.

    It shifts to the lowest point of that line, and cannot stall but by rounding (Lacoste-Julien and
    Jaggi 2015, "On the global linear convergence of Frank-Wolfe optimization variants", NeurIPS 28,
    algorithm 2).
    """
    path = [weights]
    while goal.gap(path[-1]) > tolerance and len(path) <= steps:
        weights, gradient = path[-1], goal.gradient(path[-1])
        best = int(gradient.argmin())
        worst = int(np.where(weights > 0, gradient, -np.inf).argmax())

        def shifted(share):
            after = weights.copy()
            after[best] += share
            after[worst] = max(0.0, after[worst] - share)
            return after

        def slope(share):
            gradient = goal.gradient(shifted(share))
            return gradient[best] - gradient[worst]

        share = weights[worst]                               # all that there is
        if not slope(0) < 0:
            break                                            # a difference of rounding only
        path.append(shifted(share if slope(share) <= 0 else brentq(slope, 0, share, xtol=1e-15)))
    return path


def certified(goal, path, tolerance, advice="choose a larger tolerance"):
    """The path, if its end is at most ``tolerance`` above the optimum, else an ArithmeticError."""
    gap = goal.gap(path[-1])
    if not gap <= tolerance:                                 # NaN is not
        raise ArithmeticError(f"after {len(path) - 1} steps the loss may still be {gap:.2g} above the "
                              f"best possible, and the tolerance is {tolerance:.2g}: {advice}.")
    return path


def on_simplex(weights):
    weights = np.clip(weights, 0, 1)
    return weights / weights.sum()
