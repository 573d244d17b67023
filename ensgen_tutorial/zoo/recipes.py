"""Every recipe once: what is trained, on which data, and how."""

from dataclasses import dataclass, field

from ..data.edges import edge_pairs
from ..data.named import load_images
from ..data.pairs import small_pairs
from ..data.photographs import load_colours, load_patches
from ..data.scenes import matting_pairs
from ..generators.gan import GAN
from ..generators.noise import IndependentPixels
from ..generators.pixel_cnn import PixelCNN
from ..generators.pixel_rnn import PixelRNN
from ..generators.pixel_vae import PixelVAE
from ..generators.progressive_gan import ProgressiveGAN
from ..generators.template import Templates
from ..generators.vae import VAE
from ..measures.features import FeatureClassifier
from ..predictors.denoiser import Denoiser
from ..predictors.matting import MattingNetwork
from ..predictors.restorer import Restorer
from ..predictors.super_resolution import PatchRidge, SuperResolution
from ..predictors.translation import AdversarialTranslator, Translator


@dataclass(frozen=True)
class Recipe:
    """kind: a class. hyperparameters: of its constructor, besides image_shape and levels. training:
    options of ``train_generator``, or of ``train_classifier``.
    """

    kind: type
    hyperparameters: dict = field(default_factory=dict)
    training: dict = field(default_factory=dict)

    def make(self, image_shape, levels, **more):
        """What is to be trained, for images of a shape and levels; ``more``: a seed, for example."""
        return self.kind(tuple(image_shape), levels, **self.hyperparameters | more)


@dataclass(frozen=True)
class PairRecipe(Recipe):
    """A recipe for a predictor; its constructor knows the sizes that it needs."""

    def make(self, image_shape=None, levels=None, **more):
        return self.kind(**self.hyperparameters | more)


# Inputs and targets of predictors, by the name of their data set (lessons 16 to 18).
PAIRS = {
    "photographs": lambda: load_patches(scale=2, count=16_000),
    "photographs_4": lambda: load_patches(scale=4, side=16, count=16_000),
    "edges": lambda: edge_pairs(load_images("fashion_mnist")),
    "colours": load_colours,
    "small_clothes": lambda: small_pairs(load_images("fashion_mnist"), 4, (20_000, 1000, 1000)),
    "scenes": lambda: matting_pairs((800, 60, 60), side=96),
}


def data_of(name):
    """The data of a member in the box: a PairSet, or an ImageSet, Fashion-MNIST in 16 levels, "_14"
    at half its size.
    """
    data = name.split("/")[0]
    if data in PAIRS:
        return PAIRS[data]()
    images = load_images(data.removesuffix("_14"))
    if data.endswith("_14"):
        images = images.halved()
    return images if images.levels <= 17 else images.with_levels(16)


# What the box holds, by data set and name.
BOX = {
    "digits/classifier": Recipe(FeatureClassifier, {"warp": 0.06}, {"epochs": 300}),
    "digits/independent_pixels": Recipe(IndependentPixels),
    "digits/templates": Recipe(Templates),
    "digits/pixel_cnn": Recipe(PixelCNN, {}, {"epochs": 36, "learning_rate": 5e-3}),
    "digits/pixel_rnn": Recipe(PixelRNN, {}, {"epochs": 40, "learning_rate": 6e-3}),
    "digits/vae": Recipe(VAE, {"hidden": 64, "dropout": 0.2},
                         {"epochs": 60, "learning_rate": 3e-3}),
    "digits/gan": Recipe(GAN, {"gain": 1.6}, {"epochs": 300, "learning_rate": 4e-3}),
    "digits/progressive_gan": Recipe(ProgressiveGAN, {"filters": 48},
                                     {"epochs": 300, "learning_rate": 4e-3}),
    "digits/denoiser": Recipe(Denoiser, {"filters": (32, 64)},
                              {"epochs": 80, "learning_rate": 3e-3}),
    "fashion_mnist/classifier": Recipe(
        FeatureClassifier, {"warp": 0.02},
        {"epochs": 10, "batch_size": 128, "learning_rate": 3e-3}),
    "fashion_mnist_14/classifier": Recipe(
        FeatureClassifier, {"warp": 0.02},
        {"epochs": 10, "batch_size": 128, "learning_rate": 3e-3}),
    # The first CNN and the first RNN of the study (benchmarks/members.py).
    "fashion_mnist_14/pixel_cnn": Recipe(PixelCNN, {"blocks": 5, "dropout": 0.0, "classes": 10},
                                         {"epochs": 8, "learning_rate": 8e-3}),
    "fashion_mnist_14/pixel_rnn": Recipe(
        PixelRNN, {"units": 96, "dropout": 0.0, "classes": 10, "seed": 2},
        {"epochs": 8, "batch_size": 128, "learning_rate": 8e-3, "seed": 2}),
    "fashion_mnist/pixel_cnn": Recipe(PixelCNN, {"filters": 64, "blocks": 8, "dropout": 0.05},
                                      {"epochs": 60, "batch_size": 128, "learning_rate": 4e-3}),
    "fashion_mnist/pixel_rnn": Recipe(PixelRNN, {"units": 128},
                                      {"epochs": 30, "batch_size": 512, "learning_rate": 8e-3}),
    "fashion_mnist/pixel_vae": Recipe(PixelVAE, {"latents": 20, "hidden": 56, "dropout": 0.0},
                                      {"epochs": 40, "batch_size": 128, "learning_rate": 3e-3}),
    "fashion_mnist/vae": Recipe(VAE, {"latents": 20, "hidden": 56, "dropout": 0.0},
                                {"epochs": 8, "learning_rate": 3e-3}),
    "fashion_mnist/gan": Recipe(
        GAN, {"latents": 64, "filters": 64, "gain": 1.6, "flatness": 5.0, "memory": 1000},
        {"epochs": 15, "learning_rate": 1e-3, "precision": "bfloat16"}),
    "fashion_mnist/progressive_gan": Recipe(
        ProgressiveGAN,
        {"latents": 64, "filters": 64, "smallest": 7, "gain": 1.6, "flatness": 5.0, "memory": 1000},
        {"epochs": 18, "learning_rate": 1e-3, "precision": "bfloat16"}),
    "fashion_mnist/denoiser": Recipe(
        Denoiser, {"filters": (32, 64, 96), "memory": 2000},
        {"epochs": 53, "batch_size": 128, "learning_rate": 2e-3}),
}

# Predictors (lessons 16 to 18), by the name of their pairs.
LARGER = {"epochs": 12, "batch_size": 16, "learning_rate": 2e-3}
BOX |= {f"photographs/x2_{name}": PairRecipe(SuperResolution, {"scale": 2} | own, LARGER) for name, own in {
    "plain": {"kind": "plain", "filters": 32, "depth": 5},
    "residual": {"kind": "residual", "filters": 32, "depth": 7},
    "dense": {"kind": "dense", "filters": 12, "depth": 6},
    "residual_b": {"kind": "residual", "filters": 32, "depth": 7, "seed": 1}}.items()}
BOX["photographs/ridge"] = PairRecipe(PatchRidge)
BOX |= {f"photographs_4/x4_{name}": PairRecipe(SuperResolution, {"scale": 4} | own, LARGER) for name, own in {
    "plain": {"kind": "plain", "filters": 32, "depth": 5},
    "residual": {"kind": "residual", "filters": 32, "depth": 7}}.items()}
BOX |= {f"edges/translator_{seed}": PairRecipe(
    Translator, {"image_shape": (28, 28, 1), "filters": (12, 24, 32), "seed": seed},
    {"epochs": 8, "learning_rate": 3e-3, "seed": seed, "precision": "bfloat16"}) for seed in range(8)}
BOX |= {f"edges/adversarial_{seed}": PairRecipe(
    AdversarialTranslator, {"image_shape": (28, 28, 1), "filters": (12, 24, 32), "seed": seed},
    {"epochs": 12, "learning_rate": 1e-3, "seed": seed, "precision": "bfloat16"}) for seed in range(2)}
BOX |= {f"{pairs}/restorer": PairRecipe(
    Restorer, {"known_shape": known, "image_shape": (28, 28, 1), "filters": (32, 64)},
    {"epochs": epochs, "learning_rate": 2e-3, "precision": "bfloat16"})
    for pairs, known, epochs in (("edges", (28, 28, 1), 20), ("small_clothes", (7, 7, 1), 12))}
BOX |= {f"colours/translator_{seed}": PairRecipe(
    Translator, {"image_shape": (32, 32, 3), "filters": (16, 32, 48), "seed": seed},
    {"epochs": 12, "learning_rate": 3e-3, "seed": seed, "precision": "bfloat16"}) for seed in range(3)}
BOX |= {f"scenes/matting_{name}": PairRecipe(
    MattingNetwork, {"image_shape": (96, 96, 1), "filters": (24, 48, 64), "kind": kind, "seed": seed},
    {"epochs": 12, "batch_size": 16, "learning_rate": 3e-3, "seed": seed, "precision": "bfloat16"})
    for name, kind, seed in (("u", "u", 0), ("u_b", "u", 1), ("wide", "wide", 0))}


def quickstart_recipes(small):
    """The quick start's five members; for pictures up to 16×16 (``small``), or fewer epochs."""
    cnn = (BOX["digits/pixel_cnn"] if small
           else Recipe(PixelCNN, {}, {"epochs": 6, "learning_rate": 5e-3}))
    rnn = (BOX["digits/pixel_rnn"] if small
           else Recipe(PixelRNN, {}, {"epochs": 4, "learning_rate": 6e-3}))
    vae = Recipe(VAE, {}, {"epochs": 40 if small else 20, "learning_rate": 2e-3})
    return {"PixelCNN A": cnn, "PixelCNN B": cnn, "PixelRNN A": rnn, "PixelRNN B": rnn, "VAE": vae}
