"""The teacher's guide: the pages of book/teachers, with what lessons, exercises and benchmarks know.

In a page, ``{open}`` stands for the lesson's open exercise, ``{open: …}`` for the same or, where the
lesson has none, for that text. Every page ends with what its checks say.
In the first page, ``{pages}`` stands for the list of pages and ``{memory}`` for what kernels need.
"""

import json
import re
from pathlib import Path

import numpy as np

from ensgen_tutorial.course.exercises import lesson_exercises, lessons
from ensgen_tutorial.course.nbgrader import own_points

ROOT = Path(__file__).parents[1]
PAGES = {path.stem: path for path in sorted((ROOT / "book" / "teachers").glob("[0-9][0-9].md"))}


def notebook(lesson):
    """The path of lesson "NN"."""
    return next((ROOT / "notebooks").glob(f"{lesson}_*.ipynb"))


def markdown(lesson):
    """All text of lesson "NN"."""
    cells = json.loads(notebook(lesson).read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def open_exercise(lesson):
    """The lesson's open exercise, or nothing."""
    found = re.search(r"^\*\*\d\d\.\d+\*\* \(open.*?(?=^#|\Z)", markdown(lesson), re.MULTILINE | re.DOTALL)
    return found[0].strip() if found else ""


def plain(text):
    """Text as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_$<\[\]|])", r"\\\1", text)


def checks(lesson):
    """What the checks answer to the wrong answers that they know."""
    if f"lesson_{lesson}" not in lessons():
        return ""
    text = ["## What the checks say", "The wrong answers that each check knows, by what it answers to them."]
    with np.errstate(all="ignore"):
        for number, exercise in lesson_exercises(f"lesson_{lesson}").items():
            text.append(f"**{number}**, {plain(exercise.title)}")
            text.append("\n".join(f"- {plain(exercise.grade(answer, 0).message)}"
                                  for answer in exercise.wrong_answers.values()))
    return "\n\n".join(text)


def page(lesson):
    """A lesson's page. Where the open exercise has a rubric of its own, that one counts."""
    text = PAGES[lesson].read_text(encoding="utf-8").partition("\n")[2]
    question = open_exercise(lesson)
    if own_points(question):
        text = text[: text.index("}", text.index("{open")) + 1] + "\n"
    text = re.sub(r"\{open(?:: (.*))?\}", lambda place: quoted(question or place[1]), text)
    name = re.search(r"^# (.*)", markdown(lesson), re.MULTILINE)[1]
    return f"# Teaching {name}\n\n[The lesson]({notebook(lesson).name})\n{text}\n{checks(lesson)}\n"


def quoted(text):
    return "> " + text.replace("\n", "\n> ")


def first_page():
    text = (ROOT / "book" / "teachers" / "index.md").read_text(encoding="utf-8")
    toc = "\n".join(f"teach_{lesson}" for lesson in PAGES)
    return text.replace("{pages}", f"```{{toctree}}\n:maxdepth: 1\n\n{toc}\n```").replace("{memory}", memory())


def memory():
    """What kernels need, as a table; measured by benchmarks/classroom.py."""
    found = json.loads((ROOT / "benchmarks" / "classroom.json").read_text(encoding="utf-8"))
    rows = [(name, found[name]) for name in ("an empty notebook", "exercises alone", "one member drawing")]
    rows += [(f"lesson {lesson}, to its end", each) for lesson, each in sorted(found["lessons"].items())]
    text = ["| a kernel with | its own memory at the end, MB | at most, MB |", "|---|---|---|",
            *(f"| {name} | {each['own_mb']:,} | {each['most_mb']:,} |" for name, each in rows)]
    one, eight = (found[name] for name in ("one member drawing", "one member drawing, eight kernels"))
    share = (f"Eight kernels at the same time had {eight['own_mb']} MB each for themselves, and one alone "
             f"{one['own_mb']}: beside these they share the libraries' code. Thirty kernels, each with one member "
             f"drawing, therefore need about {30 * eight['own_mb'] / 1000:.0f} GB.")
    return "\n".join(text) + (f"\n\n{share}\n\n*Measured by `benchmarks/classroom.py` with "
                              f"{found['machine']['report']}; each lesson trained everything that it trains.*")


def guide():
    """All pages: a dict of file name -> Markdown."""
    return {"teachers.md": first_page(), **{f"teach_{lesson}.md": page(lesson) for lesson in PAGES}}
