"""What does an ensemble cost, and what can be had at one network's price? Lesson 14 reads the result.

    python benchmarks/efficient_ensembles.py

Digits, three training seeds. Each method with its test nats per image, its seconds of training, its
seconds for 64 drawings and its parameters, all on the same machine in one run (a training that comes
from the store counts with the seconds that it took). Nothing is chosen on test images. Writes
efficient_ensembles.json beside this file.
"""

import json
import time
from pathlib import Path

import keras
import numpy as np
from machine import machine                             # first: it keeps TensorFlow quiet
from members import digit_members, train

import ensgen_tutorial as eg

SEEDS, MEMBERS = 3, 4
TRAINING = {"epochs": 36, "learning_rate": 5e-3}
LATE = (21, 26, 31, 36)                                 # epochs of the snapshots
DRAWN, SHIFTED = 20_000, 4_000                          # pictures that a student learns from
STUDENT = {"epochs": 24, "learning_rate": 5e-3, "batch_size": 64}


class Averaged(eg.PixelCNN):
    """A PixelCNN that ends with the moving average of its last hundred or so steps."""

    keep_best = False

    def make_optimizer(self, learning_rate):
        return keras.optimizers.Adam(learning_rate, clipnorm=1.0, use_ema=True, ema_momentum=0.99)


def cost(generator):
    """Seconds for 64 drawings: the second time, since the first one builds."""
    generator.generate(64, seed=0)
    started = time.perf_counter()
    generator.generate(64, seed=1)
    return time.perf_counter() - started


def study(images, seed, report):
    """All methods of one seed: a dict name -> dict."""
    shape, rows = (images.image_shape, images.levels), {}

    def row(name, generator, seconds, parameters=None):
        rows[name] = {"nats": eg.mean_nats(generator, images.test), "training": seconds,
                      "drawing": cost(generator),
                      "parameters": parameters or eg.count_parameters(generator)}
        report(f"  seed {seed} {name}: {rows[name]['nats']:.2f} nats, {seconds:.0f} s")
        return generator

    def trained(generator, name, **options):
        return train(generator, images, f"seed {seed} {name}", report, **TRAINING | {"seed": generator.seed} | options)

    own = [100 * seed + j for j in range(MEMBERS)]
    singles = [trained(eg.PixelCNN(*shape, seed=s), f"network {s}") for s in own]
    one, networks = singles[0], [generator for generator, _ in singles]
    row("one network", *one)
    row("four networks", eg.PixelPool(networks), sum(seconds for _, seconds in singles))
    row("soup of two runs", eg.average_weights(networks[:2]), sum(seconds for _, seconds in singles[:2]))

    snapshots, started = eg.Snapshots(LATE), time.monotonic()
    eg.train_generator(eg.PixelCNN(*shape, seed=own[0]), images, keep="last", progress=snapshots, retrain=True,
                       report=lambda line: None, **TRAINING | {"seed": own[0]})
    seconds, late = time.monotonic() - started, snapshots.generators
    row("last epoch", late[-1], seconds)
    row("snapshots", eg.PixelPool(late), seconds)
    row("log pool of snapshots", eg.PixelPool(late, kind="log"), seconds)
    row("soup of snapshots", eg.average_weights(late), seconds)
    row("moving average", *trained(Averaged(*shape, seed=own[0]), "moving average"))
    row("shared trunk", *trained(eg.SharedCNN(*shape, MEMBERS, "trunk", seed=own[0]), "shared trunk"))
    row("shared kernels", *trained(eg.SharedCNN(*shape, MEMBERS, "kernels", seed=own[0]), "shared kernels"))
    keras.utils.set_random_seed(seed)                   # of the dropout
    row("dropout, 8 answers", eg.DroppedOut(one[0], 8), one[1])

    made = digit_members(images, seed)
    teachers = [train(generator, images, f"digits seed {seed} {name}", report, **options)
                for name, (generator, options) in made.items() if name.startswith("member")]
    weights = eg.best_weights(eg.score_members([each for each, _ in teachers], images.validation))
    teacher = eg.PixelPool([each for each, _ in teachers], weights)
    taught = sum(seconds for _, seconds in teachers)
    row("teacher, eight members", teacher, taught)
    started = time.monotonic()
    pairs = eg.lessons_of(teacher, images, drawn=DRAWN, shifted=SHIFTED, seed=seed)
    asked = time.monotonic() - started
    report(f"  seed {seed}: the teacher answered in {asked:.0f} s")
    student = eg.Student(*shape, dropout=0.0, seed=own[0])
    record = eg.train_generator(student, pairs, progress="quiet", report=report, seed=own[0],
                                name=f"seed {seed} student", **STUDENT)
    row("student", student, record["seconds"])
    rows["student"]["with its teacher"] = taught + asked + record["seconds"]
    return rows


if __name__ == "__main__":
    def report(line):
        print(time.strftime("%H:%M:%S"), line, flush=True)

    images = eg.load_images("digits")
    found = [study(images, seed, report) for seed in range(SEEDS)]
    results = {"machine": machine(), "command": "python benchmarks/efficient_ensembles.py",
               "methods": {name: {key: [each[name][key] for each in found] for key in found[0][name]}
                           for name in found[0]}}
    Path(__file__).with_name("efficient_ensembles.json").write_text(json.dumps(results, indent=1) + "\n")
    for name, each in results["methods"].items():
        report(f"{name:<24}{np.mean(each['nats']):.2f} nats")
