"""What happens after each epoch of a training: one callback for each duty."""

import math
import time

import keras

from ..generators.keras_model import assign, numbered, shapes_of


class Record(keras.callbacks.Callback):
    """Counts losses and seconds of the whole training, however often it was interrupted."""

    def __init__(self):
        super().__init__()
        self.history, self.seconds = {"loss": [], "val_loss": []}, 0.0

    @property
    def epochs(self):
        return len(self.history["loss"])

    def on_train_begin(self, logs=None):
        self.started = time.monotonic() - self.seconds

    def on_epoch_end(self, epoch, logs=None):
        for name, losses in self.history.items():
            losses.append(float(logs[name]))
        self.seconds = time.monotonic() - self.started
        if not math.isfinite(self.history["loss"][-1]):
            raise FloatingPointError(
                f"the loss became {self.history['loss'][-1]} in epoch {epoch + 1}: try a smaller "
                "learning_rate."
            )


class Kept(keras.callbacks.Callback):
    """Remembers the weights of the epoch to keep: the best one on validation, or the last."""

    def __init__(self, record, keep):
        super().__init__()
        self.record, self.keep, self.epoch, self.weights = record, keep, 0, None

    def on_epoch_end(self, epoch, logs=None):
        losses = self.record.history["val_loss"]
        if self.keep == "last" or self.weights is None or losses[-1] == min(losses):
            self.epoch, self.weights = len(losses), numbered(self.model.weights)

    def put_back(self, generator):
        """The epoch to keep becomes the generator's; the last one as its moving average, if any."""
        if self.keep == "best":
            assign(generator.weights, self.weights)
        else:
            generator.optimizer.finalize_variable_values(generator.trainable_variables)


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


class Patience(keras.callbacks.Callback):
    """Stops after so many epochs without a better validation loss; None: never."""

    def __init__(self, record, kept, epochs):
        super().__init__()
        self.record, self.kept, self.patience = record, kept, epochs

    def is_over(self):
        return self.patience is not None and (
            self.record.epochs - self.kept.epoch >= self.patience > 0)

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = self.model.stop_training or self.is_over()
