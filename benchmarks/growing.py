"""Does growing pay? The same GAN, grown and whole from the start, at two sizes; lesson 08 reads it.

    python benchmarks/growing.py

Pairs of one network, of one seed, with as many epochs: one grows, the other trains all layers from
the first step. Distances: 10,000 drawings in three drawing seeds against all test images. Writes
growing.json beside this file; trained networks are kept in the store.
"""

import json
import time
import warnings
from pathlib import Path

import numpy as np
from machine import machine

import ensgen_tutorial as eg

SIZES = {                   # data set: seeds, the network's arguments, its training
    "digits": (5, {"filters": 48}, {"epochs": 150, "learning_rate": 4e-3}),
    "fashion_mnist": (3, {"latents": 64, "filters": 64, "smallest": 7, "gain": 1.6, "flatness": 5.0,
                           "memory": 500},
                      {"epochs": 6, "learning_rate": 1e-3, "precision": "bfloat16"}),
}
DRAWN, DRAWING_SEEDS = 10_000, 3


class Whole(eg.ProgressiveGAN):
    """The same network, trained at its full size from the first step."""

    def fit(self, *arguments, **options):
        with warnings.catch_warnings():             # the layers for small pictures are not used
            warnings.filterwarnings("ignore", "Gradients do not exist")
            return eg.GAN.fit(self, *arguments, **options)


def trained(data, kind, seed, report):
    """One trained network: (generator, seconds)."""
    images = eg.load_images(data) if data == "digits" else eg.load_images(data).with_levels(16)
    _, arguments, options = SIZES[data]
    generator = kind(images.image_shape, images.levels, seed=seed, **arguments)
    record = eg.train_generator(generator, images, seed=seed, progress="quiet", report=report,
                                name=f"{data} {kind.__name__} {seed}", **options)
    return images, generator, record["seconds"]


def study(data, report):
    """A dict: "grown" and "whole", each with distances (seeds, drawing seeds) and seconds."""
    classifier, found = eg.load_classifier(data), {}
    for name, kind in (("grown", eg.ProgressiveGAN), ("whole", Whole)):
        distances, seconds = [], []
        for seed in range(SIZES[data][0]):
            images, generator, spent = trained(data, kind, seed, report)
            real = classifier.features(images.test)
            distances.append([eg.frechet_distance(real, classifier.features(images.to_pixels(
                generator.generate(DRAWN, seed=100 * seed + k)))) for k in range(DRAWING_SEEDS)])
            seconds.append(spent)
            report(f"  {data} {name} {seed}: Fréchet {np.round(distances[-1], 3)}")
        found[name] = {"frechet": distances, "seconds": seconds}
    return found | {"parameters": generator.count_params(), "training": SIZES[data][2]}


if __name__ == "__main__":
    def report(line):
        print(time.strftime("%H:%M:%S"), line, flush=True)

    results = {"machine": machine(), "command": "python benchmarks/growing.py"}
    results |= {data: study(data, report) for data in SIZES}
    Path(__file__).with_name("growing.json").write_text(json.dumps(results, indent=1) + "\n")
