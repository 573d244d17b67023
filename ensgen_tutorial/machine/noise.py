"""TensorFlow's log lines are held back while it loads, and what matters in them is passed on."""

import faulthandler
import os
import re
import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager, suppress

# What TensorFlow writes on a healthy start, whatever its log level: all that it calls information
# itself, and a few warnings and errors that mean nothing. A GPU that cannot be used is among these,
# because it concerns few readers of a lesson, and the doctor says what to do.
STAMP = r"(\d{{4}}-\d\d-\d\d [\d:.]+: {0} |{0}\d{{4}} [\d:.]+ +\d+ )\S+\.(cc|h):\d+\] "
NOISE = "|".join([
    r"WARNING: All log messages before absl::InitializeLog\(\) is called",
    r"To enable the following instructions: .* rebuild TensorFlow",
    STAMP.format("I"),
    STAMP.format("[WE]") + r"(failed call to cuInit|Unable to register cu\w+ (factory|plugin)"
    r"|computation placer already registered|Could not find cuda drivers"
    r"|Cannot dlopen some GPU libraries|TF-TRT Warning|.*NUMA node)",
])
HOLDING = threading.Lock()      # the descriptor is the process's: two that restore it would lose it


def is_noise(line):
    """Whether a line (bytes) on standard error is known to mean nothing."""
    return re.match(NOISE, line.decode(errors="replace")) is not None


@contextmanager
def held_back():
    """Hold back what reaches file descriptor 2, then pass on what is not TensorFlow's noise.

    The descriptor, because TensorFlow writes to it from C++, where neither ``sys.stderr`` nor a
    log level reaches. After an exception everything is passed on. If the process is aborted, which
    takes the held lines with it, the stack is still written to the real standard error. Inside
    another ``held_back``, of this thread or of another, the outer one alone holds.
    """
    with ExitStack() as stack:
        held = None
        if os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "0" and HOLDING.acquire(blocking=False):
            stack.callback(HOLDING.release)
            with suppress(OSError):     # no standard error, or no place to hold it: let it pass
                kept = os.dup(2)
                stack.callback(os.close, kept)
                held = stack.enter_context(tempfile.TemporaryFile())
        if held is None:
            yield
            return
        _flush()
        os.dup2(held.fileno(), 2)
        watched = faulthandler.is_enabled()
        watched or faulthandler.enable(kept)
        everything = True
        try:
            yield
            everything = False
        finally:
            watched or faulthandler.disable()
            _flush()
            os.dup2(kept, 2)
            held.seek(0)
            lines = held.read().splitlines(keepends=True)
            with suppress(OSError), open(2, "wb", closefd=False) as real:
                real.writelines(line for line in lines if everything or not is_noise(line))


def _flush():
    with suppress(AttributeError, ValueError, OSError):     # None, closed, or a broken pipe
        sys.stderr.flush()
