"""One picture file as pixels, whatever its format, size and mode."""

import warnings

import numpy as np

from .pixels import check_range, to_pixels

# Pillow knows these formats, but they are films or data, or need another program.
NOT_PICTURES = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
# Any text may begin like these, and a C header begins like XBM: only the name decides.
LIKE_TEXT = {"PPM", "XBM"}
# Pillow spreads greys of 2 and 4 bits over 0 … 255, but not the one that a file calls transparent.
GREY_STEPS = {"L;2": 85, "L;4": 17}


def read_picture(path, height, width, channels):
    """The picture in a file as uint8 (height, width, channels), channels 1 (grey) or 3 (colour).

    It is turned upright, cut to this aspect around its centre, and resized. What is transparent
    becomes white; 16 bits, and integers from 0 to 65535, are scaled down to 8 by // 256; floats
    must lie in [0, 1]. Of an animation, the first frame is read.

    Returns None for a file that is not in a picture format that Pillow reads, and raises whatever
    Pillow raises for a broken picture, or one that claims more than twice Pillow's
    ``MAX_IMAGE_PIXELS``.
    """
    from PIL import Image, ImageOps

    # JPEGs are decoded at 1/2, 1/4 or 1/8 if enough is left to average over: 4 times the size, since
    # what does not divide by 8 is moved by up to half a pixel.
    picture = open_picture(path, 4 * max(height, width))
    if picture is None:
        return None
    picture = ImageOps.fit(picture.convert("L" if channels == 1 else "RGB"), (width, height),
                           Image.Resampling.LANCZOS)
    return np.asarray(picture).reshape(height, width, channels)


def open_picture(path, least=None):
    """The picture in a file as Pillow's, upright, in 8 bits, white where it is transparent; or None.

    least: the larger side that is enough, where a format can be decoded smaller. None, raised
    errors and what is read: as in ``read_picture``.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    by_name, by_content = _formats(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)     # large photographs
        try:
            file = Image.open(path, formats=by_name + by_content)
        except UnidentifiedImageError:
            if by_name:
                raise
            return None
        with file:
            _scale_transparent(file)
            if least is not None:
                file.draft(None, (least,) * 2)
            picture = ImageOps.exif_transpose(file)
    if picture.mode.startswith(("I", "F")):
        picture = _in_eight_bits(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture


def _formats(path):
    """Pillow's formats that a file may have by its name, and by its first bytes: two lists."""
    from PIL import Image

    by_name = Image.registered_extensions().get(path.suffix.lower())
    known = {name: accept for name, (_, accept) in Image.OPEN.items() if name not in NOT_PICTURES}
    by_content = [name for name, accept in known.items() if accept and name not in LIKE_TEXT]
    return [by_name] * (by_name in known), by_content


def _scale_transparent(file):
    """Bring the colour that a PNG file calls transparent to the scale of Pillow's pixels."""
    if file.format == "PNG" and "transparency" in file.info:
        colour, bits = file.info["transparency"], file.tile[0].args
        if bits in GREY_STEPS:
            file.info["transparency"] = colour * GREY_STEPS[bits]
        elif bits == "RGB;16B":
            file.info["transparency"] = tuple(value // 256 for value in colour)


def _in_eight_bits(picture):
    """A grey picture of 16 bits or of floats in 8 bits, white where it is transparent."""
    from PIL import Image

    values = np.asarray(picture)
    if picture.mode == "F":
        pixels = to_pixels(values, 256)
    else:
        check_range(values, 65536, "its values")
        pixels = (values // 256).astype(np.uint8)
    if "transparency" in picture.info:
        pixels[values == picture.info["transparency"]] = 255
    return Image.fromarray(pixels)
