"""The lessons, wherever the package is: in a checkout, or in what pip installed."""

import json
from pathlib import Path

from ..machine.output import say
from .language import NOTE, check_language, translate_lesson

PACKAGED = Path(__file__).parent / "lessons_files"          # put there when the wheel was built
CHECKOUT = Path(__file__).parents[2]
PARTS = (("notebooks", "*.ipynb"), ("benchmarks", "*.json"), ("benchmarks", "*.npz"))


def lessons_source():
    """The folder with ``notebooks`` and ``benchmarks``. FileNotFoundError where there is none."""
    for folder in (PACKAGED, CHECKOUT):
        if any((folder / "notebooks").glob("00_*.ipynb")):
            return folder
    raise FileNotFoundError("the lessons are not where they should be: install the package again.")


def copy_lessons(folder, report=say, language="en"):
    """Copy all lessons, and the results that they read, into ``folder``; returns what was written.

    A file that is there and differs, since somebody worked in it or it is of another version, stays
    as it is: the new one is written beside it as NAME.new.ipynb, and a line says so. language: of the
    lessons' text, and noted beside them for the exercises' messages. ValueError for an unknown one.
    """
    check_language(language)
    source, folder, written, beside = lessons_source(), Path(folder), [], []
    for part, pattern in PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
        for path in sorted((source / part).glob(pattern)):
            target, content = folder / part / path.name, path.read_bytes()
            if path.suffix == ".ipynb" and language != "en":
                content = lesson_bytes(translate_lesson(json.loads(content), path.name[:2], language))
            if target.exists() and target.read_bytes() == content:
                continue
            if target.exists() and path.suffix == ".ipynb":
                target = target.with_suffix(".new.ipynb")
                beside.append(target.name)
            target.write_bytes(content)
            written.append(target)
    note = folder / "notebooks" / NOTE
    if language != "en":
        note.write_text(language, encoding="utf-8")
    else:
        note.unlink(missing_ok=True)
    if beside:
        report(f"You have changed {len(beside)} lessons, or they are of another version; they stay, and the new "
               f"ones stand beside them: {', '.join(beside)}.")
    report(f"{len(written)} files written. Begin with: jupyter lab {folder / 'notebooks' / '00_start_here.ipynb'}")
    return written


def lesson_bytes(lesson):
    """A notebook as the bytes of its file, laid out as Jupyter does."""
    return (json.dumps(lesson, ensure_ascii=False, indent=1) + "\n").encode()
