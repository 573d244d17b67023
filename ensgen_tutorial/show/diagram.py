"""Diagrams in one visual language: what goes in, what is learnt, where the sum sits, what comes out."""

from html import escape

from ..checks import check_number
from .style import sentence

CELL, ROW = 150, 74             # a column and a row of the grid, in pixels
BOX, TALL = 120, 50             # a box
# Okabe and Ito's colours, lightened: fill, line.
KINDS = {"picture": ("#dcecf7", "#0072B2"), "network": ("#fbe7da", "#D55E00"),
         "sum": ("#d9f2ea", "#009E73"), "loss": ("#f6e6ef", "#CC79A7")}
SHAPES = {"picture": 4, "network": 14, "sum": 25, "loss": 4}     # how round the corners are


class Diagram:
    """A vector graphic with alternative text, which shows itself as a cell's last line.

    svg: its text. alt: what there is to see, in a sentence or two.
    """

    def __init__(self, svg, alt):
        self.svg, self.alt = svg, alt

    def __repr__(self):
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"image/svg+xml": self.svg, "text/plain": self.alt}


def show_diagram(boxes, arrows, title, alt=None):
    """Boxes on a grid and arrows between them, on a light ground that black and white pages carry.

    boxes: a dict name -> (column, row, kind) or (column, row, kind, text); column and row are
    numbers from 0, halves too; kind is ``"picture"`` (what goes in or comes out), ``"network"`` (what
    is learnt), ``"sum"`` or ``"loss"``. The text, the name if left out, may have lines. arrows:
    pairs (from, to) of names. title: above it. alt: None for one made of boxes and arrows.

    Returns a Diagram. Raises ValueError for another kind, or a name that no box has.
    """
    made, lines = {}, []
    for name, (column, row, kind, *text) in boxes.items():
        if kind not in KINDS:
            raise ValueError(f"boxes[{name!r}]: kind must be one of {', '.join(KINDS)}, not {kind!r}.")
        check_number(column, f"boxes[{name!r}]: column", 0), check_number(row, "row", 0)
        made[name] = (20 + CELL * column + BOX / 2, 50 + ROW * row + TALL / 2, kind,
                      (text[0] if text else name).split("\n"))
    for start, end in arrows:
        for name in (start, end):
            if name not in made:
                raise ValueError(f"arrows name {name!r}, which is no box: {', '.join(made)}.")
        lines.append(arrow(made[start][:2], made[end][:2]))
    width = max(x for x, *_ in made.values()) + BOX / 2 + 20
    height = max(y for _, y, *_ in made.values()) + TALL / 2 + 16
    alt = alt or sentence(title, "; ".join(f"{start} leads to {end}" for start, end in arrows))
    svg = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
           f'width="{width:g}" style="max-width:100%;height:auto" role="img" font-size="13" '
           f'aria-label="{escape(alt)}" font-family="DejaVu Sans, Verdana, sans-serif">'
           f"<title>{escape(alt)}</title>"
           f'<rect width="{width:g}" height="{height:g}" rx="8" fill="#ffffff"/>'
           f'<text x="20" y="30" font-size="15" font-weight="bold" fill="#222222">{escape(title)}</text>'
           + "".join(lines) + "".join(box(*each) for each in made.values()) + "</svg>")
    return Diagram(svg, alt)


def box(x, y, kind, text):
    fill, line = KINDS[kind]
    first = y + 4.5 - 8 * (len(text) - 1)
    rows = "".join(f'<tspan x="{x:g}" y="{first + 16 * k:g}">{escape(each)}</tspan>'
                   for k, each in enumerate(text))
    return (f'<rect x="{x - BOX / 2:g}" y="{y - TALL / 2:g}" width="{BOX}" height="{TALL}" '
            f'rx="{SHAPES[kind]}" fill="{fill}" stroke="{line}" stroke-width="2"/>'
            f'<text text-anchor="middle" fill="#222222">{rows}</text>')


def arrow(start, end):
    """A line from box to box with a head, from the sides that face each other."""
    (x0, y0), (x1, y1) = start, end
    if abs(x1 - x0) > BOX:
        side = 1 if x1 > x0 else -1
        x0, x1, head = x0 + side * BOX / 2, x1 - side * BOX / 2, (-9 * side, 0)
    else:
        side = 1 if y1 > y0 else -1
        y0, y1, head = y0 + side * TALL / 2, y1 - side * TALL / 2, (0, -9 * side)
    bent = (f"C{(x0 + x1) / 2:g},{y0:g} {(x0 + x1) / 2:g},{y1:g}" if head[0]
            else f"C{x0:g},{(y0 + y1) / 2:g} {x1:g},{(y0 + y1) / 2:g}")
    dx, dy = head
    return (f'<path d="M{x0:g},{y0:g} {bent} {x1 + dx:g},{y1 + dy:g}" fill="none" stroke="#555555" '
            f'stroke-width="1.8"/><path d="M{x1:g},{y1:g} l{dx - dy / 2:g},{dy - dx / 2:g} '
            f'l{dy:g},{dx:g} Z" fill="#555555"/>')
