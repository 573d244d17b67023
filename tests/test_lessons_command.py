"""The lessons travel with the package: in a wheel and a source archive, and into a student's folder."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ensgen_tutorial.__main__ import main
from ensgen_tutorial.course.lessons import copy_lessons

ROOT = Path(__file__).parents[1]
LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_the_lessons_and_what_they_read_are_copied(tmp_path, capsys):
    assert main(["lessons", str(tmp_path / "course")]) == 0
    assert sorted(path.name for path in (tmp_path / "course" / "notebooks").iterdir()) == LESSONS
    for file in ("member_scores.npz", "quality_and_stability.json", "restoration.json"):
        assert (tmp_path / "course" / "benchmarks" / file).exists()
    assert "jupyter lab" in capsys.readouterr().out
    lines = []
    assert copy_lessons(tmp_path / "course", lines.append) == [] and "0 files" in lines[0]


def test_what_a_student_changed_stays(tmp_path):
    copy_lessons(tmp_path, lambda line: None)
    mine = tmp_path / "notebooks" / LESSONS[1]
    mine.write_text("my answers")
    lines = []
    written = copy_lessons(tmp_path, lines.append)
    assert mine.read_text() == "my answers" and [path.name for path in written] == [
        LESSONS[1].replace(".ipynb", ".new.ipynb")]
    assert "stand beside them" in lines[0]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel, built from a copy of the checkout as a source archive would be."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    names = done.stdout.decode().split("\0")[:-1] if done.returncode == 0 else [
        str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
    for name in names:
        if (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    run = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
           "-w", folder, source]
    subprocess.run(run, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_package_box_and_lessons(built):
    names = zipfile.ZipFile(built).namelist()
    assert {f"ensgen_tutorial/course/lessons_files/notebooks/{name}" for name in LESSONS} <= set(names)
    assert {"ensgen_tutorial/course/translations/zh/10.po", "ensgen_tutorial/course/translations/zh/exercises.po"} <= set(names)
    assert "ensgen_tutorial/zoo/manifest.json" in names and "ensgen_tutorial/zoo/digits-pixel_cnn.npz" in names
    assert not [name for name in names if name.startswith(("tests", "notebooks", "book"))]


def test_installed_elsewhere_a_lesson_runs(built, tmp_path):
    site = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, built],
                   check=True, capture_output=True)
    elsewhere = {**os.environ, "PYTHONPATH": str(site), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", "ensgen_tutorial", "lessons", "course"], cwd=tmp_path, env=elsewhere,
                          capture_output=True, text=True, check=True)
    assert "00_start_here" in done.stdout
    subprocess.run([sys.executable, "-m", "ensgen_tutorial", "lessons", "chinese", "--language", "zh"], cwd=tmp_path,
                   env=elsewhere, capture_output=True, check=True)
    assert "你将学到" in (tmp_path / "chinese" / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    code = ("import sys, nbformat; from nbclient import NotebookClient; import ensgen_tutorial\n"
            f"assert ensgen_tutorial.__file__.startswith({str(site)!r})\n"
            "book = nbformat.read(sys.argv[1], 4)\n"
            "NotebookClient(book, timeout=600, resources={'metadata': {'path': 'course/notebooks'}}).execute()")
    lesson = next((tmp_path / "course" / "notebooks").glob("19_*.ipynb"))     # which reads a benchmark's results, too
    done = subprocess.run([sys.executable, "-c", code, lesson], cwd=tmp_path, env=elsewhere, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
