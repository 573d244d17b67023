"""Lesson 08: what a fade saves, by trainings that go on from one moment of growth; several seeds.

    python benchmarks/fading.py                         about half a minute per seed on two idle cores

Per seed one network learns 4×4 digits. From its parameters three others go on at 8×8, each with a
fresh optimiser and the same seeds: all faded, as the package does it; the new layers switched on at
once; and the real images not faded. Distances: 500 drawings of the same z against all test images,
after every second epoch. Writes fading.json beside this file.
"""

from machine import machine, write                      # first: it keeps TensorFlow quiet

import keras
import numpy as np
from keras import ops

import ensgen_tutorial as eg

SEEDS, EPOCHS, DRAWN = 8, 28, 500                       # the first half of the epochs at 4×4


class Sudden(eg.ProgressiveGAN):
    """New layers get their full weight in the first step."""

    def image_losses(self, pixels, training=False):
        self.alpha.assign(1.0)
        return super().image_losses(pixels, training=training)


class Unfaded(eg.ProgressiveGAN):
    """Real images keep all their detail while the painted ones fade; for two sizes."""

    def shrunk(self, pixels):
        return ops.cast(pixels, "float32") if self.stage else super().shrunk(pixels)


class Watch(keras.callbacks.Callback):
    """Keeps the parameters of the moment of growth, and distances after it."""

    def __init__(self, distance):
        super().__init__()
        self.distance, self.distances, self.moment = distance, [], None

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == EPOCHS // 2:
            self.moment = self.model.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        if epoch > EPOCHS // 2 and epoch % 2:
            self.distances.append(self.distance(self.model))


def trained(kind, images, seed, distance, moment=None):
    """The Watch over one training, from the first epoch or from the moment of growth on."""
    keras.utils.set_random_seed(seed)                   # the order of the images
    network, watch = kind(images.image_shape, images.levels, latents=16, filters=32, seed=1 + seed), Watch(distance)
    network.trained = True                              # it is drawn from on the way
    network.compile(optimizer=network.make_optimizer(4e-3))
    if moment is not None:
        network.set_weights(moment)
    network.fit(images.train, batch_size=50, epochs=EPOCHS, verbose=0, callbacks=[watch],
                initial_epoch=0 if moment is None else EPOCHS // 2)
    return watch


def study():
    """A dict: "faded", "sudden" and "unfaded", each with distances (seeds, points)."""
    images, classifier = eg.load_images("digits"), eg.load_classifier("digits")
    real, z = classifier.features(images.test), np.random.default_rng(3).standard_normal((DRAWN, 16))

    def distance(network):
        return eg.frechet_distance(real, classifier.features(images.to_pixels(network.decode(z))))

    found = {"faded": [], "sudden": [], "unfaded": []}
    for seed in range(SEEDS):
        moment = trained(eg.ProgressiveGAN, images, seed, distance).moment
        for name, kind in zip(found, (eg.ProgressiveGAN, Sudden, Unfaded)):
            found[name].append(trained(kind, images, seed, distance, moment).distances)
            print(seed, name, np.round(found[name][-1], 1), flush=True)
    return found


if __name__ == "__main__":
    write("fading", {"machine": machine(), "command": "python benchmarks/fading.py",
                     "epochs": [*range(2, EPOCHS // 2 + 1, 2)], "frechet": study()})
