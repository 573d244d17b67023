"""Packages are imported before they are called well; one that ends the process hides no other."""

import importlib.metadata
import subprocess
import tomllib
import types
from pathlib import Path

import pytest

from ensgen_tutorial.machine import packages
from ensgen_tutorial.machine.packages import check_packages, package_finding, try_imports


def versions(**installed):
    def version(name):
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed[name]
    return version


def answers(*outputs):
    """Stands for subprocess.run: each call prints the next output."""
    outputs = iter(outputs)

    def run(command, **options):
        code, lines = next(outputs)
        return types.SimpleNamespace(returncode=code, stdout="\n".join(lines))
    return run


def test_a_real_import_tells_missing_from_broken_and_names_an_abort(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for name, code in {"good": "print(5); __version__ = '2.5'", "dies": "import os; os.abort()",
                       "broken": "1 / 0", "needs": "import nothing_of_this_name"}.items():
        (tmp_path / f"{name}_module.py").write_text(code)
    modules = {"pip": "good_module", "pip-cpu": "good_module", "none": "not_there_module", "broken": "broken_module",
               "needs": "needs_module", "dies": "dies_module", "after": "good_module"}
    found = {name: (state, text) for name, state, text in try_imports(modules, subprocess.run)}
    assert found["pip"] == ("ok", importlib.metadata.version("pip"))
    assert found["pip-cpu"] == ("ok", "2.5")                 # imported, whatever its distribution
    assert found["none"][0] == "missing" and found["needs"][0] == "broken"
    assert "ZeroDivisionError" in found["broken"][1]
    assert "ended the process with -" in found["dies"][1] and "after" not in found


def test_what_comes_after_an_abort_is_tried_in_another_process(monkeypatch):
    monkeypatch.setattr(packages, "PACKAGES", {"one": "one"})
    run = answers((-6, ['["one", null, null]', '["one", "ok", "1.0"]', '["tensorflow", null, null]']),
                  (0, ['["keras", null, null]', '["keras", "ok", "3.0"]']))
    found = {each.name: each for each in check_packages("tensorflow", run, versions())}
    assert [found[name].state for name in ("one", "tensorflow", "keras")] == ["ok", "problem", "ok"]
    assert "its import ended the process with -6" in found["tensorflow"].found


@pytest.mark.parametrize("output", [b'["a", null, null]\n5\n', '["a", null, null]\n'])
def test_a_hanging_import_is_named(output):
    def run(command, **options):
        raise subprocess.TimeoutExpired(command, 1, output=output)

    assert try_imports({"a": "a", "b": "b"}, run) == [
        ("a", "broken", f"its import took more than {packages.IMPORT_SECONDS} seconds")]


def test_no_process_at_all_is_a_finding_for_every_package():
    found = try_imports({"a": "a", "b": "b"}, answers((1, [])))
    assert [each[:2] for each in found] == [("a", "broken"), ("b", "broken")]


def test_a_backend_that_does_not_exist_and_one_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(packages, "PACKAGES", {})
    finding, = check_packages("abacus", answers(), versions())
    assert finding.state == "problem" and "KERAS_BACKEND is 'abacus'" in finding.found
    run = answers((0, ['["torch", "missing", ""]', '["keras", "broken", "ImportError: no torch"]']))
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    torch, keras = check_packages(None, run, versions())
    assert "pip install torch" in torch.advice and "no torch" in keras.found


def test_tensorflow_metal_is_in_the_way(monkeypatch):
    monkeypatch.setattr(packages, "PACKAGES", {})
    output = (0, ['["tensorflow", "ok", "2"]', '["keras", "ok", "3"]'])
    found = check_packages("tensorflow", answers(output), versions(**{"tensorflow-metal": "1.2"}))
    assert [each.state for each in found] == ["ok", "ok", "problem"]
    assert "pip uninstall tensorflow-metal" in found[-1].advice


@pytest.mark.parametrize("name, backend, advice", [
    ("matplotlib", "crayons", "Unset MPLBACKEND"), ("matplotlib", None, "--force-reinstall matplotlib"),
    ("scipy", "crayons", "--force-reinstall scipy")])
def test_what_to_do_about_a_broken_one(name, backend, advice, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    if backend:
        monkeypatch.setenv("MPLBACKEND", backend)
    assert advice in package_finding(name, "broken", "why").advice


def test_every_dependency_is_tried():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    wanted = {line.split(">")[0] for line in project["dependencies"]}
    assert wanted - {"keras", "tensorflow"} <= set(packages.PACKAGES)
