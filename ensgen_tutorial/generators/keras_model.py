"""What learns with Keras: one loss for each image or pair, and nothing else about training."""

import random
import threading
from contextlib import contextmanager

import keras
import numpy as np
from keras import ops

from .base import Generator, Trainable, pieces

SEEDING = threading.RLock()


class KerasLearner(Trainable, keras.Model):
    """What learns by minimising L(θ) = Σ_i ℓ(y_i, ŷ_i(θ)), a generator or a predictor (lesson 01).

    A subclass's ``call`` answers a batch with its losses ℓ; ``fit`` minimises their mean. Its
    constructor stores each argument under its own name.
    """

    keep_best = True            # after training: the best epoch on validation, or the last one

    def __init__(self, **options):
        super().__init__(**options)
        self.autocast = False       # half precision is for the network's layers, not for a loss's targets

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        keras.saving.register_keras_serializable(cls.__module__)(cls)

    def make_optimizer(self, learning_rate):
        """The optimizer that ``train_generator`` uses, for a number or a schedule."""
        return keras.optimizers.Adam(learning_rate, clipnorm=1.0)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(y_pred)

    def fit(self, *arguments, **options):
        history = super().fit(*arguments, **options)
        self.trained = True
        return history

    def settle(self):
        """What ends a training: the parameters become their moving average, where there is one."""
        self.optimizer.finalize_variable_values(self.trainable_variables)

    def arrays(self):
        """The parameters as float arrays: a list in the network's own order."""
        return [np.asarray(ops.convert_to_numpy(weight)) for weight in self.weights]

    def learnt(self):
        return numbered(self.weights)

    def restore(self, arrays):
        assign(self.weights, arrays)
        self.trained = True

    def learnt_shapes(self):
        return shapes_of(self.weights)

    def get_config(self):
        return self.hyperparameters

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    # Keras saves, copies and pickles a model by these two; a trained one stays trained.
    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["trained"] = np.array(self.trained)

    def load_own_variables(self, store):
        store = {name: store[name] for name in store.keys()}
        self.trained = bool(store.pop("trained"))
        super().load_own_variables(store)


class KerasGenerator(KerasLearner, Generator):
    """A generator that learns with Keras. A subclass says what ℓ is, and nothing else about training."""

    classes = None              # how many, where image_losses wants (pixels, labels)

    def image_losses(self, pixels, training=False):
        """ℓ for each image of a batch: (batch, H, W, C) whole numbers -> (batch,).

        Where ``classes`` is set, there is a second argument, the labels (batch,).
        """
        raise NotImplementedError

    def call(self, inputs, training=False):
        inputs = [inputs] if self.classes is None else inputs
        return self.image_losses(*inputs, training=training)


@contextmanager
def seeded(seed):
    """Let Keras draw its initial parameters and dropout seeds from ``seed``, and only here.

    Keras takes every default seed from Python's one generator, by ``random.randint``. Other threads of
    the process may use it too (those of a cluster's worker do), so this thread gets a stream of its own.
    """
    with SEEDING:
        shared, own, here = random.randint, random.Random(seed), threading.get_ident()
        random.randint = lambda low, high: (
            own if threading.get_ident() == here else shared.__self__).randint(low, high)
        try:
            yield
        finally:
            random.randint = shared


def answers(network, inputs, batch_size=256):
    """A network's output in NumPy for an array of N rows, or a list of several, in batches.

    Keras's ``predict`` does the same and takes 50 ms to begin, which small networks are asked too
    often for.
    """
    count = len(inputs[0] if isinstance(inputs, list) else inputs)
    return np.concatenate([
        network.predict_on_batch(keras.tree.map_structure(lambda array: array[some], inputs))
        for some in pieces(count, batch_size)])


def numbered(variables):
    """Variables as a dict "0", "1", … of NumPy copies, in their own order."""
    return {f"{i}": np.array(ops.convert_to_numpy(v)) for i, v in enumerate(variables)}


def assign(variables, arrays):
    """Variables get back the values that ``numbered`` took."""
    for i, variable in enumerate(variables):
        variable.assign(arrays[f"{i}"])


def shapes_of(variables):
    """A dict "0", "1", … of the variables' shapes."""
    return {f"{i}": tuple(variable.shape) for i, variable in enumerate(variables)}
