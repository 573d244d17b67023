"""No check lets a wrong answer pass that was made from its solution by changing one thing."""

import numpy as np
import pytest
from mutants import mutants, survivors
from survivors import RIGHT

from ensgen_tutorial.course.exercises import Exercise, Wrong, all_exercises, call, expect_close

EXERCISES = all_exercises()
SECONDS = 0.4                                                     # of CPU for one exercise, after three seeds


@pytest.mark.parametrize("number", EXERCISES)
def test_no_mutant_passes(number):
    known = RIGHT.get(number, {})
    found = survivors(EXERCISES[number], range(100), SECONDS, known)
    assert not found, f"{number}: these wrong answers pass the check; mend it, or say in survivors.py why not"


@pytest.mark.parametrize("number", RIGHT)
def test_what_is_called_right_is_a_mutant_and_passes(number):
    made = mutants(EXERCISES[number])
    assert [text for text in RIGHT[number] if text not in made] == []
    killed = {*RIGHT[number]} - {*survivors(EXERCISES[number], range(1), None, {*made} - {*RIGHT[number]})}
    assert killed == set()


def mean_of_rows(x):
    return x.mean(axis=1)


def check_mean(answer, random):
    x = random.normal(size=(4, 3))
    expect_close(call(answer, x), mean_of_rows(x), "not the mean of each row.")


def check_half_of_the_time(answer, random):
    if np.shape(call(answer, np.ones((4, 3)))) != (4,):
        raise Wrong("shape")
    if random.random() < 0.5:
        check_mean(answer, random)


def test_a_good_check_kills_all_mutants_and_a_weak_one_does_not():
    good = Exercise("99.1", "means", check_mean, (), mean_of_rows)
    found = mutants(good)
    assert {"x.mean(axis=1) -> x.sum(axis=1)", "x.mean(axis=1) -> x.mean()", "1 -> 0, in x.mean(axis=1)",
            "result with the other sign", "x ignored"} <= found.keys()
    assert survivors(good, range(5)) == ["x.mean(axis=1)"]        # the rows' means of their own means
    weak = Exercise("99.2", "means", check_half_of_the_time, (), mean_of_rows)
    assert "x.mean(axis=1) -> x.sum(axis=1)" in survivors(weak, range(20))


def endless(x):
    while x > 0:
        x = x - 1
    return x


def test_a_loop_that_never_ends_is_stopped():
    def check(answer, random):
        expect_close(call(answer, 5), 0, "not 0.")

    exercise = Exercise("99.3", "counts down", check, (), endless)
    assert "x - 1 -> x + 1" in mutants(exercise) and "x - 1 -> x + 1" not in survivors(exercise, [0])
