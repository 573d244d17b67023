"""Drawings of edges beside the pictures that they come from (lesson 17)."""

import numpy as np
from skimage.feature import canny

from .image_set import SPLITS
from .pairs import PairSet
from .pixels import check_images


def edges(images, sigma=1.0):
    """Edges of grey images (N, H, W, 1) in [0, 1]: float32 (N, H, W, 1), 1 on an edge, else 0.

    sigma: of the blur before, in pixels. Source: Canny 1986, IEEE TPAMI 8(6); by scikit-image.
    """
    images = check_images(images)
    return np.stack([canny(image[..., 0], sigma=sigma, mode="nearest") for image in images])[
        ..., None].astype(np.float32)


def edge_pairs(images, counts=(10_000, 1000, 1000)):
    """Pairs edges → picture of an ImageSet's first images of each split: a PairSet."""
    pairs = {}
    for split, count in zip(SPLITS, counts):
        targets = images.to_images(getattr(images, split)[:count])
        pairs[split] = edges(targets), targets
    return PairSet(f"edges of {images.name}", **pairs)
