"""What a student solved stays solved: through wrong answers, restarts, read-only and broken stores."""

import json
import re

import pytest

from ensgen_tutorial.course import solved
from ensgen_tutorial.course.exercises import all_exercises, exercise, progress


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """A store and a home of this test's own."""
    store, home = tmp_path / "store", tmp_path / "home"
    monkeypatch.setenv("ENSGEN_STORE", str(store))
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: home / name)
    monkeypatch.setattr(solved, "UNWRITTEN", {})
    monkeypatch.setattr("ensgen_tutorial.course.exercises.UNWRITTEN", solved.UNWRITTEN)
    return store / "exercises", home / "ensgen" / "exercises"


def wrong(number):
    return next(iter(exercise(number).wrong_answers.values()))


def table(capsys):
    capsys.readouterr()
    progress()
    return capsys.readouterr().out


def row(text, lesson):
    """(number of right answers, marks) of a lesson's line in the table."""
    right, marks = re.search(rf"^{lesson} +(\d+) of \d+  ([^a-z]+)", text, re.MULTILINE).groups()
    return int(right), marks.replace(" ", "")


def test_the_table_has_a_line_for_every_lesson_and_marks_what_happened(capsys):
    exercise("00.1").check(exercise("00.1").answer)
    exercise("00.2").check(wrong("00.2"))
    exercise("00.3").check(...)
    exercise("01.1").solution()
    exercise("01.1").check(exercise("01.1").answer)
    text = table(capsys)
    assert row(text, "00")[1].startswith("●○·") and row(text, "01")[1].startswith("◐·")
    assert row(text, "00")[0] == row(text, "01")[0] == 1 and row(text, "02")[0] == 0
    assert f"2 of {len(all_exercises())} solved." in text and "cannot be written" not in text
    assert {line[:2] for line in text.splitlines()[1:-1]} == {number[:2] for number in all_exercises()}


def test_a_right_answer_stays_right(folders, capsys):
    exercise("02.1").check(wrong("02.1"))
    exercise("02.1").check(exercise("02.1").answer)
    for later in (wrong("02.1"), ..., lambda: 1):
        exercise("02.1").check(later)
    exercise("02.1").solution()
    assert solved.noted("02.1") == {"tries": 2, "right": True, "shown": False, "helped": False}
    assert [path.name for path in folders[0].iterdir()] == ["02.1.json"]


def test_grade_and_a_teacher_s_grading_note_nothing(folders, monkeypatch):
    exercise("02.1").grade(exercise("02.1").answer)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    exercise("02.1").check(exercise("02.1").answer)
    assert not folders[0].exists() and not folders[1].exists()


def read_only(*folders):
    """Folders that cannot be made: a file stands in their place, which stops even root."""
    for folder in folders:
        folder.parent.parent.mkdir(parents=True, exist_ok=True)
        folder.parent.write_text("in the way")


def test_in_a_store_that_only_the_teacher_can_write_the_student_s_folder_serves(folders, capsys):
    read_only(folders[0])
    exercise("03.1").check(exercise("03.1").answer)
    assert (folders[1] / "03.1.json").exists()
    assert row(table(capsys), "03")[0] == 1


def test_where_nothing_can_be_written_the_kernel_remembers(folders, capsys):
    read_only(*folders)
    exercise("03.1").check(exercise("03.1").answer)
    text = table(capsys)
    assert row(text, "03")[0] == 1 and "lasts as long as the kernel" in text


def test_an_unknown_home_stops_nothing(monkeypatch, capsys):
    monkeypatch.setenv("ENSGEN_STORE", "~nobody-of-this-name/store")
    exercise("03.1").check(exercise("03.1").answer)
    assert row(table(capsys), "03")[0] == 1


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"tries": "many"}', '{"right": true}', "\0"])
def test_a_broken_file_counts_as_nothing_and_is_written_again(text, folders, capsys):
    folders[0].mkdir(parents=True)
    (folders[0] / "00.1.json").write_text(text)
    assert row(table(capsys), "00")[0] == 0
    exercise("00.1").check(exercise("00.1").answer)
    assert json.loads((folders[0] / "00.1.json").read_text())["right"] is True


def test_an_output_without_these_letters_gets_the_table(monkeypatch):
    import io

    file = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(file, "ascii"))
    progress()
    assert b"00      0 of " in file.getvalue()
