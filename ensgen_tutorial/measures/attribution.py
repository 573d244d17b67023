"""Who did it? Shares of members in a prediction, and of earlier pixels in a later one.

Everything here adds up: responsibilities to 1, Shapley values to the ensemble's gain, the ambiguity of
pixels to that of the image.
"""

import math

import numpy as np

from ..checks import check_whole
from .scoring import check_scores

EXACT = 10                  # members: 1024 coalitions
AT_ONCE = 2**22             # distances between pictures that are held at one time


def responsibilities(scores, weights):
    """Each member's share in what a linear pool or mixture says: (N, rows, M), sums to 1.

    r_j = w_j p_j / Σ_k w_k p_k, from scores log p_j (N, rows, M) of ``score_members``, by pixel or by
    image. Source: Dempster, Laird and Rubin 1977 (the E step of EM). Lesson 15.
    """
    scores = check_scores(scores)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True)) * np.asarray(weights, float)
    return shares / shares.sum(axis=-1, keepdims=True)


def ambiguity_map(scores, weights):
    """How much the pool gains over its members' mean at each row: (N, rows) nats, 0 or more.

    Σ_j w_j (−log p_j) + log Σ_j w_j p_j; summed over rows and averaged over images it is
    ``ambiguity``.
    """
    scores, weights = check_scores(scores), np.asarray(weights, float)
    largest = scores.max(axis=-1)
    mixed = np.log(np.exp(scores - largest[..., None]) @ weights) + largest
    return mixed - scores @ weights


def pool_gains(scores, nothing):
    """What every coalition of members gains over knowing nothing: (2^M,) nats per image.

    Entry b holds for the members whose bits are set in b, pooled with equal weights: ``nothing``
    less their nats per image; the empty coalition gains 0. scores: (N, rows, M), M ≤ 10. nothing:
    nats per image of who knows nothing, for example H·W·C·log(levels).
    """
    scores = check_scores(scores)
    members = scores.shape[-1]
    if members > EXACT:
        raise ValueError(f"{members} members have {2**members:,} coalitions: sample them with "
                         "sampled_shapley, or leave members out.")
    largest = scores.max(axis=-1)
    ratios = np.moveaxis(np.exp(scores - largest[..., None]), -1, 0)
    offset = largest.sum(axis=1).mean()
    gains = np.zeros(2**members)

    def visit(coalition, total, first):
        """All coalitions that add members from ``first`` on: each costs one sum."""
        for j in range(first, members):
            larger, summed = coalition | (1 << j), total + ratios[j]
            gains[larger] = nothing + offset + np.log(
                summed / larger.bit_count()).sum(axis=1).mean()
            visit(larger, summed, j + 1)

    visit(0, np.zeros(largest.shape), 0)
    return gains


def shapley_values(gains):
    """Each member's fair share in what all gain together: (M,), from all coalitions' gains (2^M,).

    φ_j = Σ_S |S|! (M − |S| − 1)! / M! · (v(S ∪ j) − v(S)), over coalitions S without j: what j adds,
    averaged over all orders in which members can come. They sum to v(all) − v(none).

    Source: Shapley 1953, "A value for n-person games". Lesson 15.
    """
    gains = np.asarray(gains, float)
    members = len(gains).bit_length() - 1
    if gains.ndim != 1 or len(gains) != 2**members or members < 1:
        raise ValueError("gains must have one number for each coalition, (2^M,), not shape "
                         f"{gains.shape}.")
    coalitions = np.arange(len(gains))
    sizes = np.array([int(number).bit_count() for number in coalitions])
    order = np.array([math.factorial(size) * math.factorial(members - size - 1) / math.factorial(members)
                      for size in range(members)])
    values = []
    for j in range(members):
        without = coalitions[coalitions & (1 << j) == 0]
        values.append(order[sizes[without]] @ (gains[without | (1 << j)] - gains[without]))
    return np.array(values)


def sampled_shapley(gain, members, orders=200, seed=0):
    """Shapley values by random orders of arrival, for many members: (values (M,), errors (M,)).

    gain: a function from a tuple of members' numbers to what they gain; () gains 0. orders: how many;
    each asks ``gain`` M times. errors: standard errors of the values. They sum to gain(all) exactly.

    Source: Castro, Gómez and Tejada 2009, Computers & Operations Research 36(5).
    """
    check_whole(members, "members"), check_whole(orders, "orders", 2)
    random, added, known = np.random.default_rng(seed), np.empty((orders, members)), {(): 0.0}
    for row in added:
        coalition, before = (), 0.0
        for j in random.permutation(members):
            coalition = tuple(sorted((*coalition, int(j))))
            if coalition not in known:
                known[coalition] = float(gain(coalition))
            row[j], before = known[coalition] - before, known[coalition]
    return added.mean(axis=0), added.std(axis=0, ddof=1) / math.sqrt(orders)


def changed_by(generator, pixels, position, value=None):
    """What the next pixels' distributions owe to one pixel: intervene, and ask again.

    generator: a PixelGenerator. pixels: (H, W, C) whole numbers, one image. position: (row, column,
    channel) of the pixel that is changed. value: to what; None: the mean effect of all others.

    Returns (H, W, C): KL(p(· | as it is) ‖ p(· | changed)) of each pixel's distribution, in nats; 0
    for the pixel itself and all that are read before it.
    """
    pixels = np.asarray(pixels)
    values = [v for v in range(generator.levels) if v != pixels[tuple(position)]] if value is None else [value]
    changed = np.repeat(pixels[None], 1 + len(values), axis=0)
    changed[(slice(1, None), *position)] = values
    logs = np.log(np.maximum(generator.pixel_probabilities(changed), np.finfo(np.float32).tiny))
    divergence = (np.exp(logs[:1]) * (logs[:1] - logs[1:])).sum(axis=-1).mean(axis=0)
    reading = np.arange(pixels.size).reshape(pixels.shape)
    return np.where(reading > reading[tuple(position)], np.maximum(divergence, 0), 0.0)


def nearest_images(pictures, others, count=1):
    """The ``count`` nearest of ``others`` (K, H, W, C) to each of ``pictures`` (N, H, W, C).

    Returns their positions (N, count), nearest first, and Euclidean distances (N, count).
    """
    flat, known = (np.asarray(each, float).reshape(len(each), -1) for each in (pictures, others))
    check_whole(count, "count", most=len(known))
    squares, places, distances = (known**2).sum(axis=1), [], []
    step = max(1, AT_ONCE // len(known))
    for some in (flat[first:first + step] for first in range(0, len(flat), step)):
        square = (some**2).sum(axis=1)[:, None] - 2 * some @ known.T + squares
        near = np.argsort(square, axis=1)[:, :count]
        places.append(near)
        distances.append(np.sqrt(np.maximum(np.take_along_axis(square, near, axis=1), 0)))
    return np.concatenate(places), np.concatenate(distances)
