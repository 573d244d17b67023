"""Quiet where TensorFlow is loud, and loud where something is wrong."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from ensgen_tutorial.machine import quiet

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
    assert quiet.is_noise(line.encode() + b"\n")


@pytest.mark.parametrize("line", REAL)
def test_what_only_looks_like_noise_is_not(line):
    assert not quiet.is_noise(line.encode() + b"\n")


def loud():
    for pair in zip(NOISE, REAL, strict=True):
        os.write(2, "\n".join([*pair, ""]).encode())


@pytest.fixture(autouse=True)
def usual_log_level(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")


def test_noise_is_dropped_and_the_rest_comes_in_order(capfd):
    with quiet.held_back():
        loud()
        os.write(2, b"no end of line, and no text: \xff")
    os.write(2, b"\nafterwards\n")
    assert capfd.readouterr().err == "\n".join(
        [*REAL, "no end of line, and no text: �", "afterwards", ""])


def test_an_exception_passes_with_everything_said_before(capfd):
    with pytest.raises(KeyboardInterrupt), quiet.held_back():
        loud()
        raise KeyboardInterrupt
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err.splitlines() == [
        line for pair in zip(NOISE, REAL, strict=True) for line in pair] + ["afterwards"]


def test_the_lowest_log_level_shows_all(capfd, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    with quiet.held_back():
        loud()
    assert set(NOISE) < set(capfd.readouterr().err.splitlines())


def test_no_place_to_hold_lines_lets_them_pass(capfd, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left")

    open_files = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with quiet.held_back():
        loud()
    assert set(NOISE) < set(capfd.readouterr().err.splitlines())
    assert len(os.listdir("/dev/fd")) == open_files


def test_no_descriptor_is_left_open():
    open_files = len(os.listdir("/dev/fd"))
    for _ in range(3):
        with quiet.held_back():
            pass
    assert len(os.listdir("/dev/fd")) == open_files


def python(code, **environment):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          timeout=120, env={**os.environ, **environment}, cwd=ROOT)


ALONE = """
import importlib.util as u, os, sys
spec = u.spec_from_file_location("quiet", "ensgen_tutorial/machine/quiet.py")
quiet = sys.modules["quiet"] = u.module_from_spec(spec)
spec.loader.exec_module(quiet)
"""


def test_a_closed_standard_error_is_left_alone():
    done = python(ALONE + "os.close(2); sys.stderr = None\nwith quiet.held_back(): print('inside')\n"
                  "try: os.fstat(2)\nexcept OSError: print('still closed')")
    assert done.stdout.split("\n")[:2] == ["inside", "still closed"] and done.returncode == 0


def test_what_python_writes_keeps_its_place():
    done = python(ALONE + "with quiet.held_back():\n    os.write(2, b'one\\n')\n"
                  "    print('two', file=sys.stderr)\n    os.write(2, b'three\\n')\n"
                  "    sys.stderr.write('four')\nprint(' five', file=sys.stderr)")
    assert done.stderr == "one\ntwo\nthree\nfour five\n"


def test_an_abort_shows_where():
    done = python(ALONE + "with quiet.held_back():\n    os.write(2, b'held'); os.abort()")
    assert done.returncode < 0 and "Fatal Python error: Aborted" in done.stderr


FRONT_DOOR = """
import sys, time
before = set(sys.modules)
started = time.process_time()
import ensgen_tutorial
took = time.process_time() - started
heavy = {name.partition(".")[0] for name in set(sys.modules) - before} & {
    "keras", "tensorflow", "numpy", "scipy", "sklearn", "matplotlib", "IPython", "tempfile", "random"}
print(sorted(heavy), took < 0.2)
try:
    ensgen_tutorial.main(["--help"])
except AttributeError as error:
    print(error)
"""


def test_the_front_door_imports_nothing_that_takes_time():
    done = python(FRONT_DOOR)
    assert done.stdout.splitlines() == ["[] True",
                                        "module 'ensgen_tutorial' has no attribute 'main'"]


def test_help_takes_no_half_second():
    """Processor time, since the tests share their cores; without TensorFlow it is 0.05 s."""
    code = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "ensgen_tutorial", "--help"], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, used.ru_utime + used.ru_stime)
"""
    code, seconds = python(code).stdout.split()
    assert code == "0" and float(seconds) < 0.4


LOUD = """
import os, sys
import ensgen_tutorial
class Loud:
    def find_spec(self, name, path=None, target=None):
        if name == "tensorflow.python":
            os.write(2, b"a real message\\n")
sys.meta_path.insert(1, Loud())
import {first}
import keras, tensorflow as tf
os.write(2, b"afterwards\\n")
tf.constant(1.0) + 1
print(ensgen_tutorial.device_report())
"""


@pytest.mark.parametrize("first", ["keras", "tensorflow"])
def test_keras_comes_quietly_whoever_imports_it_and_a_real_message_survives(first):
    done = python(LOUD.format(first=first))
    assert done.stderr == "a real message\nafterwards\n"
    assert " on TensorFlow " in done.stdout


SETTINGS = """
import json, os, pathlib
os.environ["KERAS_HOME"] = {home!r}
{first}
import ensgen_tutorial as eg
import numpy as np
pixels = np.random.default_rng(0).integers(0, 4, (24, 8, 8, 1)).astype(np.uint8)
images = eg.ImageSet("tiny", 4, pixels[:8], pixels[8:16], pixels[16:])
for generator in (eg.PixelCNN((8, 8, 1), 4, filters=4, blocks=1),
                  eg.VAE((8, 8, 1), 4, latents=2, hidden=8, samples=2),
                  eg.ProgressiveGAN((8, 8, 1), 4, latents=2, filters=16),
                  eg.Denoiser((8, 8, 1), 4, filters=(8, 8))):
    eg.train_generator(generator, images, 2, batch_size=8, folder=pathlib.Path({home!r}))
    assert generator.generate(2, seed=0).shape == (2, 8, 8, 1)
import keras
print(keras.config.floatx(), keras.config.image_data_format())
"""


@pytest.mark.parametrize("floatx, data_format, first", [
    ("float64", "channels_first", ""), ("float16", "channels_last", "import keras")])
def test_a_user_s_keras_json_changes_nothing(floatx, data_format, first, tmp_path):
    (tmp_path / "keras.json").write_text(
        f'{{"floatx": "{floatx}", "image_data_format": "{data_format}", "epsilon": 1e-7}}')
    done = python(SETTINGS.format(home=str(tmp_path), first=first))
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "float32 channels_last"


@pytest.mark.parametrize("block, wanted", [
    ("import sys; sys.modules['keras'] = None; ", "PixelCNN needs keras, which is not installed"),
    ("import sys; sys.modules['tensorflow'] = None; ", "keras cannot be imported"),
    ("import os; os.environ['KERAS_BACKEND'] = 'abacus'; ", "keras cannot be imported (ValueError")])
def test_a_failed_import_says_who_can_help(block, wanted):
    last = python(block + "import ensgen_tutorial as eg; eg.PixelCNN").stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: {wanted}") and "ensgen_tutorial doctor' says" in last


def test_the_finder_leaves_other_modules_and_missing_ones_to_the_others():
    finder = quiet.QuietImport()
    assert finder.find_spec("json") is None and finder.looking == set()
    threads = [threading.Thread(target=finder.find_spec, args=(name,))
               for name in ("keras", "tensorflow") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert finder.looking == set()


def test_a_notebook_shows_no_log_line(tmp_path, monkeypatch):
    """The second cell proves that this kernel does show what reaches file descriptor 2."""
    cells = ["import ensgen_tutorial\nimport keras; float(keras.ops.sum(keras.ops.ones(3)))",
             "import os, time, ensgen_tutorial.machine.quiet\nwith ensgen_tutorial.machine.quiet.held_back():\n"
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
    done = python("import sys; sys.modules['tensorflow'] = None\nimport ensgen_tutorial as eg\n"
                  "print(eg.device_report())", KERAS_BACKEND="jax")
    assert done.returncode == 0, done.stderr
    assert " on JAX " in done.stdout and "CPU" in done.stdout
