"""Matrices, surfaces over a plane, and losses over the weights of three members."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import PowerNorm
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from .style import WIDTH
from .style import LINES, MARKERS, finite, in_style, number, one_axis, sentence, wrap


@in_style
def show_heatmap(matrix, x_label="", y_label="", title=None, alt=None, label="", ticks=None,
                 x_ticks=None, y_ticks=None, digits=2, low=None, high=None, blank=None):
    """A matrix (rows, columns) in viridis with a colour bar; small ones with their numbers.

    label: what the colours mean. x_ticks, y_ticks: names of the columns and rows; ticks: of both.
    digits: decimals written. low, high: values of the darkest and the brightest colour. blank: a
    value that stands for none; its places are grey, without a number.

    Returns the figure. Raises TypeError or ValueError for other than a matrix of finite numbers.
    """
    matrix = finite(matrix, "matrix", axes=2)
    x_ticks, y_ticks = (ticks if own is None else own for own in (x_ticks, y_ticks))
    for name, texts, wanted in (("x_ticks", x_ticks, matrix.shape[1]),
                                ("y_ticks", y_ticks, matrix.shape[0])):
        if texts is not None and len(texts) != wanted:
            raise ValueError(f"{name} must be {wanted} names, not {len(texts)}.")
    shown = matrix if blank is None else np.ma.masked_equal(matrix, blank)
    alt = alt or sentence(title, f"Heat map of {label or 'values'}, {matrix.shape[0]} rows by "
                          f"{matrix.shape[1]} columns, from {shown.min():.3g} to "
                          f"{shown.max():.3g}.")
    height = float(np.clip(6 * matrix.shape[0] / matrix.shape[1], 2.2, 5.4))
    figure, axes = one_axis(WIDTH - 1, height + 0.6 * bool(title), alt, title, x_label, y_label)
    image = axes.imshow(shown, cmap=colormaps["viridis"].with_extremes(bad="#C8C8C8"), vmin=low, vmax=high)
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
            if value == blank:
                continue
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
    each drawn from its first point, a ring, to its last, a star; a single point is one mark. What
    leaves the plane is cut off. label: what z is.

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
    """A path, or a single point, that stands out from dark and bright ground: bright, with a black edge."""
    colour = ("#FFFFFF", "#E69F00", "#56B4E9", "#CC79A7", "#D55E00", "#F0E442", "#009E73")[i % 7]
    # Far outside the plane there is nothing to see, and steps that diverge end at infinity.
    spans = np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
    far = ((np.abs(xs - np.mean(axes.get_xlim())) > spans[0])
           | (np.abs(ys - np.mean(axes.get_ylim())) > spans[1]))
    shown = int(far.argmax()) + 1 if far.any() else len(xs)
    edge = [withStroke(linewidth=4.4, foreground="black")]
    if len(xs) == 1:
        axes.plot(xs, ys, MARKERS[i % 7], color=colour, markersize=12, markeredgecolor="black", zorder=5,
                  label=str(name))
        return
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
