"""What is there, what is missing, what to do: ``python -m ensgen_tutorial doctor``.

Each check runs apart, so that a broken part hides no other finding, and calls nothing well that it
did not try: packages are imported, in another process, since an import can end the one it runs in.
Each ``check_...`` can be told what it would look at, so that every situation can be tested on any
machine. Only the standard library is imported here.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from importlib.machinery import all_suffixes
from pathlib import Path

from .devices import _counted_cores, _listed, count_cores
from .findings import Finding, print_findings
from .folders import keras_home, named_folder, store_folder, unwritable
from .noise import is_noise
from .packages import BACKENDS, PACKAGES, check_packages

FASHION_FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
                 "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
SMALL_MEMORY = 3e9                  # bytes: a lesson takes up to 2 GB, and Jupyter its share
PROBE_SECONDS = 120                 # a new card compiles its first operations for a while
# In keras.json: what the course sets itself, and what Keras accepts.
KERAS_SETTINGS = {
    "floatx": ("float32", ("float16", "float32", "float64").__contains__),
    "image_data_format": ("channels_last", ("channels_first", "channels_last").__contains__),
    "epsilon": (1e-7, lambda value: isinstance(value, float)),
}
KERAS_LIMITS = ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")


def diagnose():
    """Look at everything a lesson needs: a list of Finding, whatever is broken."""
    checks = {"Python": check_python, "working directory": check_directory,
              "Keras settings": check_keras_settings, "packages": check_packages,
              "system": check_system, "GPU": check_gpu, "machine": check_machine,
              "store": check_store, "Fashion-MNIST": check_fashion_mnist}
    findings = []
    for name, check in checks.items():
        try:
            found = check()
        except Exception as error:
            found = Finding(name, "problem",
                            f"the check itself failed: {type(error).__name__}: {error}",
                            "Mend that, or set up the environment again (README, Start).")
        findings += found if isinstance(found, list) else [found]
    return findings


def check_python(version=sys.version_info):
    text = "{}.{}".format(*version)
    if (3, 11) <= tuple(version[:2]) <= (3, 13):
        return Finding("Python", "ok", text)
    return Finding("Python", "problem", text, "Install Python 3.11, 3.12 or 3.13.")


def check_directory(folder=None):
    """Whether a file in the working directory hides a module: notebooks would import it instead."""
    ours = {*PACKAGES.values(), *BACKENDS, "keras"}
    try:
        paths = sorted((Path.cwd() if folder is None else Path(folder)).iterdir())
    except OSError as error:
        return Finding("working directory", "problem", f"cannot be read ({error.strerror})",
                       "Start from another folder.")
    hiding = []
    for path in paths:
        name, dot, suffix = path.name.partition(".")
        if name in sys.stdlib_module_names | ours and (
                dot + suffix in all_suffixes() or (path / "__init__.py").is_file()):
            hiding.append(path.name)
    if hiding:
        return Finding("working directory", "problem", f"{', '.join(hiding)} in it would be imported "
                       "instead of the modules of these names", "Rename what lies there, or start "
                       "from another folder.")
    return Finding("working directory", "ok", "nothing in it hides a module")


def check_system(system=platform.system(), release=platform.release()):
    if "microsoft" in release.lower():
        return Finding("system", "ok", "Linux in Windows (WSL2); for an NVIDIA GPU, Windows's own "
                       "driver is enough")
    if system == "Windows":
        return Finding("system", "note", "Windows, where TensorFlow uses no GPU since its 2.11",
                       "Lessons run on the CPU; for an NVIDIA GPU, install the course in WSL2.")
    return Finding("system", "ok", {"Darwin": "macOS"}.get(system, system))


def find_nvidia_smi(which=shutil.which, exists=os.path.exists):
    """How to call the driver's own tool, or None where no NVIDIA driver is installed."""
    in_windows = "/usr/lib/wsl/lib/nvidia-smi"      # where WSL2 puts it, not always on the PATH
    if found := which("nvidia-smi"):
        return found
    if exists(in_windows):
        return in_windows
    return "nvidia-smi" if exists("/dev/nvidia0") else None


def check_gpu(tool=find_nvidia_smi, run=subprocess.run, system=platform.system(),
              environ=os.environ):
    """What, if anything, stands between an NVIDIA GPU and its use."""
    tool = tool()
    if tool is None:
        return Finding("GPU", "ok", "none with an NVIDIA driver: the CPU computes, which is what "
                       "the lessons are made for")
    cards, failure = ask_driver(tool, run)
    if failure:
        return Finding("GPU", "problem", f"the NVIDIA driver does not answer ({failure})",
                       "Restart the computer, or install the driver again; the CPU works meanwhile.")
    if system == "Windows":
        return Finding("GPU", "note", f"{cards}, which TensorFlow cannot use in Windows itself",
                       "Install the course in WSL2 to use it.")
    if environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return Finding("GPU", "note", f"{cards}, hidden by CUDA_VISIBLE_DEVICES",
                       "Unset CUDA_VISIBLE_DEVICES to use it.")
    failure = probe_gpu(run)
    if failure == NO_GPU:
        return Finding("GPU", "problem", f"{cards} with its driver, but the CUDA libraries are "
                       "missing or do not fit", 'Install them: python -m pip install '
                       '"ensgen-tutorial[gpu]" (in a clone: python -m pip install -e ".[gpu]")')
    if failure:
        return Finding("GPU", "problem", f"{cards}, but training on it fails ({failure})",
                       "Update the driver and TensorFlow (the newest cards need the newest of "
                       "both), or set CUDA_VISIBLE_DEVICES=-1 to use the CPU.")
    return Finding("GPU", "ok", f"{cards}; a small network trains on it")


def ask_driver(tool, run=subprocess.run):
    """(names of the cards, None), or (None, why the driver does not answer)."""
    try:
        done = run([tool, "--query-gpu=name", "--format=csv,noheader"],
                   capture_output=True, text=True, errors="replace", timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, type(error).__name__
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode != 0 or not lines:
        return None, lines[0] if lines else f"nvidia-smi ended with {done.returncode}"
    return _listed(lines), None


# Convolution, matrix product and compiled code, each of which has libraries of its own to miss.
NO_GPU = "Keras sees no GPU"
PROBE = f"""
import sys
sys.path.append(sys.argv[1])
from ensgen_tutorial.machine.devices import find_gpus
if not find_gpus():
    sys.exit("{NO_GPU}")
import keras
network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3),
                            keras.layers.Flatten(), keras.layers.Dense(1)])
network.compile("sgd", "mse", jit_compile=True)
network.fit(keras.ops.ones((2, 8, 8, 1)), keras.ops.ones((2, 1)), verbose=0)
print("trained")
"""


def probe_gpu(run=subprocess.run):
    """Why a tiny network cannot be trained, or None; in a process of its own, since it may die."""
    try:
        done = run([sys.executable, "-P", "-c", PROBE, str(Path(__file__).parents[2])],
                   capture_output=True, text=True, errors="replace", timeout=PROBE_SECONDS,
                   env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"})     # an abort's last words
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    if done.returncode == 0 and "trained" in done.stdout:
        return None
    lines = [line for line in done.stderr.splitlines()
             if line.strip() and not is_noise(line.encode(errors="replace"))]
    fatal = [line for line in lines if re.match(r"F\d{4} |.*: F ", line)]   # above a stack trace
    return (fatal or lines[-1:] or [f"the process ended with {done.returncode}"])[0].strip()[:200]


def find_memory(limit=Path("/sys/fs/cgroup/memory.max")):
    """Bytes of memory for this process, a container's limit included; None where not known."""
    found = []
    with suppress(AttributeError, ValueError, OSError):     # Windows has no sysconf
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(ValueError, OSError):                     # no container, or "max"
        found.append(int(limit.read_text()))
    return min(found, default=None)


def check_machine(cores=count_cores, memory=find_memory):
    cores, memory = cores(), memory()
    text = _counted_cores(cores) + (f", {memory / 1e9:.1f} GB of memory" if memory else "")
    if memory and memory < SMALL_MEMORY:
        return Finding("machine", "note", text, "Close other programs before a lesson.")
    if cores < 2:
        return Finding("machine", "note", text, "Lessons may take twice the time they state.")
    return Finding("machine", "ok", text)


def check_store(folder=None):
    """Whether trained weights can be kept in ``folder``; makes nothing that stays."""
    folder = store_folder() if folder is None else Path(folder)
    if reason := unwritable(folder):
        return Finding("store", "problem", f"{folder} cannot be written ({reason})",
                       "Set the environment variable ENSGEN_STORE to a folder that can.")
    return Finding("store", "ok", f"{folder} can be written")


def check_keras_settings(environ=os.environ):
    """What the user has set otherwise than the course, which has its own settings for Keras."""
    path, settings = keras_home() / "keras.json", {}
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        other = {name: settings[name] for name, (ours, _) in KERAS_SETTINGS.items()
                 if settings.get(name, ours) != ours}
    except (FileNotFoundError, ValueError):         # what is not JSON, Keras passes over
        other = {}
    except (OSError, AttributeError) as error:
        return Finding("Keras settings", "problem", f"keras.json cannot be used ({error})",
                       f"Delete {path}.")
    listed = [f"{name} {value!r}" for name, value in other.items()]
    if not all(KERAS_SETTINGS[name][1](value) for name, value in other.items()):
        return Finding("Keras settings", "problem", "Keras takes no keras.json with "
                       f"{' and '.join(listed)}", f"Delete {path}.")
    listed += [f"{name} {environ[name]}" for name in KERAS_LIMITS if environ.get(name)]
    if listed:
        return Finding("Keras settings", "note", ", ".join(listed), "The course uses its own all "
                       "the same: float32, channels_last, epsilon 1e-07, no limits.")
    return Finding("Keras settings", "ok", "nothing otherwise than in the course")


def check_fashion_mnist(debian=DEBIAN_FOLDER):
    """Whether Fashion-MNIST is where ``load_images`` looks for it; the files are not opened."""
    own = named_folder("ENSGEN_DATA")
    own = [own / "fashion_mnist", own] if own else []
    for place in [*own, debian, keras_home() / "datasets" / "fashion-mnist"]:
        missing = [name for name in FASHION_FILES if not (place / name).is_file()
                   and not (place / name.removesuffix(".gz")).is_file()]
        if not missing:
            return Finding("Fashion-MNIST", "ok", f"its files are in {place}")
        if place in own and len(missing) < len(FASHION_FILES):
            return Finding("Fashion-MNIST", "problem", f"{place} lacks {', '.join(missing)}",
                           "Put all four files there, or unset ENSGEN_DATA.")
    return Finding("Fashion-MNIST", "note", "not on this computer",
                   "It is downloaded at its first use; without a network, set ENSGEN_DATA to a "
                   "folder with its four idx files.")


def print_doctor():
    """Print what ``diagnose`` finds and what to do first; 1 if there is a problem."""
    return print_findings(diagnose())
