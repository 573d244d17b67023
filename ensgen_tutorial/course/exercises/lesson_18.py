"""Exercises of lesson 18: α from known layers, the gradient error, a copy in the mean, one weight."""

import numpy as np
from scipy import ndimage

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
        if np.allclose(found, np.clip(away.sum(axis=-1) / apart.sum(axis=-1), 0, 1)):
            raise Wrong("sums of signed differences can cancel: multiply by F − B before summing.")
    expect_close(found, wanted, "minimise ‖I − B − α(F − B)‖² over α: a quotient of two sums over the "
                 "channels, then clipped.")


def alpha_from(picture, foreground, background):
    away, apart = picture - background, foreground - background
    return np.clip((away * apart).sum(axis=-1) / (apart**2).sum(axis=-1), 0, 1)


def slope(matte):
    return ndimage.gaussian_gradient_magnitude(matte, 1.4, mode="nearest")


def check_gradient(answer, random):
    truth, guess = random.random((2, 14, 12))
    unknown = random.random((14, 12)) < 0.5
    wanted = gradient_error_of(truth, guess, unknown, slope)
    found = call(answer, truth, guess, unknown, slope)
    if np.ndim(found) == 0:
        for wrong, message in (
            (1000 * wanted, "in thousands: divide the sum by 1000."),
            (((slope(truth) - slope(guess)) ** 2).sum() / 1000, "only the unknown part counts."),
            (((slope(truth) - slope(guess))[unknown] ** 2).mean(), "the sum is wanted, not the mean: a larger unknown "
             "part has a larger error."),
            (np.abs(slope(truth) - slope(guess))[unknown].sum() / 1000, "the differences are squared."),
            ((slope(truth - guess)[unknown] ** 2).sum() / 1000, "this is the slope of the difference; the difference of "
             "the slopes' sizes is wanted."),
        ):
            if np.isclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "Σ over the unknown part of (slope(truth) − slope(answer))², over 1000.", 1e-9)


def gradient_error_of(truth, answer, unknown, slope):
    return ((slope(truth) - slope(answer))[unknown] ** 2).sum() / 1000


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
        if np.ndim(found) == 0 and not np.isclose(found, wanted):
            (a, c), (_, b) = wrong @ wrong.T
            if np.isclose(found, (b - c) / (a + b - 2 * c)):
                raise Wrong("this weight is not in [0, 1]: the best admissible one is at the border.")
            if np.isclose(found, 1 - wanted):
                raise Wrong("this is the weight of member 2.")
            if np.isclose(found, b / (a + b)):
                raise Wrong("this forgets that errors are correlated: the products wrong[0] · wrong[1] "
                            "belong into it.")
            covariance = np.cov(wrong)
            if np.isclose(found, np.clip((covariance[1, 1] - covariance[0, 1]) / (
                    covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]), 0, 1)):
                raise Wrong("np.cov takes the means away, but a member that is always too bright errs: use "
                            "the plain sums of squares.")
        expect_close(found, wanted, "the error Σ(w·wrong₁ + (1 − w)·wrong₂)² is a parabola in w: find its "
                     "lowest point, then clip.")


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
         "can cancel": lambda i, f, b: np.clip((i - b).sum(axis=-1) / (f - b).sum(axis=-1), 0, 1)},
    ),
    Exercise(
        "18.2", "the gradient error compares the sizes of slopes", check_gradient,
        ("slope(truth) and slope(answer) are pictures: subtract them.",
         "Then select the unknown part, square, sum, and divide by 1000."),
        gradient_error_of,
        {"in thousands": lambda t, a, u, s: 1000 * gradient_error_of(t, a, u, s),
         "unknown part counts": lambda t, a, u, s: ((s(t) - s(a)) ** 2).sum() / 1000,
         "not the mean": lambda t, a, u, s: ((s(t) - s(a))[u] ** 2).mean(),
         "are squared": lambda t, a, u, s: np.abs(s(t) - s(a))[u].sum() / 1000,
         "difference of the slopes": lambda t, a, u, s: (s(t - a)[u] ** 2).sum() / 1000},
    ),
    Exercise(
        "18.3", "a copy moves weight, and adds nothing", check_copy,
        ("The mean's error is e₁/3 + 2e₂/3.",
         "Var(ae₁ + be₂) = a²σ² + b²σ² + 2abρσ²."),
        variance_with_a_copy,
        {"third member of its own": lambda rho: rho + (1 - rho) / 3,
         "without the copy": lambda rho: rho + (1 - rho) / 2},
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
         "np.cov": lambda wrong: best_weight(wrong - wrong.mean(axis=1, keepdims=True))},
    ),
)
