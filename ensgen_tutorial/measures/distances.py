"""Distances between what a generator draws and real images, in a classifier's features.

The distances take features (features.py), the real images' first and the drawn images' second, as
arrays (N, D). They are named after the classifier that made the features, and cannot be compared
with distances in other features.
"""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import polynomial_kernel

from ..checks import check_whole
from ..generators.base import pieces


def frechet_distance(real, drawn):
    """‖μ_r − μ_d‖² + tr(Σ_r + Σ_d − 2(Σ_r Σ_d)^½): a float ≥ 0, 0 for equal means and covariances.

    real, drawn: features (N, D) and (M, D), at least two rows each. With few rows it is biased
    upwards: compare only between equal N and M. tr (Σ_r Σ_d)^½ is computed as the sum of the
    singular values of Σ_r^½ Σ_d^½, so nothing complex and nothing negative arises.

    Source: Dowson and Landau 1982; Heusel et al. 2017, arXiv 1706.08500, eq. 6.
    """
    real, drawn = check_features(real, drawn, least=2)
    roots = [square_root(np.cov(features, rowvar=False)) for features in (real, drawn)]
    overlap = np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum()
    traces = sum((root**2).sum() for root in roots)            # tr Σ = ‖Σ^½‖² (Frobenius)
    between = ((real.mean(axis=0) - drawn.mean(axis=0)) ** 2).sum()
    return float(max(0.0, between + traces - 2 * overlap))


def frechet_without_bias(real, drawn, points=10, seed=0):
    """The Fréchet distance that infinitely many drawings would have: a float.

    The bias of drawing few falls like 1/N, so the distance is measured for ``points`` numbers of
    drawings, from half of all to all, drawn at random, and a line in 1/N is followed to 0. What
    the real images' number adds stays in it.

    Source: Chong and Forsyth 2020, arXiv 1911.07023, §4.
    """
    real, drawn = check_features(real, drawn, least=4)
    random = np.random.default_rng(seed)
    sizes = np.linspace(len(drawn) // 2, len(drawn), check_whole(points, "points", 2)).astype(int)
    found = [frechet_distance(real, drawn[random.choice(len(drawn), size, replace=False)])
             for size in sizes]
    return float(np.polyfit(1 / sizes, found, 1)[1])


def square_root(covariance):
    """The symmetric square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(np.atleast_2d(covariance))
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def kernel_distance(real, drawn, subset_size=200, subsets=50, seed=0):
    """Unbiased squared maximum mean discrepancy with the kernel (x·y/D + 1)³: a float.

    The mean over random subsets of ``subset_size`` rows of each side (fewer where there are not so
    many). Its expectation is 0 for equal distributions, whatever the number of rows, so it can be
    slightly negative.

    Source: Gretton et al. 2012, JMLR 13, lemma 6; Bińkowski et al. 2018, arXiv 1801.01401, §4.
    """
    real, drawn = check_features(real, drawn, least=2)
    check_whole(subset_size, "subset_size", 2)
    check_whole(subsets, "subsets", 1)
    size = min(subset_size, len(real), len(drawn))
    random = np.random.default_rng(seed)

    def once():
        x = real[random.choice(len(real), size, replace=False)]
        y = drawn[random.choice(len(drawn), size, replace=False)]
        within = sum(k.sum() - np.trace(k) for k in (polynomial_kernel(x), polynomial_kernel(y)))
        return within / (size * (size - 1)) - 2 * polynomial_kernel(x, y).mean()

    return float(np.mean([once() for _ in range(subsets)]))


def precision_recall(real, drawn, k=5):
    """Two shares in [0, 1]: drawn images among the real ones, real images among the drawn ones.

    "Among" means: inside the ball around at least one image of the other side that reaches to
    that image's k-th nearest neighbour on its own side.

    Source: Kynkäänniemi et al. 2019, arXiv 1904.06991, eq. 1 and 2.
    """
    real, drawn = check_features(real, drawn, least=check_whole(k, "k", 1) + 1)
    real_radii, drawn_radii = radii(real, k), radii(drawn, k)
    precise, recalled = np.zeros(len(drawn), bool), []
    for some, distances in distance_rows(real, drawn):
        precise |= (distances <= real_radii[some, None]).any(axis=0)
        recalled.append((distances <= drawn_radii).any(axis=1))
    return float(precise.mean()), float(np.concatenate(recalled).mean())


def density_coverage(real, drawn, k=5):
    """Density (1 for equal distributions, more where draws crowd) and coverage (a share ≤ 1).

    Density counts how many real images' balls hold each drawn image, divided by k; coverage is the
    share of real images whose ball holds a drawn one. Less swayed by outliers than precision and
    recall.

    Source: Naeem et al. 2020, arXiv 2002.09797, eq. 3 and 4.
    """
    real, drawn = check_features(real, drawn, least=check_whole(k, "k", 1) + 1)
    real_radii = radii(real, k)
    inside = np.concatenate([(distances < real_radii[some, None]).sum(axis=1)
                             for some, distances in distance_rows(real, drawn)])
    return float(inside.sum() / (k * len(drawn))), float((inside > 0).mean())


def copied_share(train, held_out, drawn, seed=0):
    """The share of drawings whose nearest neighbour is a training image and not a held-out one.

    Both are equally many: as many training images as there are held-out ones, taken at random. A
    generator that has learnt and not memorised is near to both alike, so its share is about a
    half, as is that of real images which neither set holds; more means copies.

    train, held_out, drawn: (N, …) arrays of numbers, pixels or features.

    Source: Meehan, Chaudhuri and Dasgupta 2020, arXiv 2004.05675, §2.
    """
    arrays = [np.reshape(each, (len(each), -1)).astype(float) for each in (train, held_out, drawn)]
    if len(arrays[0]) < len(arrays[1]):
        raise ValueError(f"there are {len(train)} training images and {len(held_out)} held-out "
                         "ones: take at most as many of these.")
    chosen = np.random.default_rng(seed).choice(len(train), len(held_out), replace=False)
    nearest = [np.concatenate([distances.min(axis=1) for _, distances in distance_rows(arrays[2], own)])
               for own in (arrays[0][chosen], arrays[1])]
    return float((nearest[0] < nearest[1]).mean() + (nearest[0] == nearest[1]).mean() / 2)


def radii(features, k):
    """Each row's distance to its k-th nearest other row: (N,)."""
    found = np.empty(len(features))
    for some, distances in distance_rows(features, features):
        found[some] = np.partition(distances, k, axis=1)[:, k]          # the 0-th is the row itself
    return found


def distance_rows(first, second, most=2**21):
    """Distances between the rows of (N, D) and (M, D), some rows of the first at a time.

    Yields pairs: a slice of the N rows, and their distances (rows, M), at most ``most`` numbers.
    """
    for some in pieces(len(first), most // len(second)):
        yield some, cdist(first[some], second)


def real_against_real(features, metric, seed=0):
    """``metric`` between two random halves of real features: a yardstick for as many pictures."""
    features, _ = check_features(features, features, least=4)
    halves = np.array_split(np.random.default_rng(seed).permutation(len(features)), 2)
    return metric(*(features[half] for half in halves))


def check_features(real, drawn, least):
    """Two float arrays (N, D) and (M, D) with enough rows, or a ValueError."""
    arrays = [np.asarray(features, float) for features in (real, drawn)]
    for name, features in zip(("real", "drawn"), arrays):
        if features.ndim != 2 or features.shape[1] == 0:
            raise ValueError(f"{name} must be features of shape (N, D), like "
                             f"classifier.features(pixels); these have shape {features.shape}.")
        if len(features) < least:
            raise ValueError(f"{name} has {len(features)} rows, and at least {least} are needed.")
        if not np.isfinite(features).all():
            raise ValueError(f"{name} holds numbers that are not finite.")
    if arrays[0].shape[1] != arrays[1].shape[1]:
        raise ValueError(f"real has {arrays[0].shape[1]} features per image and drawn "
                         f"{arrays[1].shape[1]}: take both from the same classifier.")
    return arrays
