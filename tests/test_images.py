"""Data sets: the same numbers everywhere, and damaged files never pass for good ones."""

import gzip
import hashlib
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from ensgen_tutorial.data import image_set, named
from ensgen_tutorial.data.folder import load_folder
from ensgen_tutorial.data.image_set import ImageSet
from ensgen_tutorial.data.named import IDX_FILES, load_images
from ensgen_tutorial.data.pixels import check_pixels, to_images, to_pixels

PIXELS = np.arange(16, dtype=np.uint8).reshape(4, 2, 2, 1)


@pytest.mark.parametrize("levels", [2, 3, 17, 256, 257, 65536])
def test_pixels_become_images_and_come_back(levels):
    pixels = np.arange(levels)
    images = to_images(pixels, levels)
    assert images.dtype == np.float32 and images[0] == 0 and images[-1] == 1
    back = to_pixels(images, levels)
    assert np.array_equal(back, pixels)
    assert back.dtype == (np.uint8 if levels <= 256 else np.uint16)


def test_to_pixels_takes_the_nearest_and_forgives_rounding():
    assert to_pixels([0.24, 0.26, -1e-7, 1 + 1e-7], 3).tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize("images, error, says", [
    ([0.5, np.nan], ValueError, "NaN"),
    ([0.5, np.inf], ValueError, "infinity"),
    ([0.0, 1.5], ValueError, "to 1.5"),
    ([-0.5, 1.0], ValueError, "from -0.5"),
    ([0, 1], TypeError, "to_images"),
    ([False, True], TypeError, "bool"),
])
def test_to_pixels_refuses(images, error, says):
    with pytest.raises(error, match=says):
        to_pixels(images, 17)


@pytest.mark.parametrize("pixels, error, says", [
    ([0.5], TypeError, "float64"), ([17], ValueError, "to 17"), ([-1], ValueError, "from -1"),
])
def test_to_images_refuses(pixels, error, says):
    with pytest.raises(error, match=says):
        to_images(pixels, 17)


@pytest.mark.parametrize("levels, error", [(1, ValueError), (65537, ValueError), (2.0, TypeError),
                                           (True, TypeError), ("17", TypeError)])
def test_levels_are_a_whole_number_from_2(levels, error):
    with pytest.raises(error, match="levels must be"):
        to_images([0], levels)
    with pytest.raises(error, match="levels must be"):
        ImageSet("x", levels, PIXELS, PIXELS, PIXELS)


@pytest.mark.parametrize("pixels, error, says", [
    (PIXELS / 16, TypeError, "to_pixels"),
    (np.full((1, 2, 2, 1), np.nan), TypeError, "NaN"),
    (PIXELS > 3, TypeError, "bool.*to_pixels"),
    (PIXELS[0], ValueError, r"\(N, 2, 2, 1\), not \(2, 2, 1\): .*pixels\[None\]"),
    (PIXELS[..., 0], ValueError, r"\(4, 2, 2\): .*pixels\[\.\.\., None\]"),
    (PIXELS.reshape(4, 4, 1, 1), ValueError, r"\(N, 2, 2, 1\), not \(4, 4, 1, 1\)"),
    (PIXELS[:0], ValueError, "at least one"),
    (PIXELS + np.uint8(1), ValueError, "0 … 15, and these go from 1 to 16"),
    (PIXELS.astype(int) - 1, ValueError, "from -1"),
    ("text", TypeError, "integer type"),
])
def test_check_pixels_refuses_and_says_what_was_wanted(pixels, error, says):
    with pytest.raises(error, match=says):
        check_pixels(pixels, (2, 2, 1), 16)


def test_check_pixels_takes_lists_and_any_integer_type():
    assert check_pixels(PIXELS.tolist(), (2, 2, 1), 16).dtype.kind == "i"
    assert check_pixels(PIXELS, [2, 2, 1], 16) is PIXELS


def test_digits_are_split_in_file_order():
    digits, source = load_images("digits"), load_digits()
    assert (digits.levels, digits.image_shape, digits.train.dtype) == (17, (8, 8, 1), np.uint8)
    assert [len(digits.train), len(digits.validation), len(digits.test)] == [1000, 350, 447]
    together = np.concatenate([digits.train, digits.validation, digits.test])
    labels = [digits.train_labels, digits.validation_labels, digits.test_labels]
    assert np.array_equal(together[..., 0], source.images)
    assert np.array_equal(np.concatenate(labels), source.target)
    assert digits.classes[digits.test_labels[0]] == str(source.target[1350])
    assert "1,000 train" in repr(digits) and "8×8×1" in repr(digits)


def test_levels_are_reduced_by_the_stated_rule():
    digits, fewer = load_images("digits"), load_images("digits", levels=4)
    assert fewer.levels == 4
    for split in image_set.SPLITS:
        assert np.array_equal(getattr(fewer, split), getattr(digits, split).astype(int) * 4 // 17)
    assert digits.with_levels(17).digest == digits.digest
    with pytest.raises(ValueError, match="at most 17.*digits.*18"):
        load_images("digits", levels=18)


def test_many_levels_do_not_overflow():
    pixels = np.full((1, 1, 1, 1), 65535, np.uint16)
    assert ImageSet("x", 65536, pixels, pixels, pixels).with_levels(65535).train.item() == 65534


def test_nobody_changes_the_data_by_accident():
    mine = PIXELS.copy()
    images = ImageSet("x", 16, mine, mine, mine, np.arange(4))
    for array in (images.train, images.test, images.train_labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    mine[0] = 1                                  # the owner's array stays the owner's
    with pytest.raises(FrozenInstanceError):
        images.levels = 17


def test_the_digest_knows_contents_and_not_names():
    images = ImageSet("x", 16, PIXELS, PIXELS, PIXELS)
    same = ImageSet("y", 16, PIXELS.astype(np.int64), PIXELS, PIXELS, np.arange(4))
    assert images.digest == same.digest and len(images.digest) == 64
    changed = PIXELS.copy()
    changed[0, 0, 0, 0] ^= 1
    wide = PIXELS.reshape(4, 1, 4, 1)
    others = [replace(images, train=changed), replace(images, test=changed),
              replace(images, levels=17), replace(images, validation=PIXELS[:3]),
              ImageSet("x", 16, wide, wide, wide)]
    assert len({images.digest, *(other.digest for other in others)}) == 6


def test_an_image_set_checks_its_splits_and_labels():
    with pytest.raises(ValueError, match=r"test must have shape \(N, 2, 2, 1\)"):
        ImageSet("x", 16, PIXELS, PIXELS, PIXELS.reshape(4, 4, 1, 1))
    with pytest.raises(ValueError, match="validation must lie in 0 … 14"):
        ImageSet("x", 15, PIXELS[:3], PIXELS, PIXELS[:3])
    with pytest.raises(ValueError, match="train_labels must be 4 whole numbers"):
        ImageSet("x", 16, PIXELS, PIXELS, PIXELS, [0, 1, 2])
    with pytest.raises(ValueError, match="test_labels"):
        ImageSet("x", 16, PIXELS, PIXELS, PIXELS, test_labels=[0.5] * 4)


@pytest.mark.parametrize("name, says", [
    ("Fashion-MNIST", "did you mean 'fashion_mnist'"), ("digit", "did you mean 'digits'"),
    ("zebra", "known are 'digits', 'fashion_mnist', 'mnist'"), (3, "no data set 3"),
])
def test_an_unknown_name_gets_the_nearest(name, says):
    with pytest.raises(ValueError, match=says):
        load_images(name)


def test_a_folder_is_no_name(tmp_path):
    for folder in (tmp_path, str(tmp_path)):
        with pytest.raises(ValueError, match="load_folder"):
            load_images(folder)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Nothing is found and nothing downloaded; small files may stand for MNIST's."""
    def no_network(*_):
        raise Exception("URL fetch failure")     # as Keras does

    import keras

    monkeypatch.setenv("ENSGEN_DATA", str(tmp_path / "own"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(module, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(keras.datasets.mnist, "load_data", no_network)
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", no_network)
    shas = tuple(hashlib.sha256(idx(array)).hexdigest() for array in ARRAYS)
    monkeypatch.setattr(module, "IDX_SHA256", {"mnist": shas, "fashion_mnist": shas})
    return tmp_path


def idx(array):
    return b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + (
        array.tobytes())


RANDOM = np.random.default_rng(0)
ARRAYS = [RANDOM.integers(0, high, shape, dtype=np.uint8) for high, shape in
          [(256, (60_000, 2, 1)), (10, 60_000), (256, (10_000, 2, 1)), (10, 10_000)]]


def write(folder, files=IDX_FILES):
    folder.mkdir(parents=True, exist_ok=True)
    for file, array in zip(IDX_FILES, ARRAYS):
        if file in files:
            (folder / file).write_bytes(gzip.compress(idx(array), 1))


@pytest.mark.parametrize("name, folder", [
    ("mnist", "own"), ("mnist", "own/mnist"), ("fashion_mnist", "own/fashion_mnist"),
    ("fashion_mnist", "debian"), ("fashion_mnist", "keras/datasets/fashion-mnist"),
])
def test_each_place_is_looked_into(name, folder, places):
    write(places / folder)
    images = load_images(name)
    counts = [len(images.train), len(images.validation), len(images.test)]
    assert counts == [50_000, 10_000, 10_000] and images.levels == 256
    assert np.array_equal(images.validation[..., 0], ARRAYS[0][50_000:])
    assert np.array_equal(images.test[..., 0], ARRAYS[2])
    assert np.array_equal(images.train_labels, ARRAYS[1][:50_000])
    assert np.array_equal(images.test_labels, ARRAYS[3]) and len(images.classes) == 10


@pytest.mark.parametrize("folder", ["own", "own/mnist", "keras/datasets"])
def test_mnist_comes_in_keras_s_archive_too(folder, places, monkeypatch):
    (places / folder).mkdir(parents=True)
    archive = places / folder / "mnist.npz"
    np.savez(archive, **dict(zip(("x_train", "y_train", "x_test", "y_test"), ARRAYS)))
    with pytest.raises(ValueError, match="mnist.npz has the wrong checksum"):
        load_images("mnist")
    sha = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(module, "MNIST_NPZ_SHA256", sha)
    assert np.array_equal(load_images("mnist").test[..., 0], ARRAYS[2])


def other_array(content):
    return gzip.compress(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize("damage, says", [
    (lambda content: gzip.compress(content)[:-2000], "is cut short"),
    (lambda content: b"", "does not hold an idx file|is cut short"),
    (lambda content: content, "is not a whole gzip file"),
    (lambda content: gzip.compress(content)[:-8] + b"\0" * 8, "is not a whole gzip file"),
    (lambda content: gzip.compress(content[:-7]), "does not hold an idx file"),
    (lambda content: gzip.compress(b"<html>no such page</html>"), "does not hold an idx file"),
    (lambda content: gzip.compress(b"\0\0\x08"), "does not hold an idx file"),
    (other_array, "has the wrong checksum"),
])
def test_a_damaged_file_is_named_and_nothing_else_is_taken(damage, says, places):
    write(places / "own")
    write(places / "debian")                     # a good copy that must not be taken silently
    (places / "own" / IDX_FILES[2]).write_bytes(damage(idx(ARRAYS[2])))
    with pytest.raises(ValueError, match=f"own.{IDX_FILES[2]} ({says})"):
        load_images("fashion_mnist")


def test_half_of_the_files_is_a_mistake_to_hear_about(places):
    write(places / "own", IDX_FILES[:3])
    write(places / "debian")
    with pytest.raises(FileNotFoundError, match=f"lacks {IDX_FILES[3]}"):
        load_images("fashion_mnist")


def test_a_folder_without_the_files_is_passed_over(places):
    (places / "own").mkdir()
    write(places / "debian")
    assert len(load_images("fashion_mnist").test) == 10_000


def test_an_interrupted_download_is_taken_up_again(places, monkeypatch, capsys):
    import keras

    cache = places / "keras" / "datasets" / "fashion-mnist"
    write(cache, IDX_FILES[:1])
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data",
                        lambda: (print("progress"), write(cache)))
    assert len(load_images("fashion_mnist").test) == 10_000
    shown = capsys.readouterr()
    assert shown.out == "" and str(cache) in shown.err     # a report on stdout stays a report
    assert shown.err.index("Downloading fashion_mnist") < shown.err.index("progress")


@pytest.mark.parametrize("name, advice", [("mnist", "ENSGEN_DATA"),
                                          ("fashion_mnist", "apt install dataset-fashion-mnist")])
def test_without_a_network_it_says_what_to_do(name, advice, places, capsys):
    with pytest.raises(ConnectionError, match=f"{name} .*ENSGEN_DATA.*") as caught:
        load_images(name)
    assert advice in str(caught.value)
    assert f"Downloading {name}" in capsys.readouterr().err


@pytest.mark.skipif(not (named.DEBIAN_FOLDER / IDX_FILES[0]).is_file(),
                    reason="Debian's package dataset-fashion-mnist is not installed")
def test_debian_s_fashion_mnist_is_the_published_one(monkeypatch):
    monkeypatch.delenv("ENSGEN_DATA", raising=False)
    fashion = load_images("fashion_mnist")
    assert fashion.image_shape == (28, 28, 1) and fashion.train.max() == 255
    assert np.bincount(fashion.test_labels).tolist() == [1000] * 10
    assert fashion.classes[fashion.train_labels[0]] == "ankle boot"


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
    together = np.concatenate([images.train, images.validation, images.test])
    brightness = together.mean(axis=(1, 2, 3))
    assert np.abs(np.sort(brightness) - 12 * np.arange(20)).max() < 2
    assert (np.diff(brightness) < 0).any()       # shuffled


def test_a_folder_in_colour_and_in_fewer_levels(folder):
    Image.new("RGB", (9, 9), (255, 0, 0)).save(folder / "red.png")
    images = load_folder(folder, (3, 3), channels=3, levels=4)
    together = np.concatenate([images.train, images.validation, images.test])
    assert together.shape == (21, 3, 3, 3) and images.levels == 4
    assert (together == [3, 0, 0]).all(axis=(1, 2, 3)).sum() == 1


def only(tmp_path, picture, **options):
    """The one picture that ``picture`` saves three times, as load_folder reads it."""
    for i in range(3):
        picture.save(tmp_path / f"{i}.png", **options)
    return load_folder(tmp_path, (2, 2)).train[0, ..., 0].tolist()


def test_pictures_are_cut_around_their_centre(tmp_path):
    pixels = np.full((2, 6), 200, np.uint8)
    pixels[:, 2:4] = 50
    assert only(tmp_path, Image.fromarray(pixels)) == [[50, 50], [50, 50]]


def test_a_turned_photograph_stands_upright(tmp_path):
    pixels = np.array([[0, 0], [255, 255]], np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 3                             # orientation: upside down
    assert only(tmp_path, Image.fromarray(pixels), exif=exif) == [[255, 255], [0, 0]]


def test_transparent_is_white_and_sixteen_bits_are_scaled(tmp_path):
    clear = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    assert only(tmp_path, clear) == [[255, 255], [255, 255]]
    deep = Image.fromarray(np.full((2, 2), 40_000, np.uint16))
    assert only(tmp_path, deep) == [[156, 156], [156, 156]]


def test_three_pictures_are_one_each(tmp_path):
    for i in range(3):
        Image.new("L", (4, 4), 100 * i).save(tmp_path / f"{i}.png")
    images = load_folder(tmp_path, (4, 4))
    assert len(images.train) == len(images.validation) == len(images.test) == 1
    (tmp_path / "2.png").unlink()
    with pytest.raises(ValueError, match="at least 3.*holds 2"):
        load_folder(tmp_path, (4, 4))


def test_broken_pictures_are_named_all_at_once(folder):
    whole = (folder / "03.PNG").read_bytes()
    (folder / "03.PNG").write_bytes(whole[:-30])
    (folder / "05.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"03\.PNG.*05\.jpg"):
        load_folder(folder, (4, 4))


def test_folders_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder .*missing"):
        load_folder(tmp_path / "missing", (4, 4))
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="is a file"):
        load_folder(tmp_path / "file", (4, 4))
    with pytest.raises(ValueError, match="holds none"):
        load_folder(tmp_path, (4, 4))


@pytest.mark.parametrize("options, error, says", [
    ({"size": 8}, ValueError, "size must be"), ({"size": (0, 4)}, ValueError, "size must be"),
    ({"size": (4.0, 4)}, ValueError, "size must be"), ({"size": (4, 4, 3)}, ValueError, "size"),
    ({"channels": 2}, ValueError, "1 .grey. or 3"), ({"channels": True}, ValueError, "channels"),
    ({"levels": 257}, ValueError, "at most 256"), ({"levels": 1}, ValueError, "levels"),
    ({"levels": 2.5}, TypeError, "levels"), ({"seed": -1}, ValueError, "seed"),
])
def test_load_folder_refuses(options, error, says, folder):
    with pytest.raises(error, match=says):
        load_folder(folder, **{"size": (4, 4), **options})


def test_take_keeps_the_first_images_with_their_labels():
    digits = load_images("digits")
    few = digits.take(5, 4, 3)
    assert [len(few.train), len(few.validation), len(few.test_labels)] == [5, 4, 3]
    np.testing.assert_array_equal(few.train, digits.train[:5])
    np.testing.assert_array_equal(few.test_labels, digits.test_labels[:3])
    for count in (0, 1001, 2.5, True):
        with pytest.raises(ValueError, match="train must be"):
            digits.take(count, 1, 1)
