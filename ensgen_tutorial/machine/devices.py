"""Which device computes, and how precisely. The only file that imports TensorFlow."""

import importlib
import os
import re
import sys

BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def find_gpus():
    """The GPUs that the backend sees: a list of (name, compute capability as a tuple)."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        details = [tf.config.experimental.get_device_details(gpu)
                   for gpu in tf.config.list_physical_devices("GPU")]
        return [(each.get("device_name", "GPU"), each.get("compute_capability", ()))
                for each in details]
    if keras.backend.backend() == "jax":
        import jax

        numbers = re.compile(r"\d+")
        return [(each.device_kind,
                 tuple(map(int, numbers.findall(str(getattr(each, "compute_capability", ""))))))
                for each in jax.local_devices() if each.platform != "cpu"]
    return []


def count_cores():
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device_report():
    """One line for a lesson's first cell: versions, device, precision."""
    import keras

    backend = keras.backend.backend()
    device = _listed([name for name, _ in find_gpus()]) or f"CPU, {_counted_cores(count_cores())}"
    precision = keras.config.dtype_policy().name.removeprefix("mixed_")
    return ("Python {}.{} · ".format(*sys.version_info)
            + f"Keras {keras.__version__} on {BACKENDS.get(backend, backend)} "
            f"{importlib.import_module(backend).__version__} · {device} · {precision}")


def _counted_cores(cores):
    return "1 core" if cores == 1 else f"{cores} cores"


def _listed(names):
    counts = {name: names.count(name) for name in names}
    return ", ".join(f"{count} × {name}" if count > 1 else name for name, count in counts.items())


def set_precision(name):
    """Compute in ``"float32"``, or in ``"bfloat16"`` (parameters stay float32) where a GPU can.

    Holds for layers made afterwards. Raises ValueError for other names, on a CPU and on a GPU of
    compute capability below 8.0, and then changes nothing.
    """
    import keras

    check_precision(name, find_gpus())
    keras.config.set_dtype_policy({"float32": "float32", "bfloat16": "mixed_bfloat16"}[name])


def check_precision(name, gpus):
    """Raise ValueError where ``gpus``, as ``find_gpus`` lists them, cannot compute in ``name``."""
    if name not in ("float32", "bfloat16"):
        raise ValueError(f"precision must be 'float32' or 'bfloat16', not {name!r}.")
    if name == "bfloat16" and not gpus:
        raise ValueError("precision 'bfloat16' needs a GPU, and this process computes on a CPU, "
                         "where it is slower than 'float32'.")
    for gpu, capability in gpus if name == "bfloat16" else ():
        if tuple(capability) < (8, 0):
            has = ".".join(map(str, capability)) or "none that is known"
            raise ValueError("precision 'bfloat16' needs compute capability 8.0 (NVIDIA Ampere) or "
                             f"more, and {gpu} has {has}: stay with 'float32'.")
