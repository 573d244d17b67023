"""Every metric against an independent computation of its published definition."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from ensgen_tutorial.measures import distances
from ensgen_tutorial.measures.distances import (
    density_coverage,
    copied_share,
    frechet_distance,
    frechet_without_bias,
    kernel_distance,
    precision_recall,
    real_against_real,
)

random = np.random.default_rng(0)
REAL = random.normal(size=(60, 4)) @ random.normal(size=(4, 4))
DRAWN = random.normal(0.3, 1.2, size=(50, 4)) @ random.normal(size=(4, 4))


def test_frechet_distance_is_the_formula_with_scipy_s_matrix_root():
    covariances = np.cov(REAL.T), np.cov(DRAWN.T)
    root = sqrtm(covariances[0] @ covariances[1])
    wanted = ((REAL.mean(0) - DRAWN.mean(0)) ** 2).sum() + np.trace(
        covariances[0] + covariances[1] - 2 * root.real)
    assert frechet_distance(REAL, DRAWN) == pytest.approx(wanted, rel=1e-9)
    assert frechet_distance(DRAWN, REAL) == pytest.approx(wanted, rel=1e-9)


def test_frechet_distance_of_a_shift_is_its_square_also_where_features_are_constant():
    flat = np.column_stack([REAL, np.zeros((len(REAL), 3))])         # singular covariances
    assert frechet_distance(flat, flat) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(flat, flat + 2) == pytest.approx(4 * 7)
    assert frechet_distance(flat[:3], flat[3:6]) >= 0                # fewer rows than features
    assert frechet_distance(REAL[:, :1], REAL[:, :1] + 3) == pytest.approx(9)


def test_kernel_distance_is_the_sum_over_all_pairs():
    x, y = REAL[:12], DRAWN[:12]

    def kernel(a, b):
        return (a @ b / len(a) + 1) ** 3

    total = 0.0
    for i in range(12):
        for j in range(12):
            total -= 2 * kernel(x[i], y[j]) / 12**2
            if i != j:
                total += (kernel(x[i], x[j]) + kernel(y[i], y[j])) / (12 * 11)
    assert kernel_distance(x, y, subset_size=12, subsets=3) == pytest.approx(total, rel=1e-9)


def test_kernel_distance_is_unbiased():
    values = [kernel_distance(random.normal(size=(20, 3)), random.normal(size=(20, 3)),
                              subsets=1, seed=seed) for seed in range(600)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(600)
    assert min(values) < 0


def test_the_seed_decides_the_subsets():
    one, same, other = (kernel_distance(REAL, DRAWN, subset_size=20, subsets=5, seed=s)
                        for s in (0, 0, 1))
    assert one == same != other


def neighbour_radius(points, i, k):
    return sorted(np.linalg.norm(points[i] - points[j]) for j in range(len(points)) if j != i)[k - 1]


@pytest.mark.parametrize("k", [1, 3])
def test_precision_recall_density_and_coverage_are_their_definitions(k):
    real, drawn = REAL[:25], DRAWN[:20]
    real_radius = [neighbour_radius(real, i, k) for i in range(25)]
    drawn_radius = [neighbour_radius(drawn, j, k) for j in range(20)]
    distance = [[np.linalg.norm(r - d) for d in drawn] for r in real]
    precision = np.mean([any(distance[i][j] <= real_radius[i] for i in range(25))
                         for j in range(20)])
    recall = np.mean([any(distance[i][j] <= drawn_radius[j] for j in range(20))
                      for i in range(25)])
    density = sum(distance[i][j] < real_radius[i] for i in range(25) for j in range(20)) / (k * 20)
    coverage = np.mean([min(distance[i]) < real_radius[i] for i in range(25)])
    assert precision_recall(real, drawn, k) == pytest.approx((precision, recall))
    assert density_coverage(real, drawn, k) == pytest.approx((density, coverage))
    assert 0 < precision < 1 and 0 < coverage < 1               # the comparison can fail


def test_more_noise_is_worse_in_every_metric():
    real = random.normal(size=(400, 8))
    noisy = [random.normal(size=(400, 8)) * (1 + noise) for noise in (0, 0.5, 2)]
    for metric in (frechet_distance, kernel_distance):
        values = [metric(real, drawn) for drawn in noisy]
        assert values[0] < values[1] < values[2]
    for metric in (precision_recall, density_coverage):
        values = [metric(real, drawn)[0] for drawn in noisy]
        assert values[0] > values[1] > values[2]


def test_a_lost_mode_shows_in_recall_and_coverage():
    modes = np.repeat([[0.0, 0], [20, 20]], 200, axis=0)
    real = modes + random.normal(size=(400, 2))
    one_mode = random.normal(size=(400, 2))
    assert precision_recall(real, one_mode)[0] > 0.95 > 0.55 > precision_recall(real, one_mode)[1]
    assert density_coverage(real, one_mode)[1] < 0.55


def test_extrapolated_the_frechet_distance_no_longer_depends_on_how_many_are_drawn():
    """Equal normal distributions in d dimensions: N drawings score d/N (mean) and d(d + 1)/4N (spread) too much."""
    random = np.random.default_rng(0)
    d, drawings = 8, 300
    real = random.normal(size=(20_000, d))
    plain, extrapolated = [], []
    for trial in range(20):
        drawn = random.normal(size=(drawings, d))
        plain.append(frechet_distance(real, drawn))
        extrapolated.append(frechet_without_bias(real, drawn, seed=trial))
    assert np.mean(plain) == pytest.approx((d + d * (d + 1) / 4) / drawings, rel=0.15)
    assert abs(np.mean(extrapolated)) < 0.25 * np.mean(plain)


def test_copies_are_nearer_to_the_training_images_and_honest_drawings_are_not():
    random = np.random.default_rng(0)
    train, held_out, honest = (random.normal(size=(n, 6)) for n in (900, 400, 500))
    assert abs(copied_share(train, held_out, honest) - 0.5) < 0.07
    copies = train[:500] + 0.01 * random.normal(size=(500, 6))
    assert 0.4 < copied_share(train, held_out, copies, seed=1) - 0.5 * (1 - 400 / 900) < 0.5
    assert copied_share(train, train[:400], train[:300]) == pytest.approx(0.22, abs=0.05)
    with pytest.raises(ValueError, match="at most as many"):
        copied_share(held_out, train, honest)


def test_real_against_real_is_the_metric_between_disjoint_halves():
    def metric(one, other):
        rows = {tuple(row) for row in one} | {tuple(row) for row in other}
        return len(one), len(other), len(rows)

    assert real_against_real(REAL, metric) == (30, 30, 60)
    assert real_against_real(REAL, frechet_distance) < frechet_distance(REAL, DRAWN)


@pytest.mark.parametrize("metric", [frechet_distance, kernel_distance, precision_recall,
                                    density_coverage])
def test_features_that_do_not_fit_get_a_sentence(metric):
    for real, drawn, message in (
        (REAL[0], DRAWN, r"real must be features of shape \(N, D\)"),
        (REAL, DRAWN[:, :3], "same classifier"),
        (REAL, DRAWN[:1], "drawn has 1 rows"),
        (REAL * np.nan, DRAWN, "real holds numbers that are not finite"),
    ):
        with pytest.raises(ValueError, match=message):
            metric(real, drawn)


def test_other_arguments_that_do_not_fit_get_a_sentence():
    with pytest.raises(ValueError, match="k must be a whole number"):
        precision_recall(REAL, DRAWN, k=0)
    with pytest.raises(ValueError, match="at least 61"):
        density_coverage(REAL, DRAWN, k=60)
    with pytest.raises(ValueError, match="subset_size"):
        kernel_distance(REAL, DRAWN, subset_size=1)


def test_in_pieces_the_measures_are_the_same(monkeypatch):
    whole = [*precision_recall(REAL, DRAWN), *density_coverage(REAL, DRAWN)]
    rows = distances.distance_rows
    monkeypatch.setattr(distances, "distance_rows", lambda *pair: rows(*pair, most=120))
    assert [*precision_recall(REAL, DRAWN), *density_coverage(REAL, DRAWN)] == whole
