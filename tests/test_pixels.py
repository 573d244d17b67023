"""Whole numbers become floats and come back, and what is neither is refused."""

import numpy as np
import pytest

from ensgen_tutorial.data.pixels import (
    check_images,
    check_levels,
    check_pixels,
    from_signed,
    to_images,
    to_pixels,
    to_signed,
)

PIXELS = np.arange(16, dtype=np.uint8).reshape(4, 2, 2, 1)


@pytest.mark.parametrize("levels", [2, 3, 17, 256, 257, 65536])
def test_pixels_become_images_and_come_back(levels):
    pixels = np.arange(levels)
    images = to_images(pixels, levels)
    assert images.dtype == np.float32 and images[0] == 0 and images[-1] == 1
    back = to_pixels(images, levels)
    assert np.array_equal(back, pixels)
    assert back.dtype == (np.uint8 if levels <= 256 else np.uint16)


@pytest.mark.parametrize("levels", [2, 17, 256, np.uint8(17), np.int64(256)])
def test_pixels_become_signed_and_come_back_as_images(levels):
    pixels = np.arange(levels)
    signed = to_signed(pixels.astype(np.float32), levels)
    assert signed[0] == -1 and signed[-1] == pytest.approx(1) and signed.dtype == np.float32
    assert np.array_equal(from_signed(signed, levels), to_images(pixels, levels))


def test_from_signed_clips_and_takes_the_nearest_level():
    images = from_signed(np.array([-7, -0.6, -0.4, 0.4, 7]), 3)
    assert images.tolist() == [0, 0, 0.5, 0.5, 1] and images.dtype == np.float32
    with pytest.raises(ValueError, match="NaN"):
        from_signed(np.array([np.nan]), 3)


def test_tensors_become_signed_too():
    from keras import ops

    signed = to_signed(ops.arange(3, dtype="float32"), 3)
    assert ops.convert_to_numpy(signed).tolist() == [-1, 0, 1]


def test_to_pixels_takes_the_nearest_and_forgives_rounding():
    assert to_pixels([0.24, 0.26, -1e-7, 1 + 1e-7], 3).tolist() == [0, 1, 0, 2]


def test_half_precision_and_foreign_byte_order_are_no_hindrance():
    assert to_pixels(np.ones(1, np.float16), 65536).tolist() == [65535]
    assert to_pixels(np.array([0.0, 1.0], ">f4"), 3).tolist() == [0, 2]
    assert check_images(np.array([0.5], ">f4")).dtype == np.dtype(np.float32)
    assert to_images(np.array([0, 2], ">i4"), np.uint8(3)).tolist() == [0, 1]


@pytest.mark.parametrize("images, error, says", [
    ([0.5, np.nan], ValueError, "NaN"),
    ([0.5, np.inf], ValueError, "infinity"),
    ([0.0, 1.5], ValueError, "to 1.5"),
    ([-0.5, 1.0], ValueError, "from -0.5"),
    ([0, 1], TypeError, "to_images"),
    ([False, True], TypeError, "bool"),
])
def test_images_are_finite_floats_in_0_to_1(images, error, says):
    with pytest.raises(error, match=says):
        to_pixels(images, 17)
    with pytest.raises(error, match=f"^mine must .*{says}"):
        check_images(images, "mine")


def test_check_images_cuts_rounding_off():
    assert check_images([-1e-7, 0.5, 1 + 1e-7]).tolist() == [0, 0.5, 1]


@pytest.mark.parametrize("pixels, error, says", [
    ([0.5], TypeError, "float64"), ([17], ValueError, "to 17"), ([-1], ValueError, "from -1"),
])
def test_to_images_refuses(pixels, error, says):
    with pytest.raises(error, match=says):
        to_images(pixels, 17)


@pytest.mark.parametrize("levels", [1, 65537, 2.0, True, "17", None])
def test_levels_are_a_whole_number_from_2(levels):
    for check in (check_levels, lambda levels: to_images([0], levels),
                  lambda levels: to_pixels([0.0], levels)):
        with pytest.raises(ValueError, match="levels must be a whole number from 2 to 65,536"):
            check(levels)


@pytest.mark.parametrize("pixels, error, says", [
    (PIXELS / 16, TypeError, "to_pixels"),
    (np.full((1, 2, 2, 1), np.nan), TypeError, "NaN"),
    (PIXELS > 3, TypeError, "bool.*to_pixels"),
    (PIXELS[0], ValueError, r"\(N, 2, 2, 1\), not \(2, 2, 1\): .*pixels\[None\]"),
    (PIXELS[..., 0], ValueError, r"\(4, 2, 2\): .*pixels\[\.\.\., None\]"),
    (PIXELS.reshape(4, 4, 1, 1), ValueError, r"\(N, 2, 2, 1\), not \(4, 4, 1, 1\)"),
    (PIXELS[:0], ValueError, "at least one"),
    (PIXELS + np.uint8(1), ValueError, "0 … 15, and these go from 1 to 16"),
    (PIXELS.astype(int) - 1, ValueError, "from -1"),
    ("text", TypeError, "integer type"),
])
def test_check_pixels_refuses_and_says_what_was_wanted(pixels, error, says):
    with pytest.raises(error, match=says):
        check_pixels(pixels, (2, 2, 1), 16)


@pytest.mark.parametrize("pixels", [PIXELS.tolist(), *map(PIXELS.astype, (
    np.int64, np.uint64, ">i4", ">u2"))])
def test_check_pixels_takes_any_integers_and_gives_the_smallest(pixels):
    checked = check_pixels(pixels, (2, 2, 1), 16)
    assert checked.dtype == np.uint8 and np.array_equal(checked, PIXELS)
    assert check_pixels(pixels, (2, 2, 1), 300).dtype == np.dtype(np.uint16)


def test_check_pixels_copies_only_what_it_must():
    assert check_pixels(PIXELS, [2, 2, 1], 16) is PIXELS
