"""Whole numbers become floats here, and nowhere else: levels, images in [0, 1], signed in [-1, 1]."""

import numpy as np

MOST_LEVELS = 65536


def check_levels(levels):
    """Raise unless ``levels`` is a whole number from 2 to 65536."""
    if isinstance(levels, bool) or not isinstance(levels, (int, np.integer)):
        raise TypeError(f"levels must be a whole number, not {levels!r}.")
    if not 2 <= levels <= MOST_LEVELS:
        raise ValueError(f"levels must be from 2 to {MOST_LEVELS}, not {levels}.")


def smallest_dtype(levels):
    """The smallest unsigned integer type that holds 0 … levels − 1."""
    return np.uint8 if levels <= 256 else np.uint16


def check_pixels(pixels, image_shape, levels, name="pixels"):
    """``pixels`` as an array, if it is (N, *image_shape) whole numbers 0 … levels − 1, N ≥ 1.

    Raises TypeError for another type (floats and booleans too), ValueError for another shape or
    values outside; the sentence begins with ``name``.
    """
    pixels = np.asarray(pixels)
    if pixels.dtype.kind not in "iu":
        what = " with NaN or infinity" if (
            pixels.dtype.kind == "f" and not np.isfinite(pixels).all()) else ""
        raise TypeError(f"{name} must be whole numbers of an integer type, not {pixels.dtype}"
                        f"{what}: turn images in [0, 1] into pixels with to_pixels(images, "
                        f"levels={levels}).")
    wanted = tuple(image_shape)
    if pixels.ndim != 4 or pixels.shape[1:] != wanted:
        advice = {wanted: ": one image needs a first axis, pixels[None]"}.get(
            pixels.shape, ": grey images need a last axis, pixels[..., None]"
            if pixels.shape[1:] + (1,) == wanted else "")
        shape = ", ".join(map(str, ("N", *wanted)))
        raise ValueError(f"{name} must have shape ({shape}), not {pixels.shape}{advice}.")
    if not pixels.size:
        raise ValueError(f"{name} must hold at least one image, and its shape is {pixels.shape}.")
    check_range(pixels, levels, name)
    return pixels


def check_range(pixels, levels, name="pixels"):
    """Raise ValueError unless all integers of an array (…) lie in 0 … levels − 1."""
    if pixels.size and (pixels.min() < 0 or pixels.max() >= levels):
        raise ValueError(f"{name} must lie in 0 … {levels - 1}, and these go from {pixels.min()} "
                         f"to {pixels.max()}.")


def to_images(pixels, levels):
    """Whole numbers 0 … levels − 1 of any shape -> float32 in [0, 1]: pixels / (levels − 1).

    Raises TypeError for other than integers, ValueError outside 0 … levels − 1.
    """
    check_levels(levels)
    pixels = np.asarray(pixels)
    if pixels.dtype.kind not in "iu":
        raise TypeError(f"pixels must be whole numbers of an integer type, not {pixels.dtype}: are "
                        "they images already?")
    check_range(pixels, levels)
    return (pixels / (levels - 1)).astype(np.float32)


def to_pixels(images, levels):
    """Floats in [0, 1] of any shape -> the nearest whole numbers 0 … levels − 1.

    A millionth beyond 0 or 1 counts as rounding. Raises TypeError for other than floats,
    ValueError for NaN, infinity and values outside [0, 1].
    """
    check_levels(levels)
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise TypeError(f"images must be floats in [0, 1], not {images.dtype}: turn whole numbers "
                        f"into images with to_images(pixels, levels={levels}).")
    if not np.isfinite(images).all():
        raise ValueError("images must be finite, and these hold NaN or infinity.")
    if images.size and (images.min() < -1e-6 or images.max() > 1 + 1e-6):
        raise ValueError(f"images must lie in [0, 1], and these go from {images.min():.4g} to "
                         f"{images.max():.4g}.")
    return np.rint(np.clip(images, 0, 1) * (levels - 1)).astype(smallest_dtype(levels))
