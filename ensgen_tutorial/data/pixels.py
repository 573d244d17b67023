"""Whole numbers become floats here, and nowhere else: images in [0, 1], signed in [-1, 1]."""

import numpy as np

from ..checks import check_whole

MOST_LEVELS = 65536


def check_levels(levels):
    """``levels`` as an int, if it is a whole number from 2 to 65536, else a ValueError."""
    return check_whole(levels, "levels", 2, MOST_LEVELS)


def smallest_dtype(levels):
    """The smallest unsigned integer type that holds 0 … levels − 1."""
    return np.uint8 if levels <= 256 else np.uint16


def check_pixels(pixels, image_shape, levels, name="pixels"):
    """``pixels`` in the smallest type, if they are (N, *image_shape) in 0 … levels − 1, N ≥ 1.

    Any integer type and byte order will do. Raises TypeError for another type (floats and booleans
    too), ValueError for another shape or values outside; the sentence begins with ``name``.
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
    return pixels.astype(smallest_dtype(levels), copy=False)


def check_images(images, name="images"):
    """``images`` of any shape, if they are finite floats in [0, 1]: float32 or finer.

    A millionth beyond 0 or 1 counts as rounding and is cut off. Raises TypeError for other than
    floats, ValueError for NaN, infinity and values outside; the sentence begins with ``name``.
    """
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise TypeError(f"{name} must be floats in [0, 1], not {images.dtype}: turn whole numbers "
                        "into images with to_images(pixels, levels).")
    if not np.isfinite(images).all():
        raise ValueError(f"{name} must be finite, and these hold NaN or infinity.")
    if images.size and (images.min() < -1e-6 or images.max() > 1 + 1e-6):
        raise ValueError(f"{name} must lie in [0, 1], and these go from {images.min():.4g} to "
                         f"{images.max():.4g}.")
    return np.clip(images, 0, 1).astype(np.promote_types(images.dtype, np.float32), copy=False)


def check_range(pixels, levels, name="pixels"):
    """Raise ValueError unless all integers of an array (…) lie in 0 … levels − 1."""
    if pixels.size and (pixels.min() < 0 or pixels.max() >= levels):
        raise ValueError(f"{name} must lie in 0 … {levels - 1}, and these go from {pixels.min()} "
                         f"to {pixels.max()}.")


def to_images(pixels, levels):
    """Whole numbers 0 … levels − 1 of any shape -> float32 in [0, 1]: pixels / (levels − 1).

    Raises TypeError for other than integers, ValueError outside 0 … levels − 1.
    """
    levels = check_levels(levels)
    pixels = np.asarray(pixels)
    if pixels.dtype.kind not in "iu":
        raise TypeError(f"pixels must be whole numbers of an integer type, not {pixels.dtype}: are "
                        "they images already?")
    check_range(pixels, levels)
    return (pixels / (levels - 1)).astype(np.float32)


def to_pixels(images, levels):
    """Floats in [0, 1] of any shape -> the nearest whole numbers 0 … levels − 1.

    Raises TypeError or ValueError for what ``check_images`` refuses.
    """
    levels = check_levels(levels)
    return np.rint(check_images(images) * (levels - 1)).astype(smallest_dtype(levels))


def to_signed(values, levels):
    """Values 0 … levels − 1 -> the same in [-1, 1].

    Pure arithmetic, unchecked: float arrays of NumPy and tensors of Keras alike.
    """
    return values * (2 / (int(levels) - 1)) - 1      # int: NumPy's would turn float32 to float64


def from_signed(signed, levels):
    """NumPy floats about [-1, 1], clipped -> float32 images in [0, 1] on whole levels."""
    return to_images(to_pixels(np.clip((signed + 1) / 2, 0, 1), levels), levels)
