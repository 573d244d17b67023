"""Lines for a reader, whatever the other end of the pipe can take."""

import sys


def say(line="", stream="stdout"):
    """Print a line that never fails: not for its letters, nor where nobody listens.

    Letters that the output's encoding lacks are written by name, \\N{GREEK SMALL LETTER SIGMA}, so
    that nothing is lost. stream: "stdout" or "stderr".
    """
    file = getattr(sys, stream)
    if file is None:                            # a process without such an output
        return
    try:
        encoding = getattr(file, "encoding", None) or "utf-8"
        print(str(line).encode(encoding, "namereplace").decode(encoding), file=file, flush=True)
    except (OSError, ValueError):               # "| head" has seen enough, or the file is closed
        pass
