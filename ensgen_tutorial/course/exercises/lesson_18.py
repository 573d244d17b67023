"""Exercises of lesson 18: α from known layers, a kind left out, a copy in the mean, one weight."""

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_alpha(answer, random):
    foreground, background = random.random((2, 6, 5, 3))
    background[0, 0] = foreground[0, 0] + 0.3 * np.sign(0.5 - foreground[0, 0])
    foreground[1, :2], background[1, :2] = 0.6, 0.4
    alpha = random.random((6, 5))
    picture = alpha[..., None] * foreground + (1 - alpha[..., None]) * background
    noisy = np.clip(picture + random.normal(0, 0.15, picture.shape), 0, 1)
    noisy[1, 0], noisy[1, 1] = 0.9, 0.1                      # free α: 2.5 and −1.5
    wanted, found = alpha_from(noisy, foreground, background), call(answer, noisy, foreground, background)
    if np.shape(found) == wanted.shape:
        away, apart = noisy - background, foreground - background
        free = (away * apart).sum(axis=-1) / (apart**2).sum(axis=-1)
        if np.allclose(found, free):
            raise Wrong("some of these lie outside [0, 1]: clip them, since the error is a parabola in α.")
        if np.allclose(found, 1 - wanted):
            raise Wrong("this is 1 − α: the background's share.")
        if np.allclose(found, np.clip((away / apart).mean(axis=-1), 0, 1)) or np.allclose(
                found, np.clip(away / apart, 0, 1).mean(axis=-1)):
            raise Wrong("this is the mean of three quotients: channels in which F and B hardly differ say "
                        "little and count much. Least squares weighs each by (F − B)².")
        if np.max(abs(found - wanted)) > 1e-6 and any(
                np.allclose(found, np.clip((away * apart).sum(axis=-1) / ((apart**2).sum(axis=-1) + small), 0, 1), rtol=0, atol=1e-9)
                for small in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)):
            raise Wrong("something small is added to the denominator, which moves every α a little: F and B "
                        "differ everywhere, so nothing is divided by 0.")
        if np.allclose(found, np.clip(away.sum(axis=-1) / apart.sum(axis=-1), 0, 1)):
            raise Wrong("sums of signed differences can cancel: multiply by F − B before summing.")
    expect_close(found, wanted, "minimise ‖I − B − α(F − B)‖² over α: a quotient of two sums over the "
                 "channels, then clipped.")


def alpha_from(picture, foreground, background):
    away, apart = picture - background, foreground - background
    return np.clip((away * apart).sum(axis=-1) / (apart**2).sum(axis=-1), 0, 1)


def check_left_out(answer, random):
    names = np.array(["hair", "letters", "lace", "glass"])
    kinds = random.permutation(np.repeat(names, random.integers(8, 40, len(names))))
    truth = random.random(len(kinds))
    # Each member errs more on one kind, so that weights depend on what was left out.
    strength = 0.1 + 0.5 * (names[:3, None] == kinds)
    answers = truth + strength * random.normal(size=strength.shape)
    wanted, found = left_out_error(answers, truth, kinds, fit), call(answer, answers, truth, kinds, fit)
    if np.ndim(found) == 0:
        for wrong, message in (
            (error_of_all(answers, truth, kinds, fit), ("the weights have seen the kind that they are "
             "scored on: fit on the rest alone.")),
            (error_seen(answers, truth, kinds, fit), ("this is the error on the kinds that were fitted on: "
             "score the one that was left out.")),
            (error_swapped(answers, truth, kinds, fit), ("this fits on one kind and scores on the rest: it is "
             "the other way round.")),
            (error_pooled(answers, truth, kinds, fit), ("a kind with many pixels counts more here: take the "
             "mean of each kind first, then the mean over kinds.")),
            (wanted * len(names), "this is the sum over kinds: the mean is wanted."),
        ):
            if np.isclose(found, wrong, rtol=1e-9):
                raise Wrong(message)
    expect_close(found, wanted, "for each kind: fit on all other pixels, then the mean squared error of "
                 "weights @ answers on this kind's pixels; then the mean over kinds.", 1e-9)


def fit(answers, truth):
    """Weights proportional to one over each member's squared error."""
    weights = 1 / ((answers - truth) ** 2).mean(axis=1)
    return weights / weights.sum()


def left_out_error(answers, truth, kinds, fit):
    errors = []
    for kind in np.unique(kinds):
        out = kinds == kind
        weights = fit(answers[:, ~out], truth[~out])
        errors.append(((weights @ answers[:, out] - truth[out]) ** 2).mean())
    return np.mean(errors)


def error_of_all(answers, truth, kinds, fit):
    wrong = (fit(answers, truth) @ answers - truth) ** 2
    return np.mean([wrong[kinds == kind].mean() for kind in np.unique(kinds)])


def error_seen(answers, truth, kinds, fit):
    rest = [kinds != kind for kind in np.unique(kinds)]
    return np.mean([((fit(answers[:, each], truth[each]) @ answers[:, each] - truth[each]) ** 2).mean()
                    for each in rest])


def error_swapped(answers, truth, kinds, fit):
    own = [kinds == kind for kind in np.unique(kinds)]
    return np.mean([((fit(answers[:, each], truth[each]) @ answers[:, ~each] - truth[~each]) ** 2).mean()
                    for each in own])


def error_pooled(answers, truth, kinds, fit):
    own = [kinds == kind for kind in np.unique(kinds)]
    return sum(((fit(answers[:, ~each], truth[~each]) @ answers[:, each] - truth[each]) ** 2).sum()
               for each in own) / len(truth)


def check_copy(answer, random):
    for rho in (0.0, 1.0, float(random.uniform(0.1, 0.9))):
        wanted, found = variance_with_a_copy(rho), call(answer, rho)
        if np.ndim(found) == 0 and not np.isclose(found, wanted):
            if np.isclose(found, rho + (1 - rho) / 3):
                raise Wrong("this treats the copy as a third member of its own; but its correlation with "
                            "the second one is 1.")
            if np.isclose(found, rho + (1 - rho) / 2):
                raise Wrong("this is the mean of the two without the copy. With it, the second one weighs "
                            "2/3.")
            if np.isclose(found, (5 + 2 * rho) / 9):
                raise Wrong("the covariance appears twice in the square of a sum: 2 · ⅓ · ⅔ · ρ.")
        expect_close(found, wanted, "the mean is ⅓ of the first error and ⅔ of the second: work out its "
                     "variance.")


def variance_with_a_copy(rho):
    return (1 + 4 + 4 * rho) / 9


def check_weight(answer, random):
    for trial in range(5):
        root = random.normal(size=(2, 2))
        wrong = root @ random.normal(size=(2, 40))
        if trial == 1:                                              # member 1 is always too bright
            wrong = random.normal(size=(2, 400)) + np.array([[0.8], [0.0]])
        if trial == 3:
            wrong = np.array([wrong[0], 0.3 * wrong[0] + 0.01 * wrong[1]])     # the best weight is 0
        if trial == 4:
            wrong = np.array([0.3 * wrong[0] + 0.01 * wrong[1], wrong[0]])     # and here 1
        wanted, found = best_weight(wrong), call(answer, wrong)
        if np.ndim(found) == 0 and not np.isclose(found, wanted, atol=1e-6):
            (a, c), (_, b) = wrong @ wrong.T
            if np.isclose(found, (b - c) / (a + b - 2 * c)):
                raise Wrong("this weight is not in [0, 1]: the best admissible one is at the border.")
            if np.isclose(found, 1 - wanted):
                raise Wrong("this is the weight of member 2.")
            if np.isclose(found, b / (a + b)):
                raise Wrong("this forgets that errors are correlated: the products wrong[0] · wrong[1] "
                            "belong in it.")
            covariance = np.cov(wrong)
            if np.isclose(found, np.clip((covariance[1, 1] - covariance[0, 1]) / (
                    covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]), 0, 1)):
                raise Wrong("np.cov takes the means away, but a member that is always too bright errs: use "
                            "the plain sums of squares.")
            if abs(found - wanted) < 0.02:
                raise Wrong("this is near the best weight, as from a search over a grid: the parabola's "
                            "lowest point has a formula, which is exact.")
        expect_close(found, wanted, "the error Σ(w·wrong₁ + (1 − w)·wrong₂)² is a parabola in w: find its "
                     "lowest point, then clip.", 1e-6)


def best_weight(wrong):
    (a, c), (_, b) = wrong @ wrong.T
    return float(np.clip((b - c) / (a + b - 2 * c), 0, 1))


EXERCISES = (
    Exercise(
        "18.1", "α is a projection onto the line from B to F", check_alpha,
        ("I − B = α(F − B) has three equations, one for each channel, and one unknown.",
         "Least squares: α = Σ (I − B)(F − B) / Σ (F − B)²."),
        alpha_from,
        {"outside [0, 1]": lambda i, f, b: ((i - b) * (f - b)).sum(axis=-1) / ((f - b) ** 2).sum(axis=-1),
         "background's share": lambda i, f, b: 1 - alpha_from(i, f, b),
         "mean of three quotients": lambda i, f, b: np.clip(((i - b) / (f - b)).mean(axis=-1), 0, 1),
         "added to the denominator": lambda i, f, b: np.clip(
             ((i - b) * (f - b)).sum(axis=-1) / (((f - b) ** 2).sum(axis=-1) + 1e-3), 0, 1),
         "can cancel": lambda i, f, b: np.clip((i - b).sum(axis=-1) / (f - b).sum(axis=-1), 0, 1)},
    ),
    Exercise(
        "18.2", "each kind left out in turn", check_left_out,
        ("out = kinds == kind is a mask; ~out is the rest.",
         "weights = fit(answers[:, ~out], truth[~out]); then score weights @ answers[:, out]."),
        left_out_error,
        {"fit on the rest alone": error_of_all,
         "score the one that was left out": error_seen,
         "the other way round": error_swapped,
         "many pixels counts more": error_pooled,
         "sum over kinds": lambda answers, truth, kinds, fit: 4 * left_out_error(answers, truth, kinds, fit)},
    ),
    Exercise(
        "18.3", "a copy moves weight, and adds nothing", check_copy,
        ("The mean's error is e₁/3 + 2e₂/3.",
         "Var(ae₁ + be₂) = a²σ² + b²σ² + 2abρσ²."),
        variance_with_a_copy,
        {"third member of its own": lambda rho: rho + (1 - rho) / 3,
         "without the copy": lambda rho: rho + (1 - rho) / 2,
         "appears twice": lambda rho: (5 + 2 * rho) / 9},
    ),
    Exercise(
        "18.4", "the lowest point of a parabola, clipped to [0, 1]", check_weight,
        ("Write the squared error as a function of w, with a = Σ wrong₁², b = Σ wrong₂², c = Σ wrong₁·wrong₂.",
         "Its derivative is zero at w = (b − c)/(a + b − 2c)."),
        best_weight,
        {"not in [0, 1]": lambda wrong: ((wrong[1] ** 2).sum() - (wrong[0] * wrong[1]).sum()) / (
            (wrong[0] - wrong[1]) ** 2).sum(),
         "weight of member 2": lambda wrong: 1 - best_weight(wrong),
         "correlated": lambda wrong: (wrong[1] ** 2).sum() / (wrong**2).sum(),
         "from a search": lambda wrong: min(np.linspace(0, 1, 101), key=lambda w: (
             (w * wrong[0] + (1 - w) * wrong[1]) ** 2).sum()),
         "np.cov": lambda wrong: best_weight(wrong - wrong.mean(axis=1, keepdims=True))},
    ),
)
