"""An ImageSet: whole numbers in three splits that fit each other, and that nobody changes."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from ensgen_tutorial.data.image_set import SPLITS, ImageSet
from ensgen_tutorial.data.named import load_images

PIXELS = np.arange(16, dtype=np.uint8).reshape(4, 2, 2, 1)


def set_of(pixels=PIXELS, levels=16, **fields):
    return ImageSet("x", levels, pixels, pixels, pixels, **fields)


def test_levels_are_reduced_by_the_stated_rule():
    digits, fewer = load_images("digits"), load_images("digits", levels=4)
    assert fewer.levels == 4
    for split in SPLITS:
        assert np.array_equal(getattr(fewer, split), getattr(digits, split).astype(int) * 4 // 17)
        assert getattr(fewer, split).dtype == np.uint8
    assert digits.with_levels(17).digest == digits.digest
    with pytest.raises(ValueError, match="at most 17.*digits.*18"):
        load_images("digits", levels=18)


def test_many_levels_do_not_overflow():
    pixels = np.full((1, 1, 1, 1), 65535, np.uint16)
    assert set_of(pixels, 65536).with_levels(65535).train.item() == 65534


def test_nobody_changes_the_data_by_accident():
    mine = PIXELS.copy()
    images = set_of(mine, train_labels=np.arange(4))
    for array in (images.train, images.test, images.train_labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    mine[0] = 1                                  # the owner's array stays the owner's
    with pytest.raises(FrozenInstanceError):
        images.levels = 17


def test_the_digest_knows_contents_and_not_names():
    images = set_of()
    same = ImageSet("y", 16, PIXELS.astype(np.int64), PIXELS.astype(">u4"), PIXELS, np.arange(4))
    assert images.digest == same.digest and len(images.digest) == 64
    changed = PIXELS.copy()
    changed[0, 0, 0, 0] ^= 1
    others = [replace(images, train=changed), replace(images, test=changed),
              replace(images, levels=17), replace(images, validation=PIXELS[:3]),
              set_of(PIXELS.reshape(4, 1, 4, 1))]
    assert len({images.digest, *(other.digest for other in others)}) == 6


@pytest.mark.parametrize("pixels", [
    PIXELS.astype(">u2"), PIXELS.astype(np.uint64), np.repeat(PIXELS, 2, axis=2)[:, :, ::2],
    np.asfortranarray(PIXELS), PIXELS[::-1][::-1], PIXELS.tolist(),
])
def test_every_layout_in_memory_is_the_same_data(pixels):
    images = set_of(pixels, np.uint8(16))
    assert images.train.dtype == np.uint8 and images.digest == set_of().digest
    assert type(images.levels) is int and type(images.with_levels(np.int64(4)).levels) is int
    assert images.to_pixels(images.to_images(images.test)).tolist() == PIXELS.tolist()


@pytest.mark.parametrize("pixels, says", [
    (PIXELS[..., 0], r"train must have shape \(N, H, W, 1\).*not \(4, 2, 2\)"),
    (PIXELS.reshape(4, 2, 1, 2), r"\(N, H, W, 3\) for colour, not \(4, 2, 1, 2\)"),
    (PIXELS[0, 0, 0, 0], r"not \(\)"),
    (PIXELS[:0], "train must hold at least one image"),
    (np.zeros((4, 0, 2, 1), int), "train must hold at least one image"),
])
def test_images_are_grey_or_in_colour_and_at_least_one(pixels, says):
    with pytest.raises(ValueError, match=says):
        set_of(pixels)


def test_an_image_set_checks_its_splits():
    with pytest.raises(ValueError, match=r"test must have shape \(N, 2, 2, 1\)"):
        ImageSet("x", 16, PIXELS, PIXELS, PIXELS.reshape(4, 4, 1, 1))
    with pytest.raises(ValueError, match="validation must lie in 0 … 14"):
        ImageSet("x", 15, PIXELS[:3], PIXELS, PIXELS[:3])
    with pytest.raises(ValueError, match="validation must hold at least one"):
        ImageSet("x", 16, PIXELS, PIXELS[:0], PIXELS)
    with pytest.raises(TypeError, match="name must be a text, not 3"):
        ImageSet(3, 16, PIXELS, PIXELS, PIXELS)


@pytest.mark.parametrize("levels", [1, 65537, 2.0, True, "17"])
def test_levels_are_checked_at_the_door(levels):
    with pytest.raises(ValueError, match="levels must be a whole number"):
        set_of(levels=levels)


@pytest.mark.parametrize("labels, says", [
    ([0, 1, 2], "4 whole numbers, one per image"), ([0.5] * 4, "float64"),
    ([True] * 4, "bool"), ([[0]] * 4, r"\(4, 1\)"), ([0, 1, 2, -1], "0 or more.*from -1 to 2"),
    (np.full(4, 2**64 - 1, np.uint64), "0 or more"),
])
def test_labels_are_whole_numbers_one_per_image(labels, says):
    for split in SPLITS:
        with pytest.raises(ValueError, match=f"{split}_labels must be .*{says}"):
            set_of(**{f"{split}_labels": labels})


def test_each_label_has_a_class():
    images = set_of(test_labels=[0, 1, 1, 0], classes=np.array(["a", "b"]))
    assert images.classes == ("a", "b") and images.test_labels.dtype == np.int64
    with pytest.raises(ValueError, match="test_labels must be from 0 to 1, .* from 0 to 2"):
        set_of(test_labels=[0, 1, 2, 0], classes=["a", "b"])
    for classes in ("ab", [1, 2], [], 2):
        with pytest.raises(ValueError, match="classes must be texts"):
            set_of(classes=classes)


def test_half_the_size_is_the_rounded_mean_of_each_block():
    pixels = np.array([[0, 1, 6, 7], [1, 1, 7, 7], [0, 2, 0, 0], [0, 0, 0, 2]], np.uint8)[None, ..., None]
    images = ImageSet("blocks", 8, pixels, pixels, pixels).halved()
    np.testing.assert_array_equal(images.train[0, ..., 0], [[1, 7], [0, 0]])    # 0.5 goes to 0
    assert images.levels == 8 and images.image_shape == (2, 2, 1)
    with pytest.raises(ValueError, match="even sides"):
        images.halved().halved()


def test_take_keeps_the_first_images_with_their_labels():
    digits = load_images("digits")
    few = digits.take(np.int64(5), 4, 3)
    assert [len(few.train), len(few.validation), len(few.test_labels)] == [5, 4, 3]
    np.testing.assert_array_equal(few.train, digits.train[:5])
    np.testing.assert_array_equal(few.test_labels, digits.test_labels[:3])
    for count in (0, 1001, 2.5, True):
        with pytest.raises(ValueError, match="train must be a whole number of images from 1 to 1"):
            digits.take(count, 1, 1)
