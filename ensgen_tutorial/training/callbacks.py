"""What happens after each epoch of a training: one callback for each duty."""

import math
import time

import keras

from ..generators.keras_model import assign, numbered


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
            generator.settle()


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
