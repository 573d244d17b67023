"""What every predictor can do: answer an input, of any size, in tiles where memory asks for it."""

import math

import numpy as np
from keras import ops

from ..generators.base import pieces
from ..generators.keras_model import KerasLearner, answers

TILE = 192                  # pixels of a side of an input that is answered at one time


class Predictor:
    """Answers an input picture with another picture. A subclass needs ``answer``.

    Attributes: ``channels`` of an input; ``scale``, how many times larger an answer is; ``reach``,
    how many input pixels to each side an answer depends on, or None for all of them.
    """

    takes_pairs = True                  # what it learns from
    channels, scale, reach = 1, 1, None

    def answer(self, inputs):
        """The hook: answers (N, scale·H, scale·W, C) of inputs (N, H, W, channels), floats."""
        raise NotImplementedError

    def predict(self, inputs):
        """Answer ``inputs`` (N, H, W, channels), floats in [0, 1]: float32 (N, scale·H, scale·W, C).

        Pictures larger than a tile are answered in tiles that overlap by what an answer depends on:
        the same numbers to rounding, in bounded memory.
        """
        inputs = self.check_inputs(inputs)
        if self.reach is None or max(inputs.shape[1:3]) <= TILE:
            at_once = 4 * TILE**2 // math.prod(inputs.shape[1:3])
            return np.concatenate([self.checked_answer(inputs[some])
                                   for some in pieces(len(inputs), at_once)])
        return np.stack([in_tiles(self.checked_answer, picture, self.scale, self.reach)
                         for picture in inputs])

    def checked_answer(self, inputs):
        return np.asarray(self.answer(inputs), np.float32)

    def check_inputs(self, inputs):
        inputs = np.asarray(inputs)
        if inputs.ndim != 4 or inputs.shape[-1] != self.channels or not inputs.size:
            raise ValueError(
                f"inputs must have shape (N, height, width, {self.channels}), and these have "
                f"{inputs.shape}" + (": convert colours first, or take each channel as a picture of "
                                     "its own." if inputs.ndim == 4 else "."))
        if inputs.dtype.kind != "f" or not (inputs.min() >= 0 and inputs.max() <= 1):
            raise ValueError(f"inputs must be floats in [0, 1], and these are {inputs.dtype} from "
                             f"{inputs.min():.3g} to {inputs.max():.3g}: divide whole numbers by the "
                             "largest one that they can be.")
        return inputs.astype(np.float32, copy=False)


class KerasPredictor(Predictor, KerasLearner):
    """A predictor that learns by minimising L(θ) = Σ_i ℓ(y_i, ŷ_i(θ)) over pairs (lesson 16).

    A subclass builds ``self.network``, a Keras model from inputs to answers, and says what ℓ is in
    ``input_losses``; ``train_generator`` wants a PairSet for it.
    """

    def input_losses(self, inputs, targets, training=False):
        """ℓ of each pair of a batch: (batch, h, w, c), (batch, H, W, C) -> (batch,). Mean |y − ŷ|."""
        answered = self.network(inputs, training=training)
        return ops.mean(ops.abs(targets - ops.cast(answered, "float32")), axis=(1, 2, 3))

    def call(self, inputs, training=False):
        return self.input_losses(*inputs, training=training)

    def answer(self, inputs):
        self.check_trained()
        return answers(self.network, inputs, batch_size=len(inputs))


def in_tiles(answer, picture, scale, reach, watch=iter):
    """One picture's answer, put together from tiles: (H, W, c) -> (scale·H, scale·W, C).

    answer: a function (1, h, w, c) -> (1, scale·h, scale·w, C) that depends on ``reach`` pixels to
    each side. watch: called with the list of tiles, gives them back one after the other.
    """
    side, whole = max(TILE, 4 * reach), None
    for rows, columns in watch([(rows, columns) for rows in windows(len(picture), side, reach)
                                for columns in windows(picture.shape[1], side, reach)]):
        tile = answer(picture[None, rows[0], columns[0]])[0]
        if whole is None:
            whole = np.empty((*(scale * n for n in picture.shape[:2]), tile.shape[-1]), tile.dtype)
        kept = [slice(scale * (inner.start - outer.start), scale * (inner.stop - outer.start))
                for outer, inner in (rows, columns)]
        whole[tuple(slice(scale * inner.start, scale * inner.stop)
                    for _, inner in (rows, columns))] = tile[tuple(kept)]
    return whole


def windows(length, side, reach):
    """How ``length`` pixels are cut into windows of one size: slices (what is read, what is kept).

    Each window keeps what lies ``reach`` pixels or more away from its ends, and everything up to
    an end of the whole.
    """
    if length <= side:
        return [(slice(0, length), slice(0, length))]
    count = 1 + math.ceil((length - side) / (side - 2 * reach))
    starts = [min(k * (side - 2 * reach), length - side) for k in range(count)]
    kept = [0, *(start + reach for start in starts[1:]), length]
    return [(slice(start, start + side), slice(first, last))
            for start, first, last in zip(starts, kept[:-1], kept[1:])]
