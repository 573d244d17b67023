"""Tests never touch the user's own store."""

import atexit
import os
import shutil
import tempfile

import numpy as np
import pytest

if "ENSGEN_STORE" not in os.environ:
    os.environ["ENSGEN_STORE"] = tempfile.mkdtemp(prefix="ensgen-tests-")
    atexit.register(shutil.rmtree, os.environ["ENSGEN_STORE"], ignore_errors=True)


@pytest.fixture
def tiny_images():
    """Forty 4×4 pictures of four levels: a bright bar, upright or lying, with some noise."""
    from ensgen_tutorial import ImageSet

    random = np.random.default_rng(0)
    pixels = random.integers(0, 2, size=(40, 4, 4, 1)).astype(np.uint8)
    for i, image in enumerate(pixels):
        line = random.integers(4)
        image[(line, slice(None)) if i % 2 else (slice(None), line)] = 3
    return ImageSet("tiny", 4, pixels[:24], pixels[24:32], pixels[32:], None, None, None, None)
