"""What fills the box: train by a recipe, round, score, write; and compute the scores again."""

import hashlib
import json
import math

import keras
import numpy as np

from ..data.pairs import PairSet
from ..generators.vae import VAE
from ..machine import store
from ..machine.output import say
from ..measures.features import FeatureClassifier, train_classifier
from ..measures.scoring import mean_nats
from ..show.tiles import show_images
from ..training.train import train_generator
from .box import FOLDER, file_of, load_member, manifest
from .recipes import BOX, data_of

SCORED = 500                # test images that count for a score: the first ones


def build(name, folder=FOLDER, retrain=False, report=say):
    """Train a member by its recipe (or take it from the store), round, score and write it."""
    recipe, images = BOX[name], data_of(name)
    pairs = isinstance(images, PairSet)
    shape, levels = (images.target_shape, None) if pairs else (images.image_shape, images.levels)
    generator = recipe.make(shape, levels)
    if recipe.kind is FeatureClassifier:
        trained = train_classifier(generator, images, **recipe.training)
    else:
        trained = train_generator(generator, images, retrain=retrain, report=report, name=name,
                                  **recipe.training)
    rounded = {key: half(array) for key, array in generator.learnt().items()}
    generator.restore(rounded)
    path = folder / file_of(name)
    store.save(path, rounded, {"name": name}, compressed=True)
    records = manifest(folder)
    records[name] = {
        "generator": recipe.kind.__name__, "hyperparameters": recipe.hyperparameters,
        "training": recipe.training, "image_shape": shape, "levels": levels,
        "data": images.digest, "seed": 0, "keras": keras.__version__,
        "backend": keras.backend.backend(), "device": trained.get("device"),
        "parameters": generator.count_params(),
        "seconds": round(trained["seconds"]), "scores": scores(generator, images),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    text = json.dumps(dict(sorted(records.items())), indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return records[name]


def half(array):
    """Floats in half precision; other numbers as they are."""
    return array.astype(np.float16) if array.dtype.kind == "f" else array


def scores(generator, images):
    """What ``verify`` computes again: test nats per image, None where there are none; accuracy; or
    1000 times the mean squared error on test pairs.
    """
    if isinstance(generator, FeatureClassifier):
        return {"test_accuracy": round(generator.accuracy(images.test, images.test_labels), 4)}
    if isinstance(images, PairSet):
        inputs, targets = (each[:SCORED] for each in images.test)
        error = np.square(generator.predict(inputs) - targets).mean(dtype=float)
        return {"test_error": round(1000 * float(error), 4)}
    if not hasattr(generator, "log_likelihood"):
        return {"test_nats": None}
    return {"test_nats": round(mean_nats(generator, images.test[:SCORED]), 3),
            "exact": generator.exact}


def verify(name, record):
    """A member's scores, computed again, and whether they agree to the machine's rounding."""
    found, wanted = scores(load_member(name), data_of(name)), record["scores"]
    return found, found.keys() == wanted.keys() and all(
        value == wanted[key] or (
            isinstance(value, float)
            and math.isclose(value, wanted[key], rel_tol=2e-4, abs_tol=0.005))
        for key, value in found.items())


def draw_pictures(folder, count=12):
    """Let every generator in the box draw ``count`` images: one PNG per data set in ``folder``.

    Of a VAE the mean pictures are shown: its pixels are drawn apart, which hides what z decides.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for data in ("digits", "fashion_mnist"):
        rows = {}
        for name in (name for name in manifest() if name.startswith(f"{data}/")):
            kind, member = BOX[name].kind, load_member(name)
            if kind is VAE:
                z = np.random.default_rng(1).standard_normal((count, member.latents))
                rows["VAE, means"] = member.decode_images(z)
            elif kind is not FeatureClassifier:
                rows[kind.__name__] = member.generate(count, seed=1)
        show_images(rows, title=f"{data}: drawn by the members in the box").savefig(
            folder / f"{data}.png", dpi=220)
