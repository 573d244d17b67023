"""Pairs of input and target: what they must be, and where the course's come from."""

import numpy as np
import pytest

import ensgen_tutorial as eg
from ensgen_tutorial.data.photographs import PHOTOGRAPHS, cropped

random = np.random.default_rng(0)


def pairs(count=6, small=(4, 4, 1), large=(8, 8, 1)):
    return random.random((count, *small)), random.random((count, *large))


def test_a_pair_set_keeps_read_only_floats_and_knows_its_content():
    made = eg.PairSet("tiny", pairs(), pairs(3), pairs(2))
    assert repr(made) == "PairSet tiny: 6 train, 3 validation, 2 test pairs 4×4×1 → 8×8×1"
    assert made.train[0].dtype == np.float32 and not made.train[0].flags.writeable
    same = eg.PairSet("other name", made.train, made.validation, made.test)
    assert same.digest == made.digest != made.take(5, 3, 2).digest


@pytest.mark.parametrize(("train", "message"), [
    ((pairs()[0], pairs(5)[1]), "as many of each"),
    ((pairs()[0] + 2, pairs()[1]), r"must lie in \[0, 1\]"),
    ((np.full((2, 4, 4, 1), np.nan), pairs(2)[1]), r"must lie in \[0, 1\]"),
    ((np.zeros((2, 4, 4, 1), int), pairs(2)[1]), "floats"),
    ((pairs()[0][..., 0], pairs()[1]), "floats"),
])
def test_what_is_no_pair_is_refused(train, message):
    with pytest.raises(ValueError, match=message):
        eg.PairSet("bad", train, pairs(), pairs())


def test_the_photographs_are_split_by_picture_and_come_with_the_libraries():
    names = [name for split in PHOTOGRAPHS.values() for name in split]
    assert len(set(names)) == len(names) == 19
    for split, wanted in PHOTOGRAPHS.items():
        found = eg.load_photographs(split)
        assert tuple(found) == wanted
        for photograph in found.values():
            assert photograph.dtype == np.uint8 and photograph.ndim == 3
            assert photograph.shape[-1] in (1, 3) and photograph.std() > 10
    with pytest.raises(ValueError, match="split must be one of"):
        eg.load_photographs("all")


def test_a_patch_is_the_small_picture_of_its_target():
    """Away from the border, where the photograph goes on, a target shrinks to its input."""
    made = eg.load_patches(scale=2, side=12, count=20, seed=3)
    inputs, targets = made.train
    assert made.input_shape == (12, 12, 1) and made.target_shape == (24, 24, 1)
    pixels = np.rint(255 * targets).astype(np.uint8)
    again = np.array([eg.resized(target, 1 / 2) for target in pixels]) / 255
    np.testing.assert_allclose(again[:, 3:-3, 3:-3], inputs[:, 3:-3, 3:-3], atol=1.01 / 255)
    assert made.digest == eg.load_patches(scale=2, side=12, count=20, seed=3).digest


def test_colours_and_their_luminance():
    made = eg.load_colours(side=16, count=20)
    assert made.input_shape == (16, 16, 1) and made.target_shape == (16, 16, 3)
    weights = np.array([0.299, 0.587, 0.114])                     # ITU-R BT.601
    np.testing.assert_allclose(made.train[0][..., 0], made.train[1] @ weights, atol=1.01 / 255)


def test_edges_are_black_and_white_and_small_pairs_are_block_means():
    image = np.zeros((1, 28, 28, 1))
    image[:, 8:20, 8:20] = 1.0
    drawn = eg.edges(image)
    assert set(np.unique(drawn)) == {0, 1} and drawn[0, 12:16, 12:16].sum() == 0 < drawn.sum()
    with pytest.raises(TypeError, match="floats"):
        eg.edges(np.zeros((1, 28, 28, 1), np.uint8))
    digits = eg.load_images("digits")
    small = eg.small_pairs(digits, 4, counts=(5, 4, 3))
    assert small.input_shape == (2, 2, 1) and len(small.test[0]) == 3
    assert small.train[0][2, 1, 0, 0] == pytest.approx(small.train[1][2, 4:, :4].mean())
    assert eg.edge_pairs(digits, (5, 4, 3)).target_shape == (8, 8, 1)
    with pytest.raises(ValueError, match="3 does not divide 8×8"):
        eg.block_means(np.zeros((1, 8, 8, 1)), 3)


def test_cropping_and_resizing():
    picture = random.integers(0, 256, (9, 11, 3)).astype(np.uint8)
    assert cropped(picture, 4).shape == (8, 8, 3)
    assert eg.resized(picture, 2).shape == (18, 22, 3) and eg.resized(picture, 2).dtype == np.uint8
    flat = np.full((6, 6, 1), 0.4, np.float32)
    np.testing.assert_allclose(eg.resized(flat, 2), 0.4, atol=1e-6)       # its weights sum to 1
    grey = picture[..., :1]
    assert eg.luminance(grey) is grey
