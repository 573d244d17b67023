"""Who does what when: a row for each worker, a bar for each job."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from .style import COLOURS, WIDTH, finite, in_style, one_axis, sentence

HATCHES = ("", "//", "..", "xx")


@in_style
def show_schedule(schedule, kinds=None, title=None, alt=None, until=None):
    """A Gantt chart, as the task stream of Dask's dashboard.

    schedule: with ``workers``, ``starts`` and ``ends``, arrays (N,), in seconds. kinds: (N,) labels, kept
    apart by colour and hatching; None for jobs of one kind. until: where the axis ends; None for the
    last end. Returns the figure. Raises ValueError where a job ends before it starts.
    """
    starts, ends = finite(schedule.starts, "starts"), finite(schedule.ends, "ends")
    rows = {worker: row for row, worker in enumerate(np.unique(schedule.workers).tolist(), start=1)}
    kinds = ["job"] * len(starts) if kinds is None else list(kinds)
    if not len(schedule.workers) == len(starts) == len(ends) == len(kinds) or (ends < starts).any():
        raise ValueError("each job must have a worker, a start, a kind and an end, not before the start.")
    alt = alt or sentence(title, f"{len(starts)} jobs on {len(rows)} worker{'s' * (len(rows) > 1)}; the last ends "
                          f"after {ends.max():.4g} s.")
    figure, axes = one_axis(WIDTH, min(1.5 + 0.42 * len(rows), 5.0), alt, title, "seconds", "worker")
    names = list(dict.fromkeys(kinds))
    for k, name in enumerate(names):
        of_kind = [i for i, kind in enumerate(kinds) if kind == name]
        axes.barh([rows[schedule.workers[i]] for i in of_kind], (ends - starts)[of_kind], 0.8, starts[of_kind],
                  color=COLOURS[k % 7], hatch=HATCHES[k % 4], edgecolor="white", linewidth=1.0, label=str(name))
    axes.set(xlim=(0, until or ends.max() * 1.02), ylim=(len(rows) + 0.55, 0.45))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
    axes.grid(axis="y", visible=False)
    if len(names) > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
