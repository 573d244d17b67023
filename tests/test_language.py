"""The course in Chinese: the same code, numbers and formulas, and messages in the lesson's language."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from ensgen_tutorial.course import language
from ensgen_tutorial.course.exercises import exercise, lesson_exercises, lessons
from ensgen_tutorial.course.lessons import copy_lessons

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book"))
translate = pytest.importorskip("translate", reason="the site's packages are not part of the default install")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CATALOGUES = sorted((language.TRANSLATIONS / "zh").glob("*.po"))


def has_chinese(text):
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_translated_lesson_computes_the_same(path):
    english = json.loads(path.read_text(encoding="utf-8"))
    chinese = language.translate_lesson(english, path.name[:2], "zh")
    assert len(english["cells"]) == len(chinese["cells"])
    for before, after in zip(english["cells"], chinese["cells"]):
        if before["cell_type"] == "code":
            assert before == after
        else:
            assert {**before, "source": 0} == {**after, "source": 0}
            parts = "".join(before["source"])
            assert "\n".join(map("\n".join, language.blocks(parts))) == parts


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_translations_keep_formulas_code_links_numbers_layout_and_terms(path):
    terms = translate.glossary("zh")
    found = {entry.id[:60]: translate.faults(entry.id, entry.string, terms, markdown=path.stem != "exercises")
             for entry in translate.read("zh", path.stem) if entry.id and entry.string and not entry.fuzzy}
    assert {text: faults for text, faults in found.items() if faults} == {}


@pytest.mark.parametrize("good, bad, kind", [
    ("The pool needs 3 nats.", "意见池需要 4 奈特。", "numbers"),
    ("Let $x$ be `a`.", "设 $y$ 为 `a`。", "formulas"),
    ("Let $x$ be `a`.", "设 $x$ 为 `b`。", "code"),
    ("See [lesson](00.ipynb).", "见[课](01.ipynb)。", "links"),
    ("**You will learn** it.", "**你将学到：**它。", "layout"),
    ("A pool.", "池化。", "term"),
    ("- one\n- two", "- 一", "layout"),
])
def test_a_translation_that_changes_something_is_found(good, bad, kind):
    assert any(fault.startswith(kind) for fault in translate.faults(good, bad, translate.glossary("zh")))


def test_what_changed_or_is_missing_falls_back_to_english():
    catalog = translate.Catalog()
    catalog.add("One.", "一。")
    catalog.add("Two.", "")
    catalog.add("Three.", "三。", flags=["fuzzy"])
    text = "One.\n\nTwo.\n\n$$x$$\n\nThree."
    assert language.translate_markdown(text, catalog) == "一。\n\nTwo.\n\n$$x$$\n\nThree."
    assert translate.missing(catalog) == ["Two.", "Three."]


def test_a_formula_of_several_lines_and_a_fence_stay_whole():
    text = "Before\n$$a\n\n= b$$\nafter\n\n```python\nx = 1\n\ny = 2\n```\n\nend"
    assert list(language.units(text)) == ["Before", "after", "end"]
    assert [len(part) for part in language.blocks(text) if "$$a" in part[0] or "```" in part[0]] == [3, 5]


def test_every_message_of_every_check_is_known_to_the_catalogue():
    """What a check says to a wrong answer is one of the sentences that the catalogue asks for."""
    templates, unknown = set(language.message_templates()), []
    patterns = [language.pattern(text) for text in templates if "{" in text]
    for lesson in lessons():
        for number, each in lesson_exercises(lesson).items():
            with np.errstate(all="ignore"):
                answers = [each.grade(answer, 0).message for answer in each.wrong_answers.values()]
            for message in [*answers, *each.hints, each.title]:
                if message not in templates and not any(pattern.fullmatch(message) for pattern in patterns):
                    unknown.append((number, message))
    assert unknown == []


def test_an_exercise_speaks_the_language_of_its_lesson(tmp_path, monkeypatch, capsys):
    asked = exercise("00.1")
    monkeypatch.chdir(tmp_path)
    asked.check(...)
    assert "not answered yet" in capsys.readouterr().out
    (tmp_path / language.NOTE).write_text("zh")
    for answer in (..., asked.answer, next(iter(asked.wrong_answers.values())), 3):
        asked.check(answer)
        printed = capsys.readouterr().out
        assert printed.startswith("00.1 ") and has_chinese(printed) and "not answered" not in printed
    asked.hint()
    assert has_chinese(capsys.readouterr().out)
    monkeypatch.setenv("ENSGEN_LANGUAGE", "en")
    asked.check(3)
    assert not has_chinese(capsys.readouterr().out)


def test_numbers_in_a_message_arrive():
    english = "the result has shape (2, 3), and (4,) is wanted."
    chinese = language.translate_message(english, "zh")
    assert has_chinese(chinese) and "(2, 3)" in chinese and "(4,)" in chinese
    assert language.translate_message("nobody translated this", "zh") == "nobody translated this"


def test_lessons_are_copied_in_chinese_and_again_in_english(tmp_path):
    lines = []
    copy_lessons(tmp_path, lines.append, language="zh")
    lesson = (tmp_path / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    assert "你将学到" in lesson and (tmp_path / "notebooks" / language.NOTE).read_text() == "zh"
    assert copy_lessons(tmp_path, lines.append, language="zh") == []
    beside = {path.name for path in copy_lessons(tmp_path, lines.append)}
    assert "00_start_here.new.ipynb" in beside and (tmp_path / "notebooks" / "00_start_here.ipynb").read_text(
        encoding="utf-8") == lesson
    assert not (tmp_path / "notebooks" / language.NOTE).exists()
    with pytest.raises(ValueError, match="one of en, zh"):
        copy_lessons(tmp_path, language="fr")


def test_the_chinese_readme_is_that_of_the_catalogue():
    assert (ROOT / "README.zh.md").read_text(encoding="utf-8") == translate.translated_readme("zh")
