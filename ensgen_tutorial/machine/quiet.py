"""Keras comes quietly and as the course needs it, whoever imports it.

Part of the package's front door, so it imports nothing that takes time, and nothing that Python
has not imported itself: a file in the working directory could still hide it.
"""

import os
import sys

ADVICE = "'python -m ensgen_tutorial doctor' says what to do."


def start():
    """Prepare for Keras without importing it: its backend, memory growth, and quiet."""
    os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")     # JAX's memory growth
    if sys.modules.get("keras"):
        settle()
    if all(map(is_other, sys.meta_path)):
        sys.meta_path.insert(0, QuietImport())


def is_other(finder):
    return type(finder).__name__ != "QuietImport"       # by name, since this file may be reloaded


class QuietImport:
    """Finds Keras and TensorFlow where Python would, and holds back log lines while they load."""

    def find_spec(self, name, path=None, target=None):
        if name not in ("keras", "tensorflow"):
            return None
        specs = (finder.find_spec(name, path, target) for finder in sys.meta_path
                 if is_other(finder) and hasattr(finder, "find_spec"))
        spec = next(filter(None, specs), None)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_quietly(module):
                from .noise import held_back

                spec.loader.exec_module = load
                try:
                    with held_back():
                        load(module)
                        if name == "keras":
                            settle()
                except Exception as error:
                    if ADVICE in str(error):                # TensorFlow's, while Keras loads
                        raise
                    raise ImportError(f"{name} cannot be imported ({type(error).__name__}: {error}). "
                                      f"{ADVICE}", name=name) from error

            spec.loader.exec_module = load_quietly
        return spec


def settle():
    """Keras as the course needs it, whatever ``keras.json`` says, and one first operation."""
    import keras

    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    keras.config.set_epsilon(1e-7)
    if keras.config.dtype_policy().name not in ("float32", "mixed_bfloat16"):
        keras.config.set_dtype_policy("float32")
    for limit in ("set_max_epochs", "set_max_steps_per_epoch"):     # KERAS_MAX_EPOCHS trains less
        getattr(keras.config, limit, lambda _: None)(None)
    if "tensorflow" in sys.modules and keras.backend.backend() == "tensorflow":
        sys.modules["tensorflow"].get_logger().setLevel("ERROR")        # advice about retracing
    with keras.device("cpu:0"):                     # a broken GPU must not end the process here
        keras.ops.add(1, 1)
