"""Quiet where TensorFlow is loud, loud where something is wrong, and every doctor's situation."""

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import types
from pathlib import Path

import keras
import nbformat
import pytest
from nbclient import NotebookClient

from ensgen_tutorial import devices
from ensgen_tutorial.machine.doctor import Finding

ROOT = Path(__file__).parent.parent
NEW, OLD = "0000 00:00:1795456450.062427   20051 ", "2026-01-01 10:00:00.123456: "
NOISE = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    f"I{NEW}port.cc:153] oneDNN custom operations are on. You may see slightly different results.",
    f"I{NEW}cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not be used.",
    f"E{NEW}cuda_platform.cc:52] failed call to cuInit: INTERNAL: UNKNOWN ERROR (303)",
    f"W{NEW}computation_placer.cc:177] computation placer already registered. Please check",
    f"E{NEW}cuda_dnn.cc:8310] Unable to register cuDNN factory: Attempting to register factory",
    f"{OLD}I tensorflow/core/platform/cpu_feature_guard.cc:210] This binary is optimized to use",
    f"{OLD}E external/xla/cuda_driver.cc:313] failed call to cuInit: CUDA_ERROR_NO_DEVICE",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with",
]
REAL = [
    "Traceback (most recent call last):",
    f"E{NEW}cuda_platform.cc:52] failed to allocate 4.00GiB: CUDA_ERROR_OUT_OF_MEMORY",
    f"W{NEW}gpu_device.cc:9] The kernel image is not for this card",
    f"F{NEW}port.cc:9] This TensorFlow was compiled to use AVX instructions, which are missing",
    f"ValueError: I{NEW}port.cc:153] oneDNN custom operations are on.",
    "I0000 apples are not a log line",
    "WARNING: All log messages are lost",
    "failed call to cuInit",
    f"{OLD}E external/xla/cuda_driver.cc:313] out of memory; see failed call to cuInit above",
]


@pytest.mark.parametrize("line", NOISE)
def test_noise_is_known(line):
    assert devices.is_noise(line.encode() + b"\n")


@pytest.mark.parametrize("line", REAL)
def test_what_only_looks_like_noise_is_not(line):
    assert not devices.is_noise(line.encode() + b"\n")


def loud():
    for pair in zip(NOISE, REAL, strict=True):
        os.write(2, "\n".join([*pair, ""]).encode())


@pytest.fixture(autouse=True)
def usual_log_level(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")


def test_noise_is_dropped_and_the_rest_comes_in_order(capfd):
    with devices.held_back():
        loud()
        os.write(2, b"no end of line, and no text: \xff")
    os.write(2, b"\nafterwards\n")
    assert capfd.readouterr().err == "\n".join(
        [*REAL, "no end of line, and no text: �", "afterwards", ""])


def test_an_exception_passes_with_everything_said_before(capfd):
    with pytest.raises(KeyboardInterrupt), devices.held_back():
        loud()
        raise KeyboardInterrupt
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err.splitlines() == [
        line for pair in zip(NOISE, REAL, strict=True) for line in pair] + ["afterwards"]


def test_the_lowest_log_level_shows_all(capfd, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    with devices.held_back():
        loud()
    assert set(NOISE) < set(capfd.readouterr().err.splitlines())


def test_no_place_to_hold_lines_lets_them_pass(capfd, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left")

    open_files = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(devices.tempfile, "TemporaryFile", full)
    with devices.held_back():
        loud()
    assert set(NOISE) < set(capfd.readouterr().err.splitlines())
    assert len(os.listdir("/dev/fd")) == open_files


def test_no_descriptor_is_left_open():
    open_files = len(os.listdir("/dev/fd"))
    for _ in range(3):
        with devices.held_back():
            pass
    assert len(os.listdir("/dev/fd")) == open_files


def python(code, **environment):
    """Run code in a process that has devices.py alone, without the package and without Keras."""
    load = (f"import importlib.util as u, os, sys\n"
            f"spec = u.spec_from_file_location('devices', {devices.__file__!r})\n"
            f"devices = sys.modules['devices'] = u.module_from_spec(spec)\n"
            f"spec.loader.exec_module(devices)\n")
    return subprocess.run([sys.executable, "-c", load + code], capture_output=True, text=True,
                          timeout=60, env={**os.environ, **environment})


def test_a_closed_standard_error_is_left_alone():
    done = python("os.close(2); sys.stderr = None\nwith devices.held_back(): print('inside')\n"
                  "try: os.fstat(2)\nexcept OSError: print('still closed')")
    assert done.stdout.split("\n")[:2] == ["inside", "still closed"] and done.returncode == 0


def test_what_python_writes_keeps_its_place():
    done = python("with devices.held_back():\n    os.write(2, b'one\\n')\n"
                  "    print('two', file=sys.stderr)\n    os.write(2, b'three\\n')\n"
                  "    sys.stderr.write('four')\nprint(' five', file=sys.stderr)")
    assert done.stderr == "one\ntwo\nthree\nfour five\n"


def test_an_abort_shows_where():
    done = python("with devices.held_back():\n    os.write(2, b'held'); os.abort()")
    assert done.returncode < 0 and "Fatal Python error: Aborted" in done.stderr


def test_a_failed_import_says_what_to_install():
    block = "sys.modules['keras'] = None\n"
    missing = ("def version(name): raise devices.importlib.metadata.PackageNotFoundError(name)\n"
               "devices.check_packages.__defaults__ = (devices.PACKAGES, version)\n")
    last = python(block + missing + "devices.start()").stderr.splitlines()[-1]
    assert last == "ImportError: keras: not installed. Install it: python -m pip install keras"
    last = python(block + "devices.start()").stderr.splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: import of keras halted")


QUIET = """
import os, sys
class Loud:
    def find_spec(self, name, path=None, target=None):
        if name == "keras":
            os.write(2, b"a real message\\n")
sys.meta_path.insert(0, Loud())
import ensgen_tutorial.devices as devices
os.write(2, b"afterwards\\n")
import tensorflow as tf
tf.constant(1.0) + 1
print(devices.device_report())
"""


def test_the_import_is_quiet_and_a_real_message_survives():
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True,
                          timeout=120, cwd=ROOT)
    assert done.stderr == "a real message\nafterwards\n"
    assert done.stdout == devices.device_report() + "\n"


def test_a_notebook_shows_no_log_line(tmp_path, monkeypatch):
    """The second cell proves that this kernel does show what reaches file descriptor 2."""
    cells = ["import ensgen_tutorial\nimport keras; float(keras.ops.sum(keras.ops.ones(3)))",
             "import os, time\nwith ensgen_tutorial.devices.held_back():\n"
             "    os.write(2, b'a real message\\n')\ntime.sleep(0.5)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    monkeypatch.delenv("PYTEST_CURRENT_TEST")       # where it is set, kernels leave the descriptor
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    NotebookClient(notebook, timeout=120, kernel_name="python3",
                   resources={"metadata": {"path": tmp_path}}).execute()
    first, second = (cell.outputs for cell in notebook.cells)
    assert [output.output_type for output in first] == ["execute_result"], first
    assert first[0].data["text/plain"] == "3.0"
    assert [(output.name, output.text) for output in second] == [("stderr", "a real message\n")]


@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="jax is not installed")
def test_jax_needs_no_tensorflow():
    done = python("sys.modules['tensorflow'] = None\ndevices.start()\n"
                  "print(devices.device_report())", KERAS_BACKEND="jax")
    assert done.returncode == 0, done.stderr
    assert " on JAX " in done.stdout and "CPU" in done.stdout


@pytest.fixture
def jax_card(monkeypatch):
    """Keras on JAX with one GPU, as far as devices.py asks."""
    card = types.SimpleNamespace(device_kind="NVIDIA T4", platform="gpu", compute_capability="7.5")
    cpu = types.SimpleNamespace(device_kind="cpu", platform="cpu")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    jax = types.SimpleNamespace(local_devices=lambda: [card, cpu])
    monkeypatch.setitem(sys.modules, "jax", jax)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: {"jax": "0.9"}[name])


def test_the_report_names_jax_and_its_device(jax_card):
    assert " on JAX 0.9 · NVIDIA T4 · float32" in devices.device_report()
    assert devices.find_gpus() == [("NVIDIA T4", (7, 5))]


def test_the_report_is_one_line_without_paths():
    report = devices.device_report()
    assert report.startswith("Python {}.{} · Keras ".format(*sys.version_info))
    assert " on TensorFlow " in report and report.endswith(" · float32")
    assert "\n" not in report and "/" not in report and len(report) < 120


def test_equal_cards_are_counted(monkeypatch):
    monkeypatch.setattr(devices, "find_gpus", lambda: [("A", ()), ("B", ()), ("A", ())])
    assert " · 2 × A, B · " in devices.device_report()


def test_growth_that_comes_too_late_is_not_fatal(monkeypatch):
    tf = sys.modules["tensorflow"]
    asked = []

    def late(gpu, enable):
        asked.append((gpu, enable))
        raise RuntimeError("Physical devices cannot be modified after being initialized")

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: ["one", "two"])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", late)
    devices.start()
    assert asked == [("one", True), ("two", True)]


def test_precision_is_refused_with_a_reason():
    for name, gpus, reason in [("float16", [], "must be 'float32' or 'bfloat16', not 'float16'"),
                               ("bfloat16", [], "needs a GPU"),
                               ("bfloat16", [("A100", (8, 0)), ("T4", (7, 5))], "T4 has 7.5"),
                               ("bfloat16", [("Other", ())], "Other has none that is known")]:
        with pytest.raises(ValueError, match=reason):
            devices.check_precision(name, gpus)
    devices.check_precision("bfloat16", [("A100", (8, 0)), ("H100", (9, 0))])


def test_precision_sets_the_policy_or_leaves_it(monkeypatch):
    before = keras.config.dtype_policy()
    try:
        monkeypatch.setattr(devices, "find_gpus", lambda: [("H100", (9, 0))])
        devices.set_precision("bfloat16")
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert devices.device_report().endswith("H100 · bfloat16")
        monkeypatch.setattr(devices, "find_gpus", lambda: [])
        with pytest.raises(ValueError):
            devices.set_precision("bfloat16")
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        devices.set_precision("float32")
        assert keras.config.dtype_policy().name == "float32"
    finally:
        keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("version, state", [
    ((3, 10, 9), "problem"), ((3, 11, 0), "ok"), ((3, 13, 7), "ok"), ((3, 14, 0), "problem")])
def test_python_s_version(version, state):
    assert devices.check_python(version).state == state


def versions(**installed):
    def version(name):
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed[name]
    return version


def test_packages():
    found = devices.check_packages(("keras", "jax"), versions(keras="3.15"))
    assert [finding.state for finding in found] == ["ok", "problem"]
    assert found[0].found == "3.15" and "python -m pip install jax" in found[1].advice
    metal = {"tensorflow": "2.21", "tensorflow-metal": "1.2"}
    found = devices.check_packages(("tensorflow",), versions(**metal))
    assert [finding.state for finding in found] == ["ok", "problem"]
    assert "pip uninstall tensorflow-metal" in found[1].advice
    assert devices.check_packages(("jax",), versions(jax="1", **metal))[0].state == "ok"


@pytest.mark.parametrize("system, release, state, word", [
    ("Linux", "6.1.0-amd64", "ok", "Linux"), ("Darwin", "24.0", "ok", "macOS"),
    ("Linux", "5.15.90.1-microsoft-standard-WSL2", "ok", "WSL2"),
    ("Windows", "11", "note", "no GPU")])
def test_systems(system, release, state, word):
    finding = devices.check_system(system, release)
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
DIES = answer(-6, stderr=f"{NOISE[1]}\nF{NEW}gpu.cc:9] no kernel image\n*** Stack:\n  @ 0x7f\n")


@pytest.mark.parametrize("driver, probe, seen, more, state, words", [
    (answer(9, "NVIDIA-SMI has failed because\n"), None, [], {}, "problem", "NVIDIA-SMI has"),
    (answer(4), None, [], {}, "problem", "ended with 4"),
    ("hangs", None, [], {}, "problem", "TimeoutExpired"),
    (CARD, None, [], {}, "problem", 'pip install "ensgen-tutorial[gpu]"'),
    (CARD, None, [], {"system": "Windows"}, "note", "WSL2"),
    (CARD, None, [], {"environ": {"CUDA_VISIBLE_DEVICES": "-1"}}, "note", "hidden by CUDA_VISIBLE"),
    (CARD, DIES, ["card"], {}, "problem", "no kernel image"),
    (CARD, answer(-11), ["card"], {}, "problem", "ended with -11"),
    (CARD, answer(1, stderr=f"Traceback\nOSError: libdevice\n{NOISE[1]}\n"), ["card"], {},
     "problem", "OSError: libdevice"),
    (CARD, "hangs", ["card"], {}, "problem", "TimeoutExpired"),
    (CARD, answer(stdout="trained\n"), ["card"], {}, "ok", "2 × NVIDIA RTX 4090; a small"),
])
def test_gpu_with_a_driver(driver, probe, seen, more, state, words):
    surroundings = {"system": "Linux", "environ": {}, **more}
    finding = devices.check_gpu(lambda: "nvidia-smi", machine(driver, probe), lambda: seen,
                                **surroundings)
    assert finding.state == state and words in f"{finding.found} {finding.advice}"
    assert bool(finding.advice) == (state != "ok")


def test_without_a_driver_nothing_is_started():
    finding = devices.check_gpu(lambda: None, machine())
    assert finding.state == "ok" and "CPU" in finding.found and not finding.advice


@pytest.mark.parametrize("on_path, existing, tool", [
    (None, "", None), ("/bin/nvidia-smi", "", "/bin/nvidia-smi"),
    (None, "/dev/nvidia0", "nvidia-smi"),
    (None, "/usr/lib/wsl/lib/nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi")])
def test_the_driver_s_tool_is_found(on_path, existing, tool):
    assert devices.find_nvidia_smi(lambda _: on_path, lambda path: path == existing) == tool


def test_a_card_without_its_tool_is_told():
    def run(*_, **__):
        raise FileNotFoundError

    assert "FileNotFoundError" in devices.check_gpu(lambda: "nvidia-smi", run).found


def test_the_probe_itself_runs(capsys):
    exec(devices.PROBE, {})
    assert "trained" in capsys.readouterr().out


@pytest.mark.parametrize("cores, memory, state, words", [
    (2, 8e9, "ok", "2 cores, 8.0 GB"), (1, 8e9, "note", "1 core, "), (4, 2e9, "note", "2.0 GB"),
    (2, None, "ok", "2 cores")])
def test_machines(cores, memory, state, words):
    finding = devices.check_machine(lambda: cores, lambda: memory)
    assert finding.state == state and words in finding.found
    assert bool(finding.advice) == (state == "note")


def test_a_container_s_limit_counts(tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("123456\n")
    assert devices.find_memory(limit) == 123456
    limit.write_text("max\n")
    assert devices.find_memory(limit) == devices.find_memory(tmp_path / "none") != 123456


def test_stores(tmp_path):
    finding = devices.check_store(tmp_path / "a" / "b")
    assert finding.state == "ok" and not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("in the way")
    finding = devices.check_store(tmp_path / "file" / "b")
    assert finding.state == "problem" and "ENSGEN_STORE" in finding.advice


def test_a_full_disk_is_a_problem(tmp_path, monkeypatch):
    class Full(list):
        __enter__, __exit__ = lambda self: self, lambda *_: None

        def write(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(devices.tempfile, "TemporaryFile", lambda **_: Full())
    assert "No space left" in devices.check_store(tmp_path).found


def test_fashion_mnist_is_found_where_it_is_looked_for(tmp_path):
    def look(**environ):
        return devices.check_fashion_mnist({"KERAS_HOME": str(tmp_path / "keras"), **environ},
                                           tmp_path / "debian")

    assert look().state == "note" and "ENSGEN_DATA" in look().advice
    for place in ["keras/datasets/fashion-mnist", "debian", "own", "own/fashion_mnist"]:
        (tmp_path / place).mkdir(parents=True)
        for name in devices.FASHION_FILES:
            assert look(ENSGEN_DATA=str(tmp_path / "own")).found != str(tmp_path / place)
            (tmp_path / place / name).touch()
        assert look(ENSGEN_DATA=str(tmp_path / "own")).found == str(tmp_path / place)


def test_the_places_are_those_of_load_images():
    from ensgen_tutorial.data import named as images

    assert images.DEBIAN_FOLDER == devices.DEBIAN_FOLDER
    assert images.IDX_FILES == devices.FASHION_FILES


def test_the_doctor_says_what_to_do_first(capsys):
    fine = [Finding("one", "ok", "well"), Finding("second", "note", "so so", "Perhaps.")]
    assert devices.print_doctor(findings=fine) == 0
    assert capsys.readouterr().out == (
        "ok       one     well\nnote     second  so so\n                 Perhaps.\n\n"
        "Everything that the lessons need is there.\n")
    bad = [*fine, Finding("third", "problem", "bad", "Mend it."), Finding("x", "problem", "b")]
    assert devices.print_doctor(findings=bad) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "2 to mend, first third: Mend it."


def test_the_doctor_looks_at_everything(tmp_path, monkeypatch):
    monkeypatch.setattr(devices.check_gpu, "__defaults__", (lambda: None, machine(), list, "", {}))
    names = [finding.name for finding in devices.diagnose(tmp_path)]
    assert names == ["Python", "keras", "tensorflow", "numpy", "scikit-learn", "matplotlib",
                     "jupyterlab", "ipywidgets", "system", "GPU", "machine", "store",
                     "Fashion-MNIST"]
