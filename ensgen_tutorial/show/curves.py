"""Curves, points and bars, told apart without colour too."""

import itertools

import numpy as np
from matplotlib.text import Text
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter
from matplotlib.transforms import Bbox

from .style import WIDTH
from .style import (
    COLOURS,
    DPI,
    LINES,
    MARKERS,
    check_dict,
    finite,
    in_style,
    number,
    one_axis,
    sentence,
    text_width,
    wrap,
)


@in_style
def show_curves(curves, x_label="", y_label="", title=None, alt=None, log_x=False, log_y=False,
                markers=True):
    """Curves told apart by colour, line style and marker; the legend's order is that of their ends.

    curves: a dict label -> values (N,), drawn over 0 … N − 1, or label -> a tuple (x, y) of two
    such. log_x, log_y: logarithmic axes. markers: False for smooth functions of many points; level and
    upright lines have none.

    Returns the figure. Raises TypeError or ValueError for other than finite numbers, as many x as
    y, above 0 on a logarithmic axis.
    """
    curves = {label: check_curve(label, values, log_x, log_y)
              for label, values in check_dict(curves, "curves").items()}
    ends = "; ".join(f"{label} from {y[0]:.4g} at {x[0]:.4g} to {y[-1]:.4g} at {x[-1]:.4g}"
                     for label, (x, y) in curves.items())
    alt = alt or sentence(title, f"Curves of {y_label or 'values'} against "
                          f"{x_label or 'position'}: {ends}.")
    figure, axes = one_axis(WIDTH, 4.2, alt, title, x_label, y_label)
    for i, (label, (x, y)) in enumerate(curves.items()):
        level = len(x) > 1 and not (np.ptp(x) and np.ptp(y))     # to compare with: nothing was measured along it
        dots = markers and not level or len(x) == 1
        axes.plot(x, y, linestyle=LINES[i % 7], color=COLOURS[i % 7], label=str(label),
                  marker=MARKERS[(i + i // 7) % 7] if dots else None, markeredgecolor="white",
                  markevery=max(1, len(x) // 12))
    axes.set_xscale("log" if log_x else "linear")
    axes.set_yscale("log" if log_y else "linear")
    for axis in [axes.xaxis] * log_x + [axes.yaxis] * log_y:
        low, high = axis.get_view_interval()
        if high > 10 * low:                  # then minor ticks show nothing, and take half the time
            axis.set_minor_locator(NullLocator())
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
    """Points in a plane: single ones with their names beside them, several groups with a legend.
    A single point whose name is one letter or digit is drawn as that.

    points: a dict label -> (x, y) of two numbers, or of two arrays (N,), a group. errors: a dict
    label -> half-widths (in x, in y) of a single point's intervals. log_x, log_y: logarithmic axes.

    Returns the figure. Raises TypeError or ValueError for other than finite numbers, as many x as
    y, above 0 on a logarithmic axis, and for unknown labels.
    """
    places = {label: check_points(label, pair, log_x, log_y)
              for label, pair in check_dict(points, "points").items()}
    groups = [label for label, pair in points.items() if np.ndim(pair[0])]
    letters = [label for label in points if len(str(label)) == 1 and label not in groups]
    errors = {} if errors is None else errors
    if unknown := [label for label in errors if label not in points or label in groups]:
        raise ValueError(f"errors must name single points, and {unknown[0]!r} is not one.")
    places_text = "; ".join(
        f"{label}, {len(x)} points from ({x.min():.4g}, {y.min():.4g}) to ({x.max():.4g}, "
        f"{y.max():.4g})" if label in groups else f"{label} at ({x[0]:.4g}, {y[0]:.4g})"
        for label, (x, y) in places.items())
    alt = alt or sentence(title, f"Points of {y_label or 'y'} against {x_label or 'x'}: {places_text}.")
    figure, axes = one_axis(WIDTH, 4.8, alt, title, x_label, y_label)
    axes.margins(0.1)
    for i, (label, (x, y)) in enumerate(places.items()):
        style = {"color": COLOURS[i % 7], "marker": MARKERS[(i + i // 7) % 7], "markeredgecolor": "white"}
        if label in errors:
            across, up = finite(errors[label], f"the errors of {label!r}")
            axes.errorbar(x, y, up, across, color=COLOURS[i % 7], capsize=4, linewidth=1.4)
        if label in letters:
            style = {"color": COLOURS[0], "marker": f"${label}$"}
        axes.plot(x, y, linestyle="none", label=str(label), zorder=2 if label in groups else 3,
                  markersize=8 if label in groups else 11, **style)
    axes.set_xscale("log" if log_x else "linear")
    axes.set_yscale("log" if log_y else "linear")
    for axis in [axes.xaxis] * log_x + [axes.yaxis] * log_y:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))       # 0.05 rather than 5×10⁻²
        axis.set_minor_locator(NullLocator())
    if len(groups) > 1:
        handles = [line for line in axes.get_lines() if line.get_label() in map(str, groups)]
        axes.legend(handles, [wrap(line.get_label(), 2, 12) for line in handles],
                    loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.2)
    name_points(figure, axes, places, groups + letters, errors)
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
                         "not one.")
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
