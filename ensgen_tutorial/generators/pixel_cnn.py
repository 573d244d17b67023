"""PixelCNN: convolutions that never look ahead (van den Oord, Kalchbrenner, Kavukcuoglu 2016)."""

import keras
import numpy as np
from keras import layers, ops
from scipy.special import softmax

from ..checks import check_number, check_whole
from .base import PixelReader
from .keras_model import seeded
from .layers import PositionBias, ScaledPixels, scaled, silu
from .raster import RasterNetwork


class MaskedConv2D(layers.Layer):
    """A convolution over the rows above and what is left: (N, H, W, F) -> (N, H, W, filters).

    size: side of the kernel, odd. center: whether a pixel sees its own position (mask B) or not
    (mask A, for the layer that reads the image). The rows below the centre are left out of the
    kernel, since the mask would only set them to 0.
    """

    def __init__(self, filters, size, center=True):
        super().__init__()
        self.filters, self.size, self.reach = filters, size, size // 2
        self.mask = np.ones((self.reach + 1, size, 1, 1), "float32")
        self.mask[-1, self.reach + center :] = 0

    def build(self, shape):
        self.kernel = self.add_weight(
            shape=(self.reach + 1, self.size, shape[-1], self.filters), name="kernel"
        )
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, inputs):
        reach, dtype = self.reach, self.compute_dtype
        inputs = ops.pad(inputs, [[0, 0], [reach, 0], [reach, reach], [0, 0]])
        kernel = ops.cast(self.kernel, dtype) * ops.cast(self.mask, dtype)
        return ops.conv(inputs, kernel, padding="valid") + ops.cast(self.bias, dtype)


class PixelCNN(RasterNetwork):
    """A residual PixelCNN: log p(x) as a sum over pixels, each seen only from above and left.

    image_shape: (H, W, C). levels: values a pixel can take. filters: features per layer.
    blocks: residual blocks. first_size, size: side of the first kernel and of the others, odd.
    dropout: share of features dropped in training. classes: how many, to learn from labels, or
    None. shifts: whether to learn from moved copies too. seed: of everything random.

    Source: van den Oord et al. 2016, arXiv 1601.06759, §3.4 (masks A and B). Lesson 04.
    """

    def __init__(self, image_shape, levels, filters=48, blocks=3, first_size=7, size=3,
                 dropout=0.15, classes=None, shifts=False, seed=0):
        super().__init__(image_shape, levels, classes, shifts, seed)
        self.filters, self.blocks = check_whole(filters, "filters"), check_whole(blocks, "blocks")
        self.first_size, self.size = check_odd(first_size, "first_size"), check_odd(size, "size")
        self.dropout = check_number(dropout, "dropout", 0, below=1)
        with seeded(seed):
            self.network = self.build_network()
        self.built = True

    def build_network(self):
        pixels = keras.Input(self.rows_shape, dtype="int32")
        condition = self.condition_input()
        x = ScaledPixels(self.levels)(pixels)
        x = MaskedConv2D(self.filters, self.first_size, center=False)(x)
        x = self.conditioned(PositionBias()(x), condition)
        for _ in range(self.blocks):
            y = layers.Dropout(self.dropout)(layers.Activation("silu")(x))
            y = self.conditioned(MaskedConv2D(self.filters, self.size)(y), condition)
            y = layers.Conv2D(self.filters, 1)(layers.Activation("silu")(y))
            x = layers.Add()([x, y])
        x = layers.Activation("silu")(x)
        x = layers.Conv2D(64, 1, activation="silu")(x)
        x = layers.Dropout(self.dropout)(x)
        x = layers.Conv2D(self.levels, 1, dtype="float32")(x)
        return keras.Model(pixels if condition is None else [pixels, condition], x)

    @property
    def features_kept(self):
        """How many numbers a reader keeps for each position, windows of the rows above included."""
        return 2 * (self.blocks + 1) * self.filters

    def step_reader(self, count, condition):
        return PixelCNNReader(self, count, condition)


class PixelCNNReader(PixelReader):
    """Walks images in raster order and computes, at each pixel, only what is new there.

    Every masked layer keeps its inputs. What the rows above contribute is known for a whole row
    before its first pixel is drawn, so it is computed once per row; only the taps to the left
    remain for each pixel.
    """

    def __init__(self, generator, count, condition):
        self.levels = generator.levels
        self.height, self.width, _ = generator.rows_shape
        self.row = self.column = 0
        parameters = iter(generator.arrays())
        cast = np.float32

        def dense():
            kernel, bias = next(parameters), next(parameters)
            return kernel.reshape(-1, kernel.shape[-1]).astype(cast), bias.astype(cast)

        def masked(size, center):
            kernel, bias = next(parameters), next(parameters)
            return RowMemory(kernel, bias, size // 2, center, count, self.height, self.width)

        def condition_bias():
            return 0 if condition is None else condition @ next(parameters)

        self.first = masked(generator.first_size, center=False)
        self.position_bias, self.bias = next(parameters), condition_bias()
        self.blocks = [(masked(generator.size, True), condition_bias(), *dense())
                       for _ in range(generator.blocks)]
        self.head = [dense(), dense()]

    def probabilities(self):
        if self.column == 0:
            for memory in (self.first, *(block[0] for block in self.blocks)):
                memory.begin_row(self.row)
        x = self.first.output(self.column) + self.position_bias[self.row, self.column] + self.bias
        for memory, condition_bias, kernel, bias in self.blocks:
            memory.store(self.column, silu(x))
            x = x + silu(memory.output(self.column) + condition_bias) @ kernel + bias
        (hidden, hidden_bias), (output, output_bias) = self.head
        return softmax(silu(silu(x) @ hidden + hidden_bias) @ output + output_bias, axis=-1)

    def write(self, values):
        self.first.store(self.column, scaled(values, self.levels))
        self.column += 1
        if self.column == self.width:
            self.row, self.column = self.row + 1, 0


class RowMemory:
    """One masked layer's inputs in the last rows, and its output at one position of this row."""

    def __init__(self, kernel, bias, reach, center, count, height, width):
        features = kernel.shape[2]
        self.above_kernel = kernel[:-1].reshape(-1, kernel.shape[-1])
        self.left_kernel = kernel[-1, : reach + center].reshape(-1, kernel.shape[-1])
        self.bias, self.reach, self.taps = bias, reach, reach + center
        # The margin of zeros is the padding of the convolution.
        self.inputs = np.zeros((count, height + reach, width + 2 * reach, features), np.float32)

    def begin_row(self, row):
        """What all rows above contribute, for every column of ``row`` in one product."""
        self.current = self.inputs[:, row + self.reach]
        above = self.inputs[:, row : row + self.reach]
        windows = np.lib.stride_tricks.sliding_window_view(above, 2 * self.reach + 1, axis=2)
        windows = windows.transpose(2, 0, 1, 4, 3)          # column, image, row, tap, feature
        flat = windows.reshape(windows.shape[0] * windows.shape[1], -1)
        self.above = (flat @ self.above_kernel + self.bias).reshape(*windows.shape[:2], -1)

    def store(self, column, inputs):
        self.current[:, column + self.reach] = inputs

    def output(self, column):
        left = self.current[:, column : column + self.taps]
        return self.above[column] + left.reshape(len(left), -1) @ self.left_kernel


def check_odd(size, name):
    """The side of a kernel with a centre, or a ValueError."""
    if check_whole(size, name) % 2 == 0:
        raise ValueError(f"{name} must be odd, so that a kernel has a centre, not {size}.")
    return int(size)
