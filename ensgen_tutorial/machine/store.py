"""Trained weights on disk: weights only, one file a recipe, never half-written.

A file is a plain ``.npz`` of number arrays and one JSON record, which holds the SHA-256 of the
arrays. It is written beside its place and moved there in one step, so a reader finds the old
file or the new one, and two writers cannot mix theirs. Nothing is ever unpickled.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import platformdirs

FORMAT = 1


class DamagedFileError(ValueError):
    """A stored file that must not be used: broken, tampered with, foreign or of another version."""


def store_folder():
    """Where trained weights are kept: ``ENSGEN_STORE`` or the user's data folder, as a Path."""
    return Path(os.environ.get("ENSGEN_STORE") or platformdirs.user_data_path("ensgen") / "trained")


def recipe_hash(recipe):
    """Sixteen hexadecimal digits that name a recipe (a dict that JSON can hold)."""
    text = json.dumps(recipe, sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest(arrays):
    """SHA-256 over the names, types, shapes and bytes of a dict of arrays, as hexadecimal."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}".encode())
        total.update(array.data.cast("B") if array.size else b"")
    return total.hexdigest()


def save(path, arrays, record, durable=True, compressed=False):
    """Write ``arrays`` (dict of number arrays) and ``record`` (a dict for JSON) to ``path``.

    ``durable=False`` skips waiting for the disk, for files that are soon written again.
    ``compressed`` takes a little longer and is for files that travel.
    Raises OSError where the disk is full or the folder cannot be written; the old file stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {**record, "format": FORMAT, "sha256": digest(arrays)}
    text = np.frombuffer(json.dumps(record, default=list).encode(), dtype=np.uint8)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".unfinished")
    try:
        with os.fdopen(handle, "wb") as file:
            (np.savez_compressed if compressed else np.savez)(file, record=text, **arrays)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def load(path, shapes=None):
    """Read ``(arrays, record)`` back.

    ``shapes``: a dict name -> shape that the arrays must have exactly, or None for any.
    Raises FileNotFoundError, or DamagedFileError with what is wrong.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        record = json.loads(arrays.pop("record").tobytes())
        written_format, written_digest = record["format"], record["sha256"]
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError) as error:
        raise DamagedFileError(f"{path.name} is not a whole file of this store") from error
    if written_format != FORMAT:
        raise DamagedFileError(
            f"{path.name} was written in format {written_format}, and this version reads {FORMAT}"
        )
    if written_digest != digest(arrays):
        raise DamagedFileError(f"{path.name} does not match its own SHA-256: it was changed")
    found = {name: array.shape for name, array in arrays.items()}
    if shapes is not None and found != {name: tuple(shape) for name, shape in shapes.items()}:
        raise DamagedFileError(f"{path.name} holds weights of other shapes than this generator's")
    return arrays, record


def set_aside(path):
    """Rename a file that must not be used to ``….set-aside-N``, so nothing is lost; returns it."""
    path = Path(path)
    number = 1
    while (aside := path.with_name(f"{path.name}.set-aside-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
    except FileNotFoundError:          # another process was quicker
        pass
    return aside


def unwritable(folder):
    """Why files cannot be written in ``folder``, as a sentence's end, or None where they can."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"ensgen")
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return None


def remove(path):
    """Delete a file, if it is there and can be; never raises."""
    try:
        Path(path).unlink()
    except OSError:
        pass


def write_whole(path, write):
    """Write in one step: ``write(file)`` gets an open binary file; it replaces ``path`` when whole."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".unfinished")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
