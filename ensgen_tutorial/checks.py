"""What arguments must be: one sentence that says what came and what is wanted."""

import math
import numbers

import numpy as np


def check_whole(value, name, least=1, most=None, of=""):
    """``value`` as an int, if it is a whole number from ``least`` to ``most``, else a ValueError.

    of: what is counted, for the message: "of images".
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        bounds = f", {least} or more" if most is None else f" from {least} to {most:,}"
        raise ValueError(f"{name} must be a whole number{of and ' ' + of}{bounds}, not {value!r}.")
    return int(value)


def check_count(count):
    """A number of images to draw, as an int."""
    return check_whole(count, "count", of="of images")


def check_number(value, name, least=-math.inf, above=-math.inf, below=math.inf):
    """``value``, if it is a finite number in that range, else a ValueError."""
    number = isinstance(value, (numbers.Real, np.number)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < least or not above < value < below:
        bounds = [f", {least} or more"] * (least > -math.inf) + [f" above {above}"] * (
            above > -math.inf) + [f" below {below}"] * (below < math.inf)
        raise ValueError(f"{name} must be a number{' and'.join(bounds)}, not {value!r}.")
    return value


def check_image_shape(image_shape):
    """A tuple (H, W, C) of positive whole numbers, or a ValueError."""
    shape = tuple(image_shape) if np.iterable(image_shape) else (image_shape,)
    if len(shape) != 3 or not all(isinstance(n, (int, np.integer)) and n > 0 for n in shape):
        raise ValueError(f"image_shape must be (height, width, channels), not {image_shape!r}.")
    return tuple(int(n) for n in shape)
