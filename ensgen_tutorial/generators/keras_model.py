"""Generators that learn with Keras: one loss for each image, and nothing else about training."""

import random
from contextlib import contextmanager

import keras
import numpy as np
from keras import ops

from .base import Trainable


class KerasGenerator(Trainable, keras.Model):
    """A generator that learns by minimising L(θ) = Σ_i ℓ(y_i, ŷ_i(θ)) (lesson 01).

    A subclass says what ℓ is in ``image_losses`` and nothing else about training: ``fit`` minimises
    the mean of those losses over a batch. Its constructor stores each argument under its own name.
    """

    keep_best = True            # after training: the best epoch on validation, or the last one
    classes = None              # how many, where image_losses wants (pixels, labels)

    def make_optimizer(self, learning_rate):
        """The optimizer that ``train_generator`` uses, for a number or a schedule."""
        return keras.optimizers.Adam(learning_rate, clipnorm=1.0)

    def image_losses(self, pixels, training=False):
        """ℓ for each image of a batch: (batch, H, W, C) whole numbers -> (batch,).

        Where ``classes`` is set, there is a second argument, the labels (batch,).
        """
        raise NotImplementedError

    def call(self, inputs, training=False):
        inputs = [inputs] if self.classes is None else inputs
        return self.image_losses(*inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(y_pred)

    def fit(self, *arguments, **options):
        history = super().fit(*arguments, **options)
        self.trained = True
        return history

    def arrays(self):
        """The parameters as float arrays: a list in the network's own order."""
        return [np.asarray(ops.convert_to_numpy(weight)) for weight in self.weights]


@contextmanager
def seeded(seed):
    """Let Keras draw its initial parameters and dropout seeds from ``seed``, and only here."""
    before = random.getstate()
    random.seed(seed)                  # Keras takes every default seed from Python's generator
    try:
        yield
    finally:
        random.setstate(before)
