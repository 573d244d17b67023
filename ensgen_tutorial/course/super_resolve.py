"""One's own picture, enlarged by the ensemble in the box: ``ensgen super-resolve my.jpg``."""

from pathlib import Path

import numpy as np

from ..data.photographs import resized
from ..data.picture import open_picture
from ..data.pixels import to_images, to_pixels
from ..machine.output import say
from ..predictors.base import in_tiles
from ..training.progress import watched

ENSEMBLES = {2: "photographs/x2_", 4: "photographs_4/x4_"}       # scale: names in the box begin so


def super_resolve(picture, scale=2, output=None, progress="auto", report=say):
    """Enlarge a picture by the sum of the networks in the box; colours by bicubic (lesson 16).

    picture: the path of a file, or uint8 (H, W), (H, W, 1) or (H, W, 3). scale: 2 or 4. output:
    where to write the result, by its name's ending; None: beside the file as NAME-x2.png, or
    nowhere for an array. progress: ``"auto"``, ``"bar"`` or ``"quiet"``.

    Works in tiles, so that memory grows with the result's uint8 pixels only. Returns uint8
    (scale·H, scale·W, 1 or 3). Raises ValueError for another scale or what is no picture, OSError
    where a file cannot be read or written.
    """
    if scale not in ENSEMBLES:
        raise ValueError(f"scale must be one of {', '.join(map(str, ENSEMBLES))}, not {scale!r}.")
    path = Path(picture) if isinstance(picture, (str, Path)) else None
    pixels = read(path) if path else check_picture(picture)
    members = ensemble(scale)
    reach = max(member.reach for member in members.members)

    def enlarged(tile):
        return to_pixels(np.clip(members.predict(to_images(tile, 256)), 0, 1), 256).astype(np.uint8)

    def watch(tiles):
        return watched(tiles, "super-resolution", progress)

    if pixels.shape[-1] == 1:
        result = in_tiles(enlarged, pixels, scale, reach, watch)
    else:
        from PIL import Image

        parts = np.asarray(Image.fromarray(pixels).convert("YCbCr"))
        light = in_tiles(enlarged, parts[..., :1], scale, reach, watch)
        both = np.concatenate([light, resized(parts[..., 1:], scale)], axis=-1)
        result = np.asarray(Image.fromarray(both, mode="YCbCr").convert("RGB"))
    if path or output:
        write(result, Path(output) if output else path.with_name(f"{path.stem}-x{scale}.png"), report)
    return result


def ensemble(scale):
    """The box's networks for a scale, in equal parts: a PredictionSum."""
    from ..ensembles.prediction_sum import PredictionSum
    from ..zoo.box import load_member, manifest

    names = [name for name in manifest() if name.startswith(ENSEMBLES[scale])]
    return PredictionSum([load_member(name) for name in names])


def read(path):
    """A picture file as uint8 (H, W, 1 or 3)."""
    picture = open_picture(path)
    if picture is None:
        raise ValueError(f"{path} is not a picture in a format that Pillow reads.")
    picture = picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB")
    return np.asarray(picture).reshape(picture.height, picture.width, -1)


def check_picture(picture):
    picture = np.asarray(picture)
    picture = picture[..., None] if picture.ndim == 2 else picture
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[-1] not in (1, 3):
        raise ValueError("picture must be a file's path or uint8 of shape (H, W), (H, W, 1) or "
                         f"(H, W, 3), not {picture.dtype} of shape {picture.shape}.")
    return picture


def write(pixels, path, report):
    from PIL import Image

    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(path)
    report(f"{path}: {pixels.shape[1]}×{pixels.shape[0]} pixels")
