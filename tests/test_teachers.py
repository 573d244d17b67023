"""The teacher's guide fits the lessons: sections, minutes, exercises, rubrics, syllabuses."""

import json
import re
import sys
from pathlib import Path

import pytest

from ensgen_tutorial.course.exercises import all_exercises

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book"))
import teachers  # noqa: E402

NUMBERS = {path.name[:2] for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
OWN = {lesson: path.read_text(encoding="utf-8") for lesson, path in teachers.PAGES.items()}


def rows(text, heading):
    """The rows of the table below a heading, without its two head lines; a list of lists."""
    part = text.partition(f"## {heading}")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[each.strip() for each in line.strip("|").split("|")] for line in lines[2:]]


def test_every_lesson_has_a_page_and_every_page_a_lesson():
    assert set(OWN) == NUMBERS


@pytest.mark.parametrize("lesson", OWN)
def test_ninety_minutes_go_through_sections_that_exist(lesson):
    headings = {line.lstrip("# ").strip() for line in teachers.markdown(lesson).splitlines() if line.startswith("##")}
    table = rows(OWN[lesson], "Ninety minutes")
    named = [section for _, section, _ in table if not section.startswith("*")]
    missing = [section for section in named if section not in headings]
    others = sorted(headings - set(named))
    assert missing == [], f"book/teachers/{lesson}.md names sections that the lesson lacks; it also has {others}"
    assert sum(int(minutes) for minutes, *_ in table) == 90
    left_out = re.findall(r"\*([A-Z][^*]+)\* (?:and|as|at home)", OWN[lesson].partition("## What students")[0])
    assert set(left_out) <= headings


@pytest.mark.parametrize("lesson", OWN)
def test_a_page_has_aims_mistakes_questions_and_a_rubric_of_four_points(lesson):
    text = OWN[lesson]
    assert len(re.findall(r"^- ", text.partition("## Aims")[2].partition("## Ninety")[0], re.MULTILINE)) == 3
    mistakes = text.partition("## What students get wrong")[2].partition("## Ask aloud")[0]
    assert 3 <= len(re.findall(r'^\*\*?".*', mistakes, re.MULTILINE)) <= 5
    questions = text.partition("## Ask aloud")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\d\. \*.*[?.]\* \S", questions, re.MULTILINE)) == 3
    rubric = text[text.rindex("\n## "):]
    assert sum(int(points) for points in re.findall(r"^\| (\d) \|", rubric, re.MULTILINE)) == 4
    assert len(re.findall(r"^\{open(: .*)?\}$", text, re.MULTILINE)) == 1
    assert "{open}" not in text or teachers.open_exercise(lesson)


def test_a_lesson_s_own_rubric_takes_the_place_of_the_page_s(monkeypatch):
    assert "| points | for |" in teachers.page("00") and "(open" in teachers.page("00")
    monkeypatch.setattr(teachers, "open_exercise", lambda lesson: "**00.4** (open)\n\n*Rubric, 10 points.* Much.")
    assert "| points | for |" not in teachers.page("00") and "> *Rubric, 10" in teachers.page("00")
    monkeypatch.setattr(teachers, "open_exercise", lambda lesson: "")
    assert "> Replace the forest" in teachers.page("03")


@pytest.mark.parametrize("lesson", ["index", *OWN])
def test_every_exercise_that_is_named_exists(lesson):
    text = (ROOT / "book" / "teachers" / f"{lesson}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\b\d\d\.\d+\b", text)) <= set(all_exercises())


def test_pages_end_with_what_their_checks_say():
    pages = teachers.guide()
    assert set(pages) == {"teachers.md", *(f"teach_{lesson}.md" for lesson in OWN)}
    for lesson in OWN:
        text = pages[f"teach_{lesson}.md"]
        assert "{open}" not in text and teachers.notebook(lesson).name in text
        for number, exercise in all_exercises().items():
            if number.startswith(lesson):
                part = text.partition(f"**{number}**")[2].partition("\n\n**")[0]
                assert part.count("\n- ") == len(exercise.wrong_answers)


def test_syllabuses_take_six_ten_and_fourteen_weeks_in_the_lessons_order():
    table = rows((ROOT / "book" / "teachers" / "index.md").read_text(encoding="utf-8"), "Syllabuses")
    for column, weeks in ((1, 6), (2, 10), (3, 14)):
        found = [row[column][:2] for row in table if row[column]]
        assert len(found) == weeks and found == sorted(set(found)) and set(found) <= NUMBERS


def test_the_memory_of_kernels_was_measured():
    found = json.loads((ROOT / "benchmarks" / "classroom.json").read_text())
    assert all(0 < each["own_mb"] <= each["most_mb"] < 4000 for each in found["lessons"].values())
    assert len(found["lessons"]) >= 3 and f"{found['one member drawing']['own_mb']:,}" in teachers.memory()
