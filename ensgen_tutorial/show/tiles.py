"""Images as tiles, with the same grey scale everywhere."""

import numpy as np

from ..data.pixels import check_images
from .style import WIDTH
from .style import DPI, AltFigure, in_style, sentence, text_width, words, wrap


@in_style
def show_images(images, titles=None, columns=None, title=None, alt=None, row_labels=None,
                scale=None):
    """Tiles of images with gaps between them; 0 is black and 1 white, everywhere.

    images: (N, H, W, C) floats in [0, 1], C = 1 or 3; or a dict label -> such an array, a row each.
    Rows may hold different numbers of images, and smaller ones, if their sides divide the largest
    ones'. titles: a text above each image, or for a dict above each column. columns: images per row.
    row_labels: a text left of each row. scale: dots per pixel, 144 to an inch; None fits them.

    Returns the figure. Raises TypeError for whole numbers, ValueError for other shapes, NaN, and
    values outside [0, 1].
    """
    if isinstance(images, dict):
        if columns is not None or row_labels is not None:
            raise ValueError("images is a dict with a row for each label, so columns and "
                             "row_labels must be left out.")
        rows, row_labels = [check_pictures(row, repr(label)) for label, row in images.items()], [
            *images]
    else:
        images = check_pictures(images)
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


def check_pictures(images, name="images"):
    """``images`` as an array (N, H, W, C) of floats in [0, 1], or a TypeError or ValueError."""
    images = check_images(images, name)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not images.size:
        raise ValueError(f"{name} must have shape (N, H, W, 1) or (N, H, W, 3), not "
                         f"{images.shape}.")
    return images


def best_columns(count, titles):
    """Up to 12 images in one row, else the number from 8 to 16 that leaves the fewest gaps.

    Fewer, if the titles' words need more room.
    """
    most = int(WIDTH * DPI / text_width(words(titles), 11)) if titles is not None else 16
    if count <= min(12, most):
        return count
    return min(range(min(8, (most + 1) // 2), min(16, most) + 1),
               key=lambda columns: (-count % columns, abs(columns - 12), -columns))


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
        raise ValueError(f"scale must be a number of dots per pixel, up to 100, not {scale!r}.")
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
