"""How training shows itself: a bar in a terminal, a live board in a notebook, or nothing."""

import sys
import time

import keras
from tqdm import tqdm
from tqdm.keras import TqdmCallback

from ..show.curves import show_curves

PLACES = ("auto", "bar", "board", "quiet")


class Board(keras.callbacks.Callback):
    """Loss curves in a notebook, drawn again at most every ``seconds``; the last ones stay.

    One board can follow several trainings, one after the other: it then shows the validation curve
    of each.
    """

    def __init__(self, seconds=2.0):
        super().__init__()
        self.seconds, self.histories, self.handle = seconds, {}, None

    def follow(self, name, epochs, history):
        """The next training: its name, its epochs, and its dict of losses, which grows."""
        self.name, self.epochs, self.history = name, epochs, history
        self.drawn, self.shown = time.monotonic(), True
        return self

    def on_epoch_end(self, epoch, logs=None):
        self.histories[self.name], self.shown = self.history, False
        if time.monotonic() - self.drawn > self.seconds:
            self.draw()

    def on_train_end(self, logs=None):
        """The training ended, was interrupted, or failed: show how far it came."""
        if not self.shown:
            self.draw()

    def draw(self):
        from IPython.display import display

        last = self.histories[self.name]
        curves = {name: history["val_loss"] for name, history in self.histories.items()}
        if len(curves) == 1:
            curves = {"training": last["loss"], "validation": last["val_loss"]}
        done = len(last["loss"])
        title = f"{self.name}: epoch {done} of {self.epochs}"
        if done >= self.epochs:                  # the picture that stays says what it shows
            *others, last_name = self.histories
            names = f"{', '.join(others)} and {last_name}" if others else last_name
            title = f"The loss of {names}, epoch by epoch"
        figure = show_curves(
            {label: (range(1, len(losses) + 1), losses) for label, losses in curves.items()},
            "epoch",
            "validation loss per image" if len(self.histories) > 1 else "loss per image",
            title, markers=False,
        )
        picture = {"image/png": figure.to_png(), "text/plain": figure.alt}
        options = {"raw": True, "metadata": {"image/png": {"alt": figure.alt}}}
        if self.handle is None:
            self.handle = display(picture, display_id=True, **options)
        else:
            self.handle.update(picture, **options)
        self.drawn, self.shown = time.monotonic(), True


def choose_place(progress):
    """"auto" becomes "board", "bar" or "quiet"; a Board for many trainings; others stay."""
    if isinstance(progress, keras.callbacks.Callback):
        return progress
    if progress not in PLACES:
        raise ValueError(f"progress must be one of {', '.join(map(repr, PLACES))}, not "
                         f"{progress!r}.")
    if progress == "auto":
        progress = "board" if _in_notebook() else "bar" if _in_terminal() else "quiet"
    return Board() if progress == "board" else progress


def displays(progress, name, epochs, history):
    """The callbacks that show one training: a list, empty for ``"quiet"``."""
    progress = choose_place(progress)
    if isinstance(progress, Board):
        return [progress.follow(name, epochs, history)]
    if progress == "bar" and sys.stderr is not None:
        done = len(history["loss"])
        return [TqdmCallback(epochs, verbose=0, desc=name, initial=done, leave=False,
                             tqdm_class=tqdm)]
    return [] if isinstance(progress, str) else [progress]


def watched(things, name, progress="auto"):
    """Go through a list with a bar in a terminal or a notebook, or without: ``"quiet"``."""
    place = choose_place(progress)
    shown = place != "quiet" and sys.stderr is not None
    return tqdm(things, desc=name, leave=False, disable=not shown)


def _in_terminal():
    return sys.stderr is not None and sys.stderr.isatty()


def _in_notebook():
    if not {"ipykernel", "IPython"} <= sys.modules.keys():
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None
