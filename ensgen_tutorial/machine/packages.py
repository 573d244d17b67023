"""Whether the packages of the course can be imported: each is, in another process.

A package's files may be there and its import fail, hang, or end the process that it runs in.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
from contextlib import suppress

from .findings import Finding

# distribution: module
PACKAGES = {
    "numpy": "numpy", "scipy": "scipy", "scikit-learn": "sklearn", "scikit-image": "skimage",
    "skops": "skops", "pillow": "PIL", "matplotlib": "matplotlib", "tqdm": "tqdm",
    "platformdirs": "platformdirs", "ipython": "IPython", "ipywidgets": "ipywidgets",
    "anywidget": "anywidget", "babel": "babel",
    "jupyterlab": "jupyterlab"}
BACKENDS = ("tensorflow", "jax", "torch")
IMPORT_SECONDS = 120                # all packages from a slow disk
# Says before and after each import what comes of it, so that even an abort has a name.
IMPORTS = """
import importlib, importlib.metadata, json, sys
real = sys.stdout
sys.stdout = sys.stderr
for pair in sys.argv[1:]:
    name, module = pair.split("=")
    print(json.dumps([name, None, None]), file=real, flush=True)
    try:
        imported = importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name == module
        found = [name, "missing" if missing else "broken", str(error)]
    except BaseException as error:
        found = [name, "broken", f"{type(error).__name__}: {error}"]
    else:
        try:
            found = [name, "ok", importlib.metadata.version(name)]
        except importlib.metadata.PackageNotFoundError:     # of another name: tensorflow-cpu
            found = [name, "ok", str(getattr(imported, "__version__", "of unknown version"))]
    print(json.dumps(found), file=real, flush=True)
"""


def check_packages(backend=None, run=subprocess.run, version=importlib.metadata.version):
    """One Finding for each package after importing it; one more where tensorflow-metal is there."""
    backend = backend or os.environ.get("KERAS_BACKEND") or "tensorflow"
    wanted = {**PACKAGES, backend: backend, "keras": "keras"}
    findings = {}
    if backend not in BACKENDS:
        del wanted[backend], wanted["keras"]
        findings["keras"] = Finding("keras", "problem", f"KERAS_BACKEND is {backend!r}, which is not "
                                    "a backend", f"Unset it, or choose {', '.join(BACKENDS)}.")
    while left := [name for name in wanted if name not in findings]:
        for name, state, text in try_imports({name: wanted[name] for name in left}, run):
            findings[name] = package_finding(name, state, text)
    with suppress(importlib.metadata.PackageNotFoundError):
        if backend == "tensorflow" and version("tensorflow-metal"):
            findings["tensorflow-metal"] = Finding(
                "tensorflow-metal", "problem", "installed, and current TensorFlow cannot be "
                "imported beside it", "Remove it: python -m pip uninstall tensorflow-metal")
    return [*findings.values()]


def try_imports(modules, run):
    """Import modules in another process: (name, state, text) of each, up to one that ends it."""
    command = [sys.executable, "-P", "-c", IMPORTS,
               *(f"{name}={module}" for name, module in modules.items())]
    try:
        done = run(command, capture_output=True, text=True, errors="replace",
                   timeout=IMPORT_SECONDS)
        output, end = done.stdout, f"ended the process with {done.returncode}"
    except subprocess.TimeoutExpired as error:
        output = error.stdout or ""
        if isinstance(output, bytes):           # on Windows it is text
            output = output.decode(errors="replace")
        end = f"took more than {IMPORT_SECONDS} seconds"
    found = {}
    for line in output.splitlines():
        with suppress(ValueError, TypeError):   # what a package itself prints
            name, state, text = json.loads(line)
            found[name] = (name, state, text)
    if not found:                               # not even the first one was begun
        return [(name, "broken", f"another process could not be started ({end})")
                for name in modules]
    return [each if each[1] else (each[0], "broken", f"its import {end}")
            for each in found.values()]


def package_finding(name, state, text):
    if state == "ok":
        return Finding(name, "ok", text)
    if state == "missing":
        return Finding(name, "problem", "not installed", f"Install it: python -m pip install {name}")
    text = " ".join(text.split())[:200]
    if "MPLBACKEND" in os.environ and name == "matplotlib":
        return Finding(name, "problem", f"cannot be imported ({text})", "Unset MPLBACKEND.")
    return Finding(name, "problem", f"cannot be imported ({text})", "Install it again: python -m pip "
                   f"install --force-reinstall {name}")
