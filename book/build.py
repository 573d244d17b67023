"""Build the site from the committed lessons, without a network: output/book/index.html.

    python book/build.py [--output DIR]
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from teachers import guide

from ensgen_tutorial import PLACES

HERE = Path(__file__).parent
ROOT = HERE.parent
ROOMS = {"data": "Data", "generators": "Generators", "predictors": "Predictors", "ensembles": "Ensembles",
         "training": "Training", "measures": "Measures", "show": "Pictures", "zoo": "The box of trained members",
         "course": "The course", "machine": "The machine"}


def prepare(source):
    """Everything that Sphinx reads, in a folder of its own."""
    shutil.rmtree(source, ignore_errors=True)
    (source / "_static").mkdir(parents=True)
    shutil.copy(HERE / "conf.py", source)
    shutil.copy(HERE / "site.css", source / "_static")
    (source / "extra").mkdir()
    shutil.copytree(HERE / "playground", source / "extra" / "playground", ignore=shutil.ignore_patterns("*.py"))
    shutil.copytree(ROOT / "docs", source / "docs")
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for path in lessons:
        (source / path.name).write_text(json.dumps(plain(json.loads(path.read_text(encoding="utf-8")))),
                                        encoding="utf-8")
    for name, text in guide().items():
        (source / name).write_text(text, encoding="utf-8")
    (source / "reference.md").write_text(reference(), encoding="utf-8")
    (source / "index.md").write_text(front_page(lessons), encoding="utf-8")


def plain(book):
    """A lesson without its widgets' state, which asks for scripts from elsewhere; pictures get their alt text."""
    book["metadata"].pop("widgets", None)
    for cell in book["cells"]:
        for output in cell.get("outputs", []):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")
            if alt:
                output["metadata"]["image/png"] = {"alt": alt}
    return book


def front_page(lessons):
    """The README's first part, without what is about files, then all lessons."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    head = text[: text.index("## Lessons")]
    head = re.sub(r"\(notebooks/(\w+)\.ipynb\)", r"(\1.ipynb)", head)
    head = re.sub(r"\[([^\]]*)\]\(benchmarks\)", r"\1", head)
    toc = "\n".join(path.stem for path in lessons)
    playground = ('<p><strong><a href="playground/index.html">The playground</a></strong>: an ensemble that draws '
                  "in your browser.</p>")
    return (f"{head}\n{playground}\n\n"
            f"```{{toctree}}\n:maxdepth: 1\n:caption: Lessons\n\n{toc}\n```\n\n"
            "```{toctree}\n:maxdepth: 1\n:caption: Teaching\n\nteachers\n```\n\n"
            "```{toctree}\n:maxdepth: 1\n:caption: Reference\n\nreference\n```\n")


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
    source = output.with_name(output.name + "-source")
    prepare(source)
    shutil.rmtree(output, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "sphinx", "-q", "-j", "auto", "-b", "html", str(source), str(output)],
                   check=True)
    shutil.rmtree(source)
    print(f"The site is in {output}: open {output / 'index.html'}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "output" / "book")
    build(parser.parse_args().output)
