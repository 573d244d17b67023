"""From noise to a picture: follow a denoiser's answers (lesson 09)."""

import numpy as np


def flow(denoiser, noise, steps):
    """Follow (ŷ − x_t) / (1 − t) from noise at t = 0 to an image at t = 1, by Heun's rule.

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
