"""Quiet where TensorFlow is loud, and loud where something is wrong."""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from ensgen_tutorial.machine import noise

ROOT = Path(__file__).parent.parent
NEW, OLD = "0000 00:00:1795456450.062427   20051 ", "2026-01-01 10:00:00.123456: "
NOISE = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    f"I{NEW}port.cc:153] oneDNN custom operations are on. You may see slightly different results.",
    f"I{NEW}cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not be used.",
    f"E{NEW}cuda_platform.cc:52] failed call to cuInit: INTERNAL: UNKNOWN ERROR (303)",
    f"W{NEW}computation_placer.cc:177] computation placer already registered. Please check",
    f"E{NEW}cuda_dnn.cc:8310] Unable to register cuDNN factory: Attempting to register factory",
    f"{OLD}I tensorflow/core/platform/cpu_feature_guard.cc:210] This binary is optimized to use",
    f"{OLD}E external/xla/cuda_driver.cc:313] failed call to cuInit: CUDA_ERROR_NO_DEVICE",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with",
]
REAL = [
    "Traceback (most recent call last):",
    f"E{NEW}cuda_platform.cc:52] failed to allocate 4.00GiB: CUDA_ERROR_OUT_OF_MEMORY",
    f"W{NEW}gpu_device.cc:9] The kernel image is not for this card",
    f"F{NEW}port.cc:9] This TensorFlow was compiled to use AVX instructions, which are missing",
    f"ValueError: I{NEW}port.cc:153] oneDNN custom operations are on.",
    "I0000 apples are not a log line",
    "WARNING: All log messages are lost",
    "failed call to cuInit",
    f"{OLD}E external/xla/cuda_driver.cc:313] out of memory; see failed call to cuInit above",
]


@pytest.mark.parametrize("line", NOISE)
def test_noise_is_known(line):
    assert noise.is_noise(line.encode() + b"\n")


@pytest.mark.parametrize("line", REAL)
def test_what_only_looks_like_noise_is_not(line):
    assert not noise.is_noise(line.encode() + b"\n")


def loud():
    for pair in zip(NOISE, REAL, strict=True):
        os.write(2, "\n".join([*pair, ""]).encode())


@pytest.fixture(autouse=True)
def usual_log_level(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")


def test_noise_is_dropped_and_the_rest_comes_in_order(capfd):
    with noise.held_back():
        loud()
        os.write(2, b"no end of line, and no text: \xff")
    os.write(2, b"\nafterwards\n")
    assert capfd.readouterr().err == "\n".join(
        [*REAL, "no end of line, and no text: �", "afterwards", ""])


def test_an_exception_passes_with_everything_said_before(capfd):
    with pytest.raises(KeyboardInterrupt), noise.held_back():
        loud()
        raise KeyboardInterrupt
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err.splitlines() == [
        line for pair in zip(NOISE, REAL, strict=True) for line in pair] + ["afterwards"]


def test_the_lowest_log_level_shows_all(capfd, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    with noise.held_back():
        loud()
    assert set(NOISE) < set(capfd.readouterr().err.splitlines())


def test_no_place_to_hold_lines_lets_them_pass(capfd, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left")

    open_files = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with noise.held_back():
        loud()
    assert set(NOISE) < set(capfd.readouterr().err.splitlines())
    assert len(os.listdir("/dev/fd")) == open_files


def test_no_descriptor_is_left_open():
    open_files = len(os.listdir("/dev/fd"))
    for _ in range(3):
        with noise.held_back():
            pass
    assert len(os.listdir("/dev/fd")) == open_files


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          timeout=120, cwd=ROOT)


ALONE = """
import os, sys
from ensgen_tutorial.machine import noise
"""


def test_a_closed_standard_error_is_left_alone():
    done = python(ALONE + "os.close(2); sys.stderr = None\nwith noise.held_back(): print('inside')\n"
                  "try: os.fstat(2)\nexcept OSError: print('still closed')")
    assert done.stdout.split("\n")[:2] == ["inside", "still closed"] and done.returncode == 0


def test_what_python_writes_keeps_its_place():
    done = python(ALONE + "with noise.held_back():\n    os.write(2, b'one\\n')\n"
                  "    print('two', file=sys.stderr)\n    os.write(2, b'three\\n')\n"
                  "    sys.stderr.write('four')\nprint(' five', file=sys.stderr)")
    assert done.stderr == "one\ntwo\nthree\nfour five\n"


def test_an_abort_shows_where():
    done = python(ALONE + "with noise.held_back():\n    os.write(2, b'held'); os.abort()")
    assert done.returncode < 0 and "Fatal Python error: Aborted" in done.stderr


def test_two_threads_at_once_lose_nothing(capfd):
    """The first to begin ends first, so the second must not restore what the first has held."""
    began, ended = threading.Event(), threading.Event()

    def second():
        with noise.held_back():
            began.set()
            ended.wait(10)

    thread = threading.Thread(target=second)
    with noise.held_back():
        thread.start()
        began.wait(10)
    ended.set()
    thread.join()
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n" and not noise.HOLDING.locked()
