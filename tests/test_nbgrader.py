"""The exported course: every exercise, graded like in class, in this process and by the real nbgrader."""

import copy
import html
import json
import re
from pathlib import Path

import pytest

from ensgen_tutorial.__main__ import main
from ensgen_tutorial.course import nbgrader as export
from ensgen_tutorial.course.exercises import all_exercises

LESSONS = sorted((Path(__file__).parents[1] / "notebooks").glob("[0-9][0-9]_*.ipynb"))
EXERCISES = all_exercises()
DOTS = "return ...                # replace the dots"


@pytest.fixture(scope="module")
def assignments():
    return {lesson.stem: export.assignment(lesson) for lesson in LESSONS}


def source(cell):
    return "".join(cell["source"])


def marks(cell):
    return cell["metadata"]["nbgrader"]


def number_of(cell):
    return ".".join(cell["id"].split("_")[1:3])


def answered(book, answer):
    """A copy of an assignment in which each function is what ``answer(number, name)`` says, as code."""
    book = copy.deepcopy(book)
    for cell in book["cells"]:
        if cell["id"].startswith("answer_"):
            name = re.match(r"def (\w+)", source(cell))[1]
            cell["source"] = answer(number_of(cell), name) or cell["source"]
    return book


def wrong_number(k):
    """The k-th wrong answer to each exercise, or the last one it has."""
    def answer(number, name):
        fragments = list(EXERCISES[number].wrong_answers)
        return f"{name} = eg.exercise({number!r}).wrong_answers[{fragments[min(k, len(fragments) - 1)]!r}]"
    return answer


def grades(book):
    """Run an assignment in this process: number -> None if its tests pass, else their message."""
    space, found = {}, {}
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            try:
                exec(source(cell), space)
                message = None
            except AssertionError as error:
                message = str(error)
            if marks(cell)["grade"]:
                found[number_of(cell)] = message
    return found


def test_every_exercise_of_every_lesson_is_asked_once_with_a_point(assignments):
    for lesson in LESSONS:
        cells = assignments[lesson.stem]["cells"]
        text = "\n".join("".join(cell["source"]) for cell in json.loads(lesson.read_text())["cells"])
        wanted = set(re.findall(r"^eg\.exercise\(\"([\d.]+)\"\)\.check", text, re.MULTILINE))
        graded = [number_of(cell) for cell in cells if marks(cell)["grade"]]
        assert sorted(graded) == sorted(wanted) and len(graded) >= 3, lesson.name
        assert all(marks(cell)["points"] == 1 for cell in cells if marks(cell)["grade"])
        opened = re.findall(r"^\*\*([\d.]+)\*\* \(open", text, re.MULTILINE)
        assert [number_of(cell) for cell in cells if marks(cell)["task"]] == opened, lesson.name
        assert [cell["id"] for cell in cells if cell["id"].startswith("question_")] == [
            f"question_{number.replace('.', '_')}" for number in graded]


def test_all_cells_have_ids_of_their_own_and_students_can_only_change_answers(assignments):
    for book in assignments.values():
        ids = [cell["id"] for cell in book["cells"]]
        assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", each) for each in ids)
        for cell in book["cells"]:
            assert marks(cell)["grade_id"] == cell["id"] and marks(cell)["schema_version"] == 3
            assert marks(cell)["locked"] != cell["id"].startswith("answer_")
            assert ("BEGIN SOLUTION" in source(cell)) == cell["id"].startswith("answer_")
            assert ("BEGIN HIDDEN TESTS" in source(cell)) == cell["id"].startswith("check_")


def test_an_open_exercise_gives_the_points_of_its_rubric(tmp_path):
    for text, points in (("", 4), ("\n\n*Rubric, 10 points.* All of them.", 10),
                         (" Give yourself one point for each:\n\n- one;\n- two;\n- three.", 3)):
        lesson = tmp_path / LESSONS[0].name
        book = json.loads(LESSONS[0].read_text())
        book["cells"] = [book["cells"][0], {"cell_type": "markdown", "source": ["**00.9** (open-ended) Why?" + text]}]
        lesson.write_text(json.dumps(book))
        task = export.assignment(lesson)["cells"][-1]
        assert marks(task)["points"] == points and ("MARK SCHEME" in source(task)) == (points == 4)


def test_nothing_but_the_exercises_runs(assignments):
    """No lesson is trained for a grade: an assignment imports NumPy and the package, and no Keras."""
    for book in assignments.values():
        text = "\n".join(source(cell) for cell in book["cells"] if cell["cell_type"] == "code")
        assert not re.search(r"train_generator|load_member|import keras", text)


def test_right_answers_get_every_point(assignments):
    for name, book in assignments.items():
        assert set(grades(book).values()) == {None}, name


def test_dots_get_none(assignments):
    for name, book in assignments.items():
        dots = answered(book, lambda number, name: f"def {name}(*arguments):\n    {DOTS}")
        assert all("dots" in message for message in grades(dots).values()), name


def test_each_known_wrong_answer_loses_its_point_and_says_why(assignments):
    for book in assignments.values():
        numbers = list(grades(book))
        for k in range(max(len(EXERCISES[number].wrong_answers) for number in numbers)):
            for number, message in grades(answered(book, wrong_number(k))).items():
                fragments = list(EXERCISES[number].wrong_answers)
                assert fragments[min(k, len(fragments) - 1)] in message


def test_what_a_teacher_changed_stays(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(export, "release", lambda folder, names: None)
    assert main(["export", "--nbgrader", str(tmp_path)]) == 0
    mine = tmp_path / "source" / LESSONS[0].stem / LESSONS[0].name
    first = mine.read_text()
    assert main(["export", "--nbgrader", str(tmp_path)]) == 0 and "differ" not in capsys.readouterr().out
    mine.write_text("my own exercises")
    main(["export", "--nbgrader", str(tmp_path)])
    assert f"stay as they are: {mine.name}" in capsys.readouterr().out and mine.read_text() == "my own exercises"
    assert json.loads(first)["nbformat"] == 4


def test_without_nbgrader_one_line_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["export", "--nbgrader", str(tmp_path)]) == 0
    assert "pip install" in capsys.readouterr().out and not (tmp_path / "release").exists()


@pytest.fixture(scope="module")
def classroom(tmp_path_factory, assignments):
    """A course, handed out, answered by a class and graded by nbgrader: (its folder, students).

    All lessons' exercises stand in one assignment, so that each student costs one kernel.
    """
    pytest.importorskip("nbgrader", reason='nbgrader is not installed: pip install ".[classroom]"')
    from nbgrader.apps import NbGraderAPI
    from traitlets.config.loader import PyFileConfigLoader

    folder = tmp_path_factory.mktemp("classroom")
    patch = pytest.MonkeyPatch()
    patch.setenv("ENSGEN_STORE", str(folder / "store"))
    assert main(["export", "--nbgrader", str(folder)]) == 0
    everything = {**assignments[LESSONS[0].stem], "cells": [copy.deepcopy(cell) for book in assignments.values()
                                                          for cell in book["cells"]]}
    for place, cell in enumerate(everything["cells"]):
        if cell["id"] in ("introduction", "setup"):
            cell["id"] = marks(cell)["grade_id"] = f"{cell['id']}_{place}"
    (folder / "source" / "everything").mkdir()
    (folder / "source" / "everything" / "everything.ipynb").write_text(json.dumps(everything))
    export.release(folder, ["everything"])
    released = json.loads((folder / "release" / "everything" / "everything.ipynb").read_text())
    right = {cell["id"]: source(cell) for cell in everything["cells"]}
    students = {"right": lambda number, name: right[f"answer_{number.replace('.', '_')}"],
                "dots": lambda number, name: None}
    for k in range(max(len(each.wrong_answers) for each in EXERCISES.values())):
        students[f"wrong{k}"] = wrong_number(k)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    config.CourseDirectory.root = str(folder)
    for student, answer in students.items():
        place = folder / "submitted" / student / "everything" / "everything.ipynb"
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps(answered(released, answer)))
        for step in ("autograde", "generate_feedback"):
            result = getattr(NbGraderAPI(config=config), step)("everything", student)
            assert result["success"], result
    patch.undo()
    return folder, students, everything


def scores(folder, student):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "ensgen") as book:
        notebook = book.find_submission_notebook("everything", "everything", student)
        return {number_of({"id": grade.name}): (grade.score, grade.max_score) for grade in notebook.grades
                if grade.name.startswith("check_")}


def feedback(folder, student):
    text = (folder / "feedback" / student / "everything" / "everything.html").read_text(encoding="utf-8")
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())


def test_students_get_neither_solutions_nor_hidden_tests(classroom):
    folder = classroom[0]
    releases = sorted(folder.glob("release/*/*.ipynb"))
    assert [path.name for path in releases][:len(LESSONS)] == [lesson.name for lesson in LESSONS]
    for path in releases:
        text = path.read_text(encoding="utf-8")
        assert not re.search("SOLUTION|HIDDEN|MARK SCHEME|assert grade", text) and DOTS in text
        assert ").check(" in text


def test_nbgrader_gives_right_answers_full_points_and_dots_none(classroom):
    folder, students, everything = classroom
    graded = sum(marks(cell)["grade"] for cell in everything["cells"])
    for student, point in (("right", 1), ("dots", 0)):
        found = scores(folder, student)
        assert len(found) == graded and set(found.values()) == {(point, 1)}, student
    assert "AssertionError Traceback" not in feedback(folder, "right")
    assert "AssertionError Traceback" in feedback(folder, "dots")      # so this is how one would look


def test_nbgrader_takes_each_known_wrong_answer_s_point_and_the_feedback_says_why(classroom):
    folder, students, _ = classroom
    for k, student in enumerate(each for each in students if each.startswith("wrong")):
        text = feedback(folder, student)
        for number, (score, _) in scores(folder, student).items():
            fragments = list(EXERCISES[number].wrong_answers)
            fragment = fragments[min(k, len(fragments) - 1)]
            assert score == 0 and re.search(
                rf"{re.escape(number)} wrong: [^:]*?.{{0,300}}{re.escape(fragment)}", text), (student, number)


def test_grading_leaves_no_trace_in_the_teacher_s_own_progress(classroom):
    assert not (classroom[0] / "store").exists()
