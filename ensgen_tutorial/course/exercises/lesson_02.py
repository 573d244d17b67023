"""Exercises of lesson 02: a memoriser's nats, leaving one out, a missing pixel, a seam that tiles."""

import math

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_memoriser(answer, random):
    for shape, levels in ((3, 2, 1), 4), ((24, 20, 3), 256):     # 1/256^1440 is 0 for a computer
        training = random.integers(0, levels, size=(7, *shape))
        training[4] = training[2]                                # seen twice
        share = random.uniform(0.05, 0.5)
        new = (training[0] + 1) % levels
        while (training == new).all(axis=(1, 2, 3)).any():
            new = random.integers(0, levels, size=shape)
        noise = math.prod(shape) * math.log(levels)
        for image, times in (new, 0), (training[5], 1), (training[2], 2):
            wanted = memoriser_nats(image, training, levels, share)
            with np.errstate(all="ignore"):
                found = call(answer, image, training, levels, share)
            if np.ndim(found) == 0 and not np.isfinite(float(found)):
                raise Wrong(f"the result is {found}: levels ** dimensions is too large for a computer, "
                            "or its inverse too small. Stay with logarithms (np.logaddexp).")
            if np.ndim(found) == 0 and np.isclose(float(found), -wanted, rtol=1e-9):
                raise Wrong("the sign: this is log p; its negative, the nats, is wanted.")
            if times == 0:
                if np.ndim(found) == 0 and np.isclose(float(found), noise, rtol=1e-9):
                    raise Wrong("noise is chosen only with probability share: how many nats does "
                                "that cost?")
                expect_close(found, wanted, "an image that is not in training can only come from the "
                             "noise.", 1e-9)
            if times and np.ndim(found) == 0 and np.isclose(
                    float(found), -np.log(share) + noise, rtol=1e-9):
                raise Wrong("an image in training can come from a copy as well: add both ways.")
            expect_close(found, wanted, "an image that stands in training once is copied with "
                         "probability (1 − share)/N, one that stands there twice with 2·(1 − share)/N, and "
                         "noise can also draw it.", 1e-9)


def memoriser_nats(image, training, levels, share):
    times = (training == image).all(axis=(1, 2, 3)).sum()
    log_noise = np.log(share) - image.size * np.log(levels)
    with np.errstate(divide="ignore"):                           # log 0: it is no copy
        log_copy = np.log((1 - share) * times / len(training))
    return -np.logaddexp(log_noise, log_copy)


def check_leave_one_out(answer, random):
    for smoothing in random.uniform(0.2, 3), 1e-8:               # next to none: great surprises
        levels = int(random.integers(5, 12))
        values = random.permutation([*random.integers(0, levels - 3, size=14), levels - 2])    # the last level is not there
        wanted = leave_one_out_nats(values, levels, smoothing)
        found = call(answer, values, levels, smoothing)
        own = np.bincount(values, minlength=levels)[values]
        total = len(values) + levels * smoothing
        if np.shape(found) == (len(values),):
            raise Wrong("one number is wanted, the mean over all values.")
        if np.ndim(found) == 0:
            if np.isclose(found, -np.log((own + smoothing) / total).mean()):
                raise Wrong("this scores values that were counted themselves, the trap that the "
                            "exercise avoids: take each value out of the counts before you score it.")
            if np.isclose(found, -np.log((own - 1 + smoothing) / total).mean()):
                raise Wrong("nearly: without the value itself there is one count fewer in total as "
                            "well, or these probabilities do not sum to 1.")
            if np.isclose(found, -wanted):
                raise Wrong("the sign: nats are −log p.")
            if np.isclose(found, wanted * len(values)):
                raise Wrong("this is the sum; the mean per value is wanted.")
        expect_close(found, wanted, "for each value: the smoothed histogram of all the others, and "
                     "−log of what it gives to the value; then the mean.", 1e-9)


def leave_one_out_nats(values, levels, smoothing):
    others = np.bincount(values, minlength=levels)[values] - 1
    return -np.log((others + smoothing) / (len(values) - 1 + levels * smoothing)).mean()


def check_missing_pixel(answer, random):
    weights = random.dirichlet(np.ones(3))
    for pixels, last in (12, False), (12, False), (4000, True):  # 4000 pixels underflow
        templates = random.dirichlet(np.full(5, 2.0), size=(3, pixels))
        image = random.integers(0, 5, size=pixels)
        known = random.random(pixels) < 0.5
        place, unknown, *sure = random.permutation(pixels)[:4]   # what is asked for, and one besides
        known[[place, unknown]], known[sure] = False, True
        templates[:, sure[0], image[sure[0]]] = 1e-30 * random.uniform(1, 3, size=3)
        if last:                                                 # a tie, and one that is far behind
            templates[1] = templates[0]
            templates[2] = 0.2 * templates[0]
            templates[:, place] = random.dirichlet(np.ones(5), size=3)
        templates /= templates.sum(axis=2, keepdims=True)
        if last:
            templates[2, known, image[known]] /= 3
            templates[:2, sure[1], image[sure[1]]] /= [1, 2]
        wanted = missing_pixel(weights, templates, image, known, place)
        with np.errstate(all="ignore"):
            found = call(answer, weights, templates, image, known, place)
        if np.shape(found) == (5,):
            found = np.asarray(found, float)
            if not last and np.allclose(found, weights @ templates[:, place]):
                raise Wrong("the known pixels play no part here: they say which template it is.")
            every = missing_pixel(weights, templates, image, np.ones(pixels, bool), place)
            others = missing_pixel(weights, templates, image, np.arange(pixels) != place, place)
            if not last and (np.allclose(found, every) or np.allclose(found, others)):
                raise Wrong("pixels that are not known are used here: image holds anything at those "
                            "places.")
            equal = missing_pixel(np.full(3, 1 / 3), templates, image, known, place)
            if not last and np.allclose(found, equal):
                raise Wrong("the weights are missing: some templates are chosen more often.")
            if last and not (np.isfinite(found).all() and np.isclose(found.sum(), 1)):
                raise Wrong("right for few pixels; for 4000 a product of probabilities is 0 for a "
                            "computer. Add logarithms, and take the largest sum out before np.exp.")
            if not np.isclose(found.sum(), 1):
                raise Wrong(f"the probabilities sum to {found.sum():.4g}: the posterior over templates "
                            "must sum to 1.")
        expect_close(found, wanted, "p(v | known) = Σ_k p(k | known) p_k(v): first the posterior over "
                     "templates, from the known pixels, then the mixture at the place.", 1e-7)


def missing_pixel(weights, templates, image, known, place):
    where = np.flatnonzero(known)
    log_joint = np.log(weights) + np.log(templates[:, where, image[where]]).sum(axis=1)
    posterior = np.exp(log_joint - log_joint.max())
    return (posterior / posterior.sum()) @ templates[:, place]


def check_tiling_seam(answer, random):
    for trial in range(60):
        rows, columns = (8, 7) if trial == 0 else random.integers(2, 9, size=2)
        errors = random.uniform(1, 2, size=(rows, columns))
        if trial == 0:                                   # the cheapest of all does not close
            errors[np.arange(8), [0, 0, 1, 2, 3, 4, 4, 4]] = 0.1
        check_one_seam(np.asarray(call(answer, errors)), errors)


def check_one_seam(path, errors):
    rows, columns = errors.shape
    if path.shape != (rows,) or path.dtype.kind not in "iu":
        raise Wrong(f"{rows} whole numbers are wanted, a column for each row, and this is an array of "
                    f"{path.dtype} with shape {path.shape}.")
    if path.min() < 0 or path.max() > columns - 1:
        raise Wrong(f"columns go from 0 to {columns - 1}, and these from {path.min()} to {path.max()}.")
    jumps = np.abs(np.diff(path))
    if jumps.max() > 1:
        raise Wrong(f"this path jumps over {jumps.max()} columns from one row to the next; it may "
                    "move by one at most.")
    if abs(path[0] - path[-1]) > 1:
        raise Wrong(f"this seam begins in column {path[0]} and ends in {path[-1]}: laid above itself, "
                    "the strip would show a jump.")
    down = np.arange(rows)
    cost, least = errors[down, path].sum(), errors[down, tiling_seam(errors)].sum()
    if cost > least + 1e-9:
        raise Wrong(f"this path closes and costs {cost:.2f}, and there is one for {least:.2f}. The "
                    "cheapest seam, bent afterwards, is not the cheapest that closes: give every "
                    "first column its own search.")


def tiling_seam(errors):
    best, least = None, np.inf
    for first in range(errors.shape[1]):
        path, cost = seam_from(errors, first)
        if cost < least:
            best, least = path, cost
    return best


def seam_from(errors, first):
    """The cheapest path that begins in column first and ends at most one column from it."""
    rows, columns = errors.shape
    costs = np.full((rows, columns), np.inf)
    costs[0, first] = errors[0, first]
    for i in range(1, rows):
        for j in range(columns):
            costs[i, j] = errors[i, j] + costs[i - 1, max(0, j - 1):j + 2].min()
    near = np.abs(np.arange(columns) - first) <= 1
    path = [int(np.where(near, costs[-1], np.inf).argmin())]
    cost = costs[-1, path[0]]
    for i in range(rows - 2, -1, -1):
        left = max(0, path[0] - 1)
        path.insert(0, left + int(costs[i, left:path[0] + 2].argmin()))
    return np.array(path), cost


def open_seam(errors):
    from ...generators.quilting import seam

    return seam(errors)


def straight_seam(errors):
    return np.full(len(errors), errors.sum(axis=0).argmin())


EXERCISES = (
    Exercise(
        "02.1", "a copy or noise: log(share/levels^D + (1 − share)·n/N)", check_memoriser,
        ("Two ways lead to an image: noise draws it, or it is copied. Probabilities of ways add up.",
         ("How often does the image stand in training? (training == image).all(axis=(1, 2, 3)) says "
         "where."),
         "np.logaddexp(a, b) is log(exp(a) + exp(b)) without underflow, and log 0 = −∞ is welcome.",
         ("With share 0.1 the digits cost about 7.0 nats in training, log(1000/0.9), and 183.6 in test, 64 log 17 + log 10. "
          "A score on training images says nothing.")),
        memoriser_nats,
        {"how many nats does that cost": lambda x, t, n, s: x.size * np.log(n),
         "as well: add both ways": lambda x, t, n, s: -np.log(s) + x.size * np.log(n),
         "too large for a computer": lambda x, t, n, s: -np.log(
             s * np.float64(n) ** -x.size + (1 - s) * (t == x).all(axis=(1, 2, 3)).mean()),
         "the sign": lambda x, t, n, s: -memoriser_nats(x, t, n, s)},
    ),
    Exercise(
        "02.2", "each value scored by the histogram of all the others", check_leave_one_out,
        ("What are the counts when one value is taken out? Only one of them changes.",
         "Its own count is one less, and so is the total, N − 1.",
         "np.bincount(values, minlength=levels)[values] is each value's own count.",
         "Pixel (3, 4) alone is best near s = 2, all 64 together near 0.2: at many pixels of the rim there are only one "
         "or two levels, and every count that is added to the others is wasted."),
        leave_one_out_nats,
        {"counted themselves": lambda v, n, s: -np.log(
            (np.bincount(v)[v] + s) / (len(v) + n * s)).mean(),
         "one count fewer in total": lambda v, n, s: -np.log(
             (np.bincount(v)[v] - 1 + s) / (len(v) + n * s)).mean(),
         "this is the sum": lambda v, n, s: len(v) * leave_one_out_nats(v, n, s),
         "the sign": lambda v, n, s: -leave_one_out_nats(v, n, s)},
    ),
    Exercise(
        "02.3", "the posterior over templates, then the mixture at one place", check_missing_pixel,
        (("Which template is it? p(k | known) is proportional to w_k times the product of the known "
         "pixels' probabilities."),
         "templates[:, where, image[where]] with where = np.flatnonzero(known) has shape (K, known).",
         "Sum logarithms, subtract the largest of the K sums, and only then take np.exp."),
        missing_pixel,
        {"play no part": lambda w, t, x, known, i: w @ t[:, i],
         "not known are used": lambda w, t, x, known, i: missing_pixel(
             w, t, x, np.arange(len(x)) != i, i),
         "the weights are missing": lambda w, t, x, known, i: missing_pixel(
             np.ones(len(w)) / len(w), t, x, known, i),
         "is 0 for a computer": lambda w, t, x, known, i: by_products(w, t, x, known, i)},
    ),
    Exercise(
        "02.5", "the cheapest seam that closes", check_tiling_seam,
        ("Fix the first column. Which costs are then possible in the first row?",
         ("All others are infinite there; go down as before, and at the end look only at the first "
         "column and its neighbours."),
         "Do that for each first column, and keep the cheapest of all."),
        tiling_seam,
        {"would show a jump": open_seam,
         "there is one for": straight_seam,
         "jumps over": lambda errors: np.where(np.arange(len(errors)) % 2, 0, errors.shape[1] - 1),
         "whole numbers are wanted": lambda errors: errors.min(axis=1)},
    ),
)


def by_products(weights, templates, image, known, place):
    where = np.flatnonzero(known)
    joint = weights * templates[:, where, image[where]].prod(axis=1)
    return (joint / joint.sum()) @ templates[:, place]
