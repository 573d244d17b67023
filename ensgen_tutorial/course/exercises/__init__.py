"""Exercises that check themselves: ``exercise("01.1").check(answer)``, ``.hint()``, …

A file for each lesson holds its ``EXERCISES``; ``progress()`` shows which are solved. A check raises
``Wrong`` with what to look at; it tests properties on fresh random inputs, so an answer cannot be right
by chance or by heart.
"""

import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ...machine.output import say
from ..language import message_language, translate_message
from ..solved import UNWRITTEN, note, noted

DOTS = "replace the dots with your answer."


class Wrong(Exception):
    """An answer is wrong; the message tells a student what to look at."""


class NotAnswered(Exception):
    """The answer still holds its dots, or its function returns nothing yet."""


class Grade(NamedTuple):
    """``state``: "right", "wrong" or "not answered yet"; ``message``: one line for the student."""

    state: str
    message: str


@dataclass
class Exercise:
    """One exercise.

    number: "NN.k". title: what a right answer is, in a few words. check_answer: a function of the
    answer and a NumPy Generator, another one at every call, that raises Wrong. hints: from vague to
    plain. answer: one that passes. wrong_answers: typical wrong ones, each as message fragment ->
    answer, where the check's message must hold the fragment.
    """

    number: str
    title: str
    check_answer: Callable[[Any, np.random.Generator], None]
    hints: tuple
    answer: Any
    wrong_answers: dict = field(default_factory=dict)
    hints_given: int = 0

    def grade(self, answer, seed=None):
        """Grade an answer, whatever the student's code does; only Ctrl-C passes through."""
        try:
            if answer is ...:
                raise NotAnswered(DOTS)
            self.check_answer(answer, np.random.default_rng(seed))
        except NotAnswered as reason:
            return Grade("not answered yet", str(reason))
        except Wrong as reason:
            return Grade("wrong", one_line(reason))
        except (Exception, SystemExit) as error:
            return Grade("wrong", one_line("the check cannot read this answer "
                                           f"({type(error).__name__}: {error})."))
        return Grade("right", f"{self.title}.")

    def check(self, answer):
        """Print whether ``answer`` is right, and if not, what to look at."""
        state, message = self.grade(answer)
        if state != "not answered yet":
            note(self.number, right=state == "right")
        if state == "right":
            message = translate_message(self.title) + {"zh": "。"}.get(message_language(), ".")
        say(f"{self.number} {translate_message(state)}: {translate_message(message)}")

    def hint(self):
        """Print the next hint."""
        if self.hints_given == len(self.hints):
            say(translate_message(f"{self.number} has no more hints; exercise({self.number!r}).solution() shows an "
                                  "answer."))
            return
        hint = translate_message(self.hints[self.hints_given])
        say(translate_message(f"Hint {self.hints_given + 1} of {len(self.hints)}: {hint}"))
        self.hints_given += 1

    def solution(self):
        """Print an answer that passes."""
        note(self.number, shown=True)
        answer = self.answer
        say(textwrap.dedent(inspect.getsource(answer)) if callable(answer) else repr(answer))


def one_line(message):
    """A message as one line of at most 300 characters: TensorFlow's errors fill pages."""
    text = " ".join(str(message).split())
    return text if len(text) <= 300 else text[:298] + " …"


def call(answer, *arguments):
    """The student's function on some arguments; dots or nothing as its result: not answered yet.

    It gets copies, so that work in place cannot change what the check compares with.
    """
    if not callable(answer):
        raise Wrong(f"a function is wanted, and this is of type {type(answer).__name__}.")
    try:
        result = answer(*map(copy_of, arguments))
    except (Exception, SystemExit) as error:
        raise Wrong(f"your code stopped with {type(error).__name__}: {error}") from None
    if result is ...:
        raise NotAnswered(DOTS)
    if result is None:
        raise NotAnswered("your function returns nothing: does it end with return?")
    return result


def copy_of(value):
    """A copy of an array, also of each in a list or dict; anything else as it is."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple):
        return type(value)(map(copy_of, value))
    if type(value) is dict:
        return {key: copy_of(each) for key, each in value.items()}
    return value


def expect_close(found, wanted, message, tolerance=1e-6):
    """Raise Wrong(message) unless two numbers or arrays agree; shapes are compared first."""
    try:
        found = np.asarray(found, float)
    except (TypeError, ValueError):
        raise Wrong(f"numbers are wanted, and this is {found!r}.") from None
    wanted = np.asarray(wanted, float)
    if found.shape != wanted.shape:
        raise Wrong(f"the result has shape {found.shape}, and {wanted.shape} is wanted.")
    if not np.allclose(found, wanted, rtol=tolerance, atol=tolerance):
        raise Wrong(message)


def lessons():
    """The names of the files with exercises: lesson_00, lesson_01, …"""
    return [module.name for module in pkgutil.iter_modules(__path__)]


def lesson_exercises(lesson):
    """The exercises of one file: a dict number -> Exercise."""
    found = importlib.import_module(f"{__name__}.{lesson}").EXERCISES
    return {exercise.number: exercise for exercise in found}


def all_exercises():
    """Every exercise of every lesson: a dict number -> Exercise."""
    return {number: each for lesson in lessons()
            for number, each in lesson_exercises(lesson).items()}


def exercise(number):
    """The exercise "NN.k" of lesson NN. Raises ValueError where there is none."""
    lesson = f"lesson_{str(number)[:2]}"
    found = lesson_exercises(lesson) if lesson in lessons() else {}
    if str(number) not in found:
        raise ValueError(f"there is no exercise {number!r}; there are "
                         f"{', '.join(sorted(all_exercises()))}.")
    return found[str(number)]


def progress():
    """Print a table of all exercises: which are solved so far, and which were tried.

    Right answers are noted in the store, so the table grows from notebook to notebook.
    """
    rows, solved = [], 0
    for lesson in lessons():
        found = lesson_exercises(lesson)
        marks = [mark(noted(number)) for number in found]
        right = sum(each in "●◐" for each in marks)
        about = importlib.import_module(f"{__name__}.{lesson}").__doc__.splitlines()[0].partition(": ")[2]
        rows.append(f"{lesson[-2:]}      {right} of {len(marks)}  {' '.join(marks):<11}{about.rstrip('.')}")
        solved += right
    say(translate_message("lesson  solved  exercises"))
    for row in rows:
        say(row)
    say(translate_message(f"{solved} of {len(all_exercises())} solved.  ● right  ◐ right, after its solution was "
                          "shown  ○ tried  · not yet"))
    if UNWRITTEN:
        say(translate_message("The store cannot be written, so a part of this table lasts as long as the kernel."))


def mark(notes):
    """One letter for what is known of an exercise."""
    if notes["right"]:
        return "◐" if notes["helped"] else "●"
    return "○" if notes["tries"] else "·"
