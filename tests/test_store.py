"""Weights on disk: whole or not at all, and nothing lost."""

import json
import subprocess
import sys

import numpy as np
import pytest

from ensgen_tutorial.machine import store

ARRAYS = {"0": np.arange(6, dtype=np.float32).reshape(2, 3), "1": np.array(7, np.int64)}
SHAPES = {"0": (2, 3), "1": ()}


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "weights.npz"
    store.save(place, ARRAYS, {"note": "kept"})
    return place


def test_what_was_saved_comes_back(path):
    arrays, record = store.load(path, SHAPES)
    assert record["note"] == "kept"
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype


def test_every_truncation_is_found(path, tmp_path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        broken = tmp_path / "broken.npz"
        broken.write_bytes(whole[:length])
        with pytest.raises(store.DamagedFileError, match="broken.npz"):
            store.load(broken)


def test_a_changed_number_is_found_even_in_a_valid_archive(path):
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["0"] = arrays["0"] + 1
    np.savez(path, **arrays)
    with pytest.raises(store.DamagedFileError, match="SHA-256"):
        store.load(path)


def test_other_shapes_and_other_versions_are_named(path):
    with pytest.raises(store.DamagedFileError, match="other shapes"):
        store.load(path, {"0": (3, 2), "1": ()})
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    record = json.loads(arrays["record"].tobytes())
    record["format"] = 99
    arrays["record"] = np.frombuffer(json.dumps(record).encode(), np.uint8)
    np.savez(path, **arrays)
    with pytest.raises(store.DamagedFileError, match="format 99"):
        store.load(path)


def test_pickles_are_never_opened(tmp_path):
    path = tmp_path / "evil.npz"
    np.savez(path, record=np.array([{"format": 1}], dtype=object))
    with pytest.raises(store.DamagedFileError):
        store.load(path)


def test_a_failed_write_keeps_the_old_file_and_leaves_no_rubbish(path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        store.save(path, ARRAYS, {"note": "new"})
    assert store.load(path)[1]["note"] == "kept"
    assert [file.name for file in path.parent.iterdir()] == ["weights.npz"]


def test_set_aside_never_overwrites(path):
    first = store.set_aside(path)
    store.save(path, ARRAYS, {})
    second = store.set_aside(path)
    assert first != second and first.exists() and second.exists() and not path.exists()


def test_two_writers_leave_one_whole_file(tmp_path):
    code = (
        "import numpy as np, sys; from pathlib import Path; from ensgen_tutorial.machine import store\n"
        "for i in range(40): store.save(Path(sys.argv[1]), {'0': np.full((50, 50), i)}, {'i': i})"
    )
    path = tmp_path / "shared.npz"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(2)]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            arrays, record = store.load(path)              # never half a file
            assert (arrays["0"] == record["i"]).all()
            reads += 1
    assert all(writer.returncode == 0 for writer in writers) and reads > 0
    assert [file.name for file in tmp_path.iterdir()] == ["shared.npz"]


def test_recipes_have_one_hash_whatever_their_order():
    assert store.recipe_hash({"a": 1, "b": (2, 3)}) == store.recipe_hash({"b": [2, 3], "a": 1})
    assert store.recipe_hash({"a": 1}) != store.recipe_hash({"a": 2})
