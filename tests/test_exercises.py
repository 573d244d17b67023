"""Every exercise: its solution passes, its wrong answers fail helpfully, its dots are noticed."""

import io

import pytest

from ensgen_tutorial.course.exercises import (Exercise, all_exercises, call, exercise, expect_close,
                                       lesson_exercises)

EXERCISES = all_exercises()
WRONG = [(number, fragment)
         for number, each in EXERCISES.items() for fragment in each.wrong_answers]


@pytest.mark.parametrize("number", EXERCISES)
def test_the_solution_passes_on_any_input(number):
    each = EXERCISES[number]
    for seed in range(5):
        assert each.grade(each.answer, seed).state == "right"
    assert len(each.hints) >= 2 and len(each.wrong_answers) >= 2


@pytest.mark.parametrize("number, fragment", WRONG)
def test_a_wrong_answer_fails_with_the_message_that_helps(number, fragment):
    each = EXERCISES[number]
    for seed in range(5):
        grade = each.grade(each.wrong_answers[fragment], seed)
        assert grade.state == "wrong" and fragment in grade.message, grade


@pytest.mark.parametrize("number", EXERCISES)
def test_dots_are_not_answered_yet(number, capsys):
    for dots in (..., lambda *arguments: ..., lambda *arguments: None):
        if dots is ... or callable(EXERCISES[number].answer):
            EXERCISES[number].check(dots)
            assert "not answered yet" in capsys.readouterr().out


def test_work_in_place_is_no_mistake():
    def average(path, momentum):
        for row in path[1:]:
            path[0] *= momentum
            path[0] += (1 - momentum) * row
        return path[0]

    assert EXERCISES["14.2"].grade(average).state == "right"


@pytest.mark.parametrize("number", EXERCISES)
def test_whatever_a_student_writes_gets_a_line(number, capsys):
    def falls(*arguments):
        raise KeyError("gone")

    def stops(*arguments):
        raise SystemExit("two\nlines")

    ragged = lambda *arguments: [[1], [1, 2]]  # noqa: E731
    for answer in (None, "text", falls, stops, ragged, lambda: 1, lambda *a: "text\n" * 999, 1e9):
        assert EXERCISES[number].grade(answer).state == "wrong"
        EXERCISES[number].check(answer)
        assert capsys.readouterr().out.count("\n") == 1


def test_an_output_that_lacks_letters_gets_every_hint(monkeypatch):
    for encoding in ("ascii", "cp1252"):
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding))
        for each in EXERCISES.values():
            for _ in range(len(each.hints) + 1):
                each.hint()
            each.solution()
            each.check(next(iter(each.wrong_answers.values())))
            each.hints_given = 0


@pytest.fixture
def doubles():
    def check(answer, random):
        array = random.normal(size=3)
        found = call(answer, array)
        expect_close(found, 2 * array, "not twice.")

    def double(x):
        return 2 * x

    return Exercise("99.1", "doubles", check, ("think", "twice"), double)


def test_work_in_place_changes_nothing_for_the_check(doubles):
    def right(x):
        x *= 2
        return x

    def wrong(x):
        x[:] = 0
        return x

    assert doubles.grade(right).state == "right"
    assert doubles.grade(wrong).message == "not twice."


def test_the_type_and_message_of_an_error_are_told(doubles):
    def falls(x):
        raise KeyError("gone")

    assert "stopped with KeyError: 'gone'" in doubles.grade(falls).message
    assert "has shape (2,), and (3,) is wanted" in doubles.grade(lambda x: x[:2]).message


def test_ctrl_c_passes_through(doubles):
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        doubles.grade(interrupted)


def test_each_call_checks_with_other_numbers_and_a_seed_repeats_them(doubles):
    seen = []

    def remembers(x):
        seen.append(x)
        return 2 * x

    for seed in (None, None, 7, 7):
        doubles.grade(remembers, seed)
    assert (seen[0] != seen[1]).all() and (seen[2] == seen[3]).all()


def test_check_prints_and_returns_nothing(doubles, capsys):
    assert doubles.check(doubles.answer) is None
    assert capsys.readouterr().out == "99.1 right: doubles.\n"


def test_hints_come_one_by_one_and_the_solution_is_source(doubles, capsys):
    for wanted in ("Hint 1 of 2: think", "Hint 2 of 2: twice", "no more hints", "no more hints"):
        doubles.hint()
        assert wanted in capsys.readouterr().out
    doubles.solution()
    assert capsys.readouterr().out.startswith("def double(x):")
    Exercise("99.2", "a value", None, (), 0.25).solution()
    assert capsys.readouterr().out == "0.25\n"


@pytest.mark.parametrize("number", ["00.99", "77.1", "", 1.1, ["00.1"]])
def test_an_unknown_number_names_those_that_exist(number):
    with pytest.raises(ValueError, match="no exercise .*00.1, "):
        exercise(number)


def test_exercises_stand_in_the_file_of_their_lesson():
    for number, each in EXERCISES.items():
        assert exercise(number) is each and lesson_exercises(f"lesson_{number[:2]}")[number] is each
