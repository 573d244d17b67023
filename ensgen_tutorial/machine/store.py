"""Trained weights on disk: weights only, one file per recipe, never half-written.

A file is a plain ``.npz`` of number arrays and one JSON record, which holds the SHA-256 of the
arrays. It is written beside its place and moved there in one step, so a reader finds the old
file or the new one, and two writers cannot mix theirs. Nothing is ever unpickled, and nothing that
a file says of its sizes is believed before its length was looked at.
"""

import hashlib
import json
import os
import uuid
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import platformdirs

FORMAT = 1
MOST_RATIO = 1040           # DEFLATE packs 1032 bytes into one, and no more
RECORD = 2**26              # bytes of JSON, far more than a training's history takes


class DamagedFileError(ValueError):
    """A stored file that must not be used: broken, tampered with, foreign or of another version."""


def store_folder():
    """Where trained weights are kept: ``ENSGEN_STORE`` or the user's data folder, as a Path."""
    own = os.environ.get("ENSGEN_STORE")
    return Path(own).expanduser() if own else platformdirs.user_data_path("ensgen") / "trained"


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
    record = {**record, "format": FORMAT, "sha256": digest(arrays)}
    text = np.frombuffer(json.dumps(record, default=list).encode(), dtype=np.uint8)
    savez = np.savez_compressed if compressed else np.savez
    write_whole(path, lambda file: savez(file, record=text, **arrays), durable)


def write_whole(path, write, durable=False):
    """Write a file in one step: ``write(file)`` gets a binary file, which then replaces ``path``.

    A new file has the rights that the umask gives, so that others can read a shared store. Raises
    OSError where that cannot be; the old file stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.stem}.{uuid.uuid4().hex}.unfinished")
    try:
        with open(unfinished, "xb") as file:
            write(file)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        remove(unfinished)
        raise


def load(path, shapes=None):
    """Read ``(arrays, record)`` back.

    ``shapes``: a dict name -> shape that the arrays must have exactly, or None for any.
    Raises FileNotFoundError, another OSError, or DamagedFileError with what is wrong.
    """
    path = Path(path)
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                found = declared(archive, path.stat().st_size)
                if shapes is not None and found | {"record": ()} != {
                        "record": (), **{name: tuple(shape) for name, shape in shapes.items()}}:
                    raise DamagedFileError(f"{path.name} holds weights of other shapes than this "
                                           "generator's")
                arrays = {name: read_array(archive, name) for name in found}
            record = json.loads(arrays.pop("record").tobytes())
            written_format, written_digest = record["format"], record["sha256"]
        except DamagedFileError:
            raise
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, TypeError,
                LookupError, AttributeError, RuntimeError) as error:
            raise DamagedFileError(f"{path.name} is not a whole file of this store") from error
    if written_format != FORMAT:
        raise DamagedFileError(
            f"{path.name} was written in format {written_format}, and this version reads {FORMAT}"
        )
    if written_digest != digest(arrays):
        raise DamagedFileError(f"{path.name} does not match its own SHA-256: it was changed")
    return arrays, record


def declared(archive, length):
    """The shape that each array of an archive says it has; ValueError where that cannot be.

    length: of the file, in bytes. No array is read, so nothing large is allocated.
    """
    shapes = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name in shapes or name == member.filename:
            raise ValueError(f"{member.filename} is not one array")
        if member.compress_size > length or member.file_size > MOST_RATIO * member.compress_size:
            raise ValueError(f"{name} is larger than the file can hold")
        with archive.open(member) as file:
            shape, dtype = read_header(file)
            if dtype.hasobject or np.prod(shape, dtype=object) * dtype.itemsize != (
                    member.file_size - file.tell()) or (name == "record"
                                                        and member.file_size > RECORD):
                raise ValueError(f"{name} declares {shape} of {dtype}, and has other bytes")
        shapes[name] = shape
    return shapes


def read_header(file):
    """Shape and type from the header of a ``.npy`` file; ValueError where there is none."""
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"unknown version {version}")
    read = (np.lib.format.read_array_header_1_0 if version == (1, 0)
            else np.lib.format.read_array_header_2_0)
    shape, _, dtype = read(file)
    return shape, dtype


def read_array(archive, name):
    with archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def set_aside(path):
    """Rename a file that must not be used to ``….set-aside-N``, so nothing is lost.

    Returns where it is now, or None where it could not be renamed.
    """
    path = Path(path)
    number = 1
    while (aside := path.with_name(f"{path.name}.set-aside-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
    except FileNotFoundError:          # another process was quicker
        pass
    except OSError:
        return None
    return aside


def remove(path):
    """Delete a file, if it is there and can be deleted."""
    with suppress(OSError):
        Path(path).unlink()


def unwritable(folder):
    """Why files cannot be written in ``folder``, as a sentence's end, or None where they can."""
    trial = Path(folder) / f"{uuid.uuid4().hex}.unfinished"
    try:
        trial.parent.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"ensgen")
    except OSError as error:
        return error.strerror or str(error)
    finally:
        remove(trial)
    return None
