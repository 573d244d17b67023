"""What a lesson must be, as rules that name what is wrong (tests/test_lessons.py applies them)."""

import re
import tempfile
from pathlib import Path

import nbformat

from ensgen_tutorial.exercises import all_exercises

SECTIONS = ("You will learn", "Before you start", "Time", "Exercises", "Summary", "Next",
            "References")
MACHINE_PATH = re.compile(
    "|".join([r"/home/\w", r"/root\b", r"/Users/\w", r"[A-Z]:\\Users", r"site-packages",
              re.escape(tempfile.gettempdir()) + "/", re.escape(str(Path.home())) + "/"]))
CHECKED = "nbval-check-output"


def problems(path):
    """Everything that is wrong with one lesson, as a list of sentences."""
    path = Path(path)
    book = nbformat.read(path, as_version=4)
    found = text_problems(path, book)
    if book.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append("the kernel is not named python3")
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        found.append("the code cells were not executed in order on a clean kernel")
    for number, cell in enumerate(book.cells):
        if cell.cell_type == "code":
            found += [f"cell {number} {problem}" for problem in cell_problems(cell)]
    checked = sum(CHECKED in cell.metadata.get("tags", []) for cell in cells)
    if not 2 <= checked <= 5:
        found.append(f"{checked} cells are tagged {CHECKED}, and 2 to 5 should be")
    return found


def text_problems(path, book):
    number = path.name[:2]
    text = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    first = book.cells[0].source if book.cells else ""
    found = []
    if not re.match(rf"# {number} · \S", first):
        found.append(f"the first cell does not begin with '# {number} · Title'")
    for section in SECTIONS:
        if not re.search(rf"(^#+ *|\*\*?){section}", text, re.MULTILINE):
            found.append(f"the section '{section}' is missing")
    learnt = text.partition("You will learn")[2].partition("Before you start")[0]
    if len(re.findall(r"^[-*] ", learnt, re.MULTILINE)) != 3:
        found.append("'You will learn' does not have three points")
    if not re.search(r"\d+ ?(s|seconds)\b", text.partition("Time")[2][:200]):
        found.append("'Time' does not name seconds")
    code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    exercises = set(re.findall(r"exercise\([\"'](\d\d\.\d+)[\"']\)", code))
    if sum(name.startswith(number + ".") for name in exercises) < 3:
        found.append("there are fewer than three exercises of its own")
    for name in sorted(exercises - set(all_exercises())):
        found.append(f"exercise {name} is named and does not exist")
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        if not (path.parent / target).exists():
            found.append(f"the link to {target} leads nowhere")
    return found


def cell_problems(cell):
    found = []
    if not cell.source.strip():
        found.append("is empty")
    if cell.source.count("\n") >= 30:
        found.append("is longer than 30 lines")
    if re.search(r"^\s*[!%]\s*(pip|conda)", cell.source, re.MULTILINE):
        found.append("installs something")
    text = ""
    for output in cell.outputs:
        if output.output_type == "error":
            found.append(f"ends in {output.ename}")
        if output.get("name") == "stderr":
            found.append("writes to stderr")
        data, metadata = output.get("data", {}), output.get("metadata", {})
        if "image/png" in data and not metadata.get("image/png", {}).get("alt"):
            found.append("shows a picture without alt text")
        text += output.get("text", "") + "".join(
            value for kind, value in data.items() if kind.startswith("text/"))
    if MACHINE_PATH.search(text):
        found.append("shows a path of a machine")
    if CHECKED in cell.metadata.get("tags", []) and not text.strip():
        found.append(f"is tagged {CHECKED} and prints nothing")
    return found


def folder_problems(folder):
    """What is wrong with the lessons together: numbers that do not run 00, 01, 02, …"""
    numbers = [path.name[:2] for path in sorted(Path(folder).glob("*.ipynb"))]
    wanted = [f"{number:02d}" for number in range(len(numbers))]
    return [] if numbers == wanted else [f"the lessons are numbered {numbers}, not {wanted}"]
