"""Data sets as whole numbers: digits, MNIST, Fashion-MNIST, and a folder of one's own pictures."""

import contextlib
import difflib
import gzip
import hashlib
import os
import sys
import zlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

NAMES = ("digits", "fashion_mnist", "mnist")
SPLITS = ("train", "validation", "test")
MOST_LEVELS = 65536
DIGIT_CLASSES = tuple("0123456789")
FASHION_CLASSES = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt",
                   "sneaker", "bag", "ankle boot")
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")

# SHA-256 of what the gzip files hold, since distributors compress them anew. MNIST: LeCun, Cortes
# and Burges 1998; Fashion-MNIST: Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747.
IDX_FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
             "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
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
MNIST_NPZ_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


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


def check_levels(levels):
    """Raise unless ``levels`` is a whole number from 2 to 65536."""
    if isinstance(levels, bool) or not isinstance(levels, (int, np.integer)):
        raise TypeError(f"levels must be a whole number, not {levels!r}.")
    if not 2 <= levels <= MOST_LEVELS:
        raise ValueError(f"levels must be from 2 to {MOST_LEVELS}, not {levels}.")


def smallest_dtype(levels):
    """The smallest unsigned integer type that holds 0 … levels − 1."""
    return np.uint8 if levels <= 256 else np.uint16


def check_pixels(pixels, image_shape, levels, name="pixels"):
    """``pixels`` as an array, if it is (N, *image_shape) whole numbers 0 … levels − 1, N ≥ 1.

    Raises TypeError for another type (floats and booleans too), ValueError for another shape or
    values outside; the sentence begins with ``name``.
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
    return pixels


def check_range(pixels, levels, name="pixels"):
    """Raise ValueError unless all integers of an array (…) lie in 0 … levels − 1."""
    if pixels.size and (pixels.min() < 0 or pixels.max() >= levels):
        raise ValueError(f"{name} must lie in 0 … {levels - 1}, and these go from {pixels.min()} "
                         f"to {pixels.max()}.")


def to_images(pixels, levels):
    """Whole numbers 0 … levels − 1 of any shape -> float32 in [0, 1]: pixels / (levels − 1).

    Raises TypeError for other than integers, ValueError outside 0 … levels − 1.
    """
    check_levels(levels)
    pixels = np.asarray(pixels)
    if pixels.dtype.kind not in "iu":
        raise TypeError(f"pixels must be whole numbers of an integer type, not {pixels.dtype}: are "
                        "they images already?")
    check_range(pixels, levels)
    return (pixels / (levels - 1)).astype(np.float32)


def to_pixels(images, levels):
    """Floats in [0, 1] of any shape -> the nearest whole numbers 0 … levels − 1.

    A millionth beyond 0 or 1 counts as rounding. Raises TypeError for other than floats,
    ValueError for NaN, infinity and values outside [0, 1].
    """
    check_levels(levels)
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise TypeError(f"images must be floats in [0, 1], not {images.dtype}: turn whole numbers "
                        f"into images with to_images(pixels, levels={levels}).")
    if not np.isfinite(images).all():
        raise ValueError("images must be finite, and these hold NaN or infinity.")
    if images.size and (images.min() < -1e-6 or images.max() > 1 + 1e-6):
        raise ValueError(f"images must lie in [0, 1], and these go from {images.min():.4g} to "
                         f"{images.max():.4g}.")
    return np.rint(np.clip(images, 0, 1) * (levels - 1)).astype(smallest_dtype(levels))


def load_images(name, levels=None):
    """Load a named data set as an ImageSet.

    name: ``"digits"``, scikit-learn's 8×8 digits in 17 levels, in file order 1000 train, 350
    validation, 447 test; ``"fashion_mnist"`` or ``"mnist"``, 28×28 in 256 levels, in file order
    50,000 train, 10,000 validation, and their own 10,000 test images. levels: fewer levels, or
    None for all.

    The last two are looked for in the folder that the environment variable ENSGEN_DATA names (the
    four idx files, or mnist.npz, in a subfolder of the data set's name or right there), then in
    Debian's folder of dataset-fashion-mnist, then in Keras's cache; then they are downloaded into
    that cache, which a line on stderr says. All are compared with their checksums.

    Raises ValueError for an unknown name, more levels than there are and damaged files, OSError
    where files are missing and cannot be downloaded.
    """
    if not isinstance(name, str) or name not in NAMES:
        raise ValueError(_unknown(name))
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
    own = os.environ.get("ENSGEN_DATA")
    places = [Path(own).expanduser() / name, Path(own).expanduser()] if own else []
    for place in places:                     # half of the files is a mistake to hear about
        there = [file for file in IDX_FILES if (place / file).is_file()]
        if 0 < len(there) < 4 and not (name == "mnist" and (place / "mnist.npz").is_file()):
            missing = ", ".join(file for file in IDX_FILES if file not in there)
            raise FileNotFoundError(f"ENSGEN_DATA's {place} has some of the files of {name}, and "
                                    f"lacks {missing}.")
    if name == "fashion_mnist":
        places.append(DEBIAN_FOLDER)
    for place in [*places, cache]:
        if (arrays := _read_place(place, name)) is not None:
            return arrays
    _download(name, cache)
    if (arrays := _read_place(cache, name)) is None:
        raise FileNotFoundError(f"Keras did not put {name} into {cache}: set ENSGEN_DATA to the "
                                "folder where it is.")
    return arrays


def _read_place(place, name):
    if all((place / file).is_file() for file in IDX_FILES):
        return [read_idx(place / file, digest)
                for file, digest in zip(IDX_FILES, IDX_SHA256[name], strict=True)]
    if name == "mnist" and (place / "mnist.npz").is_file():
        return _read_mnist_npz(place / "mnist.npz")
    return None


def _keras_cache(name):
    """Where Keras keeps a data set: its own rule, in Keras's get_file."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    writable = next(folder for folder in (home, *home.parents) if folder.exists())
    if not os.access(writable, os.W_OK):
        home = Path("/tmp/.keras")
    return home / "datasets" / ("fashion-mnist" if name == "fashion_mnist" else "")


def _download(name, cache):
    # On stderr, so that a report on stdout stays a report.
    print(f"Downloading {name} to {cache} ...", file=sys.stderr, flush=True)
    import keras

    try:
        with contextlib.redirect_stdout(sys.stderr):
            getattr(keras.datasets, name).load_data()
    except Exception as error:               # Keras raises a bare Exception for any failure
        package = ("; on Debian and Ubuntu 'apt install dataset-fashion-mnist' does"
                   if name == "fashion_mnist" else "")
        raise ConnectionError(
            f"{name} is not on this computer and could not be downloaded: connect to the network, "
            f"or set ENSGEN_DATA to a folder with its four idx .gz files{package} ({error})."
        ) from error


def read_idx(path, digest):
    """The uint8 array in a gzip idx file, if the SHA-256 of what it holds is ``digest``.

    Raises ValueError, naming the file, where it is no gzip file, cut short, no idx file, or
    another one.
    """
    path = Path(path)
    advice = "delete it and get it anew"
    try:
        with gzip.open(path) as file:
            content = file.read()
    except EOFError as error:
        raise ValueError(f"{path} is cut short: {advice}.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is not a whole gzip file ({error}): {advice}.") from error
    axes = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0  # 8: uint8
    start = 4 + 4 * axes
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist()) if len(content) >= start else ()
    if not axes or len(shape) != axes or len(content) - start != np.prod(shape, dtype=object):
        raise ValueError(f"{path} does not hold an idx file of bytes: {advice}.")
    _check_digest(path, content, digest)
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _check_digest(path, content, wanted):
    found = hashlib.sha256(content).hexdigest()
    if found != wanted:
        raise ValueError(f"{path} has the wrong checksum (SHA-256 {found[:12]}…, not "
                         f"{wanted[:12]}…): it is damaged or of another data set, so replace it.")


def _read_mnist_npz(path):
    _check_digest(path, path.read_bytes(), MNIST_NPZ_SHA256)
    with np.load(path, allow_pickle=False) as file:
        return [file[key] for key in ("x_train", "y_train", "x_test", "y_test")]


def load_folder(folder, size, channels=1, levels=256, seed=0):
    """Load a folder of PNG and JPEG pictures as an ImageSet named after the folder.

    folder: its pictures are read, its subfolders are not. size: (H, W) in pixels; pictures may be
    of any sizes, as each is cut to this aspect around its centre and resized to it. channels: 1
    for grey, 3 for colour; what is transparent becomes white. levels: 2 to 256. seed: of the
    order, sorted by name and then shuffled, which is cut into 80 % train, 10 % validation and 10 %
    test, at least one each.

    Raises FileNotFoundError or NotADirectoryError for the folder, TypeError or ValueError for the
    other arguments, fewer than three pictures, and broken files, which it names.
    """
    height, width = _check_size(size)
    if isinstance(channels, bool) or channels not in (1, 3):
        raise ValueError(f"channels must be 1 (grey) or 3 (colour), not {channels!r}.")
    check_levels(levels)
    if levels > 256:
        raise ValueError(f"levels must be at most 256, all that these pictures have, not {levels}.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"seed must be a whole number, 0 or more, not {seed!r}.")
    paths = _pictures_in(Path(folder).expanduser())
    pixels, broken = [], []
    for path in paths:
        try:
            pixels.append(_read_picture(path, height, width, channels))
        except Exception as error:           # Pillow's readers raise all kinds for broken files
            broken.append(f"{path.name} ({error})")
    if broken:
        more = f" and {len(broken) - 5} more" if len(broken) > 5 else ""
        raise ValueError(f"These files of {folder} cannot be read as pictures, so mend or remove "
                         f"them: {'; '.join(broken[:5])}{more}.")
    order = np.random.default_rng(seed).permutation(len(pixels))
    pixels = np.stack(pixels)[order]
    held_out = max(1, len(pixels) // 10)
    splits = np.split(pixels, [-2 * held_out, -held_out])
    return ImageSet(paths[0].parent.resolve().name, 256, *splits).with_levels(levels)


def _check_size(size):
    pair = tuple(size) if isinstance(size, (tuple, list)) else ()
    if len(pair) != 2 or not all(
        isinstance(side, (int, np.integer)) and not isinstance(side, bool) and 1 <= side <= 4096
        for side in pair
    ):
        raise ValueError("size must be (height, width), two whole numbers from 1 to 4096, not "
                         f"{size!r}.")
    return pair


def _pictures_in(folder):
    if not folder.exists():
        raise FileNotFoundError(f"There is no folder {folder}.")
    if not folder.is_dir():
        raise NotADirectoryError(f"folder must be a folder of pictures, and {folder} is a file.")
    paths = sorted((path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES
                    and not path.name.startswith(".")), key=lambda path: path.name)
    if len(paths) < 3:
        raise ValueError(f"{folder} must hold at least 3 PNG or JPEG pictures, one each to train "
                         f"on, validate and test, and holds {len(paths) or 'none'}.")
    return paths


def _read_picture(path, height, width, channels):
    from PIL import Image, ImageOps

    with Image.open(path, formats=("PNG", "JPEG")) as file:
        picture = ImageOps.exif_transpose(file)
        if picture.mode.startswith("I"):     # 16 bits a pixel
            picture = Image.fromarray((np.asarray(picture) // 256).astype(np.uint8))
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
            white = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(white, picture)
        picture = picture.convert("L" if channels == 1 else "RGB")
        picture = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
    return np.asarray(picture).reshape(height, width, channels)
