"""Trained weights on disk: weights only, one file per recipe, never half-written.

A file is a plain ``.npz`` of number arrays and one JSON record, which holds the SHA-256 of the
arrays. It is written beside its place and moved there in one step, so a reader finds the old
file or the new one, and two writers cannot mix theirs. Nothing is ever unpickled, and nothing that
a file says of its sizes is believed before its length was looked at.
"""

import hashlib
import json
import math
import os
import re
import uuid
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from .folders import store_folder, unwritable  # noqa: F401  who keeps files asks here

FORMAT = 1
# How many bytes one byte in an archive can unpack to, a little more than DEFLATE's 1032.
MOST_RATIO = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: 1040}
# How NumPy begins a file of numbers, word for word: one of objects or of records begins otherwise.
HEADER = re.compile(rb"\{'descr': '([<>|][biufc]\d{1,2})', 'fortran_order': (?:True|False), "
                    rb"'shape': \(([\d, ]*)\), \} *\n")
RECORD = 2**26              # bytes of JSON, far more than a training's history takes


class DamagedFileError(ValueError):
    """A stored file that must not be used: broken, tampered with, foreign or of another version."""


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
        total.update(array.reshape(-1).view(np.uint8))
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
                found = declared_shapes(archive, os.fstat(file.fileno()).st_size)
                names = found.keys() - {"record"}
                if shapes is not None and {name: found[name] for name in names} != {
                        name: tuple(shape) for name, shape in shapes.items()}:
                    raise DamagedFileError(f"{path.name} holds weights of other shapes than this "
                                           "generator's")
                arrays = {name: read_array(archive, name) for name in found}
            record = json.loads(arrays.pop("record").tobytes())
            written_format, written_digest = record["format"], record["sha256"]
        except (DamagedFileError, MemoryError):
            raise
        except Exception as error:              # zipfile, zlib and NumPy raise a dozen kinds
            raise DamagedFileError(f"{path.name} is not a whole file of this store") from error
    if written_format != FORMAT:
        raise DamagedFileError(
            f"{path.name} was written in format {written_format}, and this version reads {FORMAT}"
        )
    if written_digest != digest(arrays):
        raise DamagedFileError(f"{path.name} does not match its own SHA-256: it was changed")
    return arrays, record


def declared_shapes(archive, length):
    """The shape that each array of an archive says it has; ValueError where that cannot be.

    length: of the file, in bytes. No array is read, so nothing large is allocated.
    """
    members, shapes = archive.infolist(), {}
    if sum(member.compress_size for member in members) > length:
        raise ValueError("the members overlap")
    for member in members:
        name = member.filename.removesuffix(".npy")
        if name in shapes or name == member.filename:
            raise ValueError(f"{member.filename} is not one array")
        if member.file_size > MOST_RATIO[member.compress_type] * member.compress_size:
            raise ValueError(f"{name} is larger than the file can hold")
        if name == "record" and member.file_size > RECORD:
            raise ValueError(f"a record of {member.file_size} bytes")
        with archive.open(member) as file:
            shapes[name], declared = read_header(file)
            if declared != member.file_size - file.tell():
                raise ValueError(f"{name} declares {declared} bytes, and has others")
    return shapes


def read_header(file):
    """Shape, and number of bytes, that a ``.npy`` file declares; ValueError where it does not."""
    start = file.read(10)
    header = file.read(int.from_bytes(start[8:], "little"))
    parts = HEADER.fullmatch(header)
    if start[:8] != b"\x93NUMPY\x01\x00" or parts is None:
        raise ValueError("not an array of numbers")
    shape = tuple(int(size) for size in parts[2].decode().split(",") if size.strip())
    return shape, math.prod(shape) * np.dtype(parts[1].decode()).itemsize


def read_array(archive, name):
    with archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def set_aside(path):
    """Rename a file that must not be used to ``….set-aside-N``, so nothing is lost.

    Returns where it is now, or None where it could not be renamed.
    """
    path = Path(path)
    number = 1
    with suppress(OSError):
        while (aside := path.with_name(f"{path.name}.set-aside-{number}")).exists():
            number += 1
        path.rename(aside)
        return aside
    return None


def remove(path):
    """Delete a file if that can be; whether there is none now."""
    with suppress(OSError):
        Path(path).unlink()
    return not os.path.lexists(path)
