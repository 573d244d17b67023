"""The benchmark of lesson 05: a network whose state lives a few pixels is the wiped one, exactly."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import ensgen_tutorial as eg

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def forgetful(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return runpy.run_path(str(BENCHMARKS / "memory.py"))["Forgetful"]


@pytest.mark.parametrize("life", [1, 2, 4])
def test_a_short_life_is_the_same_as_wiping_the_state(life, forgetful):
    pixels = np.random.default_rng(0).integers(0, 3, (5, 2, 2, 1))
    short, whole = forgetful((2, 2, 1), 3, life, seed=4), eg.PixelRNN((2, 2, 1), 3, seed=4)
    short.trained = whole.trained = True
    reader, wiped = whole.reader(5), []
    for i in range(4):
        if i % life == 0:
            reader.state = np.zeros_like(reader.state)
        wiped.append(reader.probabilities())
        reader.write(pixels.reshape(5, 4)[:, i])
    assert short.network.count_params() == whole.network.count_params()
    assert np.allclose(short.pixel_probabilities(pixels).reshape(5, 4, 3), np.stack(wiped, axis=1), atol=1e-5)
