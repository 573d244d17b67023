"""Named data sets: the same numbers everywhere, and damaged files never pass for good ones."""

import gzip
import hashlib
import os
import tracemalloc

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ensgen_tutorial.data import named
from ensgen_tutorial.data.named import IDX_FILES, load_images, read_idx


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


@pytest.mark.parametrize("name, says", [
    ("Fashion-MNIST", "did you mean 'fashion_mnist'"), ("digit", "did you mean 'digits'"),
    ("zebra", "known are 'digits', 'fashion_mnist', 'mnist', 'glyphs'"), (3, "no data set 3"),
])
def test_an_unknown_name_gets_the_nearest(name, says):
    with pytest.raises(ValueError, match=says):
        load_images(name)


def test_a_folder_is_not_a_name(tmp_path):
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
    monkeypatch.setattr(named, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(keras.datasets.mnist, "load_data", no_network)
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", no_network)
    shas = tuple(hashlib.sha256(idx(array)).hexdigest() for array in ARRAYS)
    monkeypatch.setattr(named, "IDX_SHAPES", [array.shape for array in ARRAYS])
    monkeypatch.setattr(named, "IDX_SHA256", {"mnist": shas, "fashion_mnist": shas})
    return tmp_path


def idx(array):
    return b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + (
        array.tobytes())


RANDOM = np.random.default_rng(0)
ARRAYS = [RANDOM.integers(0, high, shape, dtype=np.uint8) for high, shape in
          [(256, (60_000, 2, 1)), (10, 60_000), (256, (10_000, 2, 1)), (10, 10_000)]]


PACKED = {file: gzip.compress(idx(array), 1) for file, array in zip(IDX_FILES, ARRAYS)}


def write(folder, files=IDX_FILES):
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file).write_bytes(PACKED[file])


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
    with pytest.raises(ValueError, match="mnist.npz must hold 11,490,434 bytes, and holds 211,"):
        load_images("mnist")
    monkeypatch.setattr(named, "MNIST_NPZ_SIZE", archive.stat().st_size)
    with pytest.raises(ValueError, match="mnist.npz has the wrong checksum"):
        load_images("mnist")
    sha = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(named, "MNIST_NPZ_SHA256", sha)
    assert np.array_equal(load_images("mnist").test[..., 0], ARRAYS[2])


def other_array(content):
    return gzip.compress(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize("damage, says", [
    (lambda content: gzip.compress(content)[:-2000], "is cut short"),
    (lambda content: b"", "must hold 20,016 bytes, and holds 0|is cut short"),
    (lambda content: content, "is not a whole gzip file"),
    (lambda content: gzip.compress(content)[:-8] + b"\0" * 8, "is not a whole gzip file"),
    (lambda content: gzip.compress(content[:-7]), "must hold 20,016 bytes, and holds 20,009"),
    (lambda content: gzip.compress(content + b"x"), "must hold 20,016 bytes, and holds more"),
    (lambda content: gzip.compress(b"<html>no such page</html>"), "must hold .* and holds 25"),
    (other_array, "has the wrong checksum"),
])
def test_a_damaged_file_is_named_and_nothing_else_is_taken(damage, says, places):
    write(places / "own")
    write(places / "debian")                     # a good copy that must not be taken silently
    (places / "own" / IDX_FILES[2]).write_bytes(damage(idx(ARRAYS[2])))
    with pytest.raises(ValueError, match=f"own.{IDX_FILES[2]} ({says})"):
        load_images("fashion_mnist")


def test_no_more_is_read_than_wanted(tmp_path):
    bomb, huge = tmp_path / "bomb.gz", tmp_path / "huge"
    bomb.write_bytes(gzip.compress(bytes(50_000_000), 1))
    with open(huge, "wb") as file:
        file.truncate(50_000_000)
    for path in (bomb, huge):
        tracemalloc.start()
        with pytest.raises(ValueError, match="must hold 18 bytes, and holds more"):
            read_idx(path, (10,), "")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
        tracemalloc.stop()


def test_the_shapes_are_those_of_the_data_sets():
    assert [4 + 4 * len(shape) + np.prod(shape) for shape in named.IDX_SHAPES] == [
        16 + 60_000 * 784, 8 + 60_000, 16 + 10_000 * 784, 8 + 10_000]


def test_unpacked_files_are_read_too(places):
    write(places / "own", IDX_FILES[1:])
    (places / "own" / IDX_FILES[0].removesuffix(".gz")).write_bytes(idx(ARRAYS[0]))
    assert np.array_equal(load_images("mnist").validation[..., 0], ARRAYS[0][50_000:])


def test_some_of_the_files_is_a_mistake_to_hear_of(places):
    write(places / "own", IDX_FILES[:3])
    write(places / "debian")
    with pytest.raises(FileNotFoundError, match=f"lacks {IDX_FILES[3]} .or the same without .gz"):
        load_images("fashion_mnist")


@pytest.mark.parametrize("other", ["train-images.idx3-ubyte", "train-images-idx3-ubyte(1).gz",
                                   "mnist(1).npz"])
def test_files_of_other_names_are_named(other, places):
    (places / "own").mkdir()
    (places / "own" / other).write_bytes(b"")
    (places / "own" / "t10k-labels-idx1-ubyte").mkdir()          # as some programs unpack
    with pytest.raises(FileNotFoundError) as caught:
        load_images("mnist")
    message = str(caught.value)
    for part in (str(places / "own"), *IDX_FILES, other, "t10k-labels-idx1-ubyte/"):
        assert part in message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_opened(places):
    write(places / "own", IDX_FILES[1:])
    os.mkfifo(places / "own" / IDX_FILES[0])
    with pytest.raises(FileNotFoundError, match=f"lacks {IDX_FILES[0]}"):
        load_images("mnist")


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
    for part in (advice, str(places / "own"), str(places / "keras"), *IDX_FILES):
        assert part in str(caught.value)
    assert f"Downloading {name}" in capsys.readouterr().err


@pytest.mark.skipif(not (named.DEBIAN_FOLDER / IDX_FILES[0]).is_file(),
                    reason="Debian's package dataset-fashion-mnist is not installed")
def test_debian_s_fashion_mnist_is_the_published_one(monkeypatch):
    monkeypatch.delenv("ENSGEN_DATA", raising=False)
    fashion = load_images("fashion_mnist")
    assert fashion.image_shape == (28, 28, 1) and fashion.train.max() == 255
    assert np.bincount(fashion.test_labels).tolist() == [1000] * 10
    assert fashion.classes[fashion.train_labels[0]] == "ankle boot"
