"""What a picture shows, as numbers: a small classifier whose last layer but one are the features.

Distances between sets of pictures (metrics.py) are distances between their features, and are named
after the classifier: "Fréchet distance (digits classifier)" is not the FID of Inception.
"""

import keras
import numpy as np
from keras import layers, ops

from .generators.base import check_image_shape, seeded
from .images import check_levels, check_pixels

WIDTH = 32                  # numbers a picture


class FeatureClassifier(keras.Model):
    """A convolutional classifier: pixels (N, H, W, C) whole numbers -> logits (N, classes).

    image_shape: (H, W, C). levels: values a pixel can take. classes: how many. filters: of the
    first layer, doubled at each halving of the image. seed: of initial parameters and dropout.
    """

    def __init__(self, image_shape, levels, classes=10, filters=24, seed=0):
        super().__init__()
        self.image_shape = check_image_shape(image_shape)
        check_levels(levels)
        self.levels, self.classes, self.filters, self.seed = levels, classes, filters, seed
        with seeded(seed):
            images = keras.Input(self.image_shape)
            x = layers.Conv2D(filters, 3, padding="same", activation="silu")(images)
            while min(x.shape[1:3]) > 4:
                filters = min(2 * filters, 64)
                x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="silu")(x)
            x = layers.Dropout(0.3)(layers.Flatten()(x))
            x = layers.Dense(WIDTH, activation="silu", dtype="float32")(x)
            self.trunk = keras.Model(images, x)
            self.head = layers.Dense(classes, dtype="float32")
            self.head.build((None, WIDTH))
        self.built = True

    def call(self, pixels, training=False):
        images = ops.cast(pixels, "float32") * (2 / (self.levels - 1)) - 1
        return self.head(self.trunk(images, training=training))

    def features(self, pixels):
        """The last layer but one: (N, H, W, C) whole numbers -> float64 (N, 32)."""
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        images = (pixels * np.float32(2 / (self.levels - 1)) - 1).astype(np.float32)
        return self.trunk.predict(images, batch_size=512, verbose=0).astype(np.float64)

    def labels(self, pixels):
        """The most probable class of each picture: (N,) whole numbers."""
        head, bias = map(ops.convert_to_numpy, self.head.weights)
        return (self.features(pixels) @ head + bias).argmax(axis=1)

    def accuracy(self, pixels, labels):
        """The share of pictures whose class is right."""
        return float((self.labels(pixels) == labels).mean())


def train_classifier(classifier, images, epochs, batch_size=64, learning_rate=3e-3, seed=0):
    """Minimise the cross-entropy of ``images.train_labels``, with shifted copies; in place.

    Each image is moved by up to one pixel at random; the rate falls to 0 along a cosine.
    """
    steps = epochs * -(-len(images.train) // batch_size)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    classifier.compile(optimizer=keras.optimizers.Adam(rate),
                       loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    random = np.random.default_rng(seed)
    padded = np.pad(images.train, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width, _ = images.image_shape
    for epoch in range(epochs):
        down, right = random.integers(0, 3, (2, len(padded)))
        rows = down[:, None, None] + np.arange(height)[:, None]
        columns = right[:, None, None] + np.arange(width)
        moved = padded[np.arange(len(padded))[:, None, None], rows, columns]
        order = random.permutation(len(moved))
        classifier.fit(moved[order], images.train_labels[order], initial_epoch=epoch,
                       epochs=epoch + 1, batch_size=batch_size, shuffle=False, verbose=0)
