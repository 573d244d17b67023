"""What a picture shows, as numbers: a small classifier whose last layer but one are the features.

Distances between sets of pictures (metrics.py) are distances between their features, and are named
after the classifier: "Fréchet distance (digits classifier)" is not the FID of Inception.
"""

import time
from contextlib import contextmanager

import keras
import numpy as np
from keras import layers, ops

from ..checks import check_image_shape
from ..data.pixels import check_levels, check_pixels, to_signed
from ..generators.keras_model import answers, assign, numbered, seeded, shapes_of

WIDTH = 32                  # numbers per picture


@keras.saving.register_keras_serializable(__name__)
class FeatureClassifier(keras.Model):
    """A convolutional classifier: pixels (N, H, W, C) whole numbers -> logits (N, classes).

    image_shape: (H, W, C). levels: values a pixel can take. classes: how many. filters: of the
    first layer, doubled at each halving of the image. warp: how far training images are moved,
    zoomed and sheared at random, as a share of their size, and turned by a third of it, as a share
    of a full turn. flip: whether they are mirrored, too. seed: of everything random.
    """

    def __init__(self, image_shape, levels, classes=10, filters=32, warp=0.1, flip=False, seed=0):
        super().__init__()
        self.image_shape = check_image_shape(image_shape)
        levels = check_levels(levels)
        self.levels, self.classes, self.filters, self.seed = levels, classes, filters, seed
        self.warp, self.flip = warp, flip
        with seeded(seed), in_float32():
            self.warper = self.build_warper(warp, flip)
            self.trunk = self.build_trunk(filters)
            self.head = layers.Dense(classes, dtype="float32")
            self.head.build((None, WIDTH))
            self.size = self.add_weight(shape=(), initializer="ones", trainable=False)
        self.built = True

    def get_config(self):
        names = ("image_shape", "levels", "classes", "filters", "warp", "flip", "seed")
        return {name: getattr(self, name) for name in names}

    def learnt(self):
        return numbered(self.weights)

    def restore(self, arrays):
        assign(self.weights, arrays)

    def learnt_shapes(self):
        return shapes_of(self.weights)

    def build_warper(self, warp, flip):
        constant = {"fill_mode": "constant", "fill_value": 0.0}
        warps = [layers.RandomRotation(warp / 3, **constant),
                 layers.RandomTranslation(warp, warp, **constant),
                 layers.RandomZoom(warp, **constant), layers.RandomShear(warp, warp, **constant)]
        return keras.Sequential(warps + [layers.RandomFlip("horizontal")] * flip)

    def build_trunk(self, filters):
        images = keras.Input(self.image_shape)
        x = layers.Conv2D(filters, 3, padding="same", activation="silu")(images)
        while min(x.shape[1:3]) > 4:
            filters = min(2 * filters, 64)
            x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="silu")(x)
        x = layers.Dropout(0.3)(layers.Flatten()(x))
        x = layers.Dense(WIDTH, activation="silu", dtype="float32")(x)
        return keras.Model(images, x)

    def call(self, pixels, training=False):
        pixels = ops.cast(pixels, "float32")
        if training:
            pixels = self.warper(pixels, training=True)
        return self.head(self.trunk(to_signed(pixels, self.levels), training=training))

    def features(self, pixels):
        """The last layer but one, of mean square 1 over the training images, so that distances
        have a size one can read: (N, H, W, C) whole numbers -> float64 (N, 32)."""
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        signed = to_signed(pixels.astype(np.float32), self.levels)
        features = answers(self.trunk, signed, batch_size=512).astype(np.float64)
        return features / float(self.size)

    def labels(self, pixels):
        """The most probable class of each picture: (N,) whole numbers."""
        head, bias = map(ops.convert_to_numpy, self.head.weights)
        return (self.features(pixels) * float(self.size) @ head + bias).argmax(axis=1)

    def accuracy(self, pixels, labels):
        """The share of pictures whose class is right."""
        return float((self.labels(pixels) == labels).mean())


@contextmanager
def in_float32():
    """Build layers in float32 whatever the precision is: distances must not depend on it."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def train_classifier(classifier, images, epochs, batch_size=64, learning_rate=2e-3, seed=0):
    """Minimise the cross-entropy over ``images``' train and validation split; in place.

    The test split stays unseen. The rate falls to 0 along a cosine. Returns a dict: ``seconds``.
    """
    started = time.monotonic()
    pixels = np.concatenate([images.train, images.validation])
    labels = np.concatenate([images.train_labels, images.validation_labels])
    steps = epochs * -(-len(pixels) // batch_size)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    classifier.compile(optimizer=keras.optimizers.Adam(rate),
                       loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    random = np.random.default_rng(seed)
    for epoch in range(epochs):
        order = random.permutation(len(pixels))
        classifier.fit(pixels[order], labels[order], initial_epoch=epoch, epochs=epoch + 1,
                       batch_size=batch_size, shuffle=False, verbose=0)
    classifier.size.assign(np.sqrt((classifier.features(pixels) ** 2).mean()))
    return {"seconds": time.monotonic() - started}
