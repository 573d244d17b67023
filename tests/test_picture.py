"""A picture file becomes the same pixels whatever its format, size and mode."""

import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from ensgen_tutorial.data.picture import read_picture


def only(tmp_path, picture, kind="png", channels=1, **options):
    """A picture, or the content of a file, as it is read again at 2×2 pixels."""
    path = tmp_path / f"x.{kind}"
    if isinstance(picture, bytes):
        path.write_bytes(picture)
    else:
        picture.save(path, **options)
    image = read_picture(path, 2, 2, channels)
    return (image[..., 0] if channels == 1 else image).tolist()


def png(bits, colour, row, transparent):
    """A PNG file of two equal rows of two pixels, which Pillow itself would not write."""
    def chunk(kind, content):
        return (struct.pack(">I", len(content)) + kind + content
                + struct.pack(">I", zlib.crc32(kind + content)))

    header = struct.pack(">IIBBBBB", 2, 2, bits, colour, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + (chunk(b"tRNS", transparent) if transparent else b"")
            + chunk(b"IDAT", zlib.compress((b"\0" + row) * 2)) + chunk(b"IEND", b""))


def sixteen(*values):
    return struct.pack(f">{len(values)}H", *values)


@pytest.mark.parametrize("bits, colour, row, transparent, wanted", [
    (1, 0, b"\x40", sixteen(0), [255, 255]),
    (2, 0, b"\x60", sixteen(1), [255, 170]),
    (4, 0, b"\x12", sixteen(1), [255, 34]),
    (8, 0, b"\x10\x20", sixteen(16), [255, 32]),
    (16, 0, sixteen(1000, 40_000), sixteen(1000), [255, 156]),
    (16, 0, sixteen(1000, 1001), sixteen(1000), [255, 3]),
    (8, 2, b"\1\1\1\5\5\5", sixteen(1, 1, 1), [255, 5]),
    (16, 2, sixteen(1000, 1000, 1000, 40_000, 40_000, 40_000), sixteen(1000, 1000, 1000),
     [255, 156]),
    (16, 4, sixteen(1000, 0, 40_000, 65535), None, [255, 156]),
    (16, 6, sixteen(1000, 1000, 1000, 0, 40_000, 40_000, 40_000, 65535), None, [255, 156]),
])
def test_transparent_is_white_at_every_depth(bits, colour, row, transparent, wanted, tmp_path):
    assert only(tmp_path, png(bits, colour, row, transparent)) == [wanted, wanted]


@pytest.mark.parametrize("mode, transparent", [("LA", (0, 0)), ("RGBA", (0, 0, 0, 0)), ("P", None)])
def test_transparent_is_white_in_every_mode(mode, transparent, tmp_path):
    picture = Image.new(mode, (2, 2), transparent or 0)
    options = {} if transparent else {"transparency": 0}
    for kind in ("png", "webp") if transparent else ("png", "gif"):
        assert only(tmp_path, picture, kind, **options) == [[255, 255]] * 2
    assert only(tmp_path, picture, channels=3, **options) == [[[255] * 3] * 2] * 2


def test_half_transparent_is_mixed_with_white(tmp_path):
    assert only(tmp_path, Image.new("LA", (2, 2), (0, 128))) == [[127, 127]] * 2


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "I;16", "I;16B", "I", "F"])
def test_every_mode_is_read(mode, tmp_path):
    white = {"CMYK": (0, 0, 0, 0), "YCbCr": (255, 128, 128), "I": 65535, "F": 1.0, "P": 1, "1": 1,
             "L": 255, "RGB": (255,) * 3}
    picture = Image.new(mode, (2, 2), white.get(mode, 65535))
    if mode == "P":
        picture.putpalette([0, 0, 0, 255, 255, 255])
    assert only(tmp_path, picture, "tif") == [[255, 255]] * 2


@pytest.mark.parametrize("values, wanted", [
    (np.uint16(40_000), 156), (np.int32(40_000), 156), (np.float32(0.6), 153),
])
def test_sixteen_bits_and_floats_are_scaled(values, wanted, tmp_path):
    assert only(tmp_path, Image.fromarray(np.full((2, 2), values)), "tif") == [[wanted] * 2] * 2


@pytest.mark.parametrize("value, says", [
    (np.int32(70_000), "0 … 65535, and these go from 70000"), (np.int32(-1), "from -1"),
    (np.float32(7.5), "0, 1.*7.5"), (np.float32(np.nan), "NaN"),
])
def test_values_of_an_unknown_scale_are_not_guessed(value, says, tmp_path):
    with pytest.raises(ValueError, match=says):
        only(tmp_path, Image.fromarray(np.full((2, 2), value)), "tif")


def test_pictures_are_cut_around_their_centre(tmp_path):
    pixels = np.full((2, 6), 200, np.uint8)
    pixels[:, 2:4] = 50
    assert only(tmp_path, Image.fromarray(pixels)) == [[50, 50], [50, 50]]
    assert only(tmp_path, Image.new("L", (500, 1), 9)) == [[9, 9], [9, 9]]


def test_a_turned_photograph_stands_upright(tmp_path):
    pixels = np.array([[0, 0], [255, 255]], np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 3                             # orientation: upside down
    assert only(tmp_path, Image.fromarray(pixels), exif=exif) == [[255, 255], [0, 0]]


def test_of_an_animation_the_first_frame_is_read(tmp_path):
    frames = [Image.new("L", (4, 4), shade) for shade in (50, 250)]
    for kind in ("gif", "png", "webp"):
        options = {"save_all": True, "append_images": frames[1:]}
        assert only(tmp_path, frames[0], kind, **options) == [[50, 50]] * 2


def test_large_photographs_are_decoded_small(tmp_path, monkeypatch):
    seen, fit = [], ImageOps.fit
    monkeypatch.setattr(ImageOps, "fit", lambda picture, *rest: (
        seen.append(picture.size), fit(picture, *rest))[1])
    slope = np.add.outer(np.arange(800), np.arange(1400)).astype(np.uint8) // 8
    photograph, turned = Image.fromarray(slope).convert("RGB"), Image.Exif()
    turned[0x0112] = 6                           # orientation: lying on its side
    only(tmp_path, photograph, "jpg")
    only(tmp_path, photograph, "jpg", exif=turned)
    only(tmp_path, photograph)
    assert seen == [(175, 100), (100, 175), (1400, 800)]


def test_decoding_small_costs_no_quality(tmp_path):
    random = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
    photograph = Image.fromarray(random).resize((900, 600), Image.Resampling.BICUBIC)
    photograph.save(tmp_path / "x.jpg", quality=95)
    exact = np.asarray(photograph.resize((32, 32), Image.Resampling.LANCZOS, (150, 0, 750, 600)))
    found = read_picture(tmp_path / "x.jpg", 32, 32, 1)[..., 0]
    assert np.abs(found.astype(int) - exact).max() <= 4


def test_a_large_photograph_is_read_without_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert only(tmp_path, Image.new("L", (10, 10), 7)) == [[7, 7]] * 2
    with pytest.raises(Image.DecompressionBombError):        # Pillow's limit is twice that number
        only(tmp_path, Image.new("L", (11, 11), 7))


def test_what_is_not_a_picture_is_none_and_what_only_claims_to_be_one_is_broken(tmp_path):
    for name in ("x.txt", "x.h", "x.pdf", "x.mpg", "x"):
        (tmp_path / name).write_text("#define X 0")
        assert read_picture(tmp_path / name, 2, 2, 1) is None
    (tmp_path / "x.png").write_text("#define X 0")
    with pytest.raises(OSError, match="cannot identify"):
        read_picture(tmp_path / "x.png", 2, 2, 1)
