"""Does the ensemble's gain carry over to other pictures, and to pictures that have changed? Lesson 19.

    python benchmarks/other_data.py                     everything (trainings are kept)
    python benchmarks/other_data.py --only glyphs       one data set

The same four members and the same choices for every data set, three training seeds: each network sees
about VISITS pictures, in whole epochs, and the weights are fitted on validation pictures. Test pictures
are scored as they are and changed. Writes other_data.npz, one entry for each data set and kind of
change: nats per image (seeds, methods, images); and what the first seed's pool draws.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import machine                             # first: it keeps TensorFlow quiet
from members import train

import ensgen_tutorial as eg
from ensgen_tutorial.data.made import FONTS, OTHER_FONTS, draw_glyphs

SEEDS, VISITS, TESTED, DRAWN = 3, 24_000, 400, 12
SMALL = {"filters": 32, "blocks": 2}                     # of the CNNs, so that six data sets take an hour
METHODS = ("PixelCNN A", "PixelCNN B", "PixelRNN", "templates", "linear pool", "log pool")
FILE = Path(__file__).with_name("other_data.npz")


def folder_of_mattes(count=1500):
    """A folder of pictures, as anybody may have one: drawn outlines of lesson 18, loaded at 12×12."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "outlines")
        folder.mkdir()
        for k, scene in enumerate(eg.draw_scenes(count, "train", side=48, seed=19)):
            Image.fromarray(np.uint8(np.rint(255 * scene.alpha))).save(folder / f"{k:05d}.png")
        return eg.load_folder(folder, size=(12, 12), levels=16, report=lambda line: None)


DATA = {
    "digits": lambda: eg.load_images("digits"),
    "clothes": lambda: eg.load_images("fashion_mnist").halved().with_levels(16).take(3000, 600, 600),
    "glyphs": lambda: eg.load_images("glyphs"),
    "patches": lambda: eg.load_images("patches"),
    "colour_patches": lambda: eg.load_images("colour_patches"),
    "folder": folder_of_mattes,
}


def changed(images, pixels, random):
    """The same pictures changed in ways that leave their meaning: a dict name -> whole numbers."""
    most = images.levels - 1
    noisy = pixels + random.normal(0, 0.06 * most, pixels.shape)
    found = {"noise": noisy, "half the contrast": most / 2 + 0.5 * (pixels - most / 2),
             "one pixel to the right": np.concatenate([pixels[:, :, :1], pixels[:, :, :-1]], axis=2)}
    return {name: np.clip(np.rint(each), 0, most).astype(np.uint8) for name, each in found.items()}


def train_members(images, seed, report):
    """The four members of a training seed: a list."""
    shape, own = (images.image_shape, images.levels), 100 * seed
    epochs = max(round(VISITS / len(images.train)), 4)
    made = [(eg.PixelCNN(*shape, seed=own, **SMALL), {"learning_rate": 5e-3, "epochs": epochs}),
            (eg.PixelCNN(*shape, seed=own + 1, **SMALL), {"learning_rate": 5e-3, "epochs": epochs}),
            (eg.PixelRNN(*shape, seed=own + 2), {"learning_rate": 6e-3, "epochs": epochs}),
            (eg.Templates(*shape, seed=own + 3), {})]
    for name, (member, options) in zip(METHODS, made):
        train(member, images, f"{images.name} seed {seed} {name}", report,
              **options | ({"seed": member.seed} if options else {}))
    return [member for member, _ in made]


def study(name, report):
    """One data set: arrays for the file, a dict."""
    images = DATA[name]()
    tests = {"as they are": images.test[:TESTED]}
    tests |= changed(images, tests["as they are"].astype(float), np.random.default_rng(0))
    if name == "glyphs":
        for key, fonts in (("known fonts", FONTS), ("other fonts", OTHER_FONTS)):
            tests[key] = draw_glyphs(fonts, TESTED, seed=99)[0].astype(np.uint8)
    found = {f"{name}/real": images.to_images(images.test[:DRAWN])}
    rows, weights, validation = {key: [] for key in tests}, [], []
    for seed in range(SEEDS):
        members = train_members(images, seed, report)
        fitted = {kind: eg.fit_weights(eg.PixelPool(members, kind=kind), images, tolerance=1e-2)
                  for kind in ("linear", "log")}
        weights.append([each.weights for each in fitted.values()])
        validation.append([eg.mean_nats(member, images.validation) for member in members])
        log_pool = eg.PixelPool(members, fitted["log"].weights, kind="log")
        for key, pixels in tests.items():
            scores = eg.score_members(members, pixels)
            pooled = eg.ensemble_nats(scores, fitted["linear"].weights)
            rows[key].append([*-scores.sum(axis=1).T, pooled, -log_pool.log_likelihood(pixels)])
        report(f"{name} seed {seed}: " + ", ".join(
            f"{method} {np.mean(row):.2f}" for method, row in zip(METHODS, rows["as they are"][-1])))
        if seed == 0:
            pool = eg.PixelPool(members, fitted["linear"].weights)
            found[f"{name}/drawn"] = pool.generate(DRAWN, seed=0)
    found |= {f"{name}/nats/{key}": np.array(each, np.float32) for key, each in rows.items()}
    return found | {f"{name}/weights": np.array(weights), f"{name}/validation": np.array(validation)}


if __name__ == "__main__":
    def report(line):
        print(time.strftime("%H:%M:%S"), line, flush=True)

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=DATA)
    only = parser.parse_args().only
    results = dict(np.load(FILE)) if FILE.exists() else {}
    results |= {"machine": np.array(str(machine())), "methods": np.array(METHODS)}
    for name in DATA:
        if only in (None, name):
            results |= study(name, report)
            np.savez_compressed(FILE, **results)
