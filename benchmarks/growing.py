"""Does growing pay? The same GAN, grown and whole from the start, at two sizes; lesson 08 reads it.

    python benchmarks/growing.py

Pairs of one network, of one seed, with as many epochs: one grows, the other trains all layers from
the first step. On digits the whole network is also trained for as many epochs as the grown one has at
full size (once more with the grown one's learning rates there), and for about as much work.
Distances: 10,000 drawings in three drawing seeds against all test images. Writes growing.json beside
this file; what it already holds is not trained again. Trained networks are kept in the store.
"""

import json
import time
import warnings
from pathlib import Path

import numpy as np
from machine import machine                             # before Keras: it keeps TensorFlow quiet

import keras

import ensgen_tutorial as eg

SIZES = {                   # data set: seeds, the network's arguments, its training
    "digits": (5, {"filters": 48}, {"epochs": 150, "learning_rate": 4e-3}),
    "fashion_mnist": (3, {"latents": 64, "filters": 64, "smallest": 7, "gain": 1.6, "flatness": 5.0,
                           "memory": 500},
                      {"epochs": 6, "learning_rate": 1e-3, "precision": "bfloat16"}),
}
# Whole networks with fewer epochs. A grown one has 75 at 4×4 and 75 at 8×8. An epoch at 4×4 costs 0.44 to
# 0.50 of one at 8×8 (two runs of cost_of_small_epochs), so 108 to 112 whole epochs are as much work.
SHORTER = {"digits": {"whole_full_size": 75, "whole_same_rates": 75, "whole_equal_cost": 108}, "fashion_mnist": {}}
DRAWN, DRAWING_SEEDS, TIMED = 10_000, 3, 30


class Whole(eg.ProgressiveGAN):
    """The same network, trained at its full size from the first step."""

    def fit(self, *arguments, **options):
        with warnings.catch_warnings():             # the layers for small pictures are not used
            warnings.filterwarnings("ignore", "Gradients do not exist")
            return eg.GAN.fit(self, *arguments, **options)


class SecondHalf(keras.optimizers.schedules.LearningRateSchedule):
    """The second half of a cosine, spread over all of its steps."""

    def __init__(self, cosine):
        self.cosine = cosine

    def __call__(self, step):
        return self.cosine((step + self.cosine.decay_steps) / 2)

    def get_config(self):
        return {"cosine": self.cosine}


class WholeSameRates(Whole):
    """Whole, with the learning rates that a grown network of two sizes has at its second one."""

    def make_optimizer(self, learning_rate):
        return super().make_optimizer(SecondHalf(learning_rate))


KINDS = {"grown": eg.ProgressiveGAN, "whole_same_rates": WholeSameRates}     # the others: Whole


def load(data):
    return eg.load_images(data) if data == "digits" else eg.load_images(data).with_levels(16)


def trained(images, data, kind, seed, report, epochs):
    """One trained network: (generator, seconds)."""
    _, arguments, options = SIZES[data]
    generator = kind(images.image_shape, images.levels, seed=seed, **arguments)
    record = eg.train_generator(generator, images, seed=seed, progress="quiet", report=report,
                                name=f"{data} {kind.__name__} {seed}", **options | {"epochs": epochs})
    return generator, record["seconds"]


def study(data, report, kept):
    """A dict: "grown", "whole" and shorter trainings, each with distances (seeds, drawing seeds)."""
    epochs, found = SIZES[data][2]["epochs"], dict(kept)
    wanted = {"grown": epochs, "whole": epochs, **SHORTER[data]}
    if wanted.keys() <= kept.keys():
        return found
    classifier, images = eg.load_classifier(data), load(data)
    real = classifier.features(images.test)
    for name, epochs in wanted.items():
        if name in kept:
            continue
        kind, distances, seconds = KINDS.get(name, Whole), [], []
        for seed in range(SIZES[data][0]):
            generator, spent = trained(images, data, kind, seed, report, epochs)
            distances.append([eg.frechet_distance(real, classifier.features(images.to_pixels(
                generator.generate(DRAWN, seed=100 * seed + k)))) for k in range(DRAWING_SEEDS)])
            seconds.append(spent)
            report(f"  {data} {name} {seed}: Fréchet {np.round(distances[-1], 3)}")
        found[name] = {"epochs": epochs, "frechet": distances, "seconds": seconds}
        found["parameters"] = generator.count_params()
    if SHORTER[data] and "cost_of_small_epochs" not in kept:
        found["cost_of_small_epochs"] = cost_of_small_epochs(images, SIZES[data][1])
    return found | {"training": SIZES[data][2]}


def cost_of_small_epochs(images, arguments):
    """Processor time of an epoch at the smallest size, in epochs at full size: medians of epochs in turn."""
    networks, times = [], []
    for stage in (0, -1):
        network = eg.ProgressiveGAN(images.image_shape, images.levels, **arguments)
        network.stage = range(len(network.sizes))[stage]
        network.compile(optimizer=network.make_optimizer(4e-3))
        networks.append(network)
    for _ in range(1 + TIMED):                          # the first epoch builds Keras's functions
        times.append([])
        for network in networks:
            started = time.process_time()
            eg.GAN.fit(network, images.train, batch_size=64, epochs=1, verbose=0)
            times[-1].append(time.process_time() - started)
    small, large = np.median(times[1:], axis=0)
    return small / large


if __name__ == "__main__":
    def report(line):
        print(time.strftime("%H:%M:%S"), line, flush=True)

    file = Path(__file__).with_name("growing.json")
    kept = json.loads(file.read_text()) if file.exists() else {}
    results = {"machine": machine(), "command": "python benchmarks/growing.py"}
    results |= {data: study(data, report, kept.get(data, {})) for data in SIZES}
    file.write_text(json.dumps(results, indent=1) + "\n")
