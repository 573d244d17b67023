"""Diagrams, the pad to draw on and the picture to click on, without a browser (test_browser has one)."""

import base64
import io
import xml.etree.ElementTree as tree

import numpy as np
import pytest
from PIL import Image

import ensgen_tutorial as eg

BOXES = {"a": (0, 0, "picture"), "net": (1.2, 0, "network", "a <net>\nof two lines"), "sum": (1.2, 1, "sum")}


def test_a_diagram_is_a_vector_graphic_with_alternative_text():
    diagram = eg.show_diagram(BOXES, [("a", "net"), ("net", "sum")], "How it goes")
    root = tree.fromstring(diagram.svg)                                 # well formed, "<" included
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img" and root.get("aria-label") == diagram.alt
    assert diagram.alt.startswith("How it goes. a leads to net")
    assert len(root.findall(f"{space}rect")) == 4 and len(root.findall(f"{space}path")) == 4
    bundle = diagram._repr_mimebundle_()
    assert bundle["image/svg+xml"] == diagram.svg and bundle["text/plain"] == diagram.alt
    width, height = map(float, root.get("viewBox").split()[2:])
    for box in root.findall(f"{space}rect"):
        assert float(box.get("x", 0)) + float(box.get("width")) <= width
        assert float(box.get("y", 0)) + float(box.get("height")) <= height


def test_a_diagram_of_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="'b', which is no box"):
        eg.show_diagram(BOXES, [("a", "b")], "title")
    with pytest.raises(ValueError, match="kind must be one of"):
        eg.show_diagram({"a": (0, 0, "cloud")}, [], "title")


def picture_of(address):
    head, data = address.split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_a_stroke_on_the_pad_is_answered():
    seen = []

    def respond(drawing):
        seen.append(drawing)
        return drawing[..., None], 1 - drawing[..., None]

    start = np.eye(5)
    pad = eg.pad(respond, start, ["same", "other"])
    assert seen[0].dtype == np.float32 and (seen[0] == start).all() and pad.names == ["same", "other"]
    drawing = np.zeros((5, 5), np.uint8)
    drawing[2] = 1
    pad.set_state({"drawing": memoryview(drawing.tobytes())})           # as it comes from a browser
    assert (seen[-1] == drawing).all()
    np.testing.assert_array_equal(picture_of(pad.answers[0]), 255 * drawing)
    np.testing.assert_array_equal(picture_of(pad.answers[1]), 255 * (1 - drawing))
    with pytest.raises(ValueError, match="0 and 1"):
        eg.pad(respond, start / 2, ["same", "other"])


def test_a_click_is_answered_by_a_figure():
    asked = []

    def draw(row, column):
        asked.append((row, column))
        return eg.show_images(np.full((1, 2, 2, 1), row / 10), title=f"row {row}")

    widget = eg.click(draw, np.zeros((4, 6, 1)), (1, 2))
    before = widget.answer
    widget.position = [3, 5]
    assert "kernel" in repr(widget)                     # what the text of a page without one shows
    assert asked == [(1, 2), (3, 5)] and widget.answer != before and "row 3" in widget.alt
    with pytest.raises(ValueError, match="picture must have shape"):
        eg.click(draw, np.zeros((4, 6)), (0, 0))
