"""Which device computes, how precisely, and what to do where something is missing.

The only file that imports TensorFlow, and it does so before anything else, with its log lines
held back. ``python -m ensgen_tutorial doctor`` prints what ``diagnose`` finds.
"""

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# What TensorFlow writes by itself on every start, whatever the log level says.
NOISE = re.compile(
    r"^(WARNING: All log messages before absl::InitializeLog"
    r"|(\d{4}-\d\d-\d\d [\d:.]+: )?[IW](\d{4} [\d:.]+\s+\d+)? \S+\.cc:\d+\]"
    r"|(\d{4}-\d\d-\d\d [\d:.]+: )?E(\d{4} [\d:.]+\s+\d+)? \S*(cuda\w*|stream_executor\S*)\.cc:\d+\]"
    r".*(cuInit|Unable to register|already been registered)"
    r"|To enable the following instructions:)"
)
PACKAGES = ("keras", "tensorflow", "numpy", "scipy", "scikit-learn", "matplotlib", "jupyterlab",
            "ipywidgets")


def start():
    """Import Keras and its backend quietly and let GPUs take memory as they need it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with held_back():
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            tf.get_logger().setLevel("ERROR")      # its warnings about retracing, which is no fault
            for gpu in tf.config.list_physical_devices("GPU"):
                try:
                    tf.config.experimental.set_memory_growth(gpu, True)
                except RuntimeError:        # something computed already: too late, not fatal
                    pass
        keras.ops.add(1, 1)                 # the first operation logs as well


@contextmanager
def held_back():
    """Hold back what is written to file descriptor 2, then pass on all but TensorFlow's noise."""
    try:
        kept = os.dup(2)
    except OSError:                         # no standard error at all: nothing to hold back
        yield
        return
    with tempfile.TemporaryFile() as held:
        sys.stderr and sys.stderr.flush()
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr and sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines(keepends=True):
                if not NOISE.match(line):
                    os.write(2, line.encode())


def gpu_names():
    """Names of the GPUs that the backend sees, as a list of strings."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
                for gpu in tf.config.list_physical_devices("GPU")]
    if keras.backend.backend() == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform == "gpu"]
    return []


def cores():
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def device_report():
    """One line for a lesson's first cell: versions, device, precision."""
    import keras

    backend = keras.backend.backend()
    name = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}[backend]
    device = ", ".join(gpu_names()) or f"CPU, {cores()} cores"
    return (f"Python {platform.python_version()} · Keras {keras.__version__} on {name} "
            f"{importlib.metadata.version(backend)} · {device} · {keras.config.dtype_policy().name}")


def set_precision(name):
    """``"float32"``, or ``"bfloat16"`` for computing (parameters stay float32) where a GPU can.

    Raises ValueError for other names and where no GPU of compute capability 8 or more is seen.
    """
    import keras

    if name not in ("float32", "bfloat16"):
        raise ValueError(f"precision must be 'float32' or 'bfloat16', not {name!r}.")
    if name == "bfloat16" and not gpus_know_bfloat16():
        raise ValueError("bfloat16 is slower or impossible here: it needs a GPU of compute "
                         "capability 8.0 (NVIDIA Ampere) or newer; stay with 'float32'.")
    keras.config.set_dtype_policy("float32" if name == "float32" else "mixed_bfloat16")


def gpus_know_bfloat16():
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        found = [tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))
                 for gpu in tf.config.list_physical_devices("GPU")]
    elif keras.backend.backend() == "jax":
        import jax

        found = [tuple(int(part) for part in str(device.compute_capability).split("."))
                 for device in jax.devices() if device.platform == "gpu"]
    else:
        found = []
    return bool(found) and all(capability >= (8, 0) for capability in found)


@dataclass(frozen=True)
class Finding:
    """One thing the doctor looked at: ``state`` is "ok", "note" or "problem"."""

    name: str
    state: str
    found: str
    advice: str = ""


def diagnose(store_folder=None):
    """All findings, as a list of Finding."""
    findings = [check_python(sys.version_info[:2]), *check_packages(), check_system()]
    findings += check_gpu()
    findings.append(Finding("processor", "ok", f"{cores()} cores"))
    if store_folder is not None:
        findings.append(check_store(store_folder))
    findings.append(check_fashion_mnist())
    return [finding for finding in findings if finding is not None]


def check_python(version):
    text = ".".join(map(str, version))
    if (3, 11) <= tuple(version) <= (3, 13):
        return Finding("Python", "ok", text)
    return Finding("Python", "problem", text, "Install Python 3.11, 3.12 or 3.13.")


def check_packages(version=importlib.metadata.version):
    findings = []
    for name in PACKAGES:
        try:
            findings.append(Finding(name, "ok", version(name)))
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(name, "problem", "missing", f"pip install {name}"))
    try:
        version("tensorflow-metal")
    except importlib.metadata.PackageNotFoundError:
        return findings
    return [*findings, Finding(
        "tensorflow-metal", "problem", "installed, and it breaks TensorFlow's import",
        "pip uninstall tensorflow-metal (the course is made for the CPU of a Mac).")]


def check_system(system=None, release=None):
    system, release = system or platform.system(), release or platform.release()
    if "microsoft" in release.lower():
        return Finding("system", "ok", "Linux inside Windows (WSL2): GPUs work with NVIDIA's "
                       "Windows driver alone, no driver inside")
    if system == "Windows":
        return Finding("system", "note", "Windows: TensorFlow uses no GPU here since 2.11",
                       "For a GPU, install WSL2 and the course inside it; the CPU is enough.")
    return Finding("system", "ok", system)


def check_gpu(has_driver=None, seen=None, probe=None):
    """What stands between a GPU and its use. The arguments stand in for the machine in tests."""
    has_driver = shutil.which("nvidia-smi") is not None if has_driver is None else has_driver
    if not has_driver:
        return [Finding("GPU", "ok", "no NVIDIA driver: the CPU computes, which all lessons are "
                        "made for")]
    seen = gpu_names() if seen is None else seen
    if not seen:
        return [Finding("GPU", "problem", "a driver is there, but the CUDA libraries are not",
                        'pip install "ensgen-tutorial[gpu]" (from a clone: pip install -e ".[gpu]").')]
    failure = (probe_gpu if probe is None else probe)()
    if failure:
        return [Finding("GPU", "problem", f"{', '.join(seen)}: a small sum on it failed ({failure})",
                        "Use the CPU with CUDA_VISIBLE_DEVICES=-1, or update driver and TensorFlow "
                        "(the newest cards need the newest of both).")]
    return [Finding("GPU", "ok", ", ".join(seen))]


PROBE = "import keras; x = keras.ops.ones((64, 64)); print(float(keras.ops.sum(x @ x)))"


def probe_gpu(run=subprocess.run):
    """Why a matrix product fails, or None; in another process, since a bad driver kills it."""
    try:
        done = run([sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return "no answer in two minutes"
    if done.returncode == 0 and "262144.0" in done.stdout:
        return None
    lines = [line for line in done.stderr.splitlines() if line.strip() and not NOISE.match(line)]
    return (lines[-1] if lines else f"the process ended with {done.returncode}")[:120]


def check_store(folder):
    folder = Path(folder)
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        return Finding("store", "problem", f"{folder} cannot be written ({error.strerror or error})",
                       "Set ENSGEN_STORE to a folder that can be.")
    kept = len(list(folder.glob("*.npz"))) if folder.is_dir() else 0
    return Finding("store", "ok", f"{folder}, {kept} trained generators")


def check_fashion_mnist(places=None):
    cache = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"
    own = Path(os.environ.get("ENSGEN_DATA") or cache)
    places = places or [own, own / "fashion_mnist", Path("/usr/share/datasets/fashion-mnist"),
                        cache / "fashion-mnist"]
    for place in places:
        if (place / "train-images-idx3-ubyte.gz").is_file():
            return Finding("Fashion-MNIST", "ok", str(place))
    return Finding("Fashion-MNIST", "note", "not on this computer",
                   "It is downloaded at its first use; offline, see ENSGEN_DATA in the README.")


def print_doctor(store_folder=None):
    """Print the findings and what to do first; returns 1 where there is a problem, else 0."""
    findings = diagnose(store_folder)
    for finding in findings:
        sign = {"ok": "  ok ", "note": "note ", "problem": "  !! "}[finding.state]
        print(f"{sign} {finding.name:<17}{finding.found}")
        if finding.advice:
            print(f"{'':<23}→ {finding.advice}")
    problems = [finding for finding in findings if finding.state == "problem"]
    if problems:
        print(f"\nMend first: {problems[0].name}. {problems[0].advice}")
        return 1
    print("\nEverything that the course needs is here.")
    return 0
