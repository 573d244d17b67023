"""Tests never touch the user's own store, and share the cores."""

import atexit
import os
import shutil
import tempfile

import numpy as np
import pytest

if "ENSGEN_STORE" not in os.environ:
    os.environ["ENSGEN_STORE"] = tempfile.mkdtemp(prefix="ensgen-tests-")
    atexit.register(shutil.rmtree, os.environ["ENSGEN_STORE"], ignore_errors=True)
if "PYTEST_XDIST_WORKER" in os.environ:                 # workers and their kernels: a core each
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, "1")


def pytest_xdist_auto_num_workers(config):
    """One more worker than cores, since kernels and browsers often wait; four at most, of 1 GB each."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(4, cores + 1)


LONGEST = ("test_quickstart.py", "test_browser.py", "test_cluster.py", "test_training.py", "test_book.py",
           "test_contract.py", "test_lessons_command.py", "test_mutants.py")


def pytest_collection_modifyitems(items):
    """After the lessons the longest files come first: no worker is left alone with one of them at the end."""
    items.sort(key=lambda item: (item.path.suffix == ".py") * (1 + (item.path.name not in LONGEST)))


@pytest.fixture
def uncompiled():
    """Tracing a training takes a second or two, and a few steps are faster without it."""
    import ensgen_tutorial  # noqa: F401  first, for quiet
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def watched_page(browser, faults, **options):
    """A new page of Playwright's browser; its errors, and requests to elsewhere, are added to ``faults``."""
    page = browser.new_page(**options)
    page.on("pageerror", lambda error: faults.append((page.url, str(error))))
    page.on("console", lambda line: line.type == "error" and faults.append((page.url, line.text)))
    page.on("request", lambda asked: asked.url.startswith(("file:", "data:", "blob:"))
            or faults.append((page.url, asked.url)))
    return page


@pytest.fixture(scope="session")
def tiny_images():
    """Forty 4×4 pictures of four levels: a bright bar, upright or lying, with some noise."""
    from ensgen_tutorial import ImageSet

    random = np.random.default_rng(0)
    pixels = random.integers(0, 2, size=(40, 4, 4, 1)).astype(np.uint8)
    for i, image in enumerate(pixels):
        line = random.integers(4)
        image[(line, slice(None)) if i % 2 else (slice(None), line)] = 3
    return ImageSet("tiny", 4, pixels[:24], pixels[24:32], pixels[32:], None, None, None, None)
