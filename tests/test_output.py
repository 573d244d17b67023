"""A line reaches its reader, or costs nothing."""

import io
import sys

import pytest

from ensgen_tutorial.machine.output import say


@pytest.mark.parametrize("encoding, text", [
    ("utf-8", "σ ≥ 0\n"), ("cp1252", "\\N{GREEK SMALL LETTER SIGMA} \\N{GREATER-THAN OR EQUAL TO} 0\n"),
    ("ascii", "\\N{GREEK SMALL LETTER SIGMA} \\N{GREATER-THAN OR EQUAL TO} 0\n")])
def test_letters_that_an_encoding_lacks_are_written_by_name(encoding, text, monkeypatch):
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, encoding, newline="\n"))
    say("σ ≥ 0")
    assert content.getvalue().decode(encoding) == text


def test_nobody_listens(monkeypatch, capsys):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    say(7)
    assert capsys.readouterr().out == "7\n"
    closed = io.StringIO()
    closed.close()
    detached = io.TextIOWrapper(io.BytesIO())
    detached.detach()
    for stream in (None, closed, detached, Closed()):
        monkeypatch.setattr(sys, "stdout", stream)
        say("not heard")
