"""What is kept of a training, finished or not, and how a killed one is taken up again."""

import warnings
from pathlib import Path

import keras

from ..generators.keras_model import assign, numbered, shapes_of
from ..machine import store


class Resume(keras.callbacks.Callback):
    """Writes down everything that decides how a training goes on, and takes it up again.

    file: a ``StoredFile``. record, kept: the callbacks whose memory it keeps.
    """

    def __init__(self, generator, file, record, kept):
        super().__init__()
        self.generator, self.file, self.record, self.kept = generator, file, record, kept
        self.writing = True

    def variables(self):
        """Every variable, random states included."""
        return [*self.generator.variables, *self.generator.optimizer.variables]

    def take_up(self):
        """Go back to the last whole epoch that was written down; whether there was one."""
        shapes = {f"state/{i}": shape for i, shape in shapes_of(self.variables()).items()}
        shapes |= {f"kept/{i}": shape for i, shape in shapes_of(self.generator.weights).items()}
        found = self.file.load(shapes)
        if found is None:
            return False
        arrays, written = found
        parts = {"state": {}, "kept": {}}
        for name, array in arrays.items():
            part, number = name.split("/")
            parts[part][number] = array
        assign(self.variables(), parts["state"])
        self.kept.weights, self.kept.epoch = parts["kept"], written["best_epoch"]
        self.record.history, self.record.seconds = written["history"], written["seconds"]
        return True

    def on_epoch_end(self, epoch, logs=None):
        arrays = {f"state/{i}": array for i, array in numbered(self.variables()).items()}
        arrays |= {f"kept/{i}": array for i, array in self.kept.weights.items()}
        written = {"history": self.record.history, "seconds": self.record.seconds,
                   "best_epoch": self.kept.epoch}
        if self.writing:
            self.writing = self.file.save(arrays, written, durable=False)


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
