"""Trained members that ship with the package, so that a lesson shows real pictures within seconds.

Each is one ``.npz`` of weights in half precision beside this file; ``manifest.json`` has, for each,
the recipe that made it, its data's SHA-256, its versions, its scores and its file's SHA-256. The
scores are those of the rounded weights, as they are shipped. Two are no generators: the classifiers
by whose features pictures are compared.
"""

import hashlib
import json
from pathlib import Path

import keras
import numpy as np

from ..machine import store
from ..data.named import load_images
from ..generators.gan import GAN
from ..generators.noise import IndependentPixels
from ..generators.pixel_cnn import PixelCNN
from ..generators.pixel_rnn import PixelRNN
from ..generators.progressive_gan import ProgressiveGAN
from ..generators.template import Templates
from ..generators.vae import VAE
from ..measures.features import FeatureClassifier, train_classifier
from ..predictors.denoiser import Denoiser
from ..show.tiles import show_images
from ..training.train import parts_of, put_back, train_generator

FOLDER = Path(__file__).parent
SCORED = 500                # test images that count for a score: the first ones

# name: (class, hyperparameters, options of train_generator or train_classifier)
RECIPES = {
    "digits/classifier": (FeatureClassifier, {"warp": 0.06}, {"epochs": 300}),
    "digits/independent_pixels": (IndependentPixels, {}, {}),
    "digits/templates": (Templates, {}, {}),
    "digits/pixel_cnn": (PixelCNN, {}, {"epochs": 36, "learning_rate": 5e-3}),
    "digits/pixel_rnn": (PixelRNN, {}, {"epochs": 40, "learning_rate": 6e-3}),
    "digits/vae": (VAE, {"hidden": 64, "dropout": 0.2}, {"epochs": 60, "learning_rate": 3e-3}),
    "digits/gan": (GAN, {"gain": 1.6}, {"epochs": 300, "learning_rate": 4e-3}),
    "digits/progressive_gan": (ProgressiveGAN, {"filters": 48},
                               {"epochs": 300, "learning_rate": 4e-3}),
    "digits/denoiser": (Denoiser, {"filters": (32, 64)}, {"epochs": 80, "learning_rate": 3e-3}),
    "fashion_mnist/classifier": (FeatureClassifier, {"warp": 0.02},
                                 {"epochs": 10, "batch_size": 128, "learning_rate": 3e-3}),
    "fashion_mnist/pixel_cnn": (PixelCNN, {"filters": 48, "blocks": 8, "dropout": 0.05},
                                {"epochs": 5, "learning_rate": 3e-3}),
    "fashion_mnist/pixel_rnn": (PixelRNN, {"units": 112}, {"epochs": 5, "learning_rate": 3e-3}),
    "fashion_mnist/vae": (VAE, {"latents": 20, "hidden": 56, "dropout": 0.0},
                          {"epochs": 8, "learning_rate": 3e-3}),
    "fashion_mnist/gan": (GAN, {"latents": 64, "filters": 64},
                          {"epochs": 14, "learning_rate": 1e-3}),
    "fashion_mnist/progressive_gan": (ProgressiveGAN, {"latents": 24, "filters": 44, "smallest": 7},
                                      {"epochs": 15, "learning_rate": 2e-3}),
    "fashion_mnist/denoiser": (Denoiser, {"filters": (32, 64, 96)},
                               {"epochs": 5, "learning_rate": 2e-3}),
}


def data_of(name):
    """The ImageSet that a member learnt from; Fashion-MNIST in 16 levels."""
    images = load_images(name.split("/")[0])
    return images if images.levels <= 17 else images.with_levels(16)


def manifest(folder=FOLDER):
    """What is in the box: a dict name -> record."""
    path = folder / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else {}


def member_record(name):
    """The manifest's record of one member; ValueError with the names there are."""
    records = manifest()
    if name not in records:
        raise ValueError(f"there is no shipped member {name!r}; these are: {', '.join(records)}.")
    return records[name]


def load_member(name):
    """A trained generator from the box. ValueError for a name that is not there."""
    record = member_record(name)
    path = FOLDER / file_of(name)
    if hashlib.sha256(path.read_bytes()).hexdigest() != record["sha256"]:
        raise store.DamagedFileError(f"{path.name} is not the file that the manifest describes: "
                                     "install the package again")
    kind, hyperparameters, _ = RECIPES[name]
    generator = kind(tuple(record["image_shape"]), record["levels"], **hyperparameters)
    arrays, _ = store.load(path)
    put_back(generator, arrays)
    return generator


def load_classifier(name):
    """The box's FeatureClassifier for ``"digits"`` or ``"fashion_mnist"`` (in 16 levels)."""
    return load_member(f"{name}/classifier")


def build(name, folder=FOLDER, retrain=False, report=print):
    """Train a member by its recipe (or take it from the store), round, score and write it."""
    kind, hyperparameters, options = RECIPES[name]
    images = data_of(name)
    generator = kind(images.image_shape, images.levels, **hyperparameters)
    if kind is FeatureClassifier:
        trained = train_classifier(generator, images, **options)
    else:
        trained = train_generator(generator, images, retrain=retrain, report=report, name=name,
                                  **options)
    rounded = {key: half(array) for key, array in parts_of(generator).items()}
    put_back(generator, rounded)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_of(name)
    store.save(path, rounded, {"name": name}, compressed=True)
    path.chmod(0o644)                   # for everybody: the store's own files are the user's
    records = manifest(folder)
    records[name] = {
        "generator": kind.__name__, "hyperparameters": hyperparameters, "training": options,
        "image_shape": images.image_shape, "levels": images.levels, "data": images.digest,
        "seed": 0, "keras": keras.__version__, "backend": keras.backend.backend(),
        "parameters": generator.count_params(), "seconds": round(trained["seconds"]),
        "scores": scores(generator, images),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    text = json.dumps(dict(sorted(records.items())), indent=2) + "\n"
    (folder / "manifest.json").write_text(text)
    return records[name]


def scores(generator, images):
    """What ``verify`` recomputes: test nats/image, or why there are none; or test accuracy."""
    if isinstance(generator, FeatureClassifier):
        return {"test_accuracy": round(generator.accuracy(images.test, images.test_labels), 4)}
    if hasattr(generator, "no_likelihood"):
        return {"test_nats": None, "why": generator.no_likelihood}
    nats = -generator.log_likelihood(images.test[:SCORED]).mean()
    return {"test_nats": round(float(nats), 3), "exact": generator.exact}


def draw_pictures(folder, count=12):
    """Let every generator in the box draw ``count`` images: one PNG a data set in ``folder``.

    Of a VAE the mean pictures are shown: its pixels are drawn apart, which hides what z decides.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for data in ("digits", "fashion_mnist"):
        rows = {}
        for name in (name for name in manifest() if name.startswith(data)):
            kind, member = RECIPES[name][0], load_member(name)
            if kind is VAE:
                z = np.random.default_rng(1).standard_normal((count, member.latents))
                rows["VAE, means"] = member.decode_images(z)
            elif kind is not FeatureClassifier:
                rows[kind.__name__] = member.generate(count, seed=1)
        show_images(rows, title=f"{data}: drawn by the members in the box").savefig(
            folder / f"{data}.png", dpi=220)


def half(array):
    """Floats in half precision; other numbers as they are."""
    return array.astype(np.float16) if array.dtype.kind == "f" else array


def file_of(name):
    return name.replace("/", "-") + ".npz"
