"""A folder of one's own pictures as an ImageSet."""

from pathlib import Path

import numpy as np

from .image_set import ImageSet
from .pixels import check_levels

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")


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
