"""What does train_generator cost over bare fit? Ratios taken in one run; writes training_speed.json.

    python benchmarks/training_speed.py

Both train the same network on the digits with the same optimiser, schedule and validation; bare
``fit`` keeps nothing, ``train_generator`` shuffles by seed, keeps the best epoch, and writes down
everything after each epoch.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

from machine import machine, write                      # first: it keeps TensorFlow quiet

import keras

from ensgen_tutorial import VAE, PixelCNN, PixelRNN, load_images, train_generator

EPOCHS, PAIRS = 12, 6


def bare(make, images):
    generator = make()
    batches = -(-len(images.train) // 64)
    schedule = keras.optimizers.schedules.CosineDecay(4e-3, EPOCHS * batches)
    generator.compile(optimizer=keras.optimizers.Adam(schedule, clipnorm=1.0))
    started = time.perf_counter()
    generator.fit(images.train, batch_size=64, epochs=EPOCHS, validation_data=(images.validation,),
                  validation_batch_size=256, verbose=0)
    return time.perf_counter() - started


def ours(make, images):
    generator = make()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        train_generator(generator, images, EPOCHS, progress="quiet", folder=Path(folder),
                        report=lambda line: None)
        return time.perf_counter() - started


def measure(kind, images):
    def make():
        return kind(images.image_shape, images.levels)

    ours(make, images)                                       # warm-up
    pairs = []
    for pair in range(PAIRS):                                # who comes first alternates
        if pair % 2:
            other = bare(make, images)
            pairs.append((ours(make, images), other))
        else:
            one = ours(make, images)
            pairs.append((one, bare(make, images)))
    ratios = sorted(one / other for one, other in pairs)
    return {
        "generator": kind.__name__, "epochs": EPOCHS, "pairs": PAIRS,
        "train_generator_seconds": round(median(one for one, _ in pairs), 2),
        "bare_fit_seconds": round(median(other for _, other in pairs), 2),
        "ratio_median": round(median(ratios), 3),
        "ratio_smallest": round(ratios[0], 3), "ratio_largest": round(ratios[-1], 3),
    }


if __name__ == "__main__":
    digits = load_images("digits")
    write("training_speed", {"machine": machine(),
                             "results": [measure(kind, digits) for kind in (PixelCNN, PixelRNN, VAE)]})
