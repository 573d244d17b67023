"""Which device computes, and how precisely."""

import sys
import types

import keras
import pytest

from ensgen_tutorial.machine import devices


@pytest.fixture
def jax_card(monkeypatch):
    """Keras on JAX with one GPU, as far as devices.py asks."""
    card = types.SimpleNamespace(device_kind="NVIDIA T4", platform="gpu", compute_capability="7.5")
    cpu = types.SimpleNamespace(device_kind="cpu", platform="cpu")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    jax = types.SimpleNamespace(local_devices=lambda: [card, cpu], __version__="0.9")
    monkeypatch.setitem(sys.modules, "jax", jax)


def test_the_report_names_jax_and_its_device(jax_card):
    assert " on JAX 0.9 · NVIDIA T4 · float32" in devices.device_report()
    assert devices.find_gpus() == [("NVIDIA T4", (7, 5))]


def test_the_report_is_one_line_without_paths():
    report = devices.device_report()
    assert report.startswith("Python {}.{} · Keras ".format(*sys.version_info))
    assert " on TensorFlow " in report and report.endswith(" · float32")
    assert "\n" not in report and "/" not in report and len(report) < 120


def test_equal_cards_are_counted(monkeypatch):
    monkeypatch.setattr(devices, "find_gpus", lambda: [("A", ()), ("B", ()), ("A", ())])
    assert " · 2 × A, B · " in devices.device_report()


def test_precision_is_refused_with_a_reason():
    for name, gpus, reason in [("float16", [], "must be 'float32' or 'bfloat16', not 'float16'"),
                               ("bfloat16", [], "needs a GPU"),
                               ("bfloat16", [("A100", (8, 0)), ("T4", (7, 5))], "T4 has 7.5"),
                               ("bfloat16", [("Other", ())], "Other has none that is known")]:
        with pytest.raises(ValueError, match=reason):
            devices.check_precision(name, gpus)
    devices.check_precision("bfloat16", [("A100", (8, 0)), ("H100", (9, 0))])


def test_precision_sets_the_policy_or_leaves_it(monkeypatch):
    before = keras.config.dtype_policy()
    try:
        monkeypatch.setattr(devices, "find_gpus", lambda: [("H100", (9, 0))])
        devices.set_precision("bfloat16")
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert devices.device_report().endswith("H100 · bfloat16")
        monkeypatch.setattr(devices, "find_gpus", lambda: [])
        with pytest.raises(ValueError):
            devices.set_precision("bfloat16")
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        devices.set_precision("float32")
        assert keras.config.dtype_policy().name == "float32"
    finally:
        keras.config.set_dtype_policy(before)
