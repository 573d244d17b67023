"""A data set as whole numbers, in three splits."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..checks import check_whole
from .pixels import check_levels, check_pixels, to_images, to_pixels

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Images as whole numbers 0 … levels − 1, in three splits. Arrays are read-only.

    train, validation, test: (N, H, W, C) of the same H, W, C, with C = 1 for grey or 3 for colour;
    kept as uint8 where levels ≤ 256, else as uint16. train_labels …: (N,) whole numbers, 0 or
    more, or None. classes: a name for each label, or None. Raises ValueError or TypeError where
    something does not fit.
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
        if not isinstance(self.name, str):
            raise TypeError(f"name must be a text, not {self.name!r}.")
        self._set("levels", check_levels(self.levels))
        self._set("classes", _check_classes(self.classes))
        shape = np.shape(self.train)[1:]
        if len(shape) != 3 or shape[-1] not in (1, 3):
            raise ValueError("train must have shape (N, H, W, 1) for grey or (N, H, W, 3) for "
                             f"colour, not {np.shape(self.train)}.")
        for split in SPLITS:
            pixels = check_pixels(getattr(self, split), shape, self.levels, name=split)
            self._keep(split, pixels)
            labels = getattr(self, f"{split}_labels")
            if labels is not None:
                self._keep(f"{split}_labels", self._check_labels(labels, split, len(pixels)))

    def _check_labels(self, labels, split, count):
        labels = np.asarray(labels)
        if labels.shape != (count,) or labels.dtype.kind not in "iu":
            raise ValueError(f"{split}_labels must be {count} whole numbers, one per image, not "
                             f"{labels.dtype} of shape {labels.shape}.")
        labels = labels.astype(np.int64)
        least, most = labels.min(), labels.max()
        if least < 0 or (self.classes and most >= len(self.classes)):
            wanted = f"from 0 to {len(self.classes) - 1}" if self.classes else "0 or more"
            raise ValueError(f"{split}_labels must be {wanted}, and these go from {least} to "
                             f"{most}.")
        return labels

    def _keep(self, field, array):
        view = array.view()                     # read-only here, whatever its owner does with it
        view.setflags(write=False)
        self._set(field, view)

    def _set(self, field, value):
        object.__setattr__(self, field, value)       # the only way in a frozen dataclass

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
        levels = check_levels(levels)
        if levels > self.levels:
            raise ValueError(f"levels must be at most {self.levels}, all that {self.name} has, not "
                             f"{levels}.")
        return replace(self, levels=levels, **{
            split: getattr(self, split).astype(np.uint32) * np.uint32(levels) // self.levels
            for split in SPLITS
        })

    def halved(self):
        """The same images at half their size: each 2×2 block becomes its mean, rounded (a half to
        the even number). Raises ValueError for an odd height or width.
        """
        height, width, channels = self.image_shape
        if height % 2 or width % 2:
            raise ValueError(f"only images of even sides can be halved, not {height}×{width}.")
        return replace(self, **{
            split: np.rint(getattr(self, split).reshape(
                -1, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))).astype(int)
            for split in SPLITS})

    def take(self, train, validation, test):
        """The first so many images of each split, with their labels. Returns an ImageSet.

        Raises ValueError for other than a whole number from 1 to all that a split has.
        """
        fewer = {}
        for split, count in zip(SPLITS, (train, validation, test)):
            count = check_whole(count, split, most=len(getattr(self, split)), of="of images")
            fewer[split] = getattr(self, split)[:count]
            labels = getattr(self, f"{split}_labels")
            fewer[f"{split}_labels"] = None if labels is None else labels[:count]
        return replace(self, **fewer)


def _check_classes(classes):
    if classes is None:
        return None
    names = () if isinstance(classes, str) or not np.iterable(classes) else tuple(classes)
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"classes must be texts, a name for each label, not {classes!r}.")
    return tuple(map(str, names))
