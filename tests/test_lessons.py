"""The lessons keep their promises; and the guard that says so would notice if they did not."""

import base64
import struct
import tempfile
from pathlib import Path

import nbformat
import pytest
from lesson_guard import MACHINE_PATH, folder_problems, problems
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

WIDE = base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 2000, 100)).decode()

TITLE = """# 01 · A lesson

**You will learn**

- one
- two
- three

**Before you start**: nothing. **Time**: 20 s."""
END = """## Summary

Short. **Next**: [itself](01_lesson.ipynb).

## References

Somebody, 2020."""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_lesson_keeps_its_promises(path):
    assert problems(path) == []


def test_there_are_lessons_numbered_without_gaps():
    assert len(NOTEBOOKS) >= 2
    assert folder_problems(NOTEBOOKS[0].parent) == []


@pytest.fixture
def book():
    """The smallest lesson without a fault."""
    def code(source, text, tags=()):
        output = new_output("stream", name="stdout", text=text)
        return new_code_cell(source, outputs=[output], metadata={"tags": list(tags)})

    picture = new_output("display_data", data={"image/png": "iVBORw0KGgo="},
                         metadata={"image/png": {"alt": "a curve"}})
    cells = [
        new_markdown_cell(TITLE),
        code("print(1)", "1\n", ["nbval-check-output"]),
        code("print(2)", "2\n", ["nbval-check-output"]),
        new_code_cell("figure", outputs=[picture]),
        new_markdown_cell("## Exercises"),
        *[code(f'eg.exercise("01.{k}").check(...)', "not answered yet\n") for k in (1, 2, 3)],
        new_markdown_cell(END),
    ]
    book = new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3",
                                                              "display_name": "Python 3"}})
    for count, cell in enumerate((c for c in cells if c.cell_type == "code"), start=1):
        cell.execution_count = count
    return book


def replace(cell, old, new):
    def change(book):
        book.cells[cell].source = book.cells[cell].source.replace(old, new)
    return change


def output(cell, **changes):
    def change(book):
        book.cells[cell].outputs[0].update(changes)
    return change


def drop(cell, *names):
    def change(book):
        target = book.cells[cell]
        for name in names[:-1]:
            target = target[name]
        target[names[-1]] = type(target[names[-1]])()
    return change


def swap(book):
    book.cells[1].execution_count, book.cells[2].execution_count = 2, 1


def never(book):
    book.cells[2].execution_count = None


def fail(book):
    book.cells[1].outputs.append(new_output("error", ename="ValueError", evalue="", traceback=[]))


def kernel(book):
    book.metadata.kernelspec.name = "my-env"


def long(book):
    book.cells[1].source = "\n".join("x = 1" for _ in range(31))


def start_with_code(book):
    book.cells.insert(0, new_code_cell(book.cells.pop(0).source))


def shout(book):
    book.cells[1].metadata.tags = ["NBVAL_CHECK_OUTPUT"]


def tag_everything(book):
    for cell in book.cells[1:4] + book.cells[5:8]:
        cell.metadata.tags = ["nbval-check-output"]


def pad(book):
    book.cells[1].outputs[0].text = "1" * 3_100_000


def draw(book):
    book.cells[8].source += "\n\n![](01_lesson.ipynb)"


FAULTS = {
    "title": (replace(0, "# 01 ·", "# 02 ·"), "does not begin with '# 01 · Title'"),
    "objectives": (replace(0, "- three", ""), "three points"),
    "no objectives": (replace(0, "You will learn", "Well"), "'You will learn' is missing"),
    "before": (replace(0, "Before you start", "First"), "'Before you start' is missing"),
    "time": (replace(0, "20 s", "soon"), "does not name seconds"),
    "no time": (replace(0, "**Time**", ""), "'Time' is missing"),
    "exercises": (replace(4, "Exercises", "Play"), "'Exercises' is missing"),
    "too few exercises": (replace(5, "01.1", "01.2"), "fewer than three exercises"),
    "unknown exercise": (replace(5, "01.1", "01.99"), "exercise 01.99 is named"),
    "summary": (replace(8, "Summary", "End"), "'Summary' is missing"),
    "next": (replace(8, "Next", "Then"), "'Next' is missing"),
    "references": (replace(8, "References", "Books"), "'References' is missing"),
    "link": (replace(8, "(01_lesson.ipynb)", "(77_lost.ipynb)"), "77_lost.ipynb leads nowhere"),
    "code first": (start_with_code, "does not begin with '# 01 · Title'"),
    "comment only": (replace(5, "eg.ex", "# eg.ex"), "fewer than three exercises"),
    "misspelt exercise": (replace(5, "01.1", "1.1"), "exercise 1.1 is named"),
    "picture in the text": (draw, "in the text has no alt text"),
    "order": (swap, "not executed in order"),
    "never executed": (never, "not executed in order"),
    "error": (fail, "ends in ValueError"),
    "stderr": (output(1, name="stderr"), "writes to stderr"),
    "path": (output(1, text="/home/ann/x.npz"), "path of a machine"),
    "path in a value": (output(3, data={"application/json": {"file": "C:\\Users\\ann"}}),
                        "path of a machine"),
    "alt": (output(3, metadata={}), "without alt text"),
    "blank alt": (output(3, metadata={"image/png": {"alt": " "}}), "without alt text"),
    "wide": (output(3, data={"image/png": WIDE}), "wider than 1600"),
    "large": (pad, "larger than 3 MB"),
    "tag in capitals": (shout, "a tag that nbval does not know"),
    "all checked": (tag_everything, "6 cells are tagged"),
    "unchecked": (drop(1, "metadata", "tags"), "1 cells are tagged"),
    "silent check": (drop(1, "outputs"), "prints nothing"),
    "kernel": (kernel, "not named python3"),
    "empty": (drop(3, "source"), "is empty"),
    "empty text": (drop(4, "source"), "cell 4 is empty"),
    "long": (long, "longer than 30 lines"),
    "install": (replace(1, "print(1)", "!pip install x"), "installs something"),
    "magic install": (replace(1, "print(1)", "%pip install x"), "installs something"),
}


def found_in(book, tmp_path):
    nbformat.write(book, tmp_path / "01_lesson.ipynb")
    return problems(tmp_path / "01_lesson.ipynb")


def test_the_guard_is_content_with_a_good_lesson(book, tmp_path):
    assert found_in(book, tmp_path) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_the_guard_notices(fault, book, tmp_path):
    change, message = FAULTS[fault]
    change(book)
    found = found_in(book, tmp_path)
    assert any(message in problem for problem in found), found


REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("text", [
    "/home/ann/x", "'/Users/ann'", "/root/.keras", "C:\\Users\\ann", "C:\\\\Users", "/tmp/abc",
    "/var/folders/x1", "lib/site-packages/keras", str(REPOSITORY / "tests"), f"in {REPOSITORY},",
    tempfile.gettempdir() + "/x"])
def test_a_machine_path_is_known(text):
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", [
    "https://example.org/home/ann", "https://keras.io", "1/2", "the root/leaf", "images.png"])
def test_other_text_is_no_machine_path(text):
    assert not MACHINE_PATH.search(text)


@pytest.mark.parametrize("names, message", [
    (("00_a", "02_b"), "numbered ['00', '02']"), (("01_a",), "numbered ['01']"),
    (("00_a", "00_b"), "numbered ['00', '00']"), (("00_a", "more"), "more.ipynb is not named")])
def test_the_guard_notices_a_gap_or_another_name(names, message, tmp_path):
    for name in names:
        (tmp_path / f"{name}.ipynb").write_text("{}")
    assert message in folder_problems(tmp_path)[0]
