"""Training shows itself: a bar in a terminal, a live board in a notebook, nothing in tests."""

import io

import nbclient
import nbformat
import pytest

from ensgen_tutorial.training import progress
from ensgen_tutorial.training.progress import Quiet, TrainingBar, TrainingBoard, progress_for

TRAINING = """
import ensgen_tutorial as eg
import numpy as np, pathlib, tempfile
from ensgen_tutorial.training import progress
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
    assert "B: epoch 3 of 3" in alt and "A from" in alt and "B from" in alt
    lines = "".join(output.text for output in book.cells[0].outputs if "text" in output)
    assert lines.count("trained in") == 2


def test_a_terminal_shows_a_bar_and_a_pipe_nothing(monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert type(progress_for("auto")) is Quiet
    monkeypatch.setattr(progress.sys, "stderr", Terminal())
    assert type(progress_for("auto")) is TrainingBar
    bar = progress_for("bar")
    bar.begin("CNN", 3, 1)
    bar.update({"loss": [2.0], "val_loss": [1.234]})
    assert (bar.bar.n, bar.bar.total) == (2, 3) and "1.23" in str(bar.bar)
    bar.end()


def test_one_s_own_display_is_used_as_it_is():
    board = TrainingBoard()
    assert progress_for(board) is board
    with pytest.raises(ValueError, match="'quiet'"):
        progress_for("loud")
