"""The first cell for Colab: it installs there, says when to restart, and does nothing anywhere else."""

import importlib.util
import shutil
import subprocess
import sys
import types
from pathlib import Path

import nbformat
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("colab", ROOT / "book" / "colab.py")
colab = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(colab)
ADDRESS = "https://github.com/owner/name"


@pytest.fixture
def first_cell(tmp_path):
    path = tmp_path / "00_start_here.ipynb"
    shutil.copy(ROOT / "notebooks" / path.name, path)
    before = nbformat.read(path, 4)
    for _ in range(2):
        colab.add_first_cell(path, ADDRESS)
    after = nbformat.read(path, 4)
    nbformat.validate(after)
    assert [cell.source for cell in after.cells[2:]] == [cell.source for cell in before.cells[1:]]
    return after.cells[1].source


def test_elsewhere_it_does_nothing(first_cell, monkeypatch, capsys):
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: pytest.fail("it installs"))
    exec(first_cell, {})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("version, says", [(np.__version__, ""), ("0.1", "Another version of numpy")])
def test_in_colab_it_installs_and_says_when_to_restart(first_cell, monkeypatch, capsys, version, says):
    asked = []
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.setattr(subprocess, "run", lambda command, check: asked.append(command))
    monkeypatch.setattr(np, "__version__", version)
    exec(first_cell, {})
    assert asked == [[sys.executable, "-m", "pip", "install", "--quiet", f"git+{ADDRESS}"]]
    printed = capsys.readouterr().out
    assert printed.startswith(says) if says else printed == ""
