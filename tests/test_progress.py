"""Training shows itself: a bar in a terminal, a live board in a notebook, nothing in tests."""

import io

import keras
import nbclient
import nbformat
import pytest

from ensgen_tutorial.training import progress
from ensgen_tutorial.training.progress import Board, choose_place, displays

TRAINING = """
import ensgen_tutorial as eg
import numpy as np, pathlib, tempfile
pixels = np.random.default_rng(0).integers(0, 4, (24, 4, 4, 1)).astype(np.uint8)
images = eg.ImageSet("tiny", 4, pixels[:16], pixels[16:20], pixels[20:])
members = {name: eg.PixelRNN((4, 4, 1), 4, units=4, seed=j) for j, name in enumerate("AB")}
records = eg.train_members(members, images, 3, folder=pathlib.Path(tempfile.mkdtemp()))
"""


def test_a_notebook_shows_one_board_for_all_members_with_alt_text():
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TRAINING)])
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    pictures = [output for output in book.cells[0].outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 1
    alt = pictures[0].metadata["image/png"]["alt"]
    assert "The loss of A and B, epoch by epoch" in alt and "A from" in alt and "B from" in alt
    lines = "".join(output.text for output in book.cells[0].outputs if "text" in output)
    assert lines.count("trained in") == 2


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_a_bar_and_a_pipe_nothing(monkeypatch):
    assert choose_place("auto") == "quiet" and displays("quiet", "CNN", 3, {"loss": []}) == []
    monkeypatch.setattr(progress.sys, "stderr", Terminal())
    assert choose_place("auto") == "bar"
    bar, = displays("bar", "CNN", 3, {"loss": [2.0]})
    bar.on_epoch_begin(1)
    bar.on_epoch_end(1, {"loss": 2.0, "val_loss": 1.234})
    assert (bar.epoch_bar.n, bar.epoch_bar.total) == (2, 3) and "1.23" in str(bar.epoch_bar)
    bar.on_train_end()


@pytest.mark.parametrize("place", ["auto", "bar", "quiet"])
def test_without_a_standard_error_nothing_is_shown_and_nothing_fails(place, monkeypatch):
    monkeypatch.setattr(progress.sys, "stderr", None)
    assert displays(place, "CNN", 3, {"loss": []}) == []


def test_one_s_own_display_is_used_as_it_is():
    board, own = Board(), keras.callbacks.Callback()
    assert choose_place(board) is board
    assert displays(own, "CNN", 3, {"loss": []}) == [own]
    with pytest.raises(ValueError, match="'quiet'"):
        choose_place("loud")


def test_a_board_that_never_saw_an_epoch_draws_nothing():
    board, = displays(Board(), "CNN", 3, {"loss": [], "val_loss": []})
    board.on_train_end()
    assert board.handle is None
