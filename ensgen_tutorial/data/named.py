"""Named data sets: scikit-learn's digits, MNIST, Fashion-MNIST, and those that are made here."""

import contextlib
import difflib
import gzip
import hashlib
import io
import math
import os
import sys
import zlib
from pathlib import Path

import numpy as np

from ..machine.folders import keras_home, named_folder
from ..machine.output import say
from .image_set import ImageSet
from .made import make_glyphs, make_patches

MADE = {"glyphs": make_glyphs, "patches": make_patches,
        "colour_patches": lambda: make_patches(colour=True)}
NAMES = ("digits", "fashion_mnist", "mnist", *MADE)
DIGIT_CLASSES = tuple("0123456789")
FASHION_CLASSES = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt",
                   "sneaker", "bag", "ankle boot")
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
# Sizes and SHA-256 are of what the gzip files hold, since distributors compress them differently.
# MNIST: LeCun, Cortes and Burges 1998; Fashion-MNIST: Xiao, Rasul and Vollgraf 2017,
# arXiv 1708.07747.
IDX_FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
             "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
IDX_SHAPES = ((60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,))
IDX_SHA256 = {
    "mnist": ("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
              "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
              "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
              "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    "fashion_mnist": ("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                      "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                      "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                      "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
}
MNIST_NPZ_SIZE = 11_490_434                  # bytes
MNIST_NPZ_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_images(name, levels=None):
    """Load a named data set as an ImageSet.

    name: ``"digits"``, scikit-learn's 8×8 digits in 17 levels, in file order 1000 train, 350
    validation, 447 test; ``"fashion_mnist"`` or ``"mnist"``, 28×28 in 256 levels, in file order
    50,000 train, 10,000 validation, and their own 10,000 test images; ``"glyphs"``, 12×12 capital
    letters in matplotlib's fonts, ``"patches"`` and ``"colour_patches"``, 8×8 pieces of photographs,
    made here and always the same. levels: fewer levels, or None for all.

    Fashion-MNIST and MNIST are looked for in the folder that the environment variable ENSGEN_DATA names (the
    four idx files, as .gz or unpacked, or mnist.npz, in a subfolder of the data set's name or right
    there), then in Debian's folder of dataset-fashion-mnist, then in Keras's cache; then they are
    downloaded into that cache, which a line on stderr says. All are compared with their checksums.

    Raises ValueError for an unknown name, more levels than there are and damaged files, OSError
    where files are missing and cannot be downloaded.
    """
    if not isinstance(name, str) or name not in NAMES:
        raise ValueError(_unknown(name))
    if name in MADE:
        images = MADE[name]()
    else:
        images = _load_digits() if name == "digits" else _load_idx_images(name)
    return images if levels is None else images.with_levels(levels)


def _unknown(name):
    if isinstance(name, os.PathLike) or os.path.isdir(str(name)):
        return (f"load_images knows data sets by name, and {str(name)!r} is a folder: load the "
                "pictures in it with load_folder(folder, size=(height, width)).")
    close = difflib.get_close_matches(str(name).lower().replace("-", "_"), NAMES, 1, cutoff=0.5)
    guess = f"did you mean {close[0]!r}? Known" if close else "known"
    return f"there is no data set {name!r}: {guess} are {', '.join(map(repr, NAMES))}."


def _load_digits():
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = digits.images.astype(np.uint8)[..., None]
    return ImageSet("digits", 17, *np.split(pixels, [1000, 1350]),
                    *np.split(digits.target, [1000, 1350]), DIGIT_CLASSES)


def _load_idx_images(name):
    train, train_labels, test, test_labels = _find_arrays(name)
    classes = FASHION_CLASSES if name == "fashion_mnist" else DIGIT_CLASSES
    return ImageSet(name, 256, *np.split(train[..., None], [50_000]), test[..., None],
                    *np.split(train_labels, [50_000]), test_labels, classes)


def _find_arrays(name):
    """Training images and labels, test images and labels, from the first place that has them."""
    cache = _keras_cache(name)
    own = named_folder("ENSGEN_DATA")
    own = [own / name, own] if own else []
    places = [*own, *[DEBIAN_FOLDER] * (name == "fashion_mnist"), cache]
    for place in places:
        if (arrays := _read_place(place, name)) is not None:
            return arrays
        if place in own:
            _check_own_place(place, name)
    _download(name, cache, places)
    if (arrays := _read_place(cache, name)) is None:
        raise FileNotFoundError(f"Keras did not put {name} into {cache}: set ENSGEN_DATA to the "
                                "folder where it is.")
    return arrays


def _idx_paths(place):
    """Where the four files are in a folder, packed or unpacked; None for a missing one."""
    return [next((path for path in (place / file, place / file.removesuffix(".gz"))
                  if path.is_file()), None) for file in IDX_FILES]


def _check_own_place(place, name):
    """Raise where some of the files are there, or files of similar names: a mistake to hear of."""
    paths = _idx_paths(place)
    others = [path for path in (sorted(place.iterdir()) if place.is_dir() else ())
              if path not in paths and ("ubyte" in path.name or path.match(f"{name}*.npz"))]
    if any(paths) or others:
        missing = ", ".join(file for file, path in zip(IDX_FILES, paths) if path is None)
        found = ", ".join(f"{path.name}{'/' * path.is_dir()}" for path in others)
        found = f", and has {found}: rename or move these" if others else ""
        raise FileNotFoundError(f"ENSGEN_DATA's {place} lacks {missing} (or the same without .gz) "
                                f"of {name}{found}.")


def _read_place(place, name):
    paths = _idx_paths(place)
    if None not in paths:
        return [read_idx(*file)
                for file in zip(paths, IDX_SHAPES, IDX_SHA256[name], strict=True)]
    if name == "mnist" and (place / "mnist.npz").is_file():
        content = _read(place / "mnist.npz", MNIST_NPZ_SIZE, MNIST_NPZ_SHA256)
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return [file[key] for key in ("x_train", "y_train", "x_test", "y_test")]
    return None


def _keras_cache(name):
    """Where Keras keeps a data set."""
    return keras_home() / "datasets" / ("fashion-mnist" if name == "fashion_mnist" else "")


def _download(name, cache, places):
    # On stderr, so that a report on stdout stays a report.
    say(f"Downloading {name} to {cache} ...", "stderr")
    import keras

    try:
        with contextlib.redirect_stdout(sys.stderr):
            getattr(keras.datasets, name).load_data()
    except Exception as error:               # Keras raises a bare Exception for any failure
        package = (", or on Debian or Ubuntu run 'apt install dataset-fashion-mnist'"
                   if name == "fashion_mnist" else "")
        raise ConnectionError(
            f"{name} is not on this computer (looked for in {', '.join(map(str, places))}) and "
            "could not be downloaded: connect to the network, or set ENSGEN_DATA to a folder with "
            f"{', '.join(IDX_FILES)}{package} ({error})."
        ) from error


def read_idx(path, shape, digest):
    """The uint8 array of ``shape`` in an idx file, packed (.gz) or not, of this SHA-256.

    Raises ValueError, naming the file, where it is not a gzip file, is cut short, or is another
    one. Of a file that is too long, no more than one byte too many is unpacked.
    """
    path = Path(path)
    start = 4 + 4 * len(shape)               # of the pixels: type and number of axes, then sizes
    content = _read(path, start + math.prod(shape), digest)
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _read(path, size, digest):
    """The content of a file, unpacked, if it has this size and this SHA-256."""
    advice = "delete it and get it again"
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            content = file.read(size + 1)
    except EOFError as error:
        raise ValueError(f"{path} is cut short: {advice}.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is not a whole gzip file ({error}): {advice}.") from error
    if len(content) != size:
        found = "more" if len(content) > size else f"{len(content):,}"
        raise ValueError(f"{path} must hold {size:,} bytes, and holds {found}: {advice}.")
    if (found := hashlib.sha256(content).hexdigest()) != digest:
        raise ValueError(f"{path} has the wrong checksum (SHA-256 {found[:12]}…, not "
                         f"{digest[:12]}…): it is damaged or of another data set, so replace it.")
    return content
