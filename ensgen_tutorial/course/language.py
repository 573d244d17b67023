"""The course in other languages: catalogues, and what they translate.

English is the source. ``translations/zh`` holds gettext catalogues: one per lesson, one for the README
and one for the exercises' messages. A text that a catalogue lacks stays English. Code is never
translated, so a translated lesson computes the same.
"""

import ast
import copy
import os
import re
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

TRANSLATIONS = Path(__file__).parent / "translations"
EXERCISES = Path(__file__).parent / "exercises"
NOTE = "language.txt"               # beside translated lessons: the language of the messages there
FENCE = re.compile(r"^\s*(```|\$\$|\\begin)")
EXPRESSION = re.compile(r"\{[^}]*\}")
WORDS = re.compile(r"[^\W\d_]{2,}")


def languages():
    """The languages besides English: ["zh"]."""
    return sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir())


def check_language(language):
    """ValueError for a language that is not there."""
    if language not in ["en", *languages()]:
        raise ValueError(f"the language must be one of en, {', '.join(languages())}, not {language!r}.")
    return language


def message_language():
    """The language of messages: ``ENSGEN_LANGUAGE``, else what is noted beside the lesson, else English."""
    chosen = os.environ.get("ENSGEN_LANGUAGE")
    if not chosen:
        try:
            chosen = Path(NOTE).read_text(encoding="utf-8").strip()
        except OSError:
            chosen = "en"
    return chosen if chosen in languages() else "en"


@cache
def catalogue(language, name):
    """``Catalog`` of one source ("readme", "exercises", or a lesson's "00" …); without a file, an empty one."""
    path = TRANSLATIONS / language / f"{name}.po"
    if not path.exists():
        return Catalog()
    with path.open("rb") as file:
        return read_po(file)


def translated(text, entries):
    """A text's translation; the text itself if it has none, or one that is out of date (fuzzy)."""
    entry = entries.get(text)
    return entry.string if entry and entry.string and not entry.fuzzy else text


def blocks(text):
    """Markdown in parts that join to the same text: paragraphs, lists, tables, formulas, fences, gaps.

    A formula or a fence is one part, whatever lines it holds.
    """
    found, fence = [[]], None
    for line in text.split("\n"):
        opens = FENCE.match(line)
        if fence is None and opens:
            fence = None if closes(line, opens[1], first=True) else opens[1]
            if fence or opens[1] != "```":
                found += [[line]]
                found += [] if fence else [[]]
                continue
        if fence is not None:
            found[-1].append(line)
            if closes(line, fence):
                fence = None
                found.append([])
            continue
        if line.strip():
            found[-1].append(line)
        else:
            found += [[line], []]
    return [part for part in found if part]


def closes(line, fence, first=False):
    """Whether a line ends a formula or a fence that began with ``fence``."""
    if fence == "$$":
        return line.count("$$") == 2 if first else "$$" in line
    if fence == "```":
        return not first and line.strip() == "```"
    return "\\end" in line


def units(text):
    """The parts of a Markdown text that have words to translate."""
    for part in map("\n".join, blocks(text)):
        plain = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", part)
        if not FENCE.match(part) and WORDS.search(plain):
            yield part


def translate_markdown(text, entries):
    """A Markdown text in which every part with a translation has it."""
    wanted = set(units(text))
    parts = map("\n".join, blocks(text))
    return "\n".join(translated(part, entries) if part in wanted else part for part in parts)


def translate_lesson(lesson, number, language):
    """A notebook (its JSON) with translated text; code and outputs are those of the English one.

    number: "00" …, which names the catalogue.
    """
    lesson, entries = copy.deepcopy(lesson), catalogue(language, number)
    for cell in lesson["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = translate_markdown("".join(cell["source"]), entries).splitlines(keepends=True)
    return lesson


def message_templates():
    """Every sentence that exercises may say to a student, with {expressions} where a number comes.

    They are read from the source: all strings with a blank in them, but docstrings and the fragments of
    messages by which tests find an exercise's wrong answers.
    """
    found = ["right", "wrong"]
    for path in sorted(EXERCISES.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
                  if part is not node}
        notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        made = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Exercise"]
        keys = {id(key) for node in made for part in (*node.args, *(each.value for each in node.keywords))
                if isinstance(part, ast.Dict) for key in part.keys}
        for node in ast.walk(tree):
            if id(node) in inside | notes | keys:
                continue
            if isinstance(node, ast.JoinedStr):
                text = "".join(part.value if isinstance(part, ast.Constant) else
                               "{" + ast.unparse(part.value) + "}" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            else:
                continue
            if " " in text.strip() and WORDS.search(EXPRESSION.sub("", text)):
                found.append(text)
    return list(dict.fromkeys(found))


@cache
def patterns(language):
    """The exercises' translated messages with numbers in them: (pattern, expressions, translation)."""
    found = []
    for entry in catalogue(language, "exercises"):
        if entry.id and entry.string and not entry.fuzzy and "{" in entry.id:
            found.append((pattern(entry.id), EXPRESSION.findall(entry.id), entry.string))
    return found


def pattern(template):
    """What a message with {expressions} looks like when they have their values."""
    return re.compile("(.*?)".join(map(re.escape, EXPRESSION.split(template))), re.DOTALL)


def translate_message(message, language=None):
    """An exercise's message in the language of the lesson; English where there is no translation."""
    language = language or message_language()
    if language == "en":
        return message
    entries = catalogue(language, "exercises")
    if entries.get(message):
        return translated(message, entries)
    for looks_like, expressions, translation in patterns(language):
        match = looks_like.fullmatch(message)
        if match:
            for expression, value in zip(expressions, match.groups()):
                translation = translation.replace(expression, value, 1)
            return translation
    return message
