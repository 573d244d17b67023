"""A denoiser that knows an input: it draws one of the many answers that fit (lessons 16 and 17)."""

import keras
import numpy as np
from keras import layers

from ..checks import check_image_shape, check_whole
from ..data.pixels import from_signed
from ..generators.base import pieces
from .base import Predictor
from .denoiser import Denoiser, TimeWaves, Conditioned
from .flow import AT_ONCE, flow


class Restorer(Predictor, Denoiser):
    """Draws answers that fit an input, p(target | input), where a predictor gives one: their mean.

    It learns from a PairSet; the input is one more picture that the denoiser sees, enlarged to the
    target's size. ``predict`` averages ``draws`` answers.

    known_shape: (h, w, c). image_shape: of targets, (H, W, C), a whole number of times larger.
    draws: how many answers are averaged. Other arguments as for Denoiser.

    Source: Saharia et al. 2021, arXiv 2104.07636.
    """

    def __init__(self, known_shape, image_shape, filters=(32, 64), steps=16, seed=0, memory=1000,
                 draws=1):
        self.known_shape = check_image_shape(known_shape)       # the network is built with it
        self.scale, self.channels = image_shape[0] // known_shape[0], known_shape[2]
        if tuple(self.scale * n for n in known_shape[:2]) != tuple(image_shape[:2]):
            raise ValueError(f"image_shape must be a whole number of times larger than known_shape, "
                             f"and {image_shape} is not for {known_shape}.")
        super().__init__(image_shape, 256, filters, steps, seed, memory)
        self.draws = check_whole(draws, "draws")

    def build_network(self):
        noisy, time = keras.Input(self.image_shape), keras.Input((1,))
        known = keras.Input(self.known_shape)
        enlarged = layers.UpSampling2D(self.scale)(known) if self.scale > 1 else known
        seen = layers.Concatenate()([noisy, enlarged])
        moment = layers.Dense(64, activation="silu")(TimeWaves()(time))
        return self.build_u([noisy, time, known], seen, moment)

    def call(self, pairs, training=False):
        inputs, targets = pairs
        return self.flow_losses(2 * targets - 1, (2 * inputs - 1,), training)

    def sample(self, inputs, seed=None):
        """Draw one answer for each input (N, h, w, c) in [0, 1]: float32 (N, H, W, C)."""
        inputs = self.check_inputs(inputs)
        if inputs.shape[1:] != self.known_shape:
            raise ValueError(f"inputs must have shape (N, {', '.join(map(str, self.known_shape))}), "
                             f"not {inputs.shape}.")
        noise = np.random.default_rng(seed).standard_normal(
            (len(inputs), *self.image_shape)).astype(np.float32)
        drawn = [flow(Conditioned(self, lambda count: (2 * inputs[some] - 1,)), noise[some], self.steps)[-1]
                 for some in pieces(len(inputs), AT_ONCE)]
        return from_signed(np.concatenate(drawn), self.levels)

    def answer(self, inputs):
        return np.mean([self.sample(inputs, seed) for seed in range(self.draws)], axis=0)
