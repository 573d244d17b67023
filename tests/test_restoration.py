"""PSNR, SSIM and the four errors of mattes, each against an independent computation."""

import math

import numpy as np
import pytest
from scipy import ndimage

import ensgen_tutorial as eg
from ensgen_tutorial.measures.restoration import without_border

random = np.random.default_rng(0)
TRUTH = ndimage.gaussian_filter(random.random((24, 20)), 2)
TRUTH = (TRUTH - TRUTH.min()) / np.ptp(TRUTH)
ANSWER = np.clip(TRUTH + random.normal(0, 0.1, TRUTH.shape), 0, 1)
REGION = random.random(TRUTH.shape) < 0.5


def test_psnr_in_decibels():
    assert eg.psnr(TRUTH, TRUTH) == math.inf
    assert eg.psnr(np.zeros((4, 4)), np.full((4, 4), 0.1)) == pytest.approx(20)
    assert eg.psnr(TRUTH, ANSWER) == pytest.approx(
        20 * math.log10(1 / np.sqrt(np.mean((TRUTH - ANSWER) ** 2))))


def test_ssim_by_the_published_formula():
    """Wang et al. 2004, eq. 13, with Gaussian windows and K = 0.01, 0.03."""
    def mean(x):
        return ndimage.gaussian_filter(x, 1.5, truncate=3.5, mode="reflect")

    mx, my = mean(TRUTH), mean(ANSWER)
    vx, vy = mean(TRUTH**2) - mx**2, mean(ANSWER**2) - my**2
    both = mean(TRUTH * ANSWER) - mx * my
    found = ((2 * mx * my + 1e-4) * (2 * both + 9e-4)
             / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4)))
    assert eg.ssim(TRUTH, ANSWER) == pytest.approx(found[5:-5, 5:-5].mean(), abs=1e-6)
    assert eg.ssim(TRUTH, TRUTH) == 1


def test_sums_of_differences_over_the_region():
    assert eg.absolute_error(TRUTH, ANSWER, REGION) == pytest.approx(
        sum(abs(t - a) for t, a, r in zip(TRUTH.flat, ANSWER.flat, REGION.flat) if r) / 1000)
    assert eg.mean_squared_error(TRUTH, ANSWER, REGION) == pytest.approx(
        ((TRUTH - ANSWER)[REGION] ** 2).sum() / REGION.sum())
    assert eg.mean_squared_error(TRUTH, ANSWER) == pytest.approx(((TRUTH - ANSWER) ** 2).mean())


def test_the_gradient_error_by_a_convolution_written_out():
    sigma, reach = 1.4, 6
    x = np.arange(-reach, reach + 1)
    gauss = np.exp(-x**2 / (2 * sigma**2))
    gauss /= gauss.sum()
    slope = -x / sigma**2 * gauss

    def size(matte):
        padded = np.pad(matte, reach, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * reach + 1,) * 2)
        down = np.einsum("ijab,a,b->ij", windows, slope[::-1], gauss[::-1])
        right = np.einsum("ijab,a,b->ij", windows, gauss[::-1], slope[::-1])
        return np.hypot(down, right)

    wanted = ((size(TRUTH) - size(ANSWER)) ** 2)[REGION].sum() / 1000
    assert eg.gradient_error(TRUTH, ANSWER, REGION) == pytest.approx(wanted, rel=1e-3)


def flooded(both):
    """The largest set of True pixels that hang together by four neighbours, by flooding."""
    left, best = {tuple(p) for p in np.argwhere(both)}, set()
    while left:
        piece, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            piece.add((row, column))
            for near in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
                if near in left:
                    left.remove(near)
                    edge.append(near)
        best = max(best, piece, key=len)
    return best


def test_the_connectivity_error_by_flooding():
    level = np.zeros(TRUTH.shape)
    for k in range(1, 11):              # the source shrinks as the threshold rises
        for pixel in flooded((TRUTH >= k / 10) & (ANSWER >= k / 10)):
            if level[pixel] >= (k - 1) / 10 - 1e-9:
                level[pixel] = k / 10

    def connected(matte):
        away = matte - level
        return 1 - np.where(away >= 0.15, away, 0)

    wanted = abs(connected(TRUTH) - connected(ANSWER))[REGION].sum() / 1000
    assert eg.connectivity_error(TRUTH, ANSWER, REGION) == pytest.approx(wanted, rel=1e-6)


def test_a_spot_apart_is_disconnected():
    truth = np.zeros((20, 20))
    truth[2:12, 2:12] = 1
    spotted = truth.copy()
    spotted[16:18, 16:18] = 1
    assert eg.connectivity_error(truth, truth) == 0
    assert eg.connectivity_error(truth, spotted) == pytest.approx(4 / 1000)


@pytest.mark.parametrize("measure", [eg.psnr, eg.ssim, eg.absolute_error, eg.gradient_error,
                                     eg.connectivity_error, eg.mean_squared_error])
def test_what_cannot_be_compared_is_refused(measure):
    with pytest.raises(ValueError, match="one shape"):
        measure(TRUTH, ANSWER[:-1])
    with pytest.raises(ValueError, match="finite"):
        measure(TRUTH, np.where(ANSWER > 0.5, np.nan, ANSWER))


def test_a_region_must_be_one():
    with pytest.raises(ValueError, match="booleans"):
        eg.absolute_error(TRUTH, ANSWER, REGION.astype(float))
    with pytest.raises(ValueError, match="at least one True"):
        eg.absolute_error(TRUTH, ANSWER, REGION & False)
    assert without_border(TRUTH, 2).shape == (20, 16)
