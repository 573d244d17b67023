"""Lesson 05: what memory is worth, by networks that learn with less of it; several seeds each.

    python benchmarks/memory.py                         about 3 minutes per seed on two idle cores

One network, the box's PixelRNN with its recipe; only how many pixels its state may live differs,
in training and in scoring. Writes memory.json beside this file after each training; trainings that
it holds are not repeated.
"""

import argparse
import json
from pathlib import Path

from machine import machine                             # first: it keeps TensorFlow quiet
import keras
from keras import layers, ops

import ensgen_tutorial as eg
from ensgen_tutorial.zoo.recipes import BOX

FILE = Path(__file__).with_name("memory.json")
LIVES = (1, 2, 4, 8, 16, 32, 64)                        # pixels; 64 is the whole picture
TRAINING = BOX["digits/pixel_rnn"].training


class Forgetful(eg.PixelRNN):
    """A PixelRNN whose state begins at 0 again every ``life`` pixels."""

    def __init__(self, image_shape, levels, life, seed=0):
        self.life = life
        super().__init__(image_shape, levels, seed=seed)

    def build_network(self):
        """The same layers; the GRU gets the pixels in pieces, each as a sequence of its own."""
        whole = super().build_network()
        place, gru = next((i, layer) for i, layer in enumerate(whole.layers)
                          if isinstance(layer, layers.GRU))
        features = gru.input
        pieces = gru(ops.reshape(features, (-1, self.life, self.units)))
        x = [ops.reshape(pieces, (-1, *features.shape[1:])), features]
        for layer in whole.layers[place + 1:]:
            x = layer(x)
        return keras.Model(whole.input, x)


def trained(images, life, seed):
    network = Forgetful(images.image_shape, images.levels, life, seed=seed)
    record = eg.train_generator(network, images, seed=seed, progress="quiet",
                                name=f"state lives {life} pixels, seed {seed}", **TRAINING)
    return {"test": -float(network.log_likelihood(images.test).mean()),
            "validation": record["validation"]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    images = eg.load_images("digits")
    results = json.loads(FILE.read_text()) if FILE.exists() else {
        "machine": machine(), "command": "python benchmarks/memory.py", "training": TRAINING,
        "lives": {str(life): {} for life in LIVES}}
    for seed in range(parser.parse_args().seeds):
        for life in LIVES:
            if str(seed) not in results["lives"][str(life)]:
                results["lives"][str(life)][str(seed)] = trained(images, life, seed)
                FILE.write_text(json.dumps(results, indent=1) + "\n")
