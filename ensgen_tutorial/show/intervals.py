"""Estimates with their intervals, one below the other: which side of a line they are on."""

import numpy as np

from .style import COLOURS, WIDTH, check_dict, finite, in_style, number, one_axis, sentence, wrap


@in_style
def show_intervals(intervals, x_label="", title=None, alt=None, line=0.0, digits=2):
    """A forest plot: a point and its interval for each label, the first on top, and a line.

    An interval wholly above the line has a filled circle, one wholly below it a cross, and one that
    holds it a hollow square.

    intervals: a dict label -> (value, low, high). line: where nothing differs. digits: decimals
    written. Returns the figure. Raises TypeError or ValueError for other than finite numbers with
    low ≤ value ≤ high.
    """
    rows = {label: finite(each, f"the interval of {label!r}")
            for label, each in check_dict(intervals, "intervals").items()}
    for label, each in rows.items():
        if len(each) != 3 or not each[1] <= each[0] <= each[2]:
            raise ValueError(f"the interval of {label!r} must be (value, low, high) with low ≤ value "
                             f"≤ high, not {tuple(each.tolist())}.")
    texts = [f"{number(value, digits)}  [{number(low, digits)}, {number(high, digits)}]"
             for value, low, high in rows.values()]
    alt = alt or sentence(title, f"{x_label or 'Estimates'}: " + ", ".join(
        f"{label} {text}" for label, text in zip(rows, texts)) + ".")
    names = [wrap(str(label), 2.6, 12) for label in rows]
    height = 0.28 * sum(name.count("\n") + 1 for name in names) + 0.2 * len(names) + 0.9
    figure, axes = one_axis(WIDTH, max(height + 0.4 * bool(title), 1.8), alt, title, x_label, "")
    axes.axvline(line, color="#444444", linewidth=1.2)
    for place, (value, low, high) in enumerate(rows.values()):
        colour, marker, face = (
            (COLOURS[0], "o", COLOURS[0]) if low > line else (COLOURS[1], "X", COLOURS[1])
            if high < line else ("#666666", "s", "white"))
        axes.plot([low, high], [place, place], color=colour, solid_capstyle="butt")
        axes.plot(value, place, marker, color=colour, markerfacecolor=face, markersize=9)
    axes.set_yticks(np.arange(len(rows)), names)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    written = axes.secondary_yaxis("right")
    written.set_yticks(np.arange(len(rows)), texts)
    written.spines["right"].set_visible(False)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    return figure
