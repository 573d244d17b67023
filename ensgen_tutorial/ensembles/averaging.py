"""Averages of networks' parameters, not of their answers: snapshots of one run, and soups (lesson 14)."""

import keras

from ..checks import check_whole
from ..generators.keras_model import KerasLearner, assign, numbered
from .weighted_sum import check_members, check_weights


def average_weights(generators, weights=None):
    """One network whose parameters are Σ_j w_j θ_j: at one network's price, a *soup*.

    It works for networks of one training run, whose parameters lie in one valley of the loss. Two runs
    number their features differently, and the middle between them means nothing.

    generators: networks of one class and the same hyperparameters, but for the seed. weights: (M,)
    summing to 1, or None for equal ones; (1, 0) gives the first network itself.

    Source: Wortsman et al. 2022, "Model soups", arXiv 2203.05482; Izmailov et al. 2018, arXiv
    1803.05407 (one run). Lesson 14.
    """
    generators = check_members(generators, KerasLearner)
    weights = check_weights(weights, len(generators))
    first = generators[0]
    for other in generators[1:]:
        known, found = ({k: v for k, v in each.hyperparameters.items() if k != "seed"}
                        for each in (first, other))
        if type(other) is not type(first) or known != found:
            raise ValueError("only networks of one class and the same hyperparameters have parameters "
                             f"that can be averaged, and these differ: {type(first).__name__} "
                             f"{known}, {type(other).__name__} {found}.")
    learnt = [generator.learnt() for generator in generators]
    soup = type(first)(**first.hyperparameters)
    soup.restore({name: sum(weight * arrays[name] for weight, arrays in zip(weights, learnt))
                  for name in learnt[0]})
    return soup


class Snapshots(keras.callbacks.Callback):
    """Keeps a network as it is after some epochs: pass it to ``train_generator`` as ``progress``.

    epochs: after which. ``generators``, afterwards: the networks, in their order. A training that is
    taken from the store passes no epochs, so train with ``retrain=True``.

    Source: Huang et al. 2017, arXiv 1704.00109 (there the learning rate restarts for each one).
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = [check_whole(epoch, "each of epochs") for epoch in epochs]
        self.kept = {}

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 in self.epochs:
            self.kept[epoch + 1] = numbered(self.model.weights)

    @property
    def generators(self):
        found = []
        for epoch in sorted(self.kept):
            generator = type(self.model)(**self.model.hyperparameters)
            assign(generator.weights, self.kept[epoch])
            generator.trained = True
            found.append(generator)
        return found
