"""Inputs and the answers that are wanted, as pictures, in three splits."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..checks import check_whole
from .image_set import SPLITS


@dataclass(frozen=True, eq=False, repr=False)
class PairSet:
    """Pairs (input, target) of pictures in [0, 1], in three splits. Arrays are float32, read-only.

    train, validation, test: each a tuple (inputs (N, h, w, c), targets (N, H, W, C)) of one length;
    shapes are the same in all three. Raises ValueError where something does not fit.
    """

    name: str
    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]

    def __post_init__(self):
        shapes = tuple(np.shape(each)[1:] for each in self.train)
        for split in SPLITS:
            pair = getattr(self, split)
            if len(pair) != 2 or len(pair[0]) != len(pair[1]) or not len(pair[0]):
                raise ValueError(f"{split} must be inputs and targets, as many of each and at least "
                                 f"one, not {[len(each) for each in pair]}.")
            arrays = tuple(self._kept(array, shape, split) for array, shape in zip(pair, shapes))
            object.__setattr__(self, split, arrays)      # the only way in a frozen dataclass

    @staticmethod
    def _kept(array, shape, split):
        array = np.asarray(array)
        if array.dtype.kind != "f" or array.ndim != 4 or array.shape[1:] != shape:
            raise ValueError(f"{split} must hold floats (N, height, width, channels) of the same "
                             f"sizes as train, not {array.dtype} of shape {array.shape}.")
        if not (array.min() >= 0 and array.max() <= 1):              # NaN is neither
            raise ValueError(f"{split} must lie in [0, 1], and goes from {array.min():.3g} to "
                             f"{array.max():.3g}.")
        array = array.astype(np.float32, copy=False).view()
        array.setflags(write=False)
        return array

    def __repr__(self):
        counts = ", ".join(f"{len(getattr(self, split)[0]):,} {split}" for split in SPLITS)
        shapes = " → ".join("×".join(map(str, shape)) for shape in (self.input_shape,
                                                                   self.target_shape))
        return f"PairSet {self.name}: {counts} pairs {shapes}"

    @property
    def input_shape(self):
        """(h, w, c) of an input."""
        return self.train[0].shape[1:]

    @property
    def target_shape(self):
        """(H, W, C) of a target."""
        return self.train[1].shape[1:]

    @cached_property
    def digest(self):
        """SHA-256 of all pictures and their shapes, whatever the name: 64 hexadecimal digits."""
        total = hashlib.sha256(b"pairs")
        for split in SPLITS:
            for array in getattr(self, split):
                array = np.ascontiguousarray(array)
                total.update(f"{array.shape}".encode())
                total.update(array)
        return total.hexdigest()

    def take(self, train, validation, test):
        """The first so many pairs of each split. Returns a PairSet."""
        counts = {split: check_whole(count, split, most=len(getattr(self, split)[0]), of="of pairs")
                  for split, count in zip(SPLITS, (train, validation, test))}
        return replace(self, **{split: tuple(each[:count] for each in getattr(self, split))
                                for split, count in counts.items()})


def small_pairs(images, factor=4, counts=(50_000, 1000, 1000)):
    """Pairs small → large of an ImageSet's first images: a PairSet. Each block of factor × factor
    pixels becomes its mean.
    """
    pairs = {}
    for split, count in zip(SPLITS, counts):
        large = images.to_images(getattr(images, split)[:count])
        pairs[split] = block_means(large, factor), large
    return PairSet(f"small {images.name}", **pairs)


def block_means(images, factor):
    """Images (N, H, W, C) averaged over blocks: (N, H/factor, W/factor, C). ValueError for sides that
    ``factor`` does not divide.
    """
    count, height, width, channels = np.shape(images)
    if height % factor or width % factor:
        raise ValueError(f"factor must divide the sides of the images, and {factor} does not divide "
                         f"{height}×{width}.")
    blocks = np.reshape(images, (count, height // factor, factor, width // factor, factor, channels))
    return blocks.mean(axis=(2, 4))
