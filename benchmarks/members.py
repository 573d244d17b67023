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

CNN = (eg.PixelCNN, {"blocks": 5, "dropout": 0.0, "classes": 10}, {"epochs": 8, "learning_rate": 8e-3})
RNN = (eg.PixelRNN, {"units": 96, "dropout": 0.0, "classes": 10},
       {"epochs": 8, "batch_size": 128, "learning_rate": 8e-3})
DENOISER = (eg.Denoiser, {"filters": (32, 64), "memory": 1000}, {"epochs": 12, "learning_rate": 2e-3})
CLOTHES = {                 # name: class, hyperparameters, options of training
    "CNN a": CNN, "CNN b": CNN, "RNN a": RNN, "denoiser a": DENOISER, "denoiser b": DENOISER,
    "early denoiser": (*DENOISER[:2], {"epochs": 1, "learning_rate": 2e-3}), "RNN b": RNN,
}


def clothes_member(images, seed, name, report):
    """One member of one training seed, trained: (generator, seconds)."""
    kind, hyperparameters, options = CLOTHES[name]
    own = 1000 * seed + list(CLOTHES).index(name)
    generator = kind(images.image_shape, images.levels, seed=own, **hyperparameters)
    return train(generator, images, f"seed {seed} {name}", report, seed=own, **options)
