"""Weights on disk: whole or not at all, and nothing lost."""

import json
import os
import subprocess
import sys
import tracemalloc
import zipfile

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


def npy(header, content=b""):
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


HEADER = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }"
BAD = {
    "terabytes": {"0.npy": npy(HEADER % ("<f4", "(1099511627776, 4)"), bytes(24))},
    "a negative size": {"0.npy": npy(HEADER % ("<f4", "(-2, -3)"), bytes(24))},
    "fewer bytes": {"0.npy": npy(HEADER % ("<f4", "(2, 3)"), bytes(20))},
    "more bytes": {"0.npy": npy(HEADER % ("<f4", "(2, 3)"), bytes(28))},
    "objects": {"0.npy": npy(HEADER % ("|O", "(1,)"), bytes(8))},
    "no array": {"0.npy": b"text"}, "an unknown version": {"0.npy": b"\x93NUMPY\x09\x00" + bytes(99)},
    "another name": {"0.txt": b"text"}, "a shape that is not one": {"0.npy": npy(HEADER % ("<f4", "2.5"))},
    "a header that is code": {"0.npy": npy("__import__('os').system('false')")},
}


@pytest.mark.parametrize("damage", BAD)
def test_what_an_array_declares_is_checked_before_anything_is_allocated(damage, tmp_path):
    path = tmp_path / "bad.npz"
    store.save(path, {"1": np.array(7)}, {})
    with zipfile.ZipFile(path, "a") as archive:
        for name, content in BAD[damage].items():
            archive.writestr(name, content)
    tracemalloc.start()
    with pytest.raises(store.DamagedFileError, match="bad.npz"):
        store.load(path, {"0": (2, 3), "1": ()})
    assert tracemalloc.get_traced_memory()[1] < 2e6
    tracemalloc.stop()


def test_an_archive_that_claims_to_unpack_to_more_than_it_can_is_refused(path):
    """A directory entry's size is at 24 bytes after its signature."""
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(store.DamagedFileError):
        store.load(path)


@pytest.mark.parametrize("record", [[], "text", {"format": 1}, {"sha256": ""}, 7])
def test_a_record_that_is_not_one_is_refused(record, tmp_path):
    np.savez(tmp_path / "bad.npz", record=np.frombuffer(json.dumps(record).encode(), np.uint8))
    with pytest.raises(store.DamagedFileError):
        store.load(tmp_path / "bad.npz")


@pytest.mark.parametrize("compressed", [False, True])
def test_any_changed_byte_is_found_or_changes_nothing(compressed, tmp_path):
    path, random = tmp_path / "weights.npz", np.random.default_rng(0)
    store.save(path, ARRAYS, {"note": "kept"}, compressed=compressed)
    whole, found = path.read_bytes(), 0
    for _ in range(400):
        changed = bytearray(whole)
        changed[random.integers(len(whole))] ^= 1 << random.integers(8)
        path.write_bytes(changed)
        try:
            arrays, _ = store.load(path, SHAPES)
        except store.DamagedFileError:
            found += 1
        else:
            assert store.digest(arrays) == store.digest(ARRAYS)
    assert found > 200


def test_others_can_read_what_the_umask_lets_them(tmp_path):
    before = os.umask(0o022)
    try:
        store.save(tmp_path / "store" / "a.npz", ARRAYS, {})
        os.umask(0o077)
        store.save(tmp_path / "store" / "b.npz", ARRAYS, {})
    finally:
        os.umask(before)
    modes = [(tmp_path / "store" / name).stat().st_mode & 0o777 for name in ("a.npz", "b.npz")]
    assert modes == [0o644, 0o600]


def test_the_home_folder_can_be_written_short(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ENSGEN_STORE", "~/x")
    assert store.store_folder() == tmp_path / "x"


def test_a_store_that_cannot_be_written_is_named_and_nothing_stays(tmp_path, path, monkeypatch):
    place = tmp_path / "file"
    place.write_text("in the way")
    assert store.unwritable(tmp_path / "new") is None
    assert list((tmp_path / "new").iterdir()) == []
    for folder in (place, place / "below"):
        assert store.unwritable(folder)
        store.remove(folder / "weights.npz")                 # and does not raise

    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.rename", refuse)
    assert store.set_aside(path) is None and path.exists()
