"""Larger pictures from small ones: bicubic, ridge regression on patches, three kinds of networks."""

import keras
import numpy as np
from keras import layers, ops
from sklearn.cluster import MiniBatchKMeans
from sklearn.linear_model import Ridge

from ..checks import check_whole
from ..data.photographs import resized
from ..generators.base import Learner
from ..generators.keras_model import seeded
from .base import KerasPredictor, Predictor


class Bicubic(Predictor):
    """The classical answer: cubic interpolation (Keys 1981), as Pillow does it. Learns nothing."""

    reach = 3

    def __init__(self, scale=2):
        self.scale = check_whole(scale, "scale", 2)

    def answer(self, inputs):
        return np.stack([resized(picture, self.scale) for picture in inputs])


class PatchRidge(Predictor, Learner):
    """Ridge regression on patches: what bicubic lacks, as a linear function of the pixels around.

    Patches are sorted by their shape into clusters, and each cluster has a regression of its own.
    It learns in one go.

    scale: how many times larger. radius: a patch reaches so many pixels to each side. clusters:
    how many. penalty: of the regression. seed: of the clusters.

    Source: Timofte, De Smet and Van Gool 2014, "A+", ACCV (a ridge regression for each anchor).
    Lesson 16.
    """

    def __init__(self, scale=2, radius=3, clusters=48, penalty=0.1, seed=0):
        self.scale, self.radius = check_whole(scale, "scale", 2), check_whole(radius, "radius")
        self.clusters, self.penalty, self.seed = check_whole(clusters, "clusters"), penalty, seed
        self.reach = radius + 3
        self.image_shape = None

    def learn(self, images):
        inputs, targets = images.train
        lacking = targets - np.stack([resized(picture, self.scale) for picture in inputs])
        # Patches at the border of a cut-out would show what is not there.
        inner = slice(self.radius, -self.radius)
        patches = self.patches(inputs)[:, inner, inner]
        blocks = blocks_of(lacking, self.scale)[:, inner, inner]
        patches, blocks = (each.reshape(-1, each.shape[-1]) for each in (patches, blocks))
        sorter = MiniBatchKMeans(self.clusters, random_state=self.seed, n_init=3, batch_size=4096)
        kinds = sorter.fit_predict(shapes_of_patches(patches))
        self.centres = sorter.cluster_centers_.astype(np.float32)
        self.maps = np.zeros((self.clusters, patches.shape[-1], self.scale**2), np.float32)
        for kind in range(self.clusters):
            some = kinds == kind
            if some.any():
                fitted = Ridge(self.penalty, fit_intercept=False).fit(patches[some], blocks[some])
                self.maps[kind] = fitted.coef_.T
        self.trained = True

    def patches(self, inputs):
        """Differences of each pixel's neighbours to it: (N, H, W, 1) -> (N, H, W, patch)."""
        r = self.radius
        padded = np.pad(inputs[..., 0], ((0, 0), (r, r), (r, r)), mode="edge")
        around = np.lib.stride_tricks.sliding_window_view(padded, (2 * r + 1,) * 2, axis=(1, 2))
        return around.reshape(*inputs.shape[:3], -1) - inputs

    def answer(self, inputs):
        self.check_trained()
        patches = self.patches(inputs)
        flat = patches.reshape(-1, patches.shape[-1])
        # The nearest centre has the largest product less half its square.
        nearness = shapes_of_patches(flat) @ self.centres.T - (self.centres**2).sum(axis=1) / 2
        kinds = nearness.argmax(axis=1)
        lacking = np.empty((len(flat), self.scale**2), np.float32)
        for kind in range(self.clusters):
            some = kinds == kind
            lacking[some] = flat[some] @ self.maps[kind]
        lacking = lacking.reshape(*inputs.shape[:3], -1)
        return np.stack([resized(each, self.scale) for each in inputs]) + whole_of(lacking, self.scale)

    def count_params(self):
        return sum(int(np.prod(shape)) for shape in self.learnt_shapes().values())

    def learnt(self):
        return {"centres": self.centres, "maps": self.maps}

    def restore(self, arrays):
        self.centres, self.maps = arrays["centres"], arrays["maps"]
        self.trained = True

    def learnt_shapes(self):
        patch = (2 * self.radius + 1) ** 2
        return {"centres": (self.clusters, patch), "maps": (self.clusters, patch, self.scale**2)}


class SuperResolution(KerasPredictor):
    """A network that works on the small picture to its last layer, and adds to it what it lacks.

    scale: how many times larger. kind: ``"plain"``, convolutions one after the other;
    ``"residual"``, pairs of them around which their input also flows; ``"dense"``, each sees all
    before it. filters: features of a layer. depth: convolutions of 3×3 before the last one. seed:
    of everything. memory: over how many of the last steps the weights are averaged.

    Source: Shi et al. 2016, arXiv 1609.05158 (sub-pixel convolution); Lim et al. 2017, arXiv
    1707.02921 (residual blocks without normalisation); Huang et al. 2017, arXiv 1608.06993 (dense).
    Lesson 16.
    """

    keep_best = False

    def __init__(self, scale=2, kind="plain", filters=32, depth=5, seed=0, memory=500):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}.")
        self.scale, self.kind = check_whole(scale, "scale", 2), kind
        self.filters, self.depth = check_whole(filters, "filters"), check_whole(depth, "depth")
        self.seed, self.memory = seed, check_whole(memory, "memory")
        self.reach = self.depth + 3
        with seeded(seed):
            self.network = self.build_network()
        self.built = True

    def build_network(self):
        small = keras.Input((None, None, 1))
        x = KINDS[self.kind](small, self.filters, self.depth)
        # What is added to the small picture: something linear at once, and what the layers find.
        linear, found = (layers.Conv2D(self.scale**2, size, padding="same",
                                       kernel_initializer="zeros", dtype="float32")(each)
                         for size, each in ((5, small), (3, x)))
        blocks = layers.Add(dtype="float32")([small, linear, found])
        return keras.Model(small, Interleaved(self.scale)(blocks))

    def make_optimizer(self, learning_rate):
        return keras.optimizers.Adam(learning_rate, use_ema=True, ema_momentum=1 - 1 / self.memory)


def convolution(x, filters, activation="relu", **options):
    return layers.Conv2D(filters, 3, padding="same", activation=activation, **options)(x)


def plain(x, filters, depth):
    for _ in range(depth):
        x = convolution(x, filters)
    return x


def residual(x, filters, depth):
    x = first = convolution(x, filters, activation=None)
    for _ in range((depth - 1) // 2):
        x = layers.Add()([x, convolution(convolution(x, filters), filters, activation=None)])
    return layers.Add()([x, first])


def dense(x, filters, depth):
    for _ in range(depth):
        x = layers.Concatenate()([x, convolution(x, filters)])
    return x


KINDS = {"plain": plain, "residual": residual, "dense": dense}


@keras.saving.register_keras_serializable("ensgen_tutorial")
class Interleaved(layers.Layer):
    """Each pixel's scale² features become a block of scale × scale pixels of one feature."""

    def __init__(self, scale, **options):
        super().__init__(**options, dtype="float32")
        self.scale = scale

    def call(self, features):
        shape, s = ops.shape(features), self.scale
        blocks = ops.reshape(features, (shape[0], shape[1], shape[2], s, s))
        return ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4)), (shape[0], s * shape[1], s * shape[2], 1))

    def compute_output_shape(self, shape):
        larger = (None if n is None else self.scale * n for n in shape[1:3])
        return shape[0], *larger, 1


def shapes_of_patches(patches):
    """Patches (n, D) without their contrast: of length 1, but for almost flat ones."""
    return patches / (np.linalg.norm(patches, axis=1, keepdims=True) + 0.05)


def blocks_of(pictures, scale):
    """(N, s·H, s·W, 1) -> (N, H, W, s²): the pixels that each small pixel stands for."""
    count, height, width, _ = pictures.shape
    blocks = pictures.reshape(count, height // scale, scale, width // scale, scale)
    return blocks.transpose(0, 1, 3, 2, 4).reshape(count, height // scale, width // scale, -1)


def whole_of(blocks, scale):
    """What ``blocks_of`` took apart, put together again."""
    count, height, width, _ = blocks.shape
    blocks = blocks.reshape(count, height, width, scale, scale).transpose(0, 1, 3, 2, 4)
    return blocks.reshape(count, scale * height, scale * width, 1)
