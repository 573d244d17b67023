"""PixelRNN: a recurrent network along the raster scan (van den Oord et al. 2016, Cho et al. 2014)."""

import math

import keras
import numpy as np
from keras import layers, ops
from scipy.special import expit, softmax

from ..checks import check_number, check_whole
from .base import PixelReader
from .keras_model import seeded
from .layers import PositionBias, ScaledPixels, scaled, silu
from .raster import RasterNetwork

NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1))      # (row, column) steps, all already read


class CausalNeighbours(layers.Layer):
    """The features of the four neighbours already read: (N, H, W, F) -> (N, H, W, 4·F)."""

    def call(self, inputs):
        height, width = inputs.shape[1:3]
        padded = ops.pad(inputs, [[0, 0], [1, 0], [1, 1], [0, 0]])
        return ops.concatenate(
            [
                padded[:, 1 + row : 1 + row + height, 1 + column : 1 + column + width]
                for row, column in NEIGHBOURS
            ],
            axis=-1,
        )


class PixelRNN(RasterNetwork):
    """A GRU that reads the pixels in raster order; its state remembers all that it has read.

    At each pixel its input is the four neighbours already read and a learnt bias of the position.
    image_shape: (H, W, C). levels: values a pixel can take. units: width of the state.
    dropout: share of features dropped in training. classes: how many, to learn from labels, or
    None. shifts: whether to learn from moved copies too. seed: of everything random.

    Source: van den Oord et al. 2016, arXiv 1601.06759 (recurrent pixel models); the unit is Cho et
    al.'s 2014 GRU, arXiv 1406.1078, in Keras's ``reset_after`` form. Lesson 05.
    """

    def __init__(self, image_shape, levels, units=64, dropout=0.05, classes=None, shifts=False,
                 seed=0):
        super().__init__(image_shape, levels, classes, shifts, seed)
        self.units = check_whole(units, "units")
        self.dropout = check_number(dropout, "dropout", 0, below=1)
        with seeded(seed):
            self.network = self.build_network()
        self.built = True

    def build_network(self):
        height, width, _ = self.rows_shape
        pixels = keras.Input(self.rows_shape, dtype="int32")
        condition = self.condition_input()
        x = CausalNeighbours()(ScaledPixels(self.levels)(pixels))
        x = PositionBias()(layers.Dense(self.units)(x))
        x = layers.Activation("silu")(self.conditioned(x, condition))
        x = layers.Dropout(self.dropout)(layers.Reshape((height * width, self.units))(x))
        states = layers.GRU(self.units, return_sequences=True)(x)
        x = layers.Dropout(self.dropout)(layers.Concatenate()([states, x]))
        x = layers.Dropout(self.dropout)(layers.Dense(64, activation="silu")(x))
        x = layers.Reshape((height, width, self.levels))(layers.Dense(self.levels, dtype="float32")(x))
        return keras.Model(pixels if condition is None else [pixels, condition], x)

    @property
    def features_kept(self):
        """How many numbers a reader keeps for each position: two features, and the state's share."""
        return 2 + math.ceil(8 * self.units / math.prod(self.rows_shape))

    def step_reader(self, count, condition):
        return PixelRNNReader(self, count, condition)


class PixelRNNReader(PixelReader):
    """Walks images in raster order with one step of the GRU per pixel; the state is kept."""

    def __init__(self, generator, count, condition):
        self.levels = generator.levels
        height, self.width, _ = generator.rows_shape
        self.input_kernel, self.input_bias, self.position_bias, *rest = generator.arrays()
        self.condition_bias = 0 if condition is None else condition @ rest.pop(0)
        self.kernel, self.state_kernel, self.biases, *self.head = rest
        self.row = self.column = 0
        self.state = np.zeros((count, generator.units), np.float32)
        # A margin of zeros above, left and right, as in CausalNeighbours.
        self.features = np.zeros((height + 1, self.width + 2, count, 2), np.float32)

    def probabilities(self):
        row, column = self.row + 1, self.column + 1
        neighbours = [self.features[row + down, column + right] for down, right in NEIGHBOURS]
        x = np.concatenate(neighbours, axis=-1) @ self.input_kernel + self.input_bias
        x = silu(x + self.position_bias[self.row, self.column] + self.condition_bias)
        self.state = self.step(x, self.state)
        hidden, hidden_bias, output, output_bias = self.head
        x = silu(np.concatenate([self.state, x], axis=-1) @ hidden + hidden_bias)
        return softmax(x @ output + output_bias, axis=-1)

    def step(self, x, state):
        """One GRU step, Keras's ``reset_after`` form: (N, units), (N, units) -> (N, units)."""
        from_input = np.split(x @ self.kernel + self.biases[0], 3, axis=-1)
        from_state = np.split(state @ self.state_kernel + self.biases[1], 3, axis=-1)
        update = expit(from_input[0] + from_state[0])
        reset = expit(from_input[1] + from_state[1])
        candidate = np.tanh(from_input[2] + reset * from_state[2])
        return update * state + (1 - update) * candidate

    def write(self, values):
        self.features[self.row + 1, self.column + 1] = scaled(values, self.levels)
        self.column += 1
        if self.column == self.width:
            self.row, self.column = self.row + 1, 0
