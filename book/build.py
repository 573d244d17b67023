"""Build the site from the committed lessons, without a network: output/book/index.html.

English first; below zh/ the lessons again in Chinese, where a page's part that has no translation stays
English, as the package's reference and the teacher's guide do.

    python book/build.py [--output DIR]
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from teachers import guide

from ensgen_tutorial import PLACES
from ensgen_tutorial.course.language import catalogue, languages, translate_lesson, translate_markdown

HERE = Path(__file__).parent
ROOT = HERE.parent
ROOMS = {"data": "Data", "generators": "Generators", "predictors": "Predictors", "ensembles": "Ensembles",
         "training": "Training", "measures": "Measures", "show": "Pictures", "zoo": "The box of trained members",
         "course": "The course", "machine": "The machine"}


TEXTS = {"en": {"lessons": "Lessons", "pages": "Pages", "playground": "The playground: an ensemble that draws here"},
         "zh": {"lessons": "课程", "pages": "页面", "playground": "游乐场：在这里绘图的集成"}}
PLAYED = ("00", "10")               # lessons with the playground in them


def prepare(source, language):
    """Everything that Sphinx reads, in a folder of its own."""
    shutil.rmtree(source, ignore_errors=True)
    (source / "_static").mkdir(parents=True)
    shutil.copy(HERE / "conf.py", source)
    shutil.copy(HERE / "site.css", source / "_static")
    shutil.copytree(HERE / "templates", source / "_templates")
    shutil.copytree(ROOT / "docs", source / "docs")
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for path in lessons:
        lesson = translate_lesson(json.loads(path.read_text(encoding="utf-8")), path.name[:2], language)
        if path.name[:2] in PLAYED:
            add_playground(lesson, language)
        (source / path.name).write_text(json.dumps(plain(lesson)), encoding="utf-8")
    (source / "index.md").write_text(front_page(lessons, language), encoding="utf-8")
    (source / "extra").mkdir()
    if language == "en":
        shutil.copytree(HERE / "playground", source / "extra" / "playground", ignore=shutil.ignore_patterns("*.py"))
        for name, text in guide().items():
            (source / name).write_text(text, encoding="utf-8")
        (source / "reference.md").write_text(reference(), encoding="utf-8")


def add_playground(lesson, language):
    """The playground below a lesson's slider, which does nothing on a page without a kernel."""
    place = next(k for k, cell in enumerate(lesson["cells"]) if "widget-view" in json.dumps(cell.get("outputs", ())))
    frame = (f'<iframe class="playground" title="{TEXTS[language]["playground"]}" loading="lazy" '
             f'src="{home(language)}playground/index.html"></iframe>')
    lesson["cells"].insert(place + 1, {"cell_type": "markdown", "id": "playground", "metadata": {}, "source": [frame]})


def home(language):
    """Where the English site is, seen from a page."""
    return "" if language == "en" else "../"


def plain(book):
    """A lesson without its widgets, which need a kernel and scripts from elsewhere; pictures get their alt text."""
    book["metadata"].pop("widgets", None)
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [output for output in cell["outputs"] if "widget-view" not in json.dumps(output)]
        for output in cell.get("outputs", []):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")
            if alt:
                output["metadata"]["image/png"] = {"alt": alt}
    return book


def front_page(lessons, language):
    """The README's first part, without what is about files, then all lessons."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    head = translate_markdown(text[: text.index("## Lessons")], catalogue(language, "readme"))
    head = re.sub(r"\(notebooks/(\w+)\.ipynb\)", r"(\1.ipynb)", head)
    head = re.sub(r"\[([^\]]*)\]\(benchmarks\)", r"\1", head)
    head = re.sub(r"\[([^\]]*)\]\(book/playground/index\.html\)( \(.*?\)|（.*?）)?",
                  rf'<a href="{home(language)}playground/index.html">\1</a>', head)
    head = re.sub(r"^\[.*\]\(README\.\w+\.md\)\n", "", head, flags=re.MULTILINE)      # each page has a switch
    toc, texts = "\n".join(path.stem for path in lessons), TEXTS[language]
    page = f"{head}\n\n```{{toctree}}\n:maxdepth: 1\n:caption: {texts['lessons']}\n\n{toc}\n```\n"
    if language == "en":
        page += ("\n```{toctree}\n:maxdepth: 1\n:caption: Teaching\n\nteachers\n```\n\n"
                 "```{toctree}\n:maxdepth: 1\n:caption: Reference\n\nreference\n```\n")
    return page


def reference():
    """A page with every public name, by room."""
    text = ["# The package\n\n`import ensgen_tutorial as eg` gives all of these.\n"]
    for room, title in ROOMS.items():
        files = sorted({file for file in PLACES.values() if file.split(".")[0] == room})
        if files:
            text.append(f"## {title}\n")
        for file in files:
            names = ", ".join(sorted(name for name, place in PLACES.items() if place == file))
            text.append(f"```{{eval-rst}}\n.. automodule:: ensgen_tutorial.{file}\n   :members: {names}\n```\n")
    return "\n".join(text)


def build(output):
    shutil.rmtree(output, ignore_errors=True)
    for language in ("en", *languages()):
        source, target = output.with_name(output.name + "-source"), output if language == "en" else output / language
        prepare(source, language)
        subprocess.run([sys.executable, "-m", "sphinx", "-q", "-j", "auto", "-b", "html", str(source), str(target)],
                       check=True, env={**os.environ, "ENSGEN_BOOK_LANGUAGE": language})
        # In parallel, Sphinx may lose a process, all of its pages, and the reason.
        if lacking := [page.stem for page in source.glob("*.ipynb") if not (target / f"{page.stem}.html").exists()]:
            raise SystemExit(f"Sphinx wrote no page of {', '.join(sorted(lacking))}. For the reason: "
                             f"python -m sphinx -b html {source} {target}")
        shutil.rmtree(source)
        name_toggles(target, TEXTS[language]["pages"])
    print(f"The site is in {output}: open {output / 'index.html'}.")


def name_toggles(folder, name):
    """The theme's arrows that unfold a list of pages get a name for screen readers."""
    for path in folder.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("<summary><span", f'<summary aria-label="{name}"><span'), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "output" / "book")
    build(parser.parse_args().output)
