"""The lessons' exercises as a course for nbgrader: one assignment per lesson, to hand out and to grade.

An assignment holds what an exercise needs and nothing else, so a submission is graded in seconds,
while a whole lesson trains networks. Questions come from the lessons, solutions and checks from
``course/exercises``. nbgrader (its documentation: nbgrader.readthedocs.io) is only needed for the
versions that students get.
"""

import ast
import importlib.util
import json
import os
import re
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path

from ..machine.output import say
from .exercises import all_exercises
from .lessons import lessons_source
from .solutions import body_of

POINTS = 1                          # of an exercise that checks itself
OPEN_POINTS = 4                     # of an open one, given by hand, unless its own rubric says how many
SEEDS = 5                           # an answer must be right for so many random inputs
CHECK = re.compile(r"""^eg\.exercise\(["'](\d\d\.\d+)["']\)\.check\((\w+)\)""", re.MULTILINE)
QUESTION = re.compile(r"^\*\*(\d\d\.\d+)\*\*.*?(?=^\*\*\d\d\.\d+\*\*|^#|\Z)", re.MULTILINE | re.DOTALL)

CONFIG = '''"""Settings of nbgrader for this course. Go on with: nbgrader generate_assignment LESSON"""

c = get_config()
c.CourseDirectory.course_id = "ensgen"
c.ClearSolutions.code_stub = {"python": "return ...                # replace the dots"}
c.ExecutePreprocessor.timeout = 60
'''
INTRODUCTION = """# Exercises of lesson {title}

Replace the dots of each function with your answer and run the cell below it, which says whether it is right, and if not, what to look at.
Import what else you need in the function's own cell. Each exercise gives {points} point; an open one is marked by hand.
They belong to the lesson `{file}`, where everything is explained."""
SETUP = "import numpy as np\n\nimport ensgen_tutorial as eg"
TESTS = """eg.exercise("{number}").check({name})
### BEGIN HIDDEN TESTS
from ensgen_tutorial.course.exercises import exercise

for seed in range({seeds}):
    grade = exercise("{number}").grade({name}, seed)
    assert grade.state == "right", grade.message
### END HIDDEN TESTS"""
HAND_IN = """

Work in your copy of the lesson, where everything is loaded. Then add Markdown cells below this one for your
answer: a few sentences, the numbers, the pictures (drag them into a cell), and the code that matters as text.
Code cells here would be run again for grading."""
MARKS = """

### BEGIN MARK SCHEME
One point each: the question made precise before anything is run · one thing varied and the rest kept fair
(splits, seeds, cost) · a number with its uncertainty, or a picture, that answers · a conclusion no larger
than the evidence, and what would change it. The teacher's guide says what to look for in this lesson.
### END MARK SCHEME"""


def export_course(folder, report=say):
    """Write a course for nbgrader into ``folder``; returns the names of its assignments.

    ``source`` gets a notebook per lesson with solutions, visible checks, hidden tests and points;
    ``release``, if nbgrader is installed, what students get. A file that is there and differs,
    since somebody worked in it, stays as it is, and a line says so.
    """
    folder, names, kept = Path(folder), [], []
    for lesson in sorted((lessons_source() / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        text = json.dumps(assignment(lesson), indent=1, ensure_ascii=False) + "\n"
        kept += write(folder / "source" / lesson.stem / lesson.name, text)
        names.append(lesson.stem)
    kept += write(folder / "nbgrader_config.py", CONFIG)
    if kept:
        report(f"{len(kept)} files differ from what this version writes, and stay as they are: {', '.join(kept)}.")
    report(f"{len(names)} assignments are in {folder / 'source'}.")
    if importlib.util.find_spec("nbgrader") is None:
        report('nbgrader is not installed, so there are no versions for students yet: pip install '
               '"ensgen-tutorial[classroom]", then the same command.')
    else:
        release(folder, names)
        report(f"What students get is in {folder / 'release'}.")
    return names


def write(path, text):
    """Write a file unless one is there; returns [its name] where another one is there."""
    if path.exists():
        return [] if path.read_text(encoding="utf-8") == text else [path.name]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return []


def release(folder, names):
    """Let nbgrader make the students' versions. ValueError with its words where it cannot."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    config.CourseDirectory.root = str(folder.absolute())
    for name in names:
        with own_programs():
            result = NbGraderAPI(config=config).generate_assignment(name, force=True)
        if not result["success"]:
            raise ValueError(f"nbgrader could not generate {name}: {result.get('log', result['error'])}")


@contextmanager
def own_programs():
    """This Python's programs come first: nbgrader starts ``alembic`` by its name for a new gradebook."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def assignment(lesson):
    """One lesson's exercises as a notebook (a dict): questions, solutions, checks. lesson: a path."""
    book = json.loads(Path(lesson).read_text(encoding="utf-8"))
    sources = [(cell["cell_type"], "".join(cell["source"])) for cell in book["cells"]]
    title = sources[0][1].splitlines()[0].removeprefix("# ")
    introduction = INTRODUCTION.format(title=title, file=Path(lesson).name, points=POINTS)
    cells = [cell("introduction", "markdown", introduction), cell("setup", "code", SETUP)]
    questions = {found[1]: found[0].strip() for kind, text in sources if kind == "markdown"
                 for found in QUESTION.finditer(text) if found[1].startswith(title[:2])}
    answers = {found[1]: (found[2], text[: found.start()].strip()) for kind, text in sources if kind == "code"
               for found in CHECK.finditer(text)}
    for number, question in sorted(questions.items()):
        place = number.replace(".", "_")
        if number not in answers:
            points = own_points(question)
            cells.append(cell(f"open_{place}", "markdown", question + HAND_IN + ("" if points else MARKS),
                              points=points or OPEN_POINTS, task=True))
            continue
        name, code = answers[number]
        tests = TESTS.format(number=number, name=name, seeds=SEEDS)
        cells += [cell(f"question_{place}", "markdown", question),
                  cell(f"answer_{place}", "code", solved(code, all_exercises()[number].answer), solution=True),
                  cell(f"check_{place}", "code", tests, points=POINTS, grade=True)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
            "nbformat": 4, "nbformat_minor": 5}


def own_points(question):
    """How many points the rubric of an open exercise gives; 0 if it has none of its own."""
    if stated := re.search(r"\*Rubric, (\d+) points", question):
        return int(stated[1])
    return len(re.findall("^- ", question.partition("one point for each")[2], re.MULTILINE))


def cell(name, kind, source, **marks):
    """A cell as nbgrader knows it: read-only unless it is an answer or a task."""
    marks = {"grade": False, "solution": False, "task": False, **marks}
    marks |= {"grade_id": name, "schema_version": 3, "locked": not marks["solution"]}
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": name, "metadata": {"nbgrader": marks},
            "source": source.splitlines(keepends=True), **code}


def solved(code, answer):
    """A function whose body is ``return ...``, with the body of ``answer`` as its solution."""
    parameters = [each.arg for each in ast.parse(code).body[-1].args.args]
    body = f"### BEGIN SOLUTION\n{body_of(answer, parameters)}\n### END SOLUTION"
    return code[: code.index("return ...")] + textwrap.indent(body, "    ").lstrip()
