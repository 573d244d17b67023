"""One style for all pictures, each with alternative text for those who cannot see it."""

import functools
import io
import textwrap

import numpy as np
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito 2008: colours that stay apart with every kind of colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "os^DvPX"
LINES = ("-", "--", "-.", (0, (1, 1.2)), (0, (6, 2, 1, 2, 1, 2)), (0, (8, 2)), (0, (3, 1)))
DPI = 144
WIDTH = 8                       # inches at most: with 13 points a letter, readable on a slide
STYLE = {
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 13,
    "axes.titlesize": 15, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.titlepad": 10, "axes.labelsize": 13, "axes.labelcolor": "#222222",
    "xtick.labelsize": 12, "ytick.labelsize": 12, "legend.fontsize": 12,
    "text.color": "#222222", "xtick.color": "#444444", "ytick.color": "#444444",
    "xtick.major.size": 0, "ytick.major.size": 0, "xtick.minor.size": 0, "ytick.minor.size": 0,
    "axes.edgecolor": "#888888", "axes.facecolor": "white", "figure.facecolor": "white",
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "axes.grid": True, "grid.color": "#e4e4e4", "grid.linewidth": 0.9, "grid.linestyle": "-",
    "lines.linewidth": 2.2, "lines.markersize": 7, "legend.frameon": False, "hatch.linewidth": 1.5,
    "image.interpolation": "nearest", "savefig.facecolor": "white",
}


class AltFigure(Figure):
    """A matplotlib figure with alternative text, which shows itself as a cell's last line.

    It belongs to no window and no pyplot, so it needs no closing and appears once.
    alt: what there is to see, in a sentence or two.
    """

    def __init__(self, *args, alt, **options):
        super().__init__(*args, dpi=DPI, **options)
        FigureCanvasAgg(self)
        self.alt = " ".join(alt.split())

    def savefig(self, target, **options):
        """As in matplotlib, in this module's style: ``target`` a path or a binary file."""
        with own_style():                    # ticks are made at the first drawing, not before
            self.lay_out()
            super().savefig(target, **{"dpi": DPI, **options})

    def to_png(self):
        """The picture as PNG bytes, for ``ipywidgets.Image`` and for display."""
        buffer = io.BytesIO()
        with own_style():
            self.lay_out()
            self.canvas.print_png(buffer)    # savefig's bytes; but savefig draws everything twice
        return buffer.getvalue()

    def lay_out(self):
        """Give everything its place, once: laid out again, it would creep by a dot."""
        if self.get_constrained_layout():
            self.draw_without_rendering()
            if any([self.wrap_label(axis.label) for axes in self.axes for axis in (axes.xaxis, axes.yaxis)]):
                self.draw_without_rendering()
            self.set_layout_engine("none")

    def wrap_label(self, label):
        """Break an axis's label where it would run out of the picture; True if it was."""
        box, end = label.get_window_extent(), self.bbox.max
        start, stop, end = (box.y0, box.y1, end[1]) if label.get_rotation() else (box.x0, box.x1, end[0])
        over = -2 * min(start, end - stop)                                      # it stays centred
        if not label.get_text() or over <= 0:
            return False
        share = max(0.95 * (1 - over / (stop - start)), 0.5)
        label.set_text(textwrap.fill(label.get_text(), int(share * len(label.get_text().strip())), break_long_words=False))
        return True

    def _ipython_display_(self):
        from IPython.display import display

        display({"image/png": self.to_png(), "text/plain": self.alt}, raw=True,
                metadata={"image/png": {"alt": self.alt}})


def own_style():
    """This module's style over matplotlib's defaults, whatever a user's matplotlibrc says."""
    return style.context(["default", STYLE])


def in_style(draw):
    """Draw in this module's style, and leave the user's own settings as they were."""
    @functools.wraps(draw)
    def drawn(*args, **options):
        with own_style():
            return draw(*args, **options)

    return drawn


def wrap(text, inches, size):
    """``text`` in lines that fit into ``inches`` at ``size`` points; letters are 0.62 as wide."""
    letters = max(6, int(inches * 72 / (0.62 * size)))
    return "\n".join(textwrap.fill(line, letters, break_long_words=False)
                     for line in text.split("\n"))


def one_axis(width, height, alt, title, x_label, y_label):
    """A figure with one set of axes, labelled: (figure, axes)."""
    figure = AltFigure(figsize=(width, height), alt=alt, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    axes = figure.add_subplot()
    axes.set(xlabel=x_label, ylabel=y_label)
    if title:
        # The figure's title, not the axes': it begins at the left edge and has the whole width.
        figure.suptitle(wrap(title, width, 15), x=0.08 / width, ha="left", fontsize=15,
                        weight="bold")
    return figure, axes


def number(value, digits):
    """A number with a true minus sign, and without one where it is rounded to 0."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "−" if float(text) else "")


def sentence(title, text):
    """``text`` as alternative text, after the title where there is one."""
    return f"{title.rstrip('.')}. {text}" if title else text


def words(texts):
    return [word for text in texts for word in str(text).split()] or [""]


def text_width(texts, size):
    """Dots that the widest of the texts takes at ``size`` points, with some air."""
    canvas = FigureCanvasAgg(Figure(dpi=DPI))
    drawn = [canvas.figure.text(0, 0, str(text), fontsize=size) for text in texts]
    return round(max(text.get_window_extent(canvas.get_renderer()).width for text in drawn)) + 14


def finite(values, name, axes=1):
    """``values`` as floats with ``axes`` axes, none empty, all finite, or a ValueError."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be numbers, not {values!r:.60}.") from None
    if array.ndim != axes or not array.size:
        raise ValueError(f"{name} must be numbers along {axes} ax{'i' if axes == 1 else 'e'}s, at "
                         f"least one, not of shape {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, and these numbers hold NaN or infinity.")
    return array


def check_dict(values, name):
    if not isinstance(values, dict) or not values:
        raise TypeError(f"{name} must be a dict with at least one label, not {values!r:.60}.")
    return values
