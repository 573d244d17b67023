"""Slides of every lesson, made from the lesson itself, without a network: output/slides/NN_name.html.

    python book/slides.py [--output DIR] [--language zh]

A deck shows what a class looks at together: the question, and from each section its formulas, diagrams
and pictures; the words are the teacher's. A cell with the tag ``no-slide`` is left out. Arrow keys lead
on, Esc shows all slides, and "?print-pdf" behind the address makes pages for printing.
"""

import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from ensgen_tutorial.course.language import blocks, check_language, translate_lesson

HERE = Path(__file__).parent
ROOT = HERE.parent
LEFT_OUT = ("Exercises", "Summary", "References", "Next")


def deck(lesson, name, folder, titles):
    """A lesson as the Markdown of a deck; its pictures are written into ``folder``.

    titles: the English headings, since a section is left out by its English name.
    """
    slides, heading = opening(text_of(lesson["cells"][0])), None
    for number, cell in enumerate(lesson["cells"][1:], start=1):
        if cell["cell_type"] == "markdown":
            shown = []
            for part in map("\n".join, blocks(text_of(cell))):
                if part.startswith("#"):
                    slides += slide(heading, shown)
                    heading, shown = (part.lstrip("# "), titles[part]), []
                elif part.startswith("$$"):
                    shown.append(part)
            slides += slide(heading, shown)
        elif "no-slide" not in cell["metadata"].get("tags", ()):
            for place, each in enumerate(cell["outputs"]):
                slides += slide(heading, pictures(each, f"{name}_{number}_{place}", folder))
    return "\n\n".join(slides) + "\n"


def opening(text):
    """The first slide: the title and the question."""
    title, question = re.search(r"^# (.*)", text, re.M), re.search(r"^\*\*(.*[?？])\*\*$", text, re.M)
    return [f"# {title[1]}", question[1] if question else "", f"## {title[1].split('·')[-1].strip()}", bullets(text)]


def bullets(text):
    """The first list of a text: what one will learn."""
    return next((part for part in map("\n".join, blocks(text)) if part.startswith("- ")), "")


def slide(heading, shown):
    """Slides of one picture or two formulas under their section's heading; none where there is nothing to look at."""
    if heading is None or heading[1].startswith(LEFT_OUT):
        return []
    return [part for k in range(0, len(shown), 2) for part in (f"## {heading[0]}", *shown[k: k + 2])]


def pictures(output, name, folder):
    """An output's diagram or picture as Markdown, in a list: empty if it has none."""
    data = output.get("data", {})
    if "image/svg+xml" in data:
        (folder / f"{name}.svg").write_text("".join(data["image/svg+xml"]), encoding="utf-8")
        return [f"![{alt(output)}]({name}.svg)"]
    if "image/png" in data:
        (folder / f"{name}.png").write_bytes(base64.b64decode("".join(data["image/png"])))
        return [f"![{alt(output)}]({name}.png)"]
    return []


def alt(output):
    text = output.get("metadata", {}).get("image/png", {}).get("alt") or "".join(output["data"].get("text/plain", ""))
    return " ".join(re.sub(r"[\[\]<>]", "", text).split())


def text_of(cell):
    return "".join(cell["source"])


def headings(lesson):
    """All headings of a lesson, in order."""
    return [part for cell in lesson["cells"] if cell["cell_type"] == "markdown"
            for part in map("\n".join, blocks(text_of(cell))) if part.startswith("#")]


def build(output, language="en"):
    source = output.with_name(output.name + "-source")
    shutil.rmtree(source, ignore_errors=True)
    (source / "_static").mkdir(parents=True)
    shutil.copy(HERE / "conf.py", source)
    shutil.copy(HERE / "slides.css", source / "_static")
    names = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        english = json.loads(path.read_text(encoding="utf-8"))
        lesson = translate_lesson(english, path.name[:2], language)
        titles = dict(zip(headings(lesson), (title.lstrip("# ") for title in headings(english)), strict=True))
        (source / f"{path.stem}.md").write_text(deck(lesson, path.stem, source, titles), encoding="utf-8")
        names.append(path.stem)
    (source / "index.md").write_text("# ensgen\n\n```{toctree}\n" + "\n".join(names) + "\n```\n", encoding="utf-8")
    shutil.rmtree(output, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "sphinx", "-q", "-b", "revealjs", str(source), str(output)], check=True,
                   env={**os.environ, "ENSGEN_BOOK_LANGUAGE": language, "ENSGEN_BOOK_SLIDES": "yes"})
    shutil.rmtree(source)
    print(f"The slides are in {output}: open {output / (names[0] + '.html')}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "output" / "slides")
    parser.add_argument("--language", default="en", help="en or zh")
    options = parser.parse_args()
    build(options.output, check_language(options.language))
