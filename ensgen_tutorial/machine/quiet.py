"""Keras comes quietly, whoever imports it: TensorFlow's log lines are held back.

Part of the package's front door, so it imports nothing that takes time.
"""

import importlib.util
import os
import sys
from contextlib import ExitStack, contextmanager, suppress

# What TensorFlow writes on a healthy start, whatever its log level: all that it calls information
# itself, and a few warnings and errors that mean nothing. A GPU that cannot be used is among these,
# because it concerns few readers of a lesson, and the doctor says what to do.
STAMP = r"(\d{{4}}-\d\d-\d\d [\d:.]+: {0} |{0}\d{{4}} [\d:.]+ +\d+ )\S+\.(cc|h):\d+\] "
NOISE = "|".join([
    r"WARNING: All log messages before absl::InitializeLog\(\) is called",
    r"To enable the following instructions: .* rebuild TensorFlow",
    STAMP.format("I"),
    STAMP.format("[WE]") + r"(failed call to cuInit|Unable to register cu\w+ (factory|plugin)"
    r"|computation placer already registered|Could not find cuda drivers"
    r"|Cannot dlopen some GPU libraries|TF-TRT Warning|.*NUMA node)",
])


def start():
    """Prepare for Keras without importing it: its backend, memory growth, and quiet."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")     # JAX's memory growth
    if sys.modules.get("keras"):
        settle()
    elif not any(isinstance(finder, QuietImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, QuietImport())


class QuietImport:
    """Finds Keras and TensorFlow where Python would, and holds back log lines while they load."""

    def __init__(self):
        self.looking = set()

    def find_spec(self, name, path=None, target=None):
        if name not in ("keras", "tensorflow") or name in self.looking:
            return None
        self.looking.add(name)                      # now the other finders are asked
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.looking.remove(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def quietly(module):
                try:
                    with held_back():
                        load(module)
                        if name == "keras":
                            settle()
                except Exception as error:
                    raise ImportError(
                        f"{name} cannot be imported ({type(error).__name__}: {error}). "
                        "'python -m ensgen_tutorial doctor' says what to do.", name=name) from error

            spec.loader.exec_module = quietly
        return spec


def settle():
    """Keras as the course needs it, whatever ``keras.json`` says, and one first operation."""
    import keras

    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    if "tensorflow" in sys.modules and keras.backend.backend() == "tensorflow":
        sys.modules["tensorflow"].get_logger().setLevel("ERROR")        # advice about retracing
    with keras.device("cpu:0"):                     # a broken GPU must not end the process here
        keras.ops.add(1, 1)


@contextmanager
def held_back():
    """Hold back what reaches file descriptor 2, then pass on what is not TensorFlow's noise.

    The descriptor, because TensorFlow writes to it from C++, where neither ``sys.stderr`` nor a
    log level reaches. After an exception everything is passed on. If the process is aborted, which
    takes the held lines with it, the stack is still written to the real standard error.
    """
    import faulthandler
    import tempfile

    with ExitStack() as stack:
        held = None
        with suppress(OSError):         # no standard error, or no place to hold it: let it pass
            kept = os.dup(2)
            stack.callback(os.close, kept)
            held = stack.enter_context(tempfile.TemporaryFile())
        if held is None or os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0":
            yield
            return
        _flush()
        os.dup2(held.fileno(), 2)
        watched = faulthandler.is_enabled()
        watched or faulthandler.enable(kept)
        everything = True
        try:
            yield
            everything = False
        finally:
            watched or faulthandler.disable()
            _flush()
            os.dup2(kept, 2)
            held.seek(0)
            lines = held.read().splitlines(keepends=True)
            with suppress(OSError), open(2, "wb", closefd=False) as real:
                real.writelines(line for line in lines if everything or not is_noise(line))


def _flush():
    with suppress(AttributeError, ValueError, OSError):     # None, closed, or a broken pipe
        sys.stderr.flush()


def is_noise(line):
    """Whether a line (bytes) on standard error is known to mean nothing."""
    import re

    return re.match(NOISE, line.decode(errors="replace")) is not None
