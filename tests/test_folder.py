"""A folder of pictures: every one is read or named, and what is skipped is counted."""

import os
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from ensgen_tutorial.data.folder import load_folder
from ensgen_tutorial.data.image_set import SPLITS


def together(images, field="{}"):
    return np.concatenate([getattr(images, field.format(split)) for split in SPLITS])


def fill(folder, names, shade=100):
    """Plain grey pictures of 4×4, each a little brighter than the one before."""
    for i, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (shade + i,) * 3).save(folder / name)


def report_of(folder, **options):
    lines = []
    images = load_folder(folder, (4, 4), report=lines.append, **options)
    assert len(lines) == 1 and "\n" not in lines[0]
    return images, lines[0]


@pytest.fixture
def folder(tmp_path):
    """Twenty plain grey pictures of different sizes, brighter by number, and other files."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for i in range(20):
        kind = ("png", "jpg", "JPEG", "PNG")[i % 4]
        Image.new("RGB", (10 + i, 30 - i), (12 * i,) * 3).save(folder / f"{i:02}.{kind}")
    (folder / "notes.txt").write_text("no picture")
    (folder / "._00.png").write_bytes(b"what macOS leaves behind")
    return folder


def test_a_folder_is_split_8_1_1_and_shuffled_by_the_seed(folder):
    images = load_folder(folder, (6, 4))
    assert [len(images.train), len(images.validation), len(images.test)] == [16, 2, 2]
    assert (images.name, images.levels, images.image_shape) == ("mine", 256, (6, 4, 1))
    assert images.digest == load_folder(str(folder), [6, 4]).digest
    assert images.digest != load_folder(folder, (6, 4), seed=1).digest
    brightness = together(images).mean(axis=(1, 2, 3))
    assert np.abs(np.sort(brightness) - 12 * np.arange(20)).max() < 2
    assert (np.diff(brightness) < 0).any()       # shuffled


def test_a_folder_in_colour_and_in_fewer_levels(folder):
    Image.new("RGB", (9, 9), (255, 0, 0)).save(folder / "red.png")
    images = load_folder(folder, (3, 3), channels=3, levels=4)
    pixels = together(images)
    assert pixels.shape == (21, 3, 3, 3) and images.levels == 4
    assert (pixels == [3, 0, 0]).all(axis=(1, 2, 3)).sum() == 1


def test_numbers_of_numpy_are_as_good_as_python_s(folder):
    images = load_folder(folder, np.array([6, 4]), np.int64(1), np.uint8(16), np.int32(0))
    assert images.digest == load_folder(folder, (6, 4), levels=16).digest
    assert type(images.levels) is int


def test_every_format_is_read_and_the_rest_is_counted(tmp_path):
    suffixes = ("png jfif webp gif bmp tif ppm tga pcx ico jp2 jpe qoi sgi dds").split()
    fill(tmp_path, [f"{i}.{suffix}" for i, suffix in enumerate(suffixes)])
    (tmp_path / "0.png").rename(tmp_path / "a picture without a suffix")
    (tmp_path / ".DS_Store").write_bytes(b"")
    fill(tmp_path, [".thumbnails/small.png"])
    for name in ("b.txt", "c.heic", "film.mpg", "paper.pdf", "drawing.eps", "Makefile"):
        (tmp_path / name).write_bytes(b"%!PS no picture")
    (tmp_path / "c.h").write_text("#define PICTURES 0")
    (tmp_path / "b.txt").write_text("P5 is no picture either")
    images, line = report_of(tmp_path)
    assert np.abs(np.sort(together(images)[:, 0, 0, 0]).astype(int)
                  - np.arange(100, 100 + len(suffixes))).max() <= 2
    assert line == (
        f"{tmp_path.name}: 15 pictures read; 9 skipped: 2 hidden (.DS_Store, .thumbnails), 7 not "
        "in a picture format that Pillow reads (.eps, .h, .heic, .mpg, .pdf, …).")


def test_subfolders_are_classes_as_in_keras(tmp_path):
    import keras

    fill(tmp_path / "zebra", [f"{i}.png" for i in range(6)], 10)
    fill(tmp_path / "Cats", [f"{i}.jpg" for i in range(5)], 100)
    fill(tmp_path / "bees", ["x.png", "deep/er/y.png"], 200)
    images, line = report_of(tmp_path)
    assert images.classes == ("Cats", "bees", "zebra")
    theirs = keras.utils.image_dataset_from_directory(tmp_path, image_size=(4, 4), verbose=False)
    assert theirs.class_names == list(images.classes)
    shades, labels = together(images)[:, 0, 0, 0], together(images, "{}_labels")
    assert np.array_equal(labels, np.where(shades >= 200, 1, np.where(shades >= 100, 0, 2)))
    assert [len(images.train_labels), len(images.test_labels)] == [11, 1]
    assert line == f"{tmp_path.name}: 13 pictures read (3 classes)."


def test_pictures_beside_the_subfolders_are_read_and_nothing_has_a_label(tmp_path):
    fill(tmp_path, ["0.png", "1.png", "2.jfif", "cats/3.png"])
    images, line = report_of(tmp_path)
    assert len(together(images)) == 4 and images.classes is None and images.train_labels is None
    assert "4 pictures read (no classes, as 3 of them lie outside the subfolders)." in line


def test_the_same_picture_in_two_splits_is_reported(tmp_path):
    fill(tmp_path, [f"{i}.png" for i in range(20)])
    assert "split" not in report_of(tmp_path)[1]
    for i in range(10):
        Image.new("L", (9, 9), 7).save(tmp_path / f"same{i}.png")
    assert "30 pictures read; 1 of them occurs in more than one split." in report_of(tmp_path)[1]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_only_regular_files_are_opened(tmp_path):
    fill(tmp_path / "class", ["0.png", "1.png", "2.png"])
    os.mkfifo(tmp_path / "class" / "pipe.png")               # whoever opens it, waits for ever
    (tmp_path / "class" / "lost.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "class" / "round").symlink_to(tmp_path)
    assert ("3 skipped: 2 neither a file nor a folder (lost.png, pipe.png), 1 only a link to a "
            "folder (round).") in report_of(tmp_path)[1]


def test_a_subfolder_that_cannot_be_read_is_counted(tmp_path, monkeypatch):
    def refuse(place, scandir=os.scandir):
        if str(place).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    fill(tmp_path, ["0.png", "1.png", "2.png", "secret/3.png"])
    monkeypatch.setattr(os, "scandir", refuse)
    assert "3 pictures read; 1 skipped: 1 unreadable (secret)." in report_of(tmp_path)[1]


def test_without_a_console_there_is_no_bar(folder, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    load_folder(folder, (4, 4))


def test_three_pictures_are_one_each(tmp_path):
    fill(tmp_path, ["0.png", "1.png", "2.png"])
    images = load_folder(tmp_path, (4, 4))
    assert len(images.train) == len(images.validation) == len(images.test) == 1
    (tmp_path / "2.png").write_text("<html>")
    (tmp_path / "2.png").rename(tmp_path / "2.html")
    with pytest.raises(ValueError, match=r"at least 3.*holds 2; 1 skipped: .* reads \(.html\)"):
        load_folder(tmp_path, (4, 4))


def test_broken_pictures_are_named_all_at_once(folder):
    whole = (folder / "03.PNG").read_bytes()
    (folder / "03.PNG").write_bytes(whole[:-30])
    (folder / "05.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"03\.PNG.*05\.jpg"):
        load_folder(folder, (4, 4))


def test_an_absurd_size_is_refused_before_anything_is_unpacked(folder):
    content = (folder / "03.PNG").read_bytes()
    header = b"IHDR" + struct.pack(">II", 60_000, 60_000) + content[24:29]
    (folder / "03.PNG").write_bytes(content[:12] + header + struct.pack(">I", zlib.crc32(header))
                                    + content[33:])
    with pytest.raises(ValueError, match=r"cannot be read as pictures.*03\.PNG \(.*3600000000"):
        load_folder(folder, (4, 4))


def test_folders_that_are_not_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder .*missing"):
        load_folder(tmp_path / "missing", (4, 4))
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="is a file"):
        load_folder(tmp_path / "file", (4, 4))
    with pytest.raises(ValueError, match="holds none"):
        load_folder(tmp_path, (4, 4))


@pytest.mark.parametrize("options, says", [
    ({"size": 8}, "size must be"), ({"size": (0, 4)}, "height in size must be"),
    ({"size": (4, 4097)}, "width in size must be a whole number from 1 to 4,096, not 4097"),
    ({"size": (4.0, 4)}, "height in size"), ({"size": (4, 4, 3)}, "size must be"),
    ({"channels": 2}, "1 .grey. or 3"), ({"channels": True}, "channels"),
    ({"channels": 1.0}, "channels"), ({"channels": "grey"}, "channels"),
    ({"levels": 257}, "levels must be a whole number from 2 to 256"), ({"levels": 1}, "levels"),
    ({"levels": 2.5}, "levels"), ({"seed": -1}, "seed"), ({"seed": True}, "seed"),
])
def test_load_folder_refuses(options, says, folder):
    with pytest.raises(ValueError, match=says):
        load_folder(folder, **{"size": (4, 4), **options})
