"""A picture to click on: each pixel is answered by another picture (lesson 15)."""

import base64

import anywidget
import numpy as np
import traitlets

from .pad import as_png


class Clickable(anywidget.AnyWidget):
    """A picture, a mark on one of its pixels, and what answers it. Made by ``click``."""

    _esm = """
    function render({ model, el }) {
      const [height, width] = model.get("size"), side = 288;
      el.classList.add("ensgen-click");
      const canvas = document.createElement("canvas"), answer = document.createElement("img");
      Object.assign(canvas, { width: side, height: (side * height) / width, tabIndex: 0 });
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-label", "choose a pixel: click, or move with the arrow keys");
      const picture = new Image();
      const context = canvas.getContext("2d");
      const paint = () => {
        const [row, column] = model.get("position"), cell = side / width;
        context.imageSmoothingEnabled = false;
        context.drawImage(picture, 0, 0, canvas.width, canvas.height);
        for (const [colour, line] of [["#000", 5], ["#E69F00", 3]]) {
          context.strokeStyle = colour;
          context.lineWidth = line;
          context.strokeRect(column * cell, row * cell, cell, cell);
        }
      };
      const go = (row, column) => {
        if (row < 0 || column < 0 || row >= height || column >= width) return;
        model.set("position", [row, column]);
        model.save_changes();
        paint();
      };
      canvas.addEventListener("pointerdown", (event) => {
        const box = canvas.getBoundingClientRect();
        go(Math.floor(((event.clientY - box.top) / box.height) * height),
           Math.floor(((event.clientX - box.left) / box.width) * width));
      });
      canvas.addEventListener("keydown", (event) => {
        const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
        if (!step) return;
        event.preventDefault();
        event.stopPropagation();
        const [row, column] = model.get("position");
        go(row + step[0], column + step[1]);
      });
      const show = () => { answer.src = model.get("answer"); answer.alt = model.get("alt"); };
      model.on("change:answer", show);
      model.on("change:position", paint);
      picture.onload = paint;
      picture.src = model.get("picture");
      show();
      el.append(canvas, answer);
    }
    export default { render };
    """
    _css = """
    .ensgen-click { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
    .ensgen-click canvas { cursor: crosshair; border: 1px solid #888; max-width: 100%; }
    .ensgen-click img { max-width: 100%; width: 560px; }
    """
    size = traitlets.Tuple().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    position = traitlets.List(traitlets.Int()).tag(sync=True)
    answer = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)

    def __repr__(self):
        """What a page without a kernel shows."""
        return "A picture to click on: it needs a running kernel."


def click(draw, picture, position):
    """A grey picture whose pixels can be chosen, by mouse or arrow keys, and what ``draw`` shows.

    draw: a function of (row, column) that returns a figure. picture: (H, W, 1) in [0, 1]. position:
    (row, column) at the start. Returns the widget; put it last in a cell.
    """
    picture = np.asarray(picture, float)
    if picture.ndim != 3 or picture.shape[-1] != 1:
        raise ValueError(f"picture must have shape (H, W, 1), not {picture.shape}.")
    widget = Clickable(size=picture.shape[:2], picture=as_png(picture), position=list(position))

    def answer(change=None):
        figure = draw(*widget.position)
        widget.alt = getattr(figure, "alt", "")
        widget.answer = "data:image/png;base64," + base64.b64encode(figure.to_png()).decode()

    widget.observe(answer, names="position")
    answer()
    return widget
