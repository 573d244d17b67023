"""A data set as whole numbers, in three splits."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .pixels import check_levels, check_pixels, smallest_dtype, to_images, to_pixels

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Images as whole numbers 0 … levels − 1, in three splits. Arrays are read-only.

    train, validation, test: (N, H, W, C) of the same H, W, C; uint8 where levels ≤ 256, else
    uint16. train_labels …: (N,) whole numbers, or None. classes: a name for each label, or None.
    Raises ValueError or TypeError where pixels or labels do not fit.
    """

    name: str
    levels: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray | None = None
    validation_labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None
    classes: tuple[str, ...] | None = None

    def __post_init__(self):
        check_levels(self.levels)
        shape = np.shape(self.train)[1:]
        for split in SPLITS:
            pixels = check_pixels(getattr(self, split), shape, self.levels, name=split)
            self._keep(split, pixels.astype(smallest_dtype(self.levels), copy=False))
            labels = getattr(self, f"{split}_labels")
            if labels is None:
                continue
            labels = np.asarray(labels)
            if labels.shape != (len(pixels),) or labels.dtype.kind not in "iu":
                raise ValueError(f"{split}_labels must be {len(pixels)} whole numbers, one an "
                                 f"image, not {labels.dtype} of shape {labels.shape}.")
            self._keep(f"{split}_labels", labels.astype(np.int64))

    def _keep(self, field, array):
        view = array.view()                     # read-only here, whatever its owner does with it
        view.setflags(write=False)
        object.__setattr__(self, field, view)

    def __repr__(self):
        counts = ", ".join(f"{len(getattr(self, split)):,} {split}" for split in SPLITS)
        shape = "×".join(map(str, self.image_shape))
        return f"ImageSet {self.name}: {counts} images of {shape}, {self.levels} levels"

    @property
    def image_shape(self):
        """(H, W, C), C = 1 for grey and 3 for colour."""
        return self.train.shape[1:]

    @cached_property
    def digest(self):
        """SHA-256 of levels, shapes and pixels, whatever the name: 64 hexadecimal digits."""
        total = hashlib.sha256(f"{self.levels}".encode())
        for split in SPLITS:
            pixels = np.ascontiguousarray(getattr(self, split))
            total.update(f"{pixels.shape} {pixels.dtype.str}".encode())
            total.update(pixels)
        return total.hexdigest()

    def to_images(self, pixels):
        """Whole numbers (…) -> float32 (…) in [0, 1], by this set's levels."""
        return to_images(pixels, self.levels)

    def to_pixels(self, images):
        """Floats (…) in [0, 1] -> the nearest whole numbers (…), by this set's levels."""
        return to_pixels(images, self.levels)

    def with_levels(self, levels):
        """The same images in fewer levels: ⌊pixels · levels / old levels⌋. Returns an ImageSet.

        Raises ValueError where there would be more levels than the data has.
        """
        check_levels(levels)
        if levels > self.levels:
            raise ValueError(f"levels must be at most {self.levels}, all that {self.name} has, not "
                             f"{levels}.")
        return replace(self, levels=levels, **{
            split: getattr(self, split).astype(np.uint32) * np.uint32(levels) // self.levels
            for split in SPLITS
        })

    def transposed(self):
        """The same images with rows and columns exchanged. Returns an ImageSet."""
        return replace(self, name=f"{self.name}, transposed", **{
            split: np.ascontiguousarray(np.swapaxes(getattr(self, split), 1, 2)) for split in SPLITS})

    def take(self, train, validation, test):
        """The first so many images of each split, with their labels. Returns an ImageSet.

        Raises ValueError for other than a whole number from 1 to all that a split has.
        """
        fewer = {}
        for split, count in zip(SPLITS, (train, validation, test)):
            most = len(getattr(self, split))
            if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not (
                    1 <= count <= most):
                raise ValueError(f"{split} must be a whole number of images from 1 to {most:,}, "
                                 f"not {count!r}.")
            fewer[split] = getattr(self, split)[:count]
            labels = getattr(self, f"{split}_labels")
            fewer[f"{split}_labels"] = None if labels is None else labels[:count]
        return replace(self, **fewer)
