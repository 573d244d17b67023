"""Lessons for Google Colab: each with a first cell that installs the package, and elsewhere does nothing.

    python book/colab.py https://github.com/OWNER/NAME [--notebooks DIR]

The workflow "site" does this in its own checkout and keeps the result in the branch ``colab``, which the
site's buttons open; the lessons in the main branch stay as they are.
"""

import argparse
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
FIRST = '''\
# In Colab this installs the course (about a minute). Elsewhere it does nothing.
import importlib.metadata
import subprocess
import sys

if "google.colab" in sys.modules:
    used = {name: sys.modules[name].__version__ for name in ("numpy", "scipy", "matplotlib", "keras") if name in sys.modules}
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "git+REPOSITORY"], check=True)
    other = [name for name, version in used.items() if importlib.metadata.version(name) != version]
    if other:
        print(f"Another version of {', '.join(other)} was installed than the one in use: choose Runtime > Restart session, "
              "then run all cells.")'''


def add_first_cell(path, repository):
    """The cell at the top of a notebook, below its title; once, however often it is asked for."""
    lesson = nbformat.read(path, as_version=4)
    cell = nbformat.v4.new_code_cell(FIRST.replace("REPOSITORY", repository), id="colab")
    lesson.cells = [each for each in lesson.cells if each.get("id") != "colab"]
    lesson.cells.insert(1, cell)
    nbformat.write(lesson, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks")
    options = parser.parse_args()
    for path in sorted(options.notebooks.glob("*.ipynb")):
        add_first_cell(path, options.repository)
