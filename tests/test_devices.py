"""Nothing of TensorFlow's talk reaches a reader, real errors do, and the doctor knows."""

import importlib.metadata
import os
import subprocess
import sys

import nbclient
import nbformat
import pytest

from ensgen_tutorial import device_report, devices, set_precision

NOISE = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795455455.806938    1763 port.cc:153] oneDNN custom operations are on.
2026-01-02 03:04:05.123456: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.
W0000 00:00:1795455455.808229    1763 gpu_device.cc:2342] Cannot dlopen some GPU libraries.
E0000 00:00:1795455730.353155   11527 cuda_platform.cc:52] failed call to cuInit: INTERNAL: (303)
To enable the following instructions: AVX2 FMA, rebuild TensorFlow with the appropriate flags.
"""
ERRORS = """\
Traceback (most recent call last):
ValueError: I0000 is not a name
F0000 00:00:1795455455.808229    1763 kernel.cc:1] Check failed
E0000 00:00:1795455455.808229    1763 cuda_dnn.cc:1] out of memory
Segmentation fault
"""
TALKING = """
import os, sys
from ensgen_tutorial import devices
with devices.held_back():
    os.write(2, sys.argv[1].encode())
    print("from Python", file=sys.stderr)
try:
    with devices.held_back():
        os.write(2, b"before the fall\\n")
        raise RuntimeError
except RuntimeError:
    os.write(2, b"and after\\n")
"""


def test_noise_is_held_back_and_errors_come_through():
    done = subprocess.run([sys.executable, "-c", TALKING, NOISE + ERRORS], text=True,
                          capture_output=True, timeout=120)
    assert done.returncode == 0
    assert done.stderr == ERRORS + "from Python\nbefore the fall\nand after\n"


def test_a_closed_standard_error_is_no_harm():
    done = subprocess.run(f'"{sys.executable}" -c "import ensgen_tutorial; print(7)" 2>&-',
                          shell=True, text=True, capture_output=True, timeout=120)
    assert done.returncode == 0 and done.stdout == "7\n"


def test_a_notebook_s_first_cell_shows_no_log_line():
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(
        "import ensgen_tutorial as eg\nimport keras\n"
        "print(float(keras.ops.sum(keras.ops.ones((3, 3)))))\neg.device_report()")])
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    assert [output.output_type for output in book.cells[0].outputs] == ["stream", "execute_result"]
    assert book.cells[0].outputs[0] == {"name": "stdout", "output_type": "stream", "text": "9.0\n"}


def test_the_report_is_one_line_without_paths():
    report = device_report()
    assert "\n" not in report and os.sep not in report and "Keras" in report


def test_precision_is_refused_with_a_reason():
    with pytest.raises(ValueError, match="float32"):
        set_precision("float8")
    if not devices.gpus_know_bfloat16():
        with pytest.raises(ValueError, match="8.0"):
            set_precision("bfloat16")
    set_precision("float32")


def state(findings):
    return [(finding.state, finding.advice) for finding in findings]


def test_the_doctor_knows_each_situation(tmp_path, monkeypatch):
    assert devices.check_python((3, 9)).state == "problem"
    assert devices.check_python((3, 12)).state == "ok"
    assert state(devices.check_gpu(has_driver=False)) == [("ok", "")]
    (found, advice), = state(devices.check_gpu(has_driver=True, seen=[]))
    assert found == "problem" and "[gpu]" in advice
    (found, advice), = state(devices.check_gpu(True, ["RTX"], probe=lambda: "CUDA_ERROR"))
    assert found == "problem" and "CUDA_VISIBLE_DEVICES" in advice
    assert state(devices.check_gpu(True, ["RTX"], probe=lambda: None)) == [("ok", "")]
    assert "WSL2" in devices.check_system("Linux", "5.15-microsoft-standard-WSL2").found
    assert devices.check_system("Windows", "11").state == "note"
    assert devices.check_store(tmp_path / "new" / "store").state == "ok"
    (tmp_path / "file").write_text("")
    assert devices.check_store(tmp_path / "file" / "store").state == "problem"
    assert devices.check_fashion_mnist([tmp_path]).state == "note"


def test_the_doctor_knows_missing_and_harmful_packages():
    def version(name):
        if name == "jupyterlab":
            raise importlib.metadata.PackageNotFoundError
        return "1.0"

    found = {finding.name: finding for finding in devices.check_packages(version)}
    assert found["jupyterlab"].advice == "pip install jupyterlab"
    assert "uninstall" in found["tensorflow-metal"].advice


@pytest.mark.parametrize("code, output, failure", [
    (0, "262144.0\n", None), (-6, "", "-6"), (0, "nan\n", "0")])
def test_a_gpu_that_kills_its_process_is_only_a_finding(code, output, failure):
    done = subprocess.CompletedProcess([], code, output, "")
    found = devices.probe_gpu(run=lambda *arguments, **options: done)
    assert found is None if failure is None else failure in found


def test_the_probe_itself_works_here():
    assert devices.probe_gpu() is None


def test_the_doctor_ends_with_what_to_do_first(capsys, monkeypatch, tmp_path):
    assert devices.print_doctor(tmp_path) == 0
    assert "Everything" in capsys.readouterr().out
    monkeypatch.setattr(devices, "check_python", lambda version: devices.Finding(
        "Python", "problem", "3.9", "Install Python 3.12."))
    assert devices.print_doctor(tmp_path) == 1
    assert capsys.readouterr().out.endswith("Mend first: Python. Install Python 3.12.\n")
