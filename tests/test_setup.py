"""pyproject.toml, environment.yml and requirements.lock tell one story; the floors hold."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ensgen_tutorial"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()


def names(requirements):
    return {re.match(r"[\w-]+", line).group().lower() for line in requirements}


def test_the_conda_environment_installs_the_project_and_nothing_else():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert conda == ["python=3.12", "pip"]
    assert pip == {"pip": ["-e .[test]"]}
    assert "- -e .[test]" in (ROOT / "environment.yml").read_text()
    assert "test" in PROJECT["optional-dependencies"]


def test_the_lock_has_every_dependency_with_hashes_and_no_addresses():
    locked = set(re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE))
    assert names(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]) <= locked
    assert LOCK.count("==") <= LOCK.count("--hash=sha256:")
    assert "://" not in LOCK and "index-url" not in LOCK


def test_the_article_s_tools_are_there():
    assert {"jupyterlab", "tensorflow", "matplotlib", "ipywidgets"} <= names(PROJECT["dependencies"])
    assert "nbval" in names(PROJECT["optional-dependencies"]["test"])


FLOORS = [
    ["images", "devices", "store", "plotting"],
    ["generators", "metrics", "progress"],
    ["training", "ensembles", "features"],
    ["widgets", "explain", "quickstart", "exercises", "zoo"],
    ["scoreboard"],
    ["__main__", "__init__"],
]


def test_a_file_imports_only_from_floors_below_or_its_own_room():
    floor = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or node.level == 0:
                continue
            inside = (*parts[: len(parts) - node.level], *(node.module or "").split("."))
            for room in [inside[0]] if inside[0] else [alias.name for alias in node.names]:
                assert room == parts[0] or floor[room] < floor[parts[0]], f"{path.name}: {room}"


def test_tensorflow_is_imported_in_devices_alone():
    for path in PACKAGE.rglob("*.py"):
        if path.name != "devices.py":
            assert not re.search(r"^\s*(import|from) tensorflow", path.read_text(), re.MULTILINE)


def test_nothing_unsafe_is_loaded():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        assert not re.search(r"import pickle|allow_pickle=True|safe_mode=False|Lambda\(", text)


@pytest.mark.parametrize("stands_for, advice", [
    ("import sys; sys.version_info = (3, 9, 1); ", "3.11"),
    ("import sys; sys.modules['ensurepip'] = None; ", "venv module"),
])
def test_make_says_what_to_do_where_python_does_not_fit(stands_for, advice, tmp_path):
    """A Python that is too old, or has no venv, is stood for by a script around the real one."""
    import sys

    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\nshift\nexec "{sys.executable}" -c "{stands_for}$1"\n')
    python.chmod(0o755)
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    done = subprocess.run(["make", "run", f"PYTHON={python}"], cwd=tmp_path, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode != 0 and advice in done.stderr
    assert not (tmp_path / ".venv").exists()
