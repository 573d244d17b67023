"""Exercises of lesson 18: α from known layers, a kind left out, a copy in the mean, the weights of twins."""

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
        if np.allclose(found, np.clip(lengths(noisy, foreground, background), 0, 1)):
            raise Wrong("this is a quotient of lengths: noise across the line from B to F makes it too large, and "
                        "it cannot be negative. Project I − B on F − B.")
    expect_close(found, wanted, "minimise ‖I − B − α(F − B)‖² over α: a quotient of two sums over the "
                 "channels, then clipped.")


def alpha_from(picture, foreground, background):
    away, apart = picture - background, foreground - background
    return np.clip((away * apart).sum(axis=-1) / (apart**2).sum(axis=-1), 0, 1)


def lengths(picture, foreground, background):
    return np.linalg.norm(picture - background, axis=-1) / np.linalg.norm(foreground - background, axis=-1)


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
    # 0 and 1 last: there, different mistakes have the same value.
    for rho in (float(random.uniform(0.1, 0.9)), 0.0, 1.0):
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
            if np.isclose(found, (3 + 4 * rho) / 9):
                raise Wrong("the second member and its copy have a covariance, too: σ².")
            if np.isclose(found, 5 / 9):
                raise Wrong("this has no covariance: at ρ = 1 all three are one member, and the answer must be 1.")
        expect_close(found, wanted, "the mean is ⅓ of the first error and ⅔ of the second: work out its "
                     "variance.")


def variance_with_a_copy(rho):
    return (1 + 4 + 4 * rho) / 9


def check_twins(answer, random):
    for members in (4, 3, 2):
        wrong = random.uniform(0.8, 1.2, (members - 1, 1)) * random.normal(size=(members - 1, 200))
        wrong = np.array([*wrong, wrong[-1]])
        wanted, found = both_ends(wrong, solve), call(answer, wrong, solve)
        if np.shape(found) == wanted.shape and not np.allclose(found, wanted):
            found = np.asarray(found, float)
            if np.allclose(found, wanted[::-1]):
                raise Wrong("the two ends are exchanged: in the first one, the last member has no weight.")
            if np.allclose(found[0], found[1]):
                raise Wrong("both rows are the same weights, and a segment has two ends: one twin takes all that "
                            "both have together, then the other.")
            if not np.allclose(found.sum(axis=1), 1):
                raise Wrong("the weights of a row do not sum to 1: what one twin gets, the other one loses.")
            if np.allclose(found, np.eye(members)[-2:]):
                raise Wrong("these rows ask one twin alone: the other members keep their weights.")
            if np.allclose(found[0], wanted[0]):
                raise Wrong("the first row is right. In the second, only the twins exchange their weights.")
        expect_close(found, wanted, "solve for the members that differ; then one twin takes all of the twins' weight, "
                     "or the other does.")


def solve(wrong):
    """The weights of the least squared error, Σ w = 1, of members that all differ (here w ≥ 0: they err apart)."""
    if np.linalg.matrix_rank(wrong) < len(wrong):
        raise ValueError("copies among these members, so the best weights are not unique: leave one twin out.")
    weights = np.linalg.solve(wrong @ wrong.T, np.ones(len(wrong)))
    return weights / weights.sum()


def both_ends(wrong, solve):
    *others, twins = solve(wrong[:-1])
    return np.array([[*others, twins, 0], [*others, 0, twins]])


EXERCISES = (
    Exercise(
        "18.1", "α is a projection onto the line from B to F", check_alpha,
        ("I − B = α(F − B) has three equations, one for each channel, and one unknown.",
         "Set the derivative of Σ (I − B − α(F − B))² with respect to α to zero, then think of the bounds."),
        alpha_from,
        {"outside [0, 1]": lambda i, f, b: ((i - b) * (f - b)).sum(axis=-1) / ((f - b) ** 2).sum(axis=-1),
         "background's share": lambda i, f, b: 1 - alpha_from(i, f, b),
         "mean of three quotients": lambda i, f, b: np.clip(((i - b) / (f - b)).mean(axis=-1), 0, 1),
         "added to the denominator": lambda i, f, b: np.clip(
             ((i - b) * (f - b)).sum(axis=-1) / (((f - b) ** 2).sum(axis=-1) + 1e-3), 0, 1),
         "can cancel": lambda i, f, b: np.clip((i - b).sum(axis=-1) / (f - b).sum(axis=-1), 0, 1),
         "quotient of lengths": lambda i, f, b: np.clip(lengths(i, f, b), 0, 1)},
    ),
    Exercise(
        "18.2", "each kind left out in turn", check_left_out,
        ("out = kinds == kind is a mask; ~out is the rest.",
         "What may fit see: the columns in out, or those in ~out? And which of the two are scored?"),
        left_out_error,
        {"fit on the rest alone": error_of_all,
         "score the one that was left out": error_seen,
         "the other way round": error_swapped,
         "many pixels counts more": error_pooled,
         "sum over kinds": lambda answers, truth, kinds, fit: 4 * left_out_error(answers, truth, kinds, fit)},
    ),
    Exercise(
        "18.3", "a copy moves weight, and for every ρ < 1 the mean gets worse", check_copy,
        ("The mean's error is e₁/3 + 2e₂/3.",
         "A variance of a sum has three terms: two variances, and twice the covariance ρσ², each with its factors."),
        variance_with_a_copy,
        {"third member of its own": lambda rho: rho + (1 - rho) / 3,
         "without the copy": lambda rho: rho + (1 - rho) / 2,
         "appears twice": lambda rho: (5 + 2 * rho) / 9,
         "have a covariance, too": lambda rho: (3 + 4 * rho) / 9,
         "no covariance": lambda rho: 5 / 9},
    ),
    Exercise(
        "18.4", "twins share one weight, and how they share it makes no difference", check_twins,
        ("How large is the error if the last two members have the weights u and v? Only u + v matters.",
         "solve refuses copies, so it can be asked about all members but the last. How much do the twins get?"),
        both_ends,
        {"leave one twin out": lambda wrong, solve: np.array([solve(wrong)] * 2),
         "two ends are exchanged": lambda wrong, solve: both_ends(wrong, solve)[::-1],
         "both rows are the same": lambda wrong, solve: np.array([both_ends(wrong, solve).mean(axis=0)] * 2),
         "do not sum to 1": lambda wrong, solve: np.array([[*(w := solve(wrong[:-1])), 0], [*w, w[-1]]]),
         "ask one twin alone": lambda wrong, solve: np.eye(len(wrong))[-2:],
         "first row is right": lambda wrong, solve: np.array([[*(w := solve(wrong[:-1])), 0], [0, *w]])},
    ),
)
