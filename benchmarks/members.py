"""The study's members: what is trained, on which pictures, and how. ``quality_and_stability`` asks.

    python benchmarks/members.py                    train them all into the store (hours)
    python benchmarks/members.py --data clothes     only these

Every training is kept in the store and goes on where it was interrupted.
"""

import argparse
import time

import ensgen_tutorial as eg

DIGIT_SEEDS, CLOTHES_SEEDS = 8, 5
NETWORKS = 7                # in the ensemble for digits, CNNs and RNNs in turn; then a forest
LARGE_SEEDS = 5             # for large single models, which cost most


def digits():
    return eg.load_images("digits")


def clothes():
    """Fashion-MNIST at 14×14 in 16 levels."""
    return eg.load_images("fashion_mnist").halved().with_levels(16)


def train(generator, images, name, report, **options):
    """Train, or load from the store; returns (generator, seconds)."""
    record = eg.train_generator(generator, images, progress="quiet", report=report, name=name,
                                **options)
    return generator, record["seconds"]


# --- Fashion-MNIST ---------------------------------------------------------------------------

CLOTHES = {                 # name: class, hyperparameters, options of training
    "CNN a": (eg.PixelCNN, {"blocks": 5, "dropout": 0.0, "classes": 10},
              {"epochs": 8, "learning_rate": 8e-3}),
    "CNN b": (eg.PixelCNN, {"blocks": 5, "dropout": 0.0, "classes": 10},
              {"epochs": 8, "learning_rate": 8e-3}),
    "RNN a": (eg.PixelRNN, {"units": 96, "dropout": 0.0, "classes": 10},
              {"epochs": 8, "learning_rate": 8e-3}),
    "denoiser a": (eg.Denoiser, {"filters": (32, 64), "memory": 1000},
                   {"epochs": 16, "learning_rate": 2e-3}),
    "denoiser b": (eg.Denoiser, {"filters": (32, 64), "memory": 1000},
                   {"epochs": 16, "learning_rate": 2e-3}),
    "early denoiser": (eg.Denoiser, {"filters": (32, 64)}, {"epochs": 1, "learning_rate": 2e-3}),
}


def clothes_member(images, seed, name, report):
    """One member of one training seed, trained: (generator, seconds)."""
    kind, hyperparameters, options = CLOTHES[name]
    own = 1000 * seed + list(CLOTHES).index(name)
    generator = kind(images.image_shape, images.levels, seed=own, **hyperparameters)
    return train(generator, images, f"seed {seed} {name}", report, seed=own, precision="bfloat16",
                 **options)
