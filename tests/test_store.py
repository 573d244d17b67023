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


def declaring(shape, kind="<f4", size=24):
    return npy(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}", bytes(size))


BAD = {
    "terabytes": declaring("(1099511627776, 4)"), "a negative size": declaring("(-2, -3)"),
    "a number of 4301 digits": declaring(f"({'9' * 4301},)"), "a shape that is not one": declaring("2.5"),
    "fewer bytes": declaring("(2, 3)", size=20), "more bytes": declaring("(2, 3)", size=28),
    "objects": declaring("(1,)", "|O", 8), "text": declaring("(2,)", "<U3"),
    "dates": declaring("(3,)", "<M8[s]"), "a type that does not exist": declaring("(2, 3)", "<f7"),
    "nothing, endless times": declaring("(0, 9223372036854775807, 99)", size=0),
    "no array": b"text", "an unknown version": b"\x93NUMPY\x09\x00" + bytes(99),
    "a header of gigabytes": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + bytes(10**7),
    "a header that is code": npy("__import__('os').system('false')"),
    "a header that ends early": npy("{'descr': '''<f4, 'fortran"),
    "a header too deep to parse": npy("-" * 9000 + "1"),
    "a header of Python 2": declaring("(2L, 3L)"),
}


@pytest.mark.parametrize("damage", BAD)
def test_what_an_array_declares_is_checked_before_anything_is_allocated(damage, tmp_path, recwarn):
    path = tmp_path / "bad.npz"
    store.save(path, {"1": np.array(7)}, {})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.npy", BAD[damage])
    tracemalloc.start()
    for shapes in (None, {"0": (2, 3), "1": ()}):
        with pytest.raises(store.DamagedFileError, match="bad.npz"):
            store.load(path, shapes)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
    assert not recwarn


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name, method", [("0.txt", zipfile.ZIP_STORED), ("1.npy", zipfile.ZIP_STORED),
                                          ("0.npy", zipfile.ZIP_LZMA), ("0.npy", zipfile.ZIP_BZIP2)])
def test_an_archive_that_this_store_did_not_write_is_refused(name, method, tmp_path):
    path = tmp_path / "bad.npz"
    store.save(path, {"1": np.array(7)}, {})
    with zipfile.ZipFile(path, "a", method) as archive:
        archive.writestr(name, declaring("(2, 3)"))
    with pytest.raises(store.DamagedFileError):
        store.load(path)


def test_members_that_share_their_bytes_are_refused(path):
    """So that a small file cannot unpack to more than its length allows."""
    with zipfile.ZipFile(path) as archive:
        store.declared_shapes(archive, path.stat().st_size)
        with pytest.raises(ValueError, match="overlap"):
            store.declared_shapes(archive, 100)


def test_an_archive_that_claims_to_unpack_to_more_than_it_can_is_refused(path):
    """A directory entry's size is at 24 bytes after its signature."""
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (2**31).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(store.DamagedFileError):
        store.load(path)


@pytest.mark.parametrize("text", [
    "[]", '"text"', '{"format": 1}', '{"sha256": ""}', '{"format": 1, "sha256": 7}', "7", "{",
    "[" * 99_999])
def test_a_record_that_is_not_one_is_refused(text, tmp_path):
    np.savez(tmp_path / "bad.npz", record=np.frombuffer(text.encode(), np.uint8))
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
    monkeypatch.setenv("ENSGEN_STORE", "~nobody_of_this_name/x")
    with pytest.raises(ValueError, match="write the whole path"):
        store.store_folder()


def test_a_store_that_cannot_be_written_is_named_and_nothing_stays(tmp_path):
    assert store.unwritable(tmp_path / "new" / "deep") is None and not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for folder in ("file", "file/below", "link"):
        assert store.unwritable(tmp_path / folder)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_cannot_be_written(tmp_path, monkeypatch):
    class Full(list):
        __enter__, __exit__ = lambda self: self, lambda *_: None

        def write(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Full())
    assert "No space left" in store.unwritable(tmp_path)


def test_removing_never_raises_and_says_whether_it_is_gone(path, monkeypatch):
    assert store.remove(path.parent / "none") and store.remove(path / "below")
    assert not store.remove(path.parent)                    # a folder stays
    assert store.remove(path) and not path.exists()


def test_a_file_that_cannot_be_renamed_stays(path, monkeypatch):
    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    assert store.set_aside(path.parent / "none") is None    # another process was quicker
    for method in ("rename", "exists"):
        with monkeypatch.context() as patch:
            patch.setattr(f"pathlib.Path.{method}", refuse)
            assert store.set_aside(path) is None
    assert path.exists()


def test_anything_can_be_written_in_one_step(tmp_path):
    path = tmp_path / "new" / "table.json"
    store.write_whole(path, lambda file: file.write(b"[1]"))

    def stop(file):
        file.write(b"[1, ")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write_whole(path, stop)
    assert path.read_bytes() == b"[1]" and list(path.parent.iterdir()) == [path]
