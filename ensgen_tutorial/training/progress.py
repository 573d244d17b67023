"""How training shows itself: a bar in a terminal, a live board in a notebook, or nothing."""

import sys
import time

from tqdm import tqdm

from ..show.curves import show_curves


class Quiet:
    """Shows nothing while training."""

    def begin(self, name, epochs, epoch):
        """``epochs`` to do in all, of which ``epoch`` were done before."""

    def update(self, history):
        """``history``: dict of lists, ``loss`` and ``val_loss``, one number an epoch."""

    def end(self):
        """Training ended, was interrupted, or failed."""


class TrainingBar(Quiet):
    """One line in a terminal, with the last losses."""

    def begin(self, name, epochs, epoch):
        self.bar = tqdm(total=epochs, initial=epoch, desc=name, unit="epoch", leave=False)

    def update(self, history):
        self.bar.set_postfix_str(f"validation {history['val_loss'][-1]:.2f}", refresh=False)
        self.bar.update()

    def end(self):
        self.bar.close()


class TrainingBoard(Quiet):
    """Loss curves in a notebook, drawn anew at most every ``seconds``; the last ones stay.

    One board can serve several trainings: it then shows the validation curve of each.
    """

    def __init__(self, seconds=2.0):
        self.seconds, self.histories, self.handle = seconds, {}, None

    def begin(self, name, epochs, epoch):
        self.name, self.epochs, self.drawn = name, epochs, time.monotonic()

    def update(self, history):
        self.histories[self.name] = history
        if time.monotonic() - self.drawn > self.seconds:
            self.draw()

    def end(self):
        if self.name in self.histories:
            self.draw()

    def draw(self):
        from IPython.display import display

        last = self.histories[self.name]
        curves = {name: history["val_loss"] for name, history in self.histories.items()}
        if len(curves) == 1:
            curves = {"training": last["loss"], "validation": last["val_loss"]}
        figure = show_curves(
            {label: (range(1, len(losses) + 1), losses) for label, losses in curves.items()},
            "epoch", "validation loss an image" if len(self.histories) > 1 else "loss an image",
            f"{self.name}: epoch {len(last['loss'])} of {self.epochs}", markers=False,
        )
        picture = {"image/png": figure.to_png(), "text/plain": figure.alt}
        options = {"raw": True, "metadata": {"image/png": {"alt": figure.alt}}}
        if self.handle is None:
            self.handle = display(picture, display_id=True, **options)
        else:
            self.handle.update(picture, **options)
        self.drawn = time.monotonic()


def progress_for(place):
    """``"auto"``, ``"bar"``, ``"board"``, ``"quiet"`` or an object like these -> such an object."""
    kinds = {"quiet": Quiet, "bar": TrainingBar, "board": TrainingBoard}
    if place == "auto":
        kernel = "ipykernel" in sys.modules and "IPython" in sys.modules and _in_notebook()
        place = "board" if kernel else "bar" if sys.stderr.isatty() else "quiet"
    if isinstance(place, str) and place not in kinds:
        raise ValueError(f"progress must be 'auto', {', '.join(map(repr, kinds))}, not {place!r}.")
    return kinds[place]() if isinstance(place, str) else place


def _in_notebook():
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None
