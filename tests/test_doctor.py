"""Every doctor's situation, stood for on any machine; and the real one once."""

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from ensgen_tutorial.data import named
from ensgen_tutorial.machine import devices, doctor, findings
from ensgen_tutorial.machine.findings import Finding

ROOT = Path(__file__).parent.parent
NEW = "0000 00:00:1795456450.062427   20051 "
LOG = f"I{NEW}port.cc:153] oneDNN custom operations are on. You may see slightly different results."


@pytest.mark.parametrize("version, state", [
    ((3, 10, 9), "problem"), ((3, 11, 0), "ok"), ((3, 13, 7), "ok"), ((3, 14, 0), "problem")])
def test_python_s_version(version, state):
    assert doctor.check_python(version).state == state


@pytest.mark.parametrize("system, release, state, word", [
    ("Linux", "6.1.0-amd64", "ok", "Linux"), ("Darwin", "24.0", "ok", "macOS"),
    ("Linux", "5.15.90.1-microsoft-standard-WSL2", "ok", "WSL2"),
    ("Windows", "11", "note", "no GPU")])
def test_systems(system, release, state, word):
    finding = doctor.check_system(system, release)
    assert finding.state == state and word in finding.found
    assert ("WSL2" in finding.advice) == (system == "Windows")


def answer(returncode=0, stdout="", stderr=""):
    return types.SimpleNamespace(returncode=returncode, stdout=stdout, stderr=stderr)


def machine(driver=None, probe=None):
    """Stands for subprocess.run: answers for nvidia-smi, and for the probe in another Python."""
    def run(command, timeout, **_):
        result = probe if command[0] == sys.executable else driver
        if result == "hangs":
            raise subprocess.TimeoutExpired(command, timeout)
        assert result is not None, f"nobody should have called {command[0]}"
        return result
    return run


CARD = answer(stdout="NVIDIA RTX 4090\nNVIDIA RTX 4090\n")
DIES = answer(-6, stderr=f"{LOG}\nF{NEW}gpu.cc:9] no kernel image\n*** Stack:\n  @ 0x7f\n")


@pytest.mark.parametrize("driver, probe, more, state, words", [
    (answer(9, "NVIDIA-SMI has failed because\n"), None, {}, "problem", "NVIDIA-SMI has"),
    (answer(4), None, {}, "problem", "ended with 4"),
    ("hangs", None, {}, "problem", "TimeoutExpired"),
    (CARD, answer(1, stderr=f"{LOG}\n{doctor.NO_GPU}\n"), {}, "problem",
     'pip install "ensgen-tutorial[gpu]"'),
    (CARD, None, {"system": "Windows"}, "note", "WSL2"),
    (CARD, None, {"environ": {"CUDA_VISIBLE_DEVICES": "-1"}}, "note", "hidden by CUDA_VISIBLE"),
    (CARD, DIES, {}, "problem", "no kernel image"),
    (CARD, answer(-11), {}, "problem", "ended with -11"),
    (CARD, answer(1, stderr=f"Traceback\nOSError: libdevice\n{LOG}\n"), {},
     "problem", "OSError: libdevice"),
    (CARD, "hangs", {}, "problem", "TimeoutExpired"),
    (CARD, answer(stdout="trained\n"), {}, "ok", "2 × NVIDIA RTX 4090; a small"),
])
def test_gpu_with_a_driver(driver, probe, more, state, words):
    surroundings = {"system": "Linux", "environ": {}, **more}
    finding = doctor.check_gpu(lambda: "nvidia-smi", machine(driver, probe), **surroundings)
    assert finding.state == state and words in f"{finding.found} {finding.advice}"
    assert bool(finding.advice) == (state != "ok")


def test_without_a_driver_nothing_is_started():
    finding = doctor.check_gpu(lambda: None, machine())
    assert finding.state == "ok" and "CPU" in finding.found and not finding.advice


@pytest.mark.parametrize("on_path, existing, tool", [
    (None, "", None), ("/bin/nvidia-smi", "", "/bin/nvidia-smi"),
    (None, "/dev/nvidia0", "nvidia-smi"),
    (None, "/usr/lib/wsl/lib/nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi")])
def test_the_driver_s_tool_is_found(on_path, existing, tool):
    assert doctor.find_nvidia_smi(lambda _: on_path, lambda path: path == existing) == tool


def test_a_card_without_its_tool_is_told():
    def run(*_, **__):
        raise FileNotFoundError

    assert "FileNotFoundError" in doctor.check_gpu(lambda: "nvidia-smi", run).found


def test_the_probe_itself_runs(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["-c", str(ROOT)])
    monkeypatch.setattr(devices, "find_gpus", lambda: [("card", (9, 0))])
    exec(doctor.PROBE, {})
    assert "trained" in capsys.readouterr().out
    monkeypatch.setattr(devices, "find_gpus", lambda: [])
    with pytest.raises(SystemExit, match=doctor.NO_GPU):
        exec(doctor.PROBE, {})


@pytest.mark.parametrize("cores, memory, state, words", [
    (2, 8e9, "ok", "2 cores, 8.0 GB"), (1, 8e9, "note", "1 core, "), (4, 2e9, "note", "2.0 GB"),
    (2, None, "ok", "2 cores")])
def test_machines(cores, memory, state, words):
    finding = doctor.check_machine(lambda: cores, lambda: memory)
    assert finding.state == state and words in finding.found
    assert bool(finding.advice) == (state == "note")


def test_a_container_s_limit_counts(tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("123456\n")
    assert doctor.find_memory(limit) == 123456
    limit.write_text("max\n")
    assert doctor.find_memory(limit) == doctor.find_memory(tmp_path / "none") != 123456


def test_stores(tmp_path):
    finding = doctor.check_store(tmp_path / "a" / "b")
    assert finding.state == "ok" and not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("in the way")
    finding = doctor.check_store(tmp_path / "file" / "b")
    assert finding.state == "problem" and "ENSGEN_STORE" in finding.advice


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """Folders of its own for Keras and for data."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("ENSGEN_DATA", str(tmp_path / "own"))
    (tmp_path / "keras").mkdir()
    return tmp_path


def test_fashion_mnist_is_found_where_it_is_looked_for(surroundings):
    def look():
        return doctor.check_fashion_mnist(surroundings / "debian")

    assert look().state == "note" and "ENSGEN_DATA" in look().advice
    for place in ["keras/datasets/fashion-mnist", "debian", "own", "own/fashion_mnist"]:
        place = surroundings / place
        place.mkdir(parents=True)
        for i, name in enumerate(doctor.FASHION_FILES):
            assert not look().found.endswith(str(place))
            if "own" in place.parts and i:                  # where load_images would not go on
                assert look().state == "problem" and f"{place} lacks {name}" in look().found
            (place / (name.removesuffix(".gz") if i % 2 else name)).touch()
        assert look().state == "ok" and look().found.endswith(str(place))


def test_the_places_are_those_of_load_images():
    assert named.DEBIAN_FOLDER == doctor.DEBIAN_FOLDER
    assert named.IDX_FILES == doctor.FASHION_FILES


@pytest.mark.parametrize("text, environ, state, words", [
    (None, {}, "ok", "nothing otherwise"), ('{"floatx": "float32"}', {}, "ok", "nothing otherwise"),
    ("{", {}, "ok", "nothing otherwise"),
    ('{"floatx": "float16", "epsilon": 0.01}', {}, "note", "floatx 'float16', epsilon 0.01"),
    ('{"image_data_format": "channels_first"}', {"KERAS_MAX_EPOCHS": "1"}, "note",
     "image_data_format 'channels_first', KERAS_MAX_EPOCHS 1"),
    ('{"floatx": "float99"}', {}, "problem", "floatx 'float99'"),
    ('{"floatx": []}', {}, "problem", "floatx []"), ('{"epsilon": 1}', {}, "problem", "epsilon 1"),
    ("[]", {}, "problem", "cannot be used")])
def test_keras_settings(text, environ, state, words, surroundings):
    if text is not None:
        (surroundings / "keras" / "keras.json").write_text(text)
    finding = doctor.check_keras_settings(environ)
    assert finding.state == state and words in finding.found
    assert bool(finding.advice) == (state != "ok")


def test_a_file_that_hides_a_module_is_named(tmp_path):
    for name in ("random.py", "scipy.pyc", "my_lesson.py", "numpy.txt", "keras.test.py", "tqdm"):
        (tmp_path / name).touch()
    (tmp_path / "keras").mkdir()
    assert doctor.check_directory(tmp_path).found.startswith("random.py, scipy.pyc in it")
    (tmp_path / "keras" / "__init__.py").touch()
    finding = doctor.check_directory(tmp_path)
    assert finding.state == "problem" and finding.found.startswith("keras, random.py, scipy.pyc in it")
    assert doctor.check_directory(ROOT).state == "ok"
    assert "cannot be read" in doctor.check_directory(tmp_path / "gone").found


def test_a_check_that_fails_is_a_finding_and_hides_no_other(monkeypatch):
    def fails():
        raise RuntimeError("gone")

    for name in ("check_packages", "check_gpu"):
        monkeypatch.setattr(doctor, name, lambda: [])
    monkeypatch.setattr(doctor, "check_store", fails)
    found = {finding.name: finding for finding in doctor.diagnose()}
    assert list(found) == ["Python", "working directory", "Keras settings", "system", "machine",
                           "store", "Fashion-MNIST"]
    assert found["store"].state == "problem" and "RuntimeError: gone" in found["store"].found


def test_the_doctor_says_what_to_do_first(capsys):
    fine = [Finding("one", "ok", "well"), Finding("second", "note", "so so", "Perhaps.")]
    assert findings.print_findings(fine) == 0
    assert capsys.readouterr().out == (
        "ok       one     well\nnote     second  so so\n                 Perhaps.\n\n"
        "Everything that the lessons need is there.\n")
    bad = [*fine, Finding("third", "problem", "bad", "Mend it."), Finding("x", "problem", "b")]
    assert findings.print_findings(bad) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "2 to mend, first third: Mend it."


def run_doctor(folder, **environment):
    return subprocess.run([sys.executable, "-m", "ensgen_tutorial", "doctor"], text=True, timeout=180,
                          capture_output=True, cwd=folder, env={**os.environ, **environment})


def test_a_healthy_course_is_well():
    done = run_doctor(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "problem" not in done.stdout and done.stderr == ""
    packages = [*doctor.PACKAGES, "tensorflow", "keras"]
    assert [line.split()[1] for line in done.stdout.splitlines()[3:3 + len(packages)]] == packages


def test_a_course_with_many_faults_still_gets_its_whole_table(tmp_path):
    """Packages that fail to import, a backend and a drawing backend that do not exist, and a file in
    the working directory that would hide one of Python's own modules."""
    (tmp_path / "random.py").write_text("raise SystemExit('a game of my own')")
    missing = tmp_path / "missing"
    missing.mkdir()
    for module in ("ipywidgets", "scipy", "PIL", "tqdm", "IPython", "platformdirs", "numpy"):
        (missing / f"{module}.py").write_text(
            f"raise ModuleNotFoundError('it is not there', name={module!r})")
    done = run_doctor(tmp_path, PYTHONPATH=os.pathsep.join([str(missing), str(ROOT)]),
                      KERAS_BACKEND="abacus", MPLBACKEND="crayons")
    assert done.returncode == 1 and done.stderr == ""
    lines = {" ".join(line.split()[1:3]): line for line in done.stdout.splitlines()}
    table = done.stdout
    for words in ("random.py in it", "ipywidgets         not installed", "scipy              not inst",
                  "pillow             not installed", "tqdm               not installed",
                  "ipython            not installed", "numpy              not installed",
                  "KERAS_BACKEND is 'abacus'", "Unset MPLBACKEND", "Fashion-MNIST", "store"):
        assert words in table, f"{words} is missing in\n{table}"
    assert lines and "to mend, first working directory" in table
