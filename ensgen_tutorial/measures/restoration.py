"""How far an answer is from the truth: PSNR and SSIM of pictures, the four errors of mattes.

Pictures and mattes are floats in [0, 1]. A decibel of PSNR depends on what is compared, and how:
which colours, and how much of the border, move published numbers most (lesson 16).
"""

import math

import numpy as np
from scipy import ndimage
from skimage.measure import label
from skimage.metrics import structural_similarity

from ..checks import check_number, check_whole


def psnr(truth, answer):
    """Peak signal-to-noise ratio −10 log10 of the mean squared error: a float, decibels.

    truth, answer: floats of one shape, in [0, 1]. Infinite where they are equal.
    """
    truth, answer = check_pair(truth, answer)
    error = ((truth - answer) ** 2).mean()
    return math.inf if error == 0 else float(-10 * np.log10(error))


def ssim(truth, answer):
    """Structural similarity of two pictures (H, W) or (H, W, C): a float, 1 where they are equal.

    Gaussian windows of σ = 1.5, as published; of colours the mean over channels.

    Source: Wang, Bovik, Sheikh and Simoncelli 2004, IEEE Transactions on Image Processing 13(4).
    """
    truth, answer = check_pair(truth, answer)
    return float(structural_similarity(
        truth, answer, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        channel_axis=None if truth.ndim == 2 else -1))


def without_border(picture, width):
    """A picture (H, W, …) without ``width`` pixels at each side."""
    check_whole(width, "width", 0, min(np.shape(picture)[:2]) // 2 - 1)
    return picture[width:len(picture) - width, width:np.shape(picture)[1] - width]


def absolute_error(truth, answer, region=None):
    """SAD: the sum of absolute differences of two mattes over a region, in thousands.

    truth, answer: (H, W) in [0, 1]. region: a boolean (H, W), the trimap's unknown part; None for
    all of it. Source: Rhemann et al. 2009, "A perceptually motivated online benchmark for image
    matting", CVPR, §3.
    """
    truth, answer, region = check_mattes(truth, answer, region)
    return float(abs(truth - answer)[region].sum() / 1000)


def mean_squared_error(truth, answer, region=None):
    """The mean squared difference of two mattes over a region. Arguments as for absolute_error."""
    truth, answer, region = check_mattes(truth, answer, region)
    return float(((truth - answer) ** 2)[region].mean())


def gradient_error(truth, answer, region=None, sigma=1.4):
    """The sum of (‖∇α‖ − ‖∇α̂‖)² over a region, in thousands; gradients by Gaussian derivatives.

    Arguments as for absolute_error. Source: Rhemann et al. 2009, eq. 3 (q = 2).
    """
    truth, answer, region = check_mattes(truth, answer, region)
    check_number(sigma, "sigma", above=0)
    slopes = [ndimage.gaussian_gradient_magnitude(each, sigma, mode="nearest") for each in (truth, answer)]
    return float(((slopes[0] - slopes[1]) ** 2)[region].sum() / 1000)


def connectivity_error(truth, answer, region=None, step=0.1, tolerance=0.15):
    """The sum of differences in connectedness over a region, in thousands.

    A pixel's connectedness to the source is φ = 1 − (α − l)·[α − l ≥ tolerance], where l is the
    largest threshold, in steps, at which it belongs to the source: the largest set of pixels
    connected to each other, by four neighbours, in which both mattes reach the threshold.

    Arguments as for absolute_error. Source: Rhemann et al. 2009, §3, in the variant of the
    benchmark's own program (thresholds in steps of 0.1, p = 1).
    """
    truth, answer, region = check_mattes(truth, answer, region)
    reached = np.full(truth.shape, -1.0)
    count = round(1 / step)
    steps = np.arange(count + 1) / count                    # 0.6, where 6 · 0.1 would be a little more
    for before, threshold in zip(steps[:-1], steps[1:]):
        both = (truth >= threshold) & (answer >= threshold)
        pieces = label(both, connectivity=1)
        source = np.zeros(truth.shape, bool)
        if pieces.max():
            source = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
        reached[(reached == -1) & ~source] = before
    reached[reached == -1] = 1
    connected = []
    for matte in (truth, answer):
        away = matte - reached
        connected.append(1 - away * (away >= tolerance))
    return float(abs(connected[0] - connected[1])[region].sum() / 1000)


def check_pair(truth, answer):
    """Two float arrays of one shape, finite, or a ValueError."""
    truth, answer = (np.asarray(each, float) for each in (truth, answer))
    if truth.shape != answer.shape or not truth.size:
        raise ValueError(f"truth and answer must have one shape, and these have {truth.shape} and "
                         f"{answer.shape}.")
    if not (np.isfinite(truth).all() and np.isfinite(answer).all()):
        raise ValueError("truth and answer must be finite, and these hold NaN or infinity.")
    return truth, answer


def check_mattes(truth, answer, region):
    """Two mattes (H, W) and a region of at least one pixel, or a ValueError."""
    truth, answer = check_pair(truth, answer)
    region = np.ones(truth.shape, bool) if region is None else np.asarray(region)
    if truth.ndim != 2 or region.dtype != bool or region.shape != truth.shape or not region.any():
        raise ValueError("mattes must have shape (H, W), and region must be booleans of that shape, "
                         f"at least one True; these have {truth.shape} and {region.shape} of {region.dtype}.")
    return truth, answer, region
