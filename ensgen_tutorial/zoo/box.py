"""The box: trained members that ship with the package, so that a lesson shows pictures at once.

Each is one ``.npz`` of weights in half precision beside this file; ``manifest.json`` has, for each,
the recipe that made it, its data's SHA-256, its versions, its scores and its file's SHA-256. The
scores are those of the rounded weights, as they are shipped. Two are not generators: the classifiers
by whose features pictures are compared.
"""

import hashlib
import json
from pathlib import Path

FOLDER = Path(__file__).parent


def manifest(folder=FOLDER):
    """What is in the box: a dict name -> record."""
    path = folder / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def member_record(name):
    """The manifest's record of one member; ValueError with the names there are."""
    records = manifest()
    if name not in records:
        raise ValueError(f"there is no shipped member {name!r}; these are: {', '.join(records)}.")
    return records[name]


def load_member(name):
    """A trained generator from the box. ValueError for a name that is not there."""
    from ..machine import store                 # lists and records need neither these nor Keras
    from .recipes import BOX

    record = member_record(name)
    path = FOLDER / file_of(name)
    if hashlib.sha256(path.read_bytes()).hexdigest() != record["sha256"]:
        raise store.DamagedFileError(f"{path.name} is not the file that the manifest describes: "
                                     "install the package again")
    generator = BOX[name].make(record["image_shape"], record["levels"])
    arrays, _ = store.load(path, generator.learnt_shapes())
    generator.restore(arrays)
    return generator


def load_classifier(name):
    """The box's FeatureClassifier for ``"digits"`` or ``"fashion_mnist"`` (in 16 levels)."""
    return load_member(f"{name}/classifier")


def file_of(name):
    return name.replace("/", "-") + ".npz"
