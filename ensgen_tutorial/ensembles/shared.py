"""Ensembles inside one network: shared layers, shared kernels, and dropout that goes on (lesson 14)."""

import keras
import numpy as np
from keras import layers, ops
from scipy.special import softmax

from ..checks import check_whole
from ..data.pixels import check_pixels
from ..generators.base import PixelGenerator, PixelReader
from ..generators.keras_model import answers
from ..generators.layers import PositionBias, ScaledPixels
from ..generators.pixel_cnn import MaskedConv2D, PixelCNN
from .weighted_sum import check_members


class SharedCNN(PixelCNN):
    """M PixelCNNs that share most of their parameters; it answers with their linear pool.

    Each learns from its own loss; training minimises the mean of the losses.

    networks: M. share: ``"trunk"``, all layers but each member's last two, computed once; or
    ``"kernels"``, every kernel, where each member scales the features before and after it by numbers of
    its own (BatchEnsemble), computed M times. Other arguments as for PixelCNN.

    Source: Lee et al. 2015, arXiv 1511.06314 (trunk); Wen, Tran and Ba 2020, arXiv 2002.06715
    (BatchEnsemble). Lesson 14.
    """

    def __init__(self, image_shape, levels, networks=4, share="trunk", filters=48, blocks=3,
                 first_size=7, size=3, dropout=0.15, seed=0):
        if share not in ("trunk", "kernels"):
            raise ValueError(f"share must be 'trunk' or 'kernels', not {share!r}.")
        self.networks, self.share = check_whole(networks, "networks"), share
        super().__init__(image_shape, levels, filters, blocks, first_size, size, dropout, seed=seed)

    def build_network(self):
        pixels = keras.Input(self.rows_shape, dtype="int32")
        seen = ScaledPixels(self.levels)(pixels)
        trunk, heads = self.build_trunk(), []
        features = trunk(seen)
        for j in range(self.networks):
            if self.share == "kernels" and j:
                features = trunk(seen)                      # the same kernels, other factors
            if self.share == "trunk" or not j:
                hidden, last = layers.Conv2D(64, 1), layers.Conv2D(self.levels, 1, dtype="float32")
            y = self.scaled(hidden, layers.Activation("silu")(features))
            y = layers.Dropout(self.dropout)(layers.Activation("silu")(y))
            heads.append(self.scaled(last, y))
        return keras.Model(pixels, ops.stack(heads, axis=-2))

    def build_trunk(self):
        """A function from scaled pixels to features; called again, it shares its kernels."""
        first = MaskedConv2D(self.filters, self.first_size, center=False)
        places = PositionBias()
        blocks = [(MaskedConv2D(self.filters, self.size), layers.Conv2D(self.filters, 1))
                  for _ in range(self.blocks)]

        def trunk(seen):
            x = places(self.scaled(first, seen))
            for masked, mixed in blocks:
                y = layers.Dropout(self.dropout)(layers.Activation("silu")(x))
                y = self.scaled(mixed, layers.Activation("silu")(self.scaled(masked, y)))
                x = layers.Add()([x, y])
            return x
        return trunk

    def scaled(self, layer, x):
        """A layer between a member's own factors, where kernels are shared."""
        if self.share == "trunk":
            return layer(x)
        return Factors()(layer(Factors()(x)))

    def image_losses(self, pixels, training=False):
        rows = ops.reshape(ops.cast(pixels, "int32"), (-1, *self.rows_shape))
        logits = ops.cast(self.network(rows, training=training), "float32")
        wanted = ops.broadcast_to(rows[..., None], (*ops.shape(logits)[:-1], 1))
        losses = keras.losses.sparse_categorical_crossentropy(wanted, logits, from_logits=True)
        return ops.sum(ops.mean(losses, axis=-1), axis=(1, 2))

    def member_probabilities(self, pixels):
        """Every member's next-pixel distributions: (N, H, W, C) -> (M, N, H, W, C, levels)."""
        self.check_trained()
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        rows = pixels.reshape(-1, *self.rows_shape).astype(np.int32)
        found = softmax(answers(self.network, rows), axis=-1)
        return np.moveaxis(found, -2, 0).reshape(self.networks, *pixels.shape, self.levels)

    def pixel_probabilities(self, pixels):
        return self.member_probabilities(pixels).mean(axis=0)

    def reader(self, count):
        return PixelReader(self, count)


class Factors(layers.Layer):
    """One factor for each feature, near 1 at the start: (N, H, W, F) -> the same shape."""

    def build(self, shape):
        start = keras.initializers.RandomNormal(1.0, 0.2)
        self.factors = self.add_weight(shape=shape[-1:], initializer=start, name="factors")

    def call(self, x):
        return x * ops.cast(self.factors, x.dtype)


class DroppedOut(PixelGenerator):
    """A network trained with dropout, asked ``samples`` times with dropout on: the mean of its answers.

    Each answer leaves other features out, so one network is many, at the price of many passes.

    member: a PixelCNN or PixelRNN without classes, with dropout. samples: how often it is asked.

    Source: Gal and Ghahramani 2016, arXiv 1506.02142. Lesson 14.
    """

    def __init__(self, member, samples=8):
        self.member, = check_members([member], "network")
        self.samples = check_whole(samples, "samples")
        self.image_shape, self.levels = member.image_shape, member.levels

    def pixel_probabilities(self, pixels):
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        rows = pixels.reshape(-1, *self.member.rows_shape).astype(np.int32)
        total = 0
        for _ in range(self.samples):
            logits = ops.convert_to_numpy(self.member.network(rows, training=True))
            total = total + softmax(logits, axis=-1) / self.samples
        return total.reshape(*pixels.shape, self.levels)
