"""Keep the translations' catalogues in step with the English texts.

    python book/translate.py zh             renew the catalogues and the README, list what is missing
    python book/translate.py zh --check     list only

A text that has changed keeps its former translation, marked as fuzzy: it is not shown until somebody
has looked at it and taken the mark away. ensgen_tutorial/course/translations/zh/*.po hold them;
glossary.csv there fixes the terms.
"""

import argparse
import csv
import json
import re
from collections import Counter
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from ensgen_tutorial.course.language import TRANSLATIONS, message_templates, translate_markdown, units

ROOT = Path(__file__).parents[1]
MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, double_inline=True)
SHAPE = ("strong_open", "em_open", "link_open", "image", "list_item_open", "tr_open", "td_open", "heading_open")


def sources():
    """Every text to translate: a dict of a catalogue's name -> list of texts, in reading order."""
    found = {"readme": list(units((ROOT / "README.md").read_text(encoding="utf-8"))),
             "exercises": message_templates()}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found[path.name[:2]] = [part for cell in cells if cell["cell_type"] == "markdown"
                                for part in units("".join(cell["source"]))]
    return {name: list(dict.fromkeys(texts)) for name, texts in found.items()}


def read(language, name):
    """The catalogue as it is; without a file, an empty one."""
    path = TRANSLATIONS / language / f"{name}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def renewed(language, name, texts):
    """The catalogue with today's texts: translations that still fit stay, those of changed texts are fuzzy."""
    template, entries = Catalog(locale=language), read(language, name)
    for text in texts:
        template.add(text)
    entries.update(template, update_header_comment=False)
    entries.obsolete.clear()
    return entries


def write(language, name, entries):
    path = TRANSLATIONS / language / f"{name}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, entries, width=0, omit_header=True)


def missing(entries):
    """The texts that are shown in English: without a translation, or out of date."""
    return [entry.id for entry in entries if entry.id and (not entry.string or entry.fuzzy)]


def faults(text, translation, terms, markdown=True):
    """What a translation must not change: formulas, code, links, numbers, layout, terms; a list of sentences.

    terms: rows of the glossary. Bold and italic text counts, since a Chinese full stop before a closing
    ** keeps Markdown from seeing it.
    """
    found = []
    wanted, there = (parts(each, markdown) for each in (text, translation))
    for kind in wanted:
        if wanted[kind] != there[kind]:
            lost, new = wanted[kind] - there[kind], there[kind] - wanted[kind]
            found.append(f"{kind}: lacks {list(lost.elements())}, has instead {list(new.elements())}")
    plain = words(text)
    for row in terms:
        if re.search(rf"\b{re.escape(row['english'])}\b", plain) and not any(
                each in translation for each in row["chinese"].split("|")):
            found.append(f"term: {row['english']!r} is {row['chinese']}")
    if "池化" in translation and "池化" not in text:
        found.append("term: a pool of opinions is not 池化")
    return found


def parts(text, markdown):
    """What of a text stays the same in every language: a dict of kind -> Counter."""
    if not markdown:
        return {"expressions": Counter(re.findall(r"\{[^}]*\}", text)), "numbers": numbers(re.sub(r"\{[^}]*\}", "", text))}
    tokens = list(flat(MARKDOWN.parse(text)))
    plain = " ".join(token.content for token in tokens if token.type == "text")
    return {"formulas": Counter(token.content.strip() for token in tokens if token.type.startswith("math")),
            "code": Counter(token.content for token in tokens if token.type in ("code_inline", "code_block", "fence")),
            "links": Counter(str(token.attrs.get("href", token.attrs.get("src"))) for token in tokens
                             if token.type in ("link_open", "image")),
            "layout": Counter(token.type for token in tokens if token.type in SHAPE), "numbers": numbers(plain)}


def flat(tokens):
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def numbers(text):
    return Counter(re.findall(r"\d+(?:[.,]\d+)*", text))


def words(text):
    """A text without its code, formulas, addresses, and italics, which are often titles of papers."""
    text = re.sub(r"(?<!\*)\*(?![\s*])[^*]+\*(?!\*)", " ", text)
    return re.sub(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|\{[^}]*\}|[\w-]*_[\w-]*", " ", text)


def glossary(language):
    with (TRANSLATIONS / language / "glossary.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def translated_readme(language):
    """README.zh.md: the translated README. Its pictures and links are those of the English one."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return translate_markdown(text, read(language, "readme")).replace("[中文](README.zh.md)", "[English](README.md)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("language", help="zh")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    total = left = 0
    terms = glossary(options.language)
    for name, texts in sources().items():
        entries = renewed(options.language, name, texts)
        lacking = missing(entries)
        total, left = total + len(texts), left + len(lacking)
        if not options.check:
            write(options.language, name, entries)
        print(f"{name:<10}{len(texts) - len(lacking):>5} of {len(texts)}")
        for text in lacking[:3]:
            print("    ", " ".join(text.split())[:90])
        for entry in entries:
            if entry.id and entry.string and not entry.fuzzy:
                for fault in faults(entry.id, entry.string, terms, markdown=name != "exercises"):
                    print("    FAULT", repr(entry.id[:60]), fault)
    if not options.check:
        (ROOT / f"README.{options.language}.md").write_text(translated_readme(options.language), encoding="utf-8")
    print(f"{total - left} of {total} texts are translated.")
