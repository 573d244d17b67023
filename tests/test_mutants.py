"""No check lets a wrong answer pass that was made from its solution by changing one thing."""

import os

import numpy as np
import pytest
from mutants import mutants, passes
from survivors import RIGHT, TO_MEND

from ensgen_tutorial.course.exercises import Exercise, Wrong, all_exercises, call, expect_close

EXERCISES = all_exercises()
SEEDS = int(os.environ.get("ENSGEN_MUTANT_SEEDS", 25))            # of a student's 25 tries none may pass
SLOW = {"00.3": 3}                                                # this check needs many numbers
KNOWN = [(number, text) for number, found in RIGHT.items() for text in found]


@pytest.mark.parametrize("number", EXERCISES)
def test_no_mutant_passes(number):
    exercise, expected = EXERCISES[number], {*RIGHT.get(number, ()), *TO_MEND.get(number, ())}
    found = {text for text, answer in mutants(exercise).items() if text not in expected
             and passes(exercise, answer, range(min(SEEDS, SLOW.get(number, SEEDS)))) is not None}
    assert not found, f"{number}: these wrong answers pass the check; mend it, or say in survivors.py why not"


@pytest.mark.parametrize("number, text", KNOWN)
def test_what_is_called_right_is_a_mutant_and_passes(number, text):
    answer = mutants(EXERCISES[number])[text]
    assert passes(EXERCISES[number], answer, range(3)) == 0


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
    right = [text for text, answer in found.items() if passes(good, answer, range(5)) is not None]
    assert right == ["x.mean(axis=1)"]                            # the rows' means of their own means
    weak = Exercise("99.2", "means", check_half_of_the_time, (), mean_of_rows)
    text = "x.mean(axis=1) -> x.sum(axis=1)"
    assert passes(weak, mutants(weak)[text], range(20)) is not None


def endless(x):
    while x > 0:
        x = x - 1
    return x


def test_a_loop_that_never_ends_is_stopped():
    def check(answer, random):
        expect_close(call(answer, 5), 0, "not 0.")

    exercise = Exercise("99.3", "counts down", check, (), endless)
    assert passes(exercise, mutants(exercise)["x - 1 -> x + 1"], [0]) is None
