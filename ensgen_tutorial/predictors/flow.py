"""From noise to a picture: follow a denoiser's answers (lesson 09)."""

import numpy as np

from ..checks import check_count
from ..data.pixels import from_signed
from ..generators.base import pieces

AT_ONCE = 256               # images


def flow(denoiser, noise, steps):
    """Follow (ŷ − x_t) / (1 − t) from noise at t = 0 to an image at t = 1, by Heun's method.

    denoiser: anything with ``denoise(noisy, t)``. noise: (N, H, W, C). Returns the list of all
    x_t on the way, noise first: steps + 1 arrays. Each step but the last asks the denoiser twice.
    """
    times = np.linspace(0, 1, steps + 1)
    path = [noise]
    for t, following in zip(times[:-1], times[1:]):
        x, step = path[-1], following - t
        velocity = (denoiser.denoise(x, t) - x) / (1 - t)
        arrived = x + step * velocity
        if following < 1:                               # at t = 1 there is nothing left to correct
            corrected = (denoiser.denoise(arrived, following) - arrived) / (1 - following)
            arrived = x + step * (velocity + corrected) / 2
        path.append(arrived.astype(np.float32))
    return path


def draw_by_flow(denoiser, count, seed=None):
    """Draw by following a denoiser from noise: float32 (count, H, W, C) in [0, 1].

    denoiser: with ``denoise``, ``image_shape``, ``levels`` and ``steps``.
    """
    random = np.random.default_rng(seed)
    noise = random.standard_normal((check_count(count), *denoiser.image_shape)).astype(np.float32)
    drawn = [flow(denoiser, noise[some], denoiser.steps)[-1] for some in pieces(count, AT_ONCE)]
    return from_signed(np.concatenate(drawn), denoiser.levels)
