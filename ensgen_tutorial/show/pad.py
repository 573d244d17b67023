"""A pad to draw on: each stroke is answered while it is drawn (lesson 17)."""

import base64
import io

import anywidget
import numpy as np
import traitlets
from PIL import Image

SHOWN = 224                     # pixels of a side on the screen


class Pad(anywidget.AnyWidget):
    """What is drawn, and what answers it, side by side. Made by ``pad``."""

    _esm = """
    function render({ model, el }) {
      const [height, width] = model.get("size"), shown = model.get("shown");
      el.classList.add("ensgen-pad");
      const figure = (node, text) => {
        const box = document.createElement("figure"), below = document.createElement("figcaption");
        below.textContent = text;
        box.append(node, below);
        el.append(box);
        return node;
      };
      const canvas = document.createElement("canvas");
      Object.assign(canvas, { width, height, tabIndex: 0 });
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", "a pad to draw on with mouse, finger or pen");
      figure(canvas, "draw here");
      const images = model.get("names").map((name) => {
        const image = document.createElement("img");
        image.alt = name;
        return figure(image, name);
      });
      for (const node of [canvas, ...images])
        Object.assign(node.style, { width: shown + "px", height: (shown * height) / width + "px" });
      const context = canvas.getContext("2d");
      let cells = new Uint8Array(width * height);
      const paint = () => {
        const data = context.createImageData(width, height);
        cells.forEach((on, i) => data.data.set(on ? [255, 255, 255, 255] : [20, 20, 20, 255], 4 * i));
        context.putImageData(data, 0, 0);
      };
      const take = () => { cells = new Uint8Array(model.get("drawing").buffer.slice(0)); paint(); };
      const answer = () => model.get("answers").forEach((data, i) => { images[i].src = data; });
      const send = () => { model.set("drawing", new DataView(cells.slice().buffer)); model.save_changes(); };
      let before = null;
      const mark = (event) => {
        const box = canvas.getBoundingClientRect();
        const x = ((event.clientX - box.left) / box.width) * width;
        const y = ((event.clientY - box.top) / box.height) * height;
        const [x0, y0] = before ?? [x, y], steps = Math.ceil(2 * Math.hypot(x - x0, y - y0)) || 1;
        const on = !(event.buttons & 2) && !event.shiftKey;
        for (let k = 0; k <= steps; k++) {
          const column = Math.floor(x0 + ((x - x0) * k) / steps), row = Math.floor(y0 + ((y - y0) * k) / steps);
          if (column >= 0 && column < width && row >= 0 && row < height) cells[row * width + column] = on;
        }
        before = [x, y];
        paint();
        send();
      };
      canvas.style.touchAction = "none";
      canvas.addEventListener("contextmenu", (event) => event.preventDefault());
      canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); before = null; mark(event); });
      canvas.addEventListener("pointermove", (event) => { if (event.buttons) mark(event); });
      const buttons = document.createElement("div");
      for (const [text, act] of [["empty", () => cells.fill(0)], ["start again", () => { cells = new Uint8Array(model.get("start").buffer.slice(0)); }]]) {
        const button = document.createElement("button");
        button.textContent = text;
        button.addEventListener("click", () => { act(); paint(); send(); });
        buttons.append(button);
      }
      el.append(buttons);
      model.on("change:answers", answer);
      take();
      answer();
    }
    export default { render };
    """
    _css = """
    .ensgen-pad { display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start; }
    .ensgen-pad figure { margin: 0; }
    .ensgen-pad figcaption { font-size: 13px; padding-top: 4px; }
    .ensgen-pad canvas, .ensgen-pad img { image-rendering: pixelated; border: 1px solid #888; cursor: crosshair; }
    .ensgen-pad div { flex-basis: 100%; }
    .ensgen-pad button { margin-right: 8px; }
    """
    size = traitlets.Tuple().tag(sync=True)
    shown = traitlets.Int(SHOWN).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    start = traitlets.Bytes().tag(sync=True)
    # A browser's bytes arrive as a memoryview, which a Bytes trait refuses without a word.
    drawing = traitlets.Bytes().tag(sync=True, from_json=lambda value, widget: bytes(value))
    answers = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __repr__(self):
        """What a page without a kernel shows."""
        return "A pad to draw on: it needs a running kernel."


def pad(respond, drawing, names):
    """A pad whose drawing is answered by pictures, again at every stroke.

    respond: a function from a drawing, float32 (H, W) of 0 and 1, to pictures (H, W, 1) in [0, 1], one
    for each of ``names``. drawing: what is there at the start, (H, W). Shift, or the right button,
    erases. Returns the widget; put it last in a cell.
    """
    drawing = np.asarray(drawing)
    if drawing.ndim != 2 or not np.isin(drawing, (0, 1)).all():
        raise ValueError(f"drawing must be (H, W) of 0 and 1, not of shape {drawing.shape} from "
                         f"{drawing.min():.3g} to {drawing.max():.3g}.")
    start = drawing.astype(np.uint8).tobytes()
    widget = Pad(size=drawing.shape, names=list(names), start=start, drawing=start)

    def answer(change=None):
        cells = np.frombuffer(widget.drawing, np.uint8).reshape(drawing.shape).astype(np.float32)
        widget.answers = [as_png(picture) for picture in respond(cells)]

    widget.observe(answer, names="drawing")
    answer()
    return widget


def as_png(picture):
    """A grey picture (H, W, 1) in [0, 1] as an address that holds it."""
    buffer = io.BytesIO()
    Image.fromarray(np.rint(255 * np.clip(picture[..., 0], 0, 1)).astype(np.uint8)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
