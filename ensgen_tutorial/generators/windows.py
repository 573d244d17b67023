"""What a classifier sees of a pixel: the window that was read before it, and its place."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

OUTSIDE = -1                    # what a neighbour outside the image looks like


def window_size(reach):
    """How many pixels of the window come before its pixel: the rows above, and the left."""
    return reach * (2 * reach + 1) + reach


def with_margin(rows, reach):
    """Rows (N, H, W) with a margin above, left and right: float32 (N, H + reach, W + 2·reach)."""
    return np.pad(rows.astype(np.float32), ((0, 0), (reach, 0), (reach, reach)),
                  constant_values=OUTSIDE)


def causal_features(pixels, reach):
    """What a classifier sees of each pixel: float32 (N·H·W·C, window_size + 3).

    pixels: (N, H, W, C) whole numbers. Colour images are read as rows of W·C values, as by
    PixelCNN. The features: the window row by row up to the pixel, its row, column and channel.
    """
    count, height, width, channels = pixels.shape
    margin = with_margin(pixels.reshape(count, height, width * channels), reach)
    windows = sliding_window_view(margin, (reach + 1, 2 * reach + 1), axis=(1, 2))
    size = window_size(reach)
    features = np.empty((*pixels.shape, size + 3), np.float32)
    features[..., :size] = windows.reshape(*pixels.shape, -1)[..., :size]
    for i, place in enumerate(np.indices((height, width, channels))):
        features[..., size + i] = place
    return features.reshape(-1, size + 3)


def level_questions(features, values, levels):
    """"Is it v?" for each v from 0 up to the value: (questions, 1 + features), (questions,) 0 or 1.

    No question is asked about the highest level: what has reached it is it.
    """
    many = np.minimum(values.astype(int) + 1, levels - 1)
    rows = np.repeat(np.arange(len(values)), many)
    asked = np.arange(len(rows)) - np.repeat(np.cumsum(many) - many, many)
    return (np.hstack([asked[:, None].astype(np.float32), features[rows]]),
            (values[rows] == asked).astype(int))
