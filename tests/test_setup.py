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


def test_the_workflows_run_what_the_readme_says():
    jobs = {path.stem: yaml.safe_load(path.read_text())["jobs"] for path in (ROOT / ".github/workflows").iterdir()}
    runs = {name: [step["run"] for step in job["steps"] if "run" in step]
            for name, job in {**jobs["tests"], **jobs["site"]}.items()}
    readme = (ROOT / "README.md").read_text()
    for_windows = re.search(r"\*\*On Windows.*?```\n(.*?)```", readme, re.DOTALL).group(1).splitlines()
    assert {line for line in for_windows if "pip" in line or "pytest" in line or "venv .venv" in line} <= set(runs["windows"])
    assert ".ci/run" in runs["linux"] and "make test" in runs["macos"] and "make book PYTHON=python" in runs["publish"]
    versions = set(jobs["tests"]["linux"]["strategy"]["matrix"]["python"])
    assert versions == {"3.11", "3.12", "3.13"} and PROJECT["requires-python"] == ">=3.11,<3.14"


def test_the_lock_has_every_dependency_with_hashes_and_no_addresses():
    locked = set(re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE))
    assert names(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]) <= locked
    blocks = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(re.findall(r"^[\w.-]+==", LOCK, re.MULTILINE))
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert "://" not in LOCK and "index-url" not in LOCK


def test_the_article_s_tools_are_there():
    assert {"jupyterlab", "tensorflow", "matplotlib", "ipywidgets"} <= names(PROJECT["dependencies"])
    assert "nbval" in names(PROJECT["optional-dependencies"]["test"])


# A file imports from its own room and from the rooms before it.
ROOMS = ["checks", "machine", "data", "show", "generators", "predictors", "measures", "ensembles",
         "training", "zoo", "course", "__init__", "__main__"]


def imports():
    """Which files of the package each one imports, by their dotted names: a dict of sets."""
    files = {".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
             for path in PACKAGE.rglob("*.py")}
    found = {}
    for name, path in files.items():
        package = name.split(".") if path.name == "__init__.py" and name != "__init__" else (
            name.split(".")[:-1])
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = package[: len(package) - node.level + 1] + (
                    node.module.split(".") if node.module else [])
                inside = {".".join([*base, alias.name]) for alias in node.names} & files.keys()
                found[name] |= inside or {".".join(base)}
    return found


def test_a_file_imports_only_from_its_own_room_and_the_rooms_before():
    for file, others in imports().items():
        for other in others:
            room, its = (ROOMS.index(name.split(".")[0]) for name in (other, file))
            assert room <= its, f"{file} imports {other}"


def test_no_file_imports_itself_in_a_circle():
    left = imports()
    while left:
        free = {file for file, others in left.items() if not others & left.keys() - {file}}
        assert free, f"a circle among {sorted(left)}"
        left = {file: others for file, others in left.items() if file not in free}


def test_the_face_names_what_is_there():
    import ensgen_tutorial

    for name in ensgen_tutorial.__all__:
        assert getattr(ensgen_tutorial, name).__module__.startswith("ensgen_tutorial."), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ensgen_tutorial.nothing


def test_no_file_is_too_long_to_read():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines())
               for path in PACKAGE.rglob("*.py") if path.parent.name != "exercises"}
    assert max(lengths.values()) <= 300, max(lengths, key=lengths.get)


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
