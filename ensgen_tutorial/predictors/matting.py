"""Cutting out the foreground: classical methods of pymatting, and networks that see the trimap."""

import importlib

import keras
import numpy as np
from keras import layers, ops
from scipy.ndimage import distance_transform_edt, gaussian_filter

from .base import Predictor
from .translation import Translator

CLASSICAL = {"closed form": "estimate_alpha_cf", "learning based": "estimate_alpha_lbdm",
             "KNN": "estimate_alpha_knn", "shared": "estimate_alpha_sm",
             "random walk": "estimate_alpha_rw", "large kernel": "estimate_alpha_lkm"}
SEEN = 18                       # channels: picture, trimap, and guesses from known colours
ADVICE = "run 'pip install pymatting' (or install this course with its extra 'matting')"


class ClassicalMatting(Predictor):
    """α by one of pymatting's methods. Learns nothing.

    An input is a picture and its trimap, (N, H, W, 4), the trimap 0 outside, 1 inside, ½ elsewhere.
    method: ``"closed form"`` (Levin et al. 2008), ``"learning based"`` (Zheng and Kambhamettu 2009),
    ``"KNN"`` (Chen et al. 2013), ``"shared"`` (Gastal and Oliveira 2010), ``"random walk"`` (Grady
    et al. 2005) or ``"large kernel"`` (He et al. 2010). Raises ImportError where pymatting is
    missing. Lesson 18.
    """

    channels = 4

    def __init__(self, method="closed form"):
        if method not in CLASSICAL:
            raise ValueError(f"method must be one of {', '.join(CLASSICAL)}, not {method!r}.")
        try:
            self.estimate = getattr(importlib.import_module("pymatting"), CLASSICAL[method])
        except ModuleNotFoundError as error:
            raise ImportError(f"classical matting needs {error.name}: {ADVICE}.",
                              name=error.name) from error
        self.method = method

    def answer(self, inputs):
        return np.stack([self.matte(given) for given in inputs.astype(float)])[..., None]

    def matte(self, given):
        trimap = given[..., 3]
        if not ((trimap == 0).any() and (trimap == 1).any()):
            raise ValueError("a trimap must mark some foreground with 1 and some background with 0, "
                             f"and this one has only {np.unique(trimap)}.")
        return np.clip(self.estimate(given[..., :3], trimap), 0, 1)


class MattingNetwork(Translator):
    """A network from a picture and its trimap (N, H, W, 4) to α (N, H, W, 1).

    It sees, besides, what the known foreground and background look like near each pixel
    (``with_colours``). It learns the squared error where the trimap leaves α open; elsewhere it repeats
    the trimap. kind: ``"u"``, a U of three sizes, or ``"wide"``, convolutions at full size that look
    further and further apart (dilated). Other arguments as for Translator. Lesson 18.
    """

    def __init__(self, image_shape, filters=(24, 48, 64), seed=0, kind="u"):
        if kind not in ("u", "wide"):
            raise ValueError(f"kind must be 'u' or 'wide', not {kind!r}.")
        self.kind = kind
        super().__init__(image_shape, SEEN, filters, seed)
        self.channels = 4                       # of an input; the network sees more

    def build_networks(self):
        if self.kind == "u":
            super().build_networks()
            return
        inputs = keras.Input((None, None, SEEN))
        x = layers.Conv2D(self.filters[0], 3, padding="same", activation="relu")(inputs)
        for apart in (1, 2, 4, 8, 4, 2, 1):
            y = layers.Conv2D(self.filters[0], 3, padding="same", activation="relu",
                              dilation_rate=apart)(x)
            x = layers.Add()([x, layers.Conv2D(self.filters[0], 3, padding="same")(y)])
        self.network = keras.Model(inputs, layers.Conv2D(1, 3, padding="same", dtype="float32")(x))

    def prepare(self, inputs):
        """What ``train_generator`` hands to the losses instead of the inputs."""
        return with_colours(inputs)

    def input_losses(self, inputs, targets, training=False):
        open_ = ops.cast(ops.abs(inputs[..., 3:4] - 0.5) < 0.25, "float32")
        error = ops.square(targets - self.network(inputs, training=training))
        return ops.sum(error * open_, axis=(1, 2, 3)) / (ops.sum(open_, axis=(1, 2, 3)) + 1)

    def answer(self, inputs):
        trimap = inputs[..., 3:]
        return np.where(abs(trimap - 0.5) < 0.25, super().answer(with_colours(inputs)), trimap)


def with_colours(inputs):
    """Pictures and trimaps (N, H, W, 4) and, behind them, guesses from known colours: (N, H, W, 18).

    The colours of the nearest pixel that is surely foreground and of the nearest that is surely
    background; the same colours averaged around; and from each pair F, B the α that explains the
    pixel best, (I − B)·(F − B) / ‖F − B‖².
    """
    return np.stack([guessed(given) for given in np.asarray(inputs, np.float32)])


def guessed(given):
    picture, trimap = given[..., :3], given[..., 3]
    width, found = len(picture) / 10, [given]
    pairs = {"nearest": [], "around": []}
    for mask in (trimap > 0.75, trimap < 0.25):
        if not mask.any():
            mask = np.ones_like(mask)
        places = distance_transform_edt(~mask, return_distances=False, return_indices=True)
        pairs["nearest"].append(picture[tuple(places)])
        weight = gaussian_filter(mask.astype(np.float32), width) + 1e-4
        pairs["around"].append(np.stack([
            (gaussian_filter(picture[..., c] * mask, width) + 1e-4 * pairs["nearest"][-1][..., c]) / weight
            for c in range(3)], axis=-1))
    for front, back in pairs.values():
        apart = front - back
        alpha = ((picture - back) * apart).sum(axis=-1) / ((apart**2).sum(axis=-1) + 1e-3)
        found += [front, back, np.clip(alpha, 0, 1)[..., None]]
    return np.concatenate(found, axis=-1).astype(np.float32)
