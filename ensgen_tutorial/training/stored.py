"""What the store keeps of a training, and under which name: the recipe with all it depends on."""

import hashlib
import warnings
from pathlib import Path

import keras
import numpy as np

from ..machine import store
from .watch import Watched


class StoredFile:
    """One file of the store: what a recipe's training left, or an unfinished one.

    ``known``: whether the recipe holds all that its result depends on; if not, nothing is kept.
    """

    def __init__(self, folder, recipe, report, known=True, suffix=".npz"):
        self.folder = store.store_folder() if folder is None else Path(folder)
        self.path = self.folder / f"{recipe['generator']}-{store.recipe_hash(recipe)}{suffix}"
        self.report, self.known = report, known
        if suffix == ".npz":
            self.unfinished = StoredFile(folder, recipe, report, known, ".training.npz")

    def load(self, shapes):
        """(arrays, record), or None; a file that must not be used is named and set aside."""
        if not self.known:
            return None
        try:
            return store.load(self.path, shapes)
        except FileNotFoundError:
            return None
        except store.DamagedFileError as error:
            aside = store.set_aside(self.path)
            self.report(f"{error}: {f'set aside as {aside.name}' if aside else 'left there'}, "
                        "trained again.")
        except OSError as error:
            if self.path.exists():
                self.report(f"{self.path.name} cannot be read ({error.strerror or error}): trained "
                            "again.")
        return None

    def save(self, arrays, record, durable=True):
        """Write, or say in a warning why not; whether it went well."""
        if not self.known:
            return False
        try:
            store.save(self.path, arrays, record, durable)
        except OSError as error:
            if durable:
                warnings.warn(f"{self.path.name} could not be written ({error.strerror or error}): "
                              "the weights are in memory only. Make room or set ENSGEN_STORE.",
                              stacklevel=3)
            return False
        return True

    def remove(self):
        store.remove(self.path)

    def warn_if_unwritable(self):
        if reason := store.unwritable(self.folder):
            warnings.warn(f"The store {self.folder} cannot be written ({reason}): this training "
                          "will not be kept. Set ENSGEN_STORE to a folder that can be.",
                          stacklevel=3)


def recipe_of(generator, images, options):
    """What decides a training's result, a dict that JSON can hold; and what was watched for it."""
    values = generator.hyperparameters
    watched = Watched(type(generator), values)
    plain = (type(None), bool, int, float, str, list, tuple)
    recipe = {
        "generator": type(generator).__name__, "code": watched.digest, "data": images.digest,
        "hyperparameters": {name: value if isinstance(value, plain) else type(value).__name__
                            for name, value in values.items()},
        **options}
    if options:
        recipe |= {"backend": keras.backend.backend(), "precision": generator.dtype_policy.name}
    if getattr(generator, "classes", None) is not None:
        labels = np.concatenate([images.train_labels, images.validation_labels])
        recipe["labels"] = hashlib.sha256(labels.astype(np.int64).tobytes()).hexdigest()
    return recipe, watched
