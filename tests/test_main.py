"""The command line answers at once, in one line where it cannot, and wherever it is started."""

import subprocess
import sys
from pathlib import Path

import pytest

from ensgen_tutorial import __main__ as command_line
from ensgen_tutorial.machine.quiet import ADVICE

ROOT = Path(__file__).parent.parent


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)


def test_help_takes_no_half_second():
    """Processor time, since the tests share their cores; without TensorFlow it is 0.05 s."""
    code = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "ensgen_tutorial", "--help"], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, used.ru_utime + used.ru_stime)
"""
    code, seconds = python(code).stdout.split()
    assert code == "0" and float(seconds) < 0.4


@pytest.mark.parametrize("error, line", [
    (ModuleNotFoundError("No module named 'scipy'"), f"No module named 'scipy'. {ADVICE}"),
    (ImportError(f"keras cannot be imported. {ADVICE}"), f"keras cannot be imported. {ADVICE}"),
    (PermissionError(13, "Permission denied"), "[Errno 13] Permission denied")])
def test_what_cannot_be_done_is_one_line(error, line, monkeypatch, capsys):
    def fail(options):
        raise error

    monkeypatch.setattr(command_line, "run_doctor", fail)
    assert command_line.main(["doctor"]) == 2
    assert capsys.readouterr().err == f"ensgen: {line}\n"
    monkeypatch.setenv("ENSGEN_DEBUG", "1")
    with pytest.raises(type(error)):
        command_line.main(["doctor"])


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_nobody_need_listen(closed, monkeypatch):
    monkeypatch.setattr(sys, closed, None)
    assert command_line.main(["zoo"]) == 0
    assert command_line.main(["run", "--seed", "-1"]) == 2


def test_the_working_directory_comes_last_and_nothing_else_is_moved(tmp_path):
    code = """
import runpy, sys
sys.path[:] = ["first", *sys.path]
sys.argv = ["ensgen", "--help"]
try:
    runpy.run_module("ensgen_tutorial", run_name="__main__", alter_sys=False)
except SystemExit:
    print(sys.path.index("first"), len(sys.path) - 1)
"""
    for flags, wanted in ([], "last"), (["-P"], "first"):
        done = subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True,
                              cwd=tmp_path, env={"PYTHONPATH": str(ROOT)})
        place, last = map(int, done.stdout.splitlines()[-1].split())
        assert place == (last if wanted == "last" else 0)
