"""Keras comes quietly and as the course needs it, and the front door waits for nothing."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import nbformat
import pytest
from nbclient import NotebookClient

from ensgen_tutorial.machine import quiet

ROOT = Path(__file__).parent.parent


def python(code, *arguments, **environment):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True,
                          timeout=120, env={**os.environ, **environment}, cwd=ROOT)


FRONT_DOOR = """
import runpy, sys, time                     # what "python -m" itself imports
before, started = set(sys.modules), time.process_time()
import ensgen_tutorial
print(time.process_time() - started < 0.2)
print(sorted(name for name in set(sys.modules) - before if not name.startswith("ensgen_tutorial")))
"""


def test_the_front_door_imports_nothing_that_takes_time_or_can_be_hidden():
    assert python(FRONT_DOOR).stdout == "True\n[]\n"


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
import pathlib, sys
import ensgen_tutorial as eg
import keras, numpy as np, tensorflow as tf
tf.config.run_functions_eagerly(True)               # no time for compiling
pixels = np.random.default_rng(0).integers(0, 4, (24, 8, 8, 1)).astype(np.uint8)
images = eg.ImageSet("tiny", 4, pixels[:8], pixels[8:16], pixels[16:])
for generator in (eg.PixelCNN((8, 8, 1), 4, filters=4, blocks=1),
                  eg.ProgressiveGAN((8, 8, 1), 4, latents=2, filters=16),
                  eg.Denoiser((8, 8, 1), 4, filters=(8, 8))):
    record = eg.train_generator(generator, images, 2, batch_size=8, folder=pathlib.Path(sys.argv[1]))
    assert record["epochs"] == 2, record["epochs"]
    assert generator.generate(2, seed=0).shape == (2, 8, 8, 1)
"""


def test_a_user_s_settings_of_keras_change_nothing(tmp_path):
    (tmp_path / "keras.json").write_text(
        '{"floatx": "float64", "image_data_format": "channels_first", "epsilon": 0.01}')
    done = python(SETTINGS, str(tmp_path), KERAS_HOME=str(tmp_path), KERAS_MAX_EPOCHS="1")
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("before, after", [
    ("float64", "float32"), ("mixed_float16", "float32"), ("mixed_bfloat16", "mixed_bfloat16")])
def test_nor_do_they_where_keras_came_first(before, after):
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(before)
        keras.config.set_floatx("float64")
        keras.config.set_image_data_format("channels_first")
        keras.config.set_epsilon(0.01)
        quiet.start()
        assert keras.config.dtype_policy().name == after
        assert (keras.config.floatx(), keras.config.image_data_format(), keras.config.epsilon()) == (
            "float32", "channels_last", 1e-7)
    finally:
        keras.config.set_dtype_policy(policy)


@pytest.mark.parametrize("block, wanted", [
    ("import sys; sys.modules['keras'] = None; ", "PixelCNN needs keras, which is not installed"),
    ("import sys; sys.modules['tensorflow'] = None; ", "keras cannot be imported"),
    ("import os; os.environ['KERAS_BACKEND'] = 'abacus'; ", "keras cannot be imported (ValueError")])
def test_a_failed_import_says_who_can_help(block, wanted):
    last = python(block + "import ensgen_tutorial as eg; eg.PixelCNN").stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: {wanted}") and last.count(quiet.ADVICE) == 1


@pytest.fixture
def finders(monkeypatch):
    """A list of finders, in place of Python's own; only the first is ours."""
    finders = [quiet.QuietImport()]
    monkeypatch.setattr(sys, "meta_path", finders)
    return finders


def test_the_finder_leaves_all_to_the_others(finders):
    class Raises:
        def find_spec(self, name, path, target):
            raise RuntimeError(name)

    assert finders[0].find_spec("keras") is None            # nobody has it
    finders += [object(), Raises()]
    assert finders[0].find_spec("json") is None
    with pytest.raises(RuntimeError, match="keras"):
        finders[0].find_spec("keras")


def test_the_finder_comes_once_even_if_it_is_reloaded(finders, monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    quiet.start()
    assert len(finders) == 1
    finders[0] = type("QuietImport", (), {})()              # that of the file before it was reloaded
    quiet.start()
    assert len(finders) == 1
    finders.clear()
    quiet.start()
    assert len(finders) == 1


def test_a_module_is_loaded_as_before_after_its_first_time(finders, tmp_path):
    """A loader may be shared, and a module may be reloaded."""
    class Other:
        def find_spec(self, name, path, target):
            return importlib.util.spec_from_file_location("tensorflow", tmp_path / "t.py")

    (tmp_path / "t.py").write_text("tried = 1 / 0")
    finders.append(Other())
    spec = finders[0].find_spec("tensorflow")
    module = importlib.util.module_from_spec(spec)
    with pytest.raises(ImportError, match=r"tensorflow cannot be imported \(ZeroDivisionError"):
        spec.loader.exec_module(module)
    with pytest.raises(ZeroDivisionError):
        spec.loader.exec_module(module)


def test_a_notebook_shows_no_log_line(tmp_path, monkeypatch):
    """The second cell proves that this kernel does show what reaches file descriptor 2."""
    cells = ["import ensgen_tutorial\nimport keras; float(keras.ops.sum(keras.ops.ones(3)))",
             "import os, time, ensgen_tutorial.machine.noise\nwith ensgen_tutorial.machine.noise.held_back():\n"
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
