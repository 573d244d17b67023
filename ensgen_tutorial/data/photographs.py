"""The photographs that scikit-image and scikit-learn bring along, split by picture."""

import numpy as np

from ..checks import check_whole
from .image_set import SPLITS
from .pairs import PairSet
from .pixels import to_images

# Which pictures teach, which choose weights, and which judge. No two splits share a scene.
PHOTOGRAPHS = {
    "train": ("astronaut", "motorcycle_left", "rocket", "color", "ihc", "china"),
    "validation": ("coffee", "coins", "grass", "moon", "page", "cell"),
    "test": ("chelsea", "hubble_deep_field", "camera", "retina", "brick", "gravel", "flower"),
}


def load_photographs(split):
    """The photographs of a split, ``"train"``, ``"validation"`` or ``"test"``.

    Returns a dict name -> uint8 (H, W, 3), or (H, W, 1) for a grey one. They come with scikit-image
    (its file names) and scikit-learn (china, flower): nothing is downloaded. Raises ValueError for
    another split, FileNotFoundError where an installation lacks a picture.
    """
    if split not in PHOTOGRAPHS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}.")
    return {name: load_photograph(name) for name in PHOTOGRAPHS[split]}


def load_photograph(name):
    """One of the photographs above by name: uint8 (H, W, 3) or (H, W, 1)."""
    if name in ("china", "flower"):
        from sklearn.datasets import load_sample_image

        return np.asarray(load_sample_image(f"{name}.jpg"))
    from importlib.resources import files

    import skimage
    from PIL import Image

    # By file, since skimage.data's functions may look for a newer version on the network.
    folder = files(skimage) / "data"
    found = [file for suffix in ("png", "jpg") if (file := folder / f"{name}.{suffix}").is_file()]
    if not found:
        raise FileNotFoundError(
            f"scikit-image {skimage.__version__} does not bring the picture {name!r} along: install "
            "scikit-image from PyPI or conda-forge, version 0.25 or 0.26, which does.")
    with Image.open(found[0]) as file:
        picture = np.asarray(file.convert("L" if file.mode in ("1", "L", "I;16", "I") else "RGB"))
    return picture.reshape(*picture.shape[:2], -1)


def luminance(photograph):
    """Y of Pillow's YCbCr (that of JPEG files): uint8 (H, W, 3) -> uint8 (H, W, 1); grey stays."""
    if photograph.shape[-1] == 1:
        return photograph
    from PIL import Image

    return np.asarray(Image.fromarray(photograph).convert("YCbCr"))[..., :1]


def cropped(picture, multiple):
    """A picture (H, W, C) without the last rows and columns that ``multiple`` does not divide."""
    height, width = (n - n % multiple for n in picture.shape[:2])
    return picture[:height, :width]


def resized(picture, scale):
    """A picture (H, W, C) by Pillow's bicubic, ``scale`` times larger, or smaller below 1.

    Smaller, it is antialiased: the cubic is widened by 1/scale. uint8 stays uint8, and floats are
    neither rounded nor cut to [0, 1].
    """
    from PIL import Image

    size = tuple(round(scale * n) for n in picture.shape[1::-1])
    channels = [np.asarray(Image.fromarray(np.ascontiguousarray(picture[..., c])).resize(
        size, Image.Resampling.BICUBIC)) for c in range(picture.shape[-1])]
    return np.stack(channels, axis=-1)


def small_and_large(photograph, scale):
    """Y of a photograph, made ``scale`` times smaller, and itself: floats (h, w, 1), (H, W, 1)."""
    large = cropped(luminance(photograph), scale)
    return to_images(resized(large, 1 / scale), 256), to_images(large, 256)


def load_patches(scale=2, side=24, count=8000, seed=0):
    """Patches of luminance of the photographs, small and large, as a PairSet.

    Each split's patches come from its own photographs; a photograph gives as many as its size asks
    for, at random places, turned and mirrored at random, half of them from a copy at 0.7 of its size.

    scale: how many times larger. side: of a small patch. count: of training patches; validation and
    test have a tenth. seed: of all choices.
    """
    scale, side = check_whole(scale, "scale", 2), check_whole(side, "side", 4)
    counts = {"train": check_whole(count, "count", 10), "validation": count // 10,
              "test": count // 10}
    return PairSet(f"photographs ×{scale}", **{
        split: patches_of(load_photographs(split).values(), scale, side, counts[split],
                          np.random.default_rng([seed, k]))
        for k, split in enumerate(SPLITS)})


def load_colours(side=32, count=4000, seed=0):
    """Patches of the colour photographs, grey and as they are: a PairSet (N, side, side, 1) → (…, 3).

    Arguments as for ``load_patches``; no copies at another size.
    """
    side = check_whole(side, "side", 4)
    counts = {"train": check_whole(count, "count", 10), "validation": count // 10,
              "test": count // 10}
    pairs = {}
    for k, split in enumerate(SPLITS):
        random = np.random.default_rng([seed, k])
        photographs = [each for each in load_photographs(split).values() if each.shape[-1] == 3]
        inputs, targets = [], []
        for chosen in random.integers(len(photographs), size=counts[split]):
            photograph = photographs[chosen]
            row, column = (random.integers(n - side + 1) for n in photograph.shape[:2])
            patch = photograph[row:row + side, column:column + side]
            patch = np.ascontiguousarray(patch[:, ::-1] if random.integers(2) else patch)
            inputs.append(luminance(patch))
            targets.append(patch)
        pairs[split] = to_images(np.array(inputs), 256), to_images(np.array(targets), 256)
    return PairSet("colours of photographs", **pairs)


def patches_of(photographs, scale, side, count, random):
    """``count`` random patches: (count, side, side, 1), (count, scale·side, scale·side, 1)."""
    pairs = [small_and_large(each, scale)
             for photograph in photographs for each in (photograph, resized(photograph, 0.7))]
    pairs = [pair for pair in pairs if min(pair[0].shape[:2]) >= side]
    areas = np.array([pair[0].size for pair in pairs], float)
    areas[1::2] *= areas[::2].sum() / areas[1::2].sum()             # half from the smaller copies
    inputs, targets = [], []
    for chosen in random.choice(len(pairs), count, p=areas / areas.sum()):
        small, large = pairs[chosen]
        row, column = (random.integers(n - side + 1) for n in small.shape[:2])
        turns, mirrored = random.integers(4), random.integers(2)
        for array, s, out in ((small, 1, inputs), (large, scale, targets)):
            patch = array[s * row:s * (row + side), s * column:s * (column + side)]
            out.append(np.rot90(patch[:, ::-1] if mirrored else patch, turns))
    return np.array(inputs), np.array(targets)
