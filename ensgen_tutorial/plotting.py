"""Pictures and curves in one style, each with alternative text for those who cannot see it."""

import functools
import io
import itertools
import textwrap

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

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
        with mpl.rc_context(STYLE):          # ticks are made at the first drawing, not before
            if self.get_constrained_layout():
                self.draw_without_rendering()
                self.set_layout_engine("none")           # laid out anew, it would creep by a dot
            super().savefig(target, **{"dpi": DPI, **options})

    def to_png(self):
        """The picture as PNG bytes, for ``ipywidgets.Image`` and for display."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()

    def _ipython_display_(self):
        from IPython.display import display

        display({"image/png": self.to_png(), "text/plain": self.alt}, raw=True,
                metadata={"image/png": {"alt": self.alt}})


def in_style(draw):
    """Draw in this module's style, and leave the user's own settings as they were."""
    @functools.wraps(draw)
    def drawn(*args, **options):
        with mpl.rc_context(STYLE):
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
    """A number with a true minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def sentence(title, text):
    """``text`` as alternative text, after the title where there is one."""
    return f"{title.rstrip('.')}. {text}" if title else text


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


@in_style
def show_images(images, titles=None, columns=None, title=None, alt=None, row_labels=None,
                scale=None):
    """Tiles of images with gaps between them; 0 is black and 1 white, everywhere.

    images: (N, H, W, C) floats in [0, 1], C = 1 or 3; or a dict label -> such an array, a row each.
    Rows may hold different numbers of images, and smaller ones, if their sides divide the largest
    ones'. titles: a text above each image, or for a dict above each column. columns: images a row.
    row_labels: a text left of each row. scale: dots a pixel, 144 to an inch; None fits them.

    Returns the figure. Raises TypeError for whole numbers, ValueError for other shapes, NaN, and
    values outside [0, 1].
    """
    if isinstance(images, dict):
        if columns is not None or row_labels is not None:
            raise ValueError("images is a dict with a row for each label, so columns and "
                             "row_labels must be left out.")
        rows, row_labels = [check_images(row, repr(label)) for label, row in images.items()], [
            *images]
    else:
        images = check_images(images)
        columns = best_columns(len(images), titles) if columns is None else columns
        if isinstance(columns, bool) or not isinstance(columns, (int, np.integer)) or columns < 1:
            raise ValueError(f"columns must be a whole number, 1 or more, not {columns!r}.")
        rows = [images[i:i + columns] for i in range(0, len(images), columns)]
    sizes = dict.fromkeys(f"{row.shape[1]}×{row.shape[2]}" for row in rows)
    rows = same_size(rows)
    columns = max(map(len, rows))
    above = columns if row_labels is not None else sum(map(len, rows))
    for name, texts, wanted in (("titles", titles, above), ("row_labels", row_labels, len(rows))):
        if texts is not None and len(texts) != wanted:
            raise ValueError(f"{name} must be {wanted} texts, not {len(texts)}.")
    alt = alt or sentence(title, describe_rows(rows, sizes, titles, row_labels))
    return draw_tiles(rows, columns, titles, row_labels, title, alt, scale)


def check_images(images, name="images"):
    """``images`` as an array (N, H, W, C) of floats in [0, 1], or a TypeError or ValueError."""
    images = np.asarray(images)
    if images.dtype.kind != "f":
        raise TypeError(f"{name} must be floats in [0, 1], not {images.dtype}: turn whole numbers "
                        "into images with to_images(pixels).")
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not images.size:
        raise ValueError(f"{name} must have shape (N, H, W, 1) or (N, H, W, 3), not "
                         f"{images.shape}.")
    if not np.isfinite(images).all():
        raise ValueError(f"{name} must be finite, and these hold NaN or infinity.")
    if images.min() < -1e-6 or images.max() > 1 + 1e-6:
        raise ValueError(f"{name} must lie in [0, 1], and these go from {images.min():.4g} to "
                         f"{images.max():.4g}.")
    return np.clip(images, 0, 1)


def best_columns(count, titles):
    """Up to 12 images in one row, else the number from 8 to 16 that leaves the fewest gaps.

    Fewer, if the titles' words need more room.
    """
    most = int(WIDTH * DPI / text_width(words(titles), 11)) if titles is not None else 16
    if count <= min(12, most):
        return count
    return min(range(min(8, (most + 1) // 2), min(16, most) + 1),
               key=lambda columns: (-count % columns, abs(columns - 12), -columns))


def words(texts):
    return [word for text in texts for word in str(text).split()] or [""]


def text_width(texts, size):
    """Dots that the widest of the texts takes at ``size`` points, with some air."""
    canvas = FigureCanvasAgg(Figure(dpi=DPI))
    drawn = [canvas.figure.text(0, 0, str(text), fontsize=size) for text in texts]
    return round(max(text.get_window_extent(canvas.get_renderer()).width for text in drawn)) + 14


def same_size(rows):
    """Rows of images at the largest one's height and width, and all in colour if one is."""
    if not rows:
        raise ValueError("images must hold at least one row, and the dict is empty.")
    height, width = max(row.shape[1] for row in rows), max(row.shape[2] for row in rows)
    channels = max(row.shape[3] for row in rows)
    grown = []
    for row in rows:
        times = height // row.shape[1]
        if (row.shape[1] * times, row.shape[2] * times) != (height, width):
            raise ValueError(f"images must have sizes that divide the largest, {height}×{width}, "
                             f"and these have {row.shape[1]}×{row.shape[2]}.")
        row = row.repeat(times, axis=1).repeat(times, axis=2)
        grown.append(np.broadcast_to(row, (*row.shape[:3], channels)))
    return grown


def describe_rows(rows, sizes, titles, row_labels):
    counts = sorted({len(row) for row in rows})
    many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    kind = "grey" if rows[0].shape[-1] == 1 else "colour"
    text = (f"{len(rows)} row{'s' * (len(rows) > 1)} of {many} {kind} "
            f"image{'s' * (counts[-1] > 1)} of {', '.join(sizes)} pixels")
    for name, texts in (("rows", row_labels), ("titles", titles)):
        if texts is not None:
            text += f"; {name}: {', '.join(map(str, texts))}"
    return f"{text}."


def draw_tiles(rows, columns, titles, row_labels, title, alt, scale):
    """The figure of ``show_images``, laid out in whole dots: all pixels are equally large."""
    height, width, channels = rows[0].shape[1:]
    left = text_width(row_labels, 13) + 8 if row_labels is not None else 8
    cell = (WIDTH * DPI - left - 8) / columns
    gap = max(4, round(cell / 16))
    if scale is None:
        scale = (cell - gap) / width
        scale = scale if scale < 1 else max(1, int(min(scale, 1.25 * DPI / width)))
    elif not isinstance(scale, (int, float)) or not 0 < scale <= 100:
        raise ValueError(f"scale must be a number of dots a pixel, up to 100, not {scale!r}.")
    tile = np.maximum(1, np.floor((width * scale + 1e-9, height * scale + 1e-9)).astype(int))
    step = max(tile[0] + gap, text_width(words(titles), 11) if titles is not None else 0)
    texts = [] if titles is None else [wrap(str(text), step / DPI, 11) for text in titles]
    lines = max([text.count("\n") + 1 for text in texts], default=0)
    head = round(lines * 11 * 1.35 / 72 * DPI)
    across = max(left + columns * step - gap + 8, 3 * DPI if title else 0)
    heading = wrap(title, (across - 16) / DPI, 15) if title else ""
    top = round((heading.count("\n") + 1) * 15 * 1.3 / 72 * DPI) + 16 if title else 8
    heads = 1 if row_labels is not None else len(rows)       # rows with titles above them
    down = top + heads * head + len(rows) * (tile[1] + gap) - gap + 8
    figure = AltFigure(figsize=(across / DPI, down / DPI), alt=alt)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.text(8, 8, heading, fontsize=15, weight="bold", va="top", linespacing=1.2)
    y, texts = top, iter(texts)
    for i, row in enumerate(rows):
        y += head if i < heads else 0
        if row_labels is not None:
            axes.text(left - 14, y + tile[1] / 2, str(row_labels[i]), ha="right", va="center")
        for j, image in enumerate(row):
            x = left + j * step + (step - gap - tile[0]) / 2
            # Small images by their nearest pixel; photographs too large for a tile are averaged.
            axes.imshow(image if channels == 3 else image[..., 0], cmap="gray", vmin=0, vmax=1,
                        extent=(x, x + tile[0], y + tile[1], y), aspect="auto",
                        interpolation="nearest" if scale >= 1 else "antialiased")
        for j in range(columns if row_labels is not None else len(row)):
            text = next(texts, "") if i < heads else ""
            axes.text(left + j * step + (step - gap) / 2, y - 11, text, fontsize=11, ha="center",
                      va="baseline", linespacing=1.15)
        y += tile[1] + gap
    axes.set(xlim=(0, across), ylim=(down, 0))
    return figure


@in_style
def show_curves(curves, x_label="", y_label="", title=None, alt=None, log_x=False, log_y=False,
                markers=True):
    """Curves told apart by colour, line style and marker; the legend's order is that of their ends.

    curves: a dict label -> values (N,), drawn over 0 … N − 1, or label -> a tuple (x, y) of two
    such. log_x, log_y: logarithmic axes. markers: False for smooth functions of many points.

    Returns the figure. Raises TypeError or ValueError for other than finite numbers, as many x as
    y, above 0 on a logarithmic axis.
    """
    curves = {label: check_curve(label, values, log_x, log_y)
              for label, values in check_dict(curves, "curves").items()}
    told = "; ".join(f"{label} from {y[0]:.4g} at {x[0]:.4g} to {y[-1]:.4g} at {x[-1]:.4g}"
                     for label, (x, y) in curves.items())
    alt = alt or sentence(title, f"Curves of {y_label or 'values'} against "
                          f"{x_label or 'position'}: {told}.")
    figure, axes = one_axis(WIDTH, 4.2, alt, title, x_label, y_label)
    for i, (label, (x, y)) in enumerate(curves.items()):
        dots = markers and len(x) > 1 or len(x) == 1
        axes.plot(x, y, linestyle=LINES[i % 7], color=COLOURS[i % 7], label=str(label),
                  marker=MARKERS[i % 7] if dots else None, markeredgecolor="white",
                  markevery=max(1, len(x) // 12))
    axes.set_xscale("log" if log_x else "linear")
    axes.set_yscale("log" if log_y else "linear")
    places = np.unique(np.concatenate([x for x, _ in curves.values()]))
    if log_x and len(places) <= 10:
        axes.set_xticks(places, [f"{place:g}" for place in places])
        axes.xaxis.set_minor_locator(NullLocator())
    elif not log_x and (places == np.rint(places)).all():
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))       # no half epochs
    if len(curves) > 1:
        handles, labels = axes.get_legend_handles_labels()
        ends = np.argsort([-y[-1] for _, y in curves.values()], kind="stable")
        axes.legend([handles[i] for i in ends], [wrap(labels[i], 2, 12) for i in ends],
                    loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=2.8)
    return figure


@in_style
def show_points(points, x_label="", y_label="", title=None, alt=None, errors=None, log_x=False,
                log_y=False):
    """Points in a plane: single ones with their names beside them, groups with a legend.

    points: a dict label -> (x, y) of two numbers, or of two arrays (N,), a group. errors: a dict
    label -> half-widths (in x, in y) of a single point's intervals. log_x, log_y: logarithmic axes.

    Returns the figure. Raises TypeError or ValueError for other than finite numbers, as many x as
    y, above 0 on a logarithmic axis, and for unknown labels.
    """
    places = {label: check_points(label, pair, log_x, log_y)
              for label, pair in check_dict(points, "points").items()}
    groups = [label for label, pair in points.items() if np.ndim(pair[0])]
    errors = {} if errors is None else errors
    if unknown := [label for label in errors if label not in points or label in groups]:
        raise ValueError(f"errors must name single points, and {unknown[0]!r} is none.")
    told = "; ".join(
        f"{label}, {len(x)} points from ({x.min():.4g}, {y.min():.4g}) to ({x.max():.4g}, "
        f"{y.max():.4g})" if label in groups else f"{label} at ({x[0]:.4g}, {y[0]:.4g})"
        for label, (x, y) in places.items())
    alt = alt or sentence(title, f"Points of {y_label or 'y'} against {x_label or 'x'}: {told}.")
    figure, axes = one_axis(WIDTH, 4.8, alt, title, x_label, y_label)
    axes.margins(0.1)
    for i, (label, (x, y)) in enumerate(places.items()):
        style = {"color": COLOURS[i % 7], "marker": MARKERS[i % 7], "markeredgecolor": "white"}
        if label in errors:
            across, up = finite(errors[label], f"the errors of {label!r}")
            axes.errorbar(x, y, up, across, color=COLOURS[i % 7], capsize=4, linewidth=1.4)
        axes.plot(x, y, linestyle="none", label=str(label), zorder=2 if label in groups else 3,
                  markersize=8 if label in groups else 11, **style)
    axes.set_xscale("log" if log_x else "linear")
    axes.set_yscale("log" if log_y else "linear")
    if groups:
        handles = [line for line in axes.get_lines() if line.get_label() in map(str, groups)]
        axes.legend(handles, [wrap(line.get_label(), 2, 12) for line in handles],
                    loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.2)
    name_points(figure, axes, places, groups, errors)
    return figure


def check_points(label, pair, log_x, log_y):
    """A pair (x, y) as two arrays of one length, at least 1."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError(f"points {label!r} must be a pair (x, y), not {pair!r:.60}.")
    if np.ndim(pair[0]) != np.ndim(pair[1]):
        raise ValueError(f"points {label!r} must be two numbers or two arrays.")
    return check_curve(label, tuple(np.atleast_1d(each) for each in pair), log_x, log_y, "points")


# Where a name may stand: to the right, left, above, below, then in the corners.
AROUND = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7))


def name_points(figure, axes, places, groups, errors):
    """Each single point's name where it covers no point and no other name, if there is room."""
    figure.draw_without_rendering()                          # from here on, places are fixed
    taken = [Bbox.from_bounds(*(dot - 11), 22, 22) for pair in places.values()
             for dot in axes.transData.transform(np.stack(pair, axis=1))]
    for label, halves in errors.items():
        for half in np.diag(halves):
            place = np.ravel(places[label])
            taken.append(Bbox(axes.transData.transform([place - half, place + half])).padded(5))
    renderer = figure.canvas.get_renderer()
    for label, (x, y) in places.items():
        if label in groups:
            continue
        tries = []
        for away, (dx, dy) in itertools.product((1, 2, 3, 4, 5), AROUND):
            line = {"arrowstyle": "-", "color": "#888888", "linewidth": 0.8} if away > 1 else None
            text = axes.annotate(str(label), (x[0], y[0]), (11 * away * dx, 11 * away * dy),
                                 textcoords="offset points", fontsize=12, zorder=4, arrowprops=line,
                                 ha={1: "left", -1: "right", 0: "center"}[np.sign(dx)],
                                 va={1: "bottom", -1: "top", 0: "center"}[np.sign(dy)])
            text.set_in_layout(False)
            text.update_positions(renderer)
            box = Text.get_window_extent(text)               # without its line
            outside = box.x0 < axes.bbox.x0 or box.x1 > axes.bbox.x1 or not (
                axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1)
            covered = sum(box.overlaps(other) for other in taken)
            tries.append((2 * outside + covered, text, box))
            text.remove()
        _, text, box = min(tries, key=lambda each: each[0])
        axes.add_artist(text)
        taken.append(box)


def check_dict(values, name):
    if not isinstance(values, dict) or not values:
        raise TypeError(f"{name} must be a dict with at least one label, not {values!r:.60}.")
    return values


def check_curve(label, values, log_x, log_y, kind="curve"):
    pair = isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) == 1
    y = finite(values[1] if pair else values, f"the values of {kind} {label!r}")
    x = finite(values[0], f"the x of {kind} {label!r}") if pair else np.arange(len(y)) * 1.0
    if x.shape != y.shape:
        raise ValueError(f"{kind} {label!r} must have as many x as y, not {len(x)} and {len(y)}.")
    for axis, numbers, log in (("x", x, log_x), ("y", y, log_y)):
        if log and numbers.min() <= 0:
            raise ValueError(f"the {axis} of {kind} {label!r} must be above 0 on a logarithmic "
                             f"axis, and goes down to {numbers.min():.4g}.")
    return x, y


@in_style
def show_bars(values, x_label="", title=None, alt=None, highlight=None, errors=None, digits=2,
              start=None):
    """Horizontal bars with their values beside them, the first on top.

    values: a dict label -> number. highlight: a label, or several, whose bars are set off by colour
    and hatching. errors: a dict label -> half-width of its interval, also written beside the bar.
    digits: decimals written. start: where the axis begins; dots are drawn then, since a bar that
    does not begin at 0 deceives.

    Returns the figure. Raises TypeError or ValueError for other than finite numbers and unknown
    labels.
    """
    labels = list(check_dict(values, "values"))
    numbers = finite([*values.values()], "values")
    errors = {} if errors is None else errors
    chosen = [highlight] if isinstance(highlight, str) else list(highlight or ())
    if unknown := [label for label in (*chosen, *errors) if label not in labels]:
        raise ValueError(f"highlight and errors must name labels of values, and {unknown[0]!r} is "
                         "none.")
    widths = finite([errors.get(label, 0.0) for label in labels], "errors")
    if widths.min() < 0 or start is not None and start > (numbers - widths).min():
        raise ValueError("errors must be 0 or more, and start no larger than the smallest value.")
    texts = [number(value, digits) + (f" ± {width:.{digits}f}" if label in errors else "")
             for label, value, width in zip(labels, numbers, widths)]
    alt = alt or sentence(title, f"{x_label or 'Values'}: " + ", ".join(
        f"{label} {text}" for label, text in zip(labels, texts)) + ".")
    height = 0.5 * len(labels) + 0.35 + 0.45 * bool(x_label) + 0.4 * bool(title)
    figure, axes = one_axis(WIDTH, max(height, 1.8), alt, title, x_label, "")
    draw_bars(axes, labels, numbers, widths, texts, chosen, start)
    return figure


def draw_bars(axes, labels, numbers, widths, texts, chosen, start):
    places = np.arange(len(labels))
    for place, label, value, width, text in zip(places, labels, numbers, widths, texts):
        colour = COLOURS[1] if label in chosen else COLOURS[0]
        if start is None:
            axes.barh(place, value, height=0.66, color=colour, edgecolor="white", linewidth=0,
                      hatch="//" if label in chosen else None)
        else:
            axes.plot(value, place, "D" if label in chosen else "o", color=colour, markersize=10)
        if width:
            axes.errorbar(value, place, xerr=width, color="#222222", capsize=5, linewidth=1.6)
        left = value < 0
        axes.annotate(text, (value - width if left else value + width, place),
                      xytext=(-10 if left else 10, 0), textcoords="offset points", va="center",
                      ha="right" if left else "left",
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})
    low = min(0.0, (numbers - widths).min()) if start is None else start
    high = max(0.0, (numbers + widths).max()) if start is None else (numbers + widths).max()
    # Room for the numbers beside the bars, on both sides where bars go to both.
    names = [wrap(str(label), 2.4, 12) for label in labels]
    share = (text_width(texts, 13) + 10) / (WIDTH * DPI - text_width(names, 12) - 40)
    sides = 2 if start is None and low < 0 else 1
    room = share * ((high - low) or 1) / (1 - sides * share)
    axes.set_xlim(low - (room if sides == 2 else 0), high + room)
    axes.set_yticks(places, names)
    axes.set_ylim(len(labels) - 0.45, -0.55)
    axes.grid(axis="y", visible=start is not None)
    axes.spines["left"].set_visible(sides == 1 and start is None)
    axes.spines["bottom"].set_visible(False)
    if sides == 2:
        axes.axvline(0, color="#888888", linewidth=0.8)


@in_style
def show_heatmap(matrix, x_label="", y_label="", title=None, alt=None, label="", ticks=None,
                 x_ticks=None, y_ticks=None, digits=2, low=None, high=None):
    """A matrix (rows, columns) in viridis with a colour bar; small ones with their numbers.

    label: what the colours mean. x_ticks, y_ticks: names of the columns and rows; ticks: of both.
    digits: decimals written. low, high: values of the darkest and the brightest colour.

    Returns the figure. Raises TypeError or ValueError for other than a matrix of finite numbers.
    """
    matrix = finite(matrix, "matrix", axes=2)
    x_ticks, y_ticks = (ticks if own is None else own for own in (x_ticks, y_ticks))
    for name, texts, wanted in (("x_ticks", x_ticks, matrix.shape[1]),
                                ("y_ticks", y_ticks, matrix.shape[0])):
        if texts is not None and len(texts) != wanted:
            raise ValueError(f"{name} must be {wanted} names, not {len(texts)}.")
    alt = alt or sentence(title, f"Heat map of {label or 'values'}, {matrix.shape[0]} rows by "
                          f"{matrix.shape[1]} columns, from {matrix.min():.3g} to "
                          f"{matrix.max():.3g}.")
    height = float(np.clip(6 * matrix.shape[0] / matrix.shape[1], 2.2, 5.4))
    figure, axes = one_axis(WIDTH - 1, height + 0.6 * bool(title), alt, title, x_label, y_label)
    image = axes.imshow(matrix, cmap="viridis", vmin=low, vmax=high)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    if x_ticks is not None:
        turned = max(len(str(text)) for text in x_ticks) > 3
        axes.set_xticks(range(matrix.shape[1]), x_ticks, rotation=40 if turned else 0,
                        ha="right" if turned else "center", rotation_mode="anchor")
    if y_ticks is not None:
        axes.set_yticks(range(matrix.shape[0]), y_ticks)
    if max(matrix.shape) <= 10:
        for (i, j), value in np.ndenumerate(matrix):
            dark = image.norm(value) < 0.6
            axes.text(j, i, number(value, digits), ha="center", va="center", fontsize=11,
                      color="white" if dark else "black")
    bar = figure.colorbar(image, ax=axes, label=label, shrink=0.9)
    bar.outline.set_visible(False)
    return figure


@in_style
def show_surface(x, y, z, paths=None, x_label="", y_label="", title=None, alt=None, label="loss"):
    """A surface over a plane as contours, denser near its lowest point, with paths across it.

    x: (columns,) and y: (rows,), increasing; z: (rows, columns). paths: a dict label -> (xs, ys),
    each drawn from its first point, a ring, to its last, a star; what leaves the plane is cut off.
    label: what z is.

    Returns the figure. Raises TypeError or ValueError for other shapes and other than finite
    numbers.
    """
    x, y, z = finite(x, "x"), finite(y, "y"), finite(z, "z", axes=2)
    if z.shape != (len(y), len(x)) or min(z.shape) < 2:
        raise ValueError(f"z must have shape (len(y), len(x)) = ({len(y)}, {len(x)}), at least "
                         f"(2, 2), not {z.shape}.")
    if (np.diff(x) <= 0).any() or (np.diff(y) <= 0).any():
        raise ValueError("x and y must increase from each number to the next.")
    paths = {name: check_path(name, path) for name, path in (paths or {}).items()}
    alt = alt or sentence(title, f"Contours of {label} over {x_label or 'x'} and {y_label or 'y'}"
                          + "".join(f"; path {name} from ({xs[0]:.3g}, {ys[0]:.3g}) to "
                                    f"({xs[-1]:.3g}, {ys[-1]:.3g})"
                                    for name, (xs, ys) in paths.items()) + ".")
    figure, axes = one_axis(WIDTH, 5, alt, title, x_label, y_label)
    # Squares of equal steps: a bowl's contours then lie at equal distances.
    span = float(np.ptp(z)) or 1.0
    heights = z.min() + span * np.linspace(0, 1, 15) ** 2
    colours = axes.contourf(x, y, z, heights, cmap="viridis",
                            norm=PowerNorm(0.5, z.min(), z.min() + span))
    axes.contour(x, y, z, heights, colors="white", linewidths=0.6, alpha=0.5)
    bar = figure.colorbar(colours, ax=axes, label=label, ticks=MaxNLocator(6))
    bar.outline.set_visible(False)
    axes.grid(visible=False)
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    for i, (name, (xs, ys)) in enumerate(paths.items()):
        draw_path(axes, xs, ys, name, i)
    if paths:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=min(3, len(paths)),
                    handlelength=2.8)
    return figure


def check_path(name, path):
    if len(path) != 2:
        raise ValueError(f"path {name!r} must be a pair (xs, ys), not {len(path)} things.")
    xs, ys = (finite(numbers, f"path {name!r}") for numbers in path)
    if xs.shape != ys.shape:
        raise ValueError(f"path {name!r} must have as many xs as ys, not {len(xs)} and {len(ys)}.")
    return xs, ys


def draw_path(axes, xs, ys, name, i):
    """A path that stands out from dark and bright ground: bright, with a black edge."""
    colour = ("#FFFFFF", "#E69F00", "#56B4E9", "#CC79A7", "#D55E00", "#F0E442", "#009E73")[i % 7]
    # Far outside the plane there is nothing to see, and steps that diverge end at infinity.
    spans = np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
    far = ((np.abs(xs - np.mean(axes.get_xlim())) > spans[0])
           | (np.abs(ys - np.mean(axes.get_ylim())) > spans[1]))
    shown = int(far.argmax()) + 1 if far.any() else len(xs)
    edge = [withStroke(linewidth=4.4, foreground="black")]
    axes.plot(xs[:shown], ys[:shown], linestyle=LINES[i % 7], color=colour, marker=MARKERS[i % 7],
              markersize=6, markevery=max(1, shown // 30), path_effects=edge, label=str(name))
    axes.plot(xs[:1], ys[:1], "o", markerfacecolor="none", markeredgecolor=colour, markersize=15,
              markeredgewidth=2, path_effects=edge)
    axes.plot(xs[-1:], ys[-1:], "*", color=colour, markeredgecolor="black", markersize=18, zorder=4)


@in_style
def show_simplex(loss, corners, paths=None, title=None, alt=None, label="loss"):
    """A loss over the weights of three members, as a triangle: a corner is a member alone.

    loss: a function (3,) weights -> a number. corners: three names, at the bottom left, the bottom
    right and the top. paths: a dict label -> (steps, 3) weights, each drawn from its first point, a
    ring, to its last, a star. label: what the loss is.

    Returns the figure. Raises ValueError for other than three corners and for paths that leave the
    simplex.
    """
    corners = [str(corner) for corner in corners]
    if len(corners) != 3:
        raise ValueError(f"corners must be three names, not {len(corners)}.")
    paths = {name: check_weights_path(name, path) for name, path in (paths or {}).items()}
    side = 48
    weights = np.array([(i, j, side - i - j) for i in range(side + 1)
                        for j in range(side + 1 - i)])[:, [1, 2, 0]] / side
    losses = finite([loss(each) for each in weights], "the loss")
    alone = [f"{corner}\n{number(loss(each), 2)}" for corner, each in zip(corners, np.eye(3))]
    alt = alt or sentence(title, f"Contours of {label} over the weights of {', '.join(corners)}, "
                          f"from {losses.min():.4g} to {losses.max():.4g}" + "".join(
                              f"; path {name} from ({', '.join(f'{w:.2f}' for w in path[0])}) to "
                              f"({', '.join(f'{w:.2f}' for w in path[-1])})"
                              for name, path in paths.items()) + ".")
    figure, axes = one_axis(WIDTH, 5.6, alt, title, "", "")
    places = on_triangle(weights)
    span = float(np.ptp(losses)) or 1.0
    heights = losses.min() + span * np.linspace(0, 1, 15) ** 2
    colours = axes.tricontourf(*places, losses, heights, cmap="viridis",
                               norm=PowerNorm(0.5, losses.min(), losses.min() + span))
    axes.tricontour(*places, losses, heights, colors="white", linewidths=0.6, alpha=0.5)
    bar = figure.colorbar(colours, ax=axes, label=label, ticks=MaxNLocator(6), shrink=0.9)
    bar.outline.set_visible(False)
    axes.set(xlim=(-0.2, 1.2), ylim=(-0.16, 1.02), aspect="equal")
    axes.axis("off")
    for text, (x, y), up in zip(alone, on_triangle(np.eye(3)).T, (False, False, True)):
        axes.annotate(text, (x, y), xytext=(0, 6 if up else -6), textcoords="offset points",
                      ha="center", va="bottom" if up else "top", linespacing=1.2)
    for i, (name, path) in enumerate(paths.items()):
        draw_path(axes, *on_triangle(path), name, i)
    if paths:
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles, [wrap(label, 1.6, 12) for label in labels], loc="upper left",
                    bbox_to_anchor=(-0.08, 1.02), handlelength=2.8)
    return figure


def on_triangle(weights):
    """Weights (N, 3) -> x and y in a triangle of side 1: (2, N)."""
    weights = np.asarray(weights, float)
    return np.stack([weights[:, 1] + weights[:, 2] / 2, weights[:, 2] * 3**0.5 / 2])


def check_weights_path(name, path):
    path = finite(path, f"path {name!r}", axes=2)
    if path.shape[1] != 3 or path.min() < -1e-6 or abs(path.sum(axis=1) - 1).max() > 1e-6:
        raise ValueError(f"path {name!r} must be rows of three weights that sum to 1, and has shape "
                         f"{path.shape}.")
    return path
