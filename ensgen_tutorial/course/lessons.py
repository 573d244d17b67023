"""The lessons, wherever the package is: in a checkout, or in what pip installed."""

import filecmp
import shutil
from pathlib import Path

from ..machine.output import say

PACKAGED = Path(__file__).parent / "lessons_files"          # put there when the wheel was built
CHECKOUT = Path(__file__).parents[2]
PARTS = (("notebooks", "*.ipynb"), ("benchmarks", "*.json"), ("benchmarks", "*.npz"))


def lessons_source():
    """The folder with ``notebooks`` and ``benchmarks``. FileNotFoundError where there is none."""
    for folder in (PACKAGED, CHECKOUT):
        if any((folder / "notebooks").glob("00_*.ipynb")):
            return folder
    raise FileNotFoundError("the lessons are not where they should be: install the package again.")


def copy_lessons(folder, report=say):
    """Copy all lessons, and the results that they read, into ``folder``; returns what was written.

    A file that is there and differs, since somebody worked in it or it is of another version, stays
    as it is: the new one is written beside it as NAME.new.ipynb, and a line says so.
    """
    source, folder, written, beside = lessons_source(), Path(folder), [], []
    for part, pattern in PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
        for path in sorted((source / part).glob(pattern)):
            target = folder / part / path.name
            if target.exists() and filecmp.cmp(path, target, shallow=False):
                continue
            if target.exists() and path.suffix == ".ipynb":
                target = target.with_suffix(".new.ipynb")
                beside.append(target.name)
            shutil.copyfile(path, target)
            written.append(target)
    if beside:
        report(f"You have changed {len(beside)} lessons, or they are of another version; they stay, and the new "
               f"ones stand beside them: {', '.join(beside)}.")
    report(f"{len(written)} files written. Begin with: jupyter lab {folder / 'notebooks' / '00_start_here.ipynb'}")
    return written
