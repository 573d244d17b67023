"""What a lesson must be, as rules that name what is wrong (tests/test_lessons.py applies them)."""

import base64
import json
import re
import struct
import tempfile
import urllib.parse
from pathlib import Path

import nbformat

from ensgen_tutorial.course.exercises import all_exercises

SECTIONS = ("You will learn", "Before you start", "Time", "Exercises", "Summary", "Next",
            "References")
CHECKED = "nbval-check-output"
LONGEST_CELL = 30                                        # lines
WIDEST_PICTURE = 1600                                    # pixels
LARGEST_FILE = 3_000_000                                 # bytes


def machine_paths():
    """A pattern for paths of this machine and of the ones that lessons are usually run on."""
    here = Path(__file__).resolve().parents[1]
    folders = {str(folder) for folder in (here, here.parent, Path.home(), tempfile.gettempdir())}
    own = [re.escape(folder) + r"(?!\w)" for folder in folders if len(folder) > 1]     # not "/"
    usual = [r"/(home|Users|tmp|var/folders)/\w", r"/root\b", r"[A-Z]:\\+Users", r"/site-packages"]
    # A web address may hold such a path, and an absolute one never follows a letter.
    return re.compile(rf"(?<![\w.])({'|'.join(own + usual[:3])})|{usual[3]}")


MACHINE_PATH = machine_paths()


def problems(path):
    """Everything that is wrong with one lesson, as a list of sentences."""
    path = Path(path)
    book = nbformat.read(path, as_version=4)
    found = text_problems(path, book) + exercise_problems(path.name[:2], book)
    if path.stat().st_size > LARGEST_FILE:
        found.append(f"the file is larger than {LARGEST_FILE / 1e6:g} MB")
    if book.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append("the kernel is not named python3")
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        found.append("the code cells were not executed in order on a clean kernel")
    for number, cell in enumerate(book.cells):
        found += [f"cell {number} {problem}" for problem in cell_problems(cell)]
    checked = sum(CHECKED in cell.metadata.get("tags", []) for cell in cells)
    if not 2 <= checked <= 5:
        found.append(f"{checked} cells are tagged {CHECKED}, and 2 to 5 should be")
    return found


def text_problems(path, book):
    """Title, sections and links."""
    number = path.name[:2]
    text = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    first = book.cells[0] if book.cells else nbformat.v4.new_code_cell()
    found = []
    if first.cell_type != "markdown" or not re.match(rf"# {re.escape(number)} · \S", first.source):
        found.append(f"the first cell does not begin with '# {number} · Title'")
    for section in SECTIONS:
        if not re.search(rf"(^#+ *|\*\*?){section}\b", text, re.MULTILINE):
            found.append(f"the section '{section}' is missing")
    learnt = text.partition("You will learn")[2].partition("Before you start")[0]
    if len(re.findall(r"^[-*] ", learnt, re.MULTILINE)) != 3:
        found.append("'You will learn' does not have three points")
    if not re.search(r"(^#+ *|\*\*?)Time\b[^#]{0,200}?\d+ ?(s|seconds)\b", text, re.MULTILINE):
        found.append("'Time' does not name seconds")
    for target in re.findall(r"\]\(\s*<?([^)#>\s]+)", text):
        file = path.parent / urllib.parse.unquote(target)
        if not re.match(r"\w+:", target) and not file.exists():
            found.append(f"the link to {target} leads nowhere")
    if re.search(r"!\[\s*\]\(", text):
        found.append("a picture in the text has no alt text")
    return found


def exercise_problems(number, book):
    """Three exercises of its own at least, and none that does not exist."""
    named = re.compile(r"exercise\(\s*[\"']([^\"']*)[\"']")
    everything = "\n".join(cell.source for cell in book.cells)
    code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    asked = set(named.findall(re.sub(r"^\s*#.*$", "", code, flags=re.MULTILINE)))
    found = []
    if sum(name.startswith(number + ".") for name in asked) < 3:
        found.append("there are fewer than three exercises of its own")
    for name in sorted(set(named.findall(everything)) - set(all_exercises())):
        found.append(f"exercise {name} is named and does not exist")
    return found


def cell_problems(cell):
    """What is wrong with the source or the outputs of one cell."""
    found = []
    if not cell.source.strip():
        found.append("is empty")
    if len(cell.source.splitlines()) > LONGEST_CELL:
        found.append(f"is longer than {LONGEST_CELL} lines")
    if cell.cell_type != "code":
        return found
    if re.search(r"^\s*[!%].*\b(pip|conda)\b", cell.source, re.MULTILINE):
        found.append("installs something")
    text = ""
    for output in cell.outputs:
        found += output_problems(output)
        text += output.get("text", "") + "".join(
            value for kind, value in output.get("data", {}).items() if kind.startswith("text/"))
    tags = cell.metadata.get("tags", [])
    if CHECKED in tags and not text.strip():
        found.append(f"is tagged {CHECKED} and prints nothing")
    if any(tag != CHECKED and tag.lower().replace("_", "-") == CHECKED for tag in tags):
        found.append(f"has a tag that nbval does not know: write {CHECKED}")
    return found


def output_problems(output):
    found = []
    if output.output_type == "error":
        found.append(f"ends in {output.ename}")
    if output.get("name") == "stderr":
        found.append("writes to stderr")
    data, metadata = output.get("data", {}), output.get("metadata", {})
    if "image/png" in data:
        if not metadata.get("image/png", {}).get("alt", "").strip():
            found.append("shows a picture without alt text")
        # A PNG file holds its width in bytes 16 to 19.
        header = base64.b64decode(data["image/png"])[16:20].rjust(4, b"\0")
        if struct.unpack(">I", header)[0] > WIDEST_PICTURE:
            found.append(f"shows a picture wider than {WIDEST_PICTURE} pixels")
    shown = {kind: value for kind, value in data.items() if not kind.startswith("image/")}
    shown = json.dumps([shown, metadata], ensure_ascii=False) + output.get("text", "")
    if MACHINE_PATH.search(shown + "\n".join(output.get("traceback", []))):
        found.append("shows a path of a machine")
    return found


def folder_problems(folder):
    """What is wrong with the lessons together: numbers that do not run 00, 01, 02, …"""
    names = [path.name for path in sorted(Path(folder).glob("*.ipynb"))]
    wanted = [f"{number:02d}" for number in range(len(names))]
    found = [f"{name} is not named NN_name.ipynb" for name in names
             if not re.fullmatch(r"\d\d_\w+\.ipynb", name)]
    if [name[:2] for name in names] != wanted:
        found.append(f"the lessons are numbered {[name[:2] for name in names]}, not {wanted}")
    return found
