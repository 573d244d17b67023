"""Every exercise: its solution passes, its wrong answers fail helpfully, its dots are noticed."""

import pytest

from ensgen_tutorial.exercises import Exercise, Wrong, all_exercises, call, exercise

EXERCISES = all_exercises()
WRONG = [(number, fragment) for number, each in EXERCISES.items() for fragment in each.wrong_answers]


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
    for dots in (..., lambda *arguments: ...):
        if dots is ... or callable(EXERCISES[number].answer):
            EXERCISES[number].check(dots)
            assert "not answered yet" in capsys.readouterr().out


@pytest.mark.parametrize("number", EXERCISES)
def test_whatever_a_student_writes_gets_a_line(number, capsys):
    def falls(*arguments):
        raise KeyError("gone")

    for answer in (None, "text", falls, lambda: 1, lambda *a: None, lambda *a: "text", 1e9):
        assert EXERCISES[number].grade(answer).state == "wrong"
        EXERCISES[number].check(answer)
        assert capsys.readouterr().out.count("\n") == 1


def test_hints_come_one_by_one_and_the_solution_is_source(capsys):
    def check(answer, random):
        if call(answer, 2) != 4:
            raise Wrong("not twice.")

    def double(x):
        return 2 * x

    each = Exercise("99.1", "doubles", check, ("think", "twice"), double)
    for wanted in ("Hint 1 of 2: think", "Hint 2 of 2: twice", "no more hints"):
        each.hint()
        assert wanted in capsys.readouterr().out
    each.solution()
    assert capsys.readouterr().out.startswith("def double(x):")


def test_an_unknown_number_names_those_that_exist():
    with pytest.raises(ValueError, match="00.1"):
        exercise("00.99")
