"""Which weights? Those that serve held-out images best, with a certificate.

The ensemble says what its objective is (``cross_entropy``, ``squared_error`` and so on, methods that
return an Objective), and a solver how it is minimised.
"""

import inspect
from dataclasses import dataclass

import numpy as np

from ..checks import check_number, check_whole
from ..data.image_set import ImageSet
from .solvers import direct, equal_weights, gradient_descent, quadratic_programming

METHODS = {                 # the ensemble's method that gives the objective, and the solver
    "cross_entropy": ("cross_entropy", direct),
    "kl_divergence": ("kl_divergence", direct),
    "gradient_descent": ("cross_entropy", gradient_descent),
    "least_squares": ("squared_error", quadratic_programming),
    "mmd": ("discrepancy", quadratic_programming),
}


@dataclass(frozen=True)
class FittedWeights:
    """Weights and how they were found.

    weights: (M,), sum to 1. path: (steps, M), the weights at each step, the first equal.
    losses: (steps,) what was minimised, at each step: mean −log p or KL in nats per image, squared
    error per image or input, or squared discrepancy. gap: a bound on how far the last loss is above
    the smallest possible one. ensemble: the same members with these weights. entropy: of the data,
    in nats, for "kl_divergence": what the loss lacks to the cross-entropy; else 0. unit: of the
    losses. With regions or noise levels, weights have a row for each, and the path is that of their
    mean.
    """

    weights: np.ndarray
    path: np.ndarray
    losses: np.ndarray
    gap: float
    ensemble: object
    entropy: float = 0.0
    unit: str = "nats/image"

    def __str__(self):
        text = (", ".join(f"{weight:.3f}" for weight in self.weights) if self.weights.ndim == 1
                else f"of shape {self.weights.shape}")
        return (f"weights {text}: {self.losses[-1]:.3f} {self.unit} after "
                f"{len(self.losses) - 1} steps on the images it was fitted to, at most {self.gap:.1g} "
                "above the best possible")


def fit_weights(ensemble, validation, method=None, tolerance=1e-3, **options):
    """Fit an ensemble's weights on held-out pixels; members stay as they are.

    ensemble: a PixelPool, a Mixture, a DenoiserSum or a PredictionSum. validation: (N, H, W, C)
    whole numbers that no member was trained on (an ImageSet means its validation split); for a
    PredictionSum a pair (inputs, targets).

    method: "equal", for equal weights and their loss, or what is minimised and how,

    - "cross_entropy": mean −log p_w, by expectation maximisation with long steps (linear pool and
      mixture) or sequential quadratic programming (log pool); the default where there are
      likelihoods;
    - "kl_divergence": KL(data ‖ p_w), by the same solver: it differs by a constant, the entropy;
    - "gradient_descent": mean −log p_w again, over w = softmax(a) with a Keras optimizer;
    - "least_squares": the squared error of a DenoiserSum or PredictionSum, by quadratic
      programming; their default;
    - "mmd": the kernel discrepancy between a Mixture's draws and the validation images, by quadratic
      programming; it needs no likelihood, and is the default where there is none.

    All are convex, so every method that minimises the same thing reaches the same value.
    tolerance: the certified gap to the optimum at the end, in the loss's unit.

    Options, each for the methods that know it:

    - steps: the most steps of a solver; then the gap may be above the tolerance. None: as many as
      it takes, and an error where that is too many;
    - optimizer, of "gradient_descent": a Keras optimizer; None for Adam with a rate of 0.05;
    - regions, of a PixelPool's "cross_entropy" and "gradient_descent": (H, W, C) whole numbers
      0 … R − 1; the pixels of each region get weights of their own;
    - noise_levels, of a DenoiserSum: K; it gets (K, M) weights, row k for times t in
      [k/K, (k+1)/K);
    - features, of "mmd": pixels -> (N, D), a classifier's for example; None for the pixels;
    - seed, of "mmd" and of a DenoiserSum: of the draws and of the noise.

    Returns FittedWeights. Raises ValueError where method and ensemble do not fit or a member answers
    with NaN or infinity, TypeError for an option that the method does not know, ArithmeticError
    where the tolerance is not reached.

    Source: Smyth and Wolpert 1997, "Stacked density estimation", NeurIPS 10 (EM); Breiman 1996,
    "Stacked regressions", Machine Learning 24 (least squares). Lesson 11.
    """
    check_number(tolerance, "tolerance", above=0)
    if options.get("steps") is not None:
        check_whole(options["steps"], "steps")
    objective, solver = find_method(ensemble, method)
    of_objective, of_solver = names_of(objective, 0), names_of(solver, 2)
    for name in options:
        if name not in of_objective + of_solver:
            raise TypeError(f"there is no option {name!r} of method {method!r} for a "
                            f"{type(ensemble).__name__}: the options are "
                            f"{', '.join(of_objective + of_solver) or 'none'}.")
    goal = objective(*data_for(objective, validation),
                     **{name: options[name] for name in of_objective if name in options})
    parts = goal.parts
    paths = [solver(part, tolerance / len(parts),
                    **{name: options[name] for name in of_solver if name in options})
             for part in parts]
    steps = max(map(len, paths))                             # a path that has ended stays at its end
    at = [[path[min(step, len(path) - 1)] for path in paths] for step in range(steps)]
    losses = [sum(part.value(w) for part, w in zip(parts, each)) for each in at]
    gap = sum(part.gap(path[-1]) for part, path in zip(parts, paths))
    fitted = ensemble.with_weights(goal.arrange(np.array(at[-1])))
    return FittedWeights(fitted.weights, np.mean(at, axis=1), np.array(losses), gap, fitted,
                         goal.entropy, goal.unit)


def find_method(ensemble, method):
    """The ensemble's function that gives the objective, and the solver; or an error that helps."""
    there = [name for name, (criterion, _) in METHODS.items() if hasattr(ensemble, criterion)]
    if not there:
        raise TypeError("ensemble must be a PixelPool, a Mixture, a DenoiserSum or a PredictionSum, "
                        f"not {type(ensemble).__name__}.")
    if method == "equal":
        return getattr(ensemble, METHODS[there[0]][0]), equal_weights
    if method not in (None, *METHODS):
        raise ValueError(f"method must be one of equal, {', '.join(METHODS)}, not {method!r}.")
    criterion, solver = METHODS[method or there[0]]
    try:
        return getattr(ensemble, criterion), solver
    except AttributeError as error:                          # its cause says what a member lacks
        reason = f" ({error.__cause__})" if error.__cause__ else ""
        raise ValueError(f"method {method!r} does not fit this {type(ensemble).__name__}{reason}: "
                         f"there are equal, {', '.join(there)}.") from None


def names_of(function, first):
    """The names of a function's options: parameters with a default, after the ``first`` ones."""
    parameters = list(inspect.signature(function).parameters.values())[first:]
    return [each.name for each in parameters if each.default is not each.empty]


def data_for(objective, validation):
    """What an objective is made from, as a tuple: pixels, or inputs and targets."""
    if isinstance(validation, ImageSet):
        validation = validation.validation
    data = validation if isinstance(validation, tuple) else (validation,)
    wanted = [each.name for each in inspect.signature(objective).parameters.values()
              if each.default is each.empty]
    if len(data) != len(wanted):
        raise ValueError(f"validation must be {'a pair of ' * (len(wanted) > 1)}"
                         f"{' and '.join(wanted)}, not {len(data)} "
                         f"array{'s' * (len(data) > 1)}.")
    return data
