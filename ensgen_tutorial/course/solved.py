"""Which exercises were tried and solved, kept in the store: a small file for each exercise.

Where a class shares a store that only its teacher can write, the files go into the student's own
data folder; where that is impossible too, they last as long as the kernel. Nothing here ever fails.
"""

import json
import os
from contextlib import suppress

import platformdirs

from ..machine.folders import store_folder
from ..machine.store import write_whole

NOTHING = {"tries": 0, "right": False, "shown": False, "helped": False}
UNWRITTEN = {}                      # number: what could not be written, and lasts as long as the kernel


def folders():
    """Where notes are looked for, and written to the first that can be written."""
    with suppress(OSError, ValueError):                 # ENSGEN_STORE may name what is not there
        yield store_folder() / "exercises"
    yield platformdirs.user_data_path("ensgen") / "exercises"


def note(number, right=False, shown=False):
    """Note that an exercise was answered, rightly or not, or that its solution was shown.

    A right answer stays right, whatever comes after it. It counts as helped if the solution was
    shown before. A teacher's grading notes nothing.
    """
    if os.environ.get("NBGRADER_EXECUTION"):
        return
    notes = noted(number)
    if notes["right"]:
        return
    notes |= {"tries": notes["tries"] + (not shown), "right": right, "shown": shown or notes["shown"]}
    notes["helped"] = right and notes["shown"]
    UNWRITTEN[number] = notes
    for folder in folders():
        with suppress(OSError):
            write_whole(folder / f"{number}.json", lambda file: file.write(json.dumps(notes).encode()))
            del UNWRITTEN[number]
            return


def noted(number):
    """What is known of an exercise: a dict as NOTHING. Files that cannot be read count as nothing."""
    found = [NOTHING, UNWRITTEN.get(number, NOTHING)]
    for folder in folders():
        with suppress(OSError, ValueError, TypeError, KeyError):
            read = json.loads((folder / f"{number}.json").read_text(encoding="utf-8"))
            found.append({name: type(value)(read[name]) for name, value in NOTHING.items()})
    return max(found, key=lambda notes: (notes["right"], not notes["helped"], notes["tries"], notes["shown"])).copy()
