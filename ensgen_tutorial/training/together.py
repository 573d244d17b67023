"""Several small members trained at once in one graph, each as it would be trained alone (lesson 14)."""

import time

import keras
import numpy as np
from keras import ops

from ..checks import check_number, check_whole
from ..generators.keras_model import KerasGenerator, assign, numbered
from ..machine.output import say
from .train import ShuffledPixels, check_images, inputs_of


def train_together(members, images, epochs, batch_size=64, learning_rates=4e-3, seeds=None, report=say):
    """Train M generators in one graph: the same steps as ``train_generator``'s, taken side by side.

    Every step computes all members' gradients, each on a batch of its own order, and Adam treats every
    number alone, so each member ends as it would by itself, up to rounding. What is saved is what a step
    costs beside its arithmetic: this pays for small networks. Each keeps its own best epoch on
    validation. Nothing goes into the store; for long trainings, take ``train_members``.

    members: generators with ``image_losses``. learning_rates: one for all, or M. seeds: M, of the orders
    of the images; without them 0, 1, … Returns M records, dicts with ``validation``, ``best_epoch`` and
    ``history`` (M-th member's validation losses), and of all together the ``seconds`` and
    the ``epoch_seconds``, a list. Raises TypeError or ValueError for bad arguments.
    """
    members, epochs = list(members), check_whole(epochs, "epochs")
    if not members or not all(isinstance(member, KerasGenerator) for member in members):
        raise TypeError("members must be a list of KerasGenerators (PixelCNN, VAE, …).")
    for member in members:
        check_images(member, images)
        if not member.keep_best or type(member).make_optimizer is not KerasGenerator.make_optimizer:
            raise ValueError(f"a {type(member).__name__} is trained in a way of its own: take train_members.")
    seeds = list(range(len(members)) if seeds is None else seeds)
    rates = [learning_rates] * len(members) if np.ndim(learning_rates) == 0 else list(learning_rates)
    if len(seeds) != len(members) or len(rates) != len(members):
        raise ValueError(f"{len(members)} members want as many seeds and learning rates, not {len(seeds)} and "
                         f"{len(rates)}.")
    rates = [float(check_number(rate, "learning_rates", above=0)) for rate in rates]
    batches = Batches([ShuffledPixels(inputs_of(member, images, "train"), check_whole(batch_size, "batch_size"),
                                      check_whole(seed, "seeds", 0)) for member, seed in zip(members, seeds)])
    for member in members:          # from the beginning, whatever was learnt before
        assign(member.variables, numbered(type(member)(**member.hyperparameters).variables))
    together = Together(members)
    together.compile(optimizer=OwnRates(members, rates, epochs * len(batches)))
    best = BestOfEach(members, [inputs_of(member, images, "validation") for member in members])
    started = time.monotonic()
    together.fit(batches, epochs=epochs, callbacks=[batches.order, best], shuffle=False, verbose=0)
    seconds = time.monotonic() - started
    best.put_back()
    report(f"{len(members)} members trained together in {seconds:.0f} s ({epochs} epochs, validation "
           f"{min(map(min, best.losses)):.2f} to {max(map(min, best.losses)):.2f}).")
    return [{"seconds": seconds, "epoch_seconds": best.seconds, "epochs": epochs,
             "best_epoch": int(np.argmin(losses)) + 1, "validation": min(losses),
             "history": {"val_loss": losses}} for losses in best.losses]


class Together(keras.Model):
    """Members side by side: their losses for a list of their batches, (images, M)."""

    def __init__(self, members):
        super().__init__()
        self.members = members

    def call(self, inputs, training=False):
        return ops.stack([member(each, training=training) for member, each in zip(self.members, inputs)], axis=1)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The sum of the members' mean losses: no member's parameters are in another's term."""
        return ops.sum(ops.mean(y_pred, axis=0))


class OwnRates(keras.optimizers.Adam):
    """Adam with a learning rate for each member, which falls along a cosine as ``train_generator``'s does."""

    def __init__(self, members, rates, steps):
        super().__init__(keras.optimizers.schedules.CosineDecay(1.0, steps), clipnorm=1.0)     # of each array
        self.rates = [rate for member, rate in zip(members, rates) for _ in member.trainable_variables]

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate * self.rates[self._get_variable_index(variable)])


class Batches(keras.utils.PyDataset):
    """M batches for each step, each in its member's own order."""

    def __init__(self, orders):
        super().__init__()
        self.orders = orders
        self.order = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: [order.begin_epoch(epoch) for order in orders])

    def __len__(self):
        return len(self.orders[0])

    def __getitem__(self, batch):
        return (tuple(order[batch][0] for order in self.orders),)


class BestOfEach(keras.callbacks.Callback):
    """Each member's validation loss after every epoch, and its weights of the best one."""

    def __init__(self, members, inputs):
        super().__init__()
        self.members, self.inputs = members, inputs
        self.losses, self.kept, self.seconds = [[] for _ in members], [None] * len(members), []

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        found = self.model.predict(tuple(self.inputs), batch_size=256, verbose=0).mean(axis=0, dtype=float)
        for j, (member, losses) in enumerate(zip(self.members, self.losses)):
            losses.append(float(found[j]))
            if losses[-1] == min(losses):
                self.kept[j] = numbered(member.weights)
        self.seconds.append(time.monotonic() - self.started)

    def put_back(self):
        for member, weights in zip(self.members, self.kept):
            assign(member.weights, weights)
            member.trained = True
