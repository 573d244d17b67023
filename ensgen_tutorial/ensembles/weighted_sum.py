"""ŷ = Σ_j w_j ŷ_j, the one operation behind every ensemble of the course."""

import numpy as np

from ..generators.base import Generator, Trainable


class Ensemble:
    """Members and their weights; a subclass says what is summed.

    members: a sequence. weights: (M,) floats ≥ 0 that sum to 1, or None for equal ones.
    """

    member_kind = Generator             # a class, or the name of a method that every member has
    why = ""                            # what the refusal of another member adds

    def __init__(self, members, weights=None):
        self.members = check_members(members, self.member_kind, self.why)
        self.weights = self.checked(weights)
        shape = getattr(self.members[0], "image_shape", None)
        self.image_shape = None if shape is None else tuple(shape)
        self.levels = getattr(self.members[0], "levels", None)

    def checked(self, weights):
        return check_weights(weights, len(self.members))

    def with_weights(self, weights):
        """The same members with other weights."""
        return type(self)(self.members, weights)


def weighted_sum(outputs, weights):
    """Σ_j w_j ŷ_j: a sequence of M arrays of one shape and (M,) weights -> an array of that shape.

    Raises ValueError or TypeError for weights that are not weights, or outputs of several shapes.
    """
    outputs = list(outputs)
    weights = check_weights(weights, len(outputs))
    shapes = [np.shape(output) for output in outputs]
    if len(set(shapes)) > 1:
        raise ValueError(f"a weighted sum needs outputs of one shape, and these have {shapes}.")
    return sum_up(outputs, weights)


def sum_up(outputs, weights):
    """Σ_j w_j ŷ_j, unchecked, holding one output at a time.

    A weight may also be an array that broadcasts to its output.
    """
    total = 0
    for weight, output in zip(weights, outputs):
        total = total + weight * np.asarray(output)
    return total


def check_weights(weights, count, rows=()):
    """(count,) floats ≥ 0 that sum to 1, as float64; None means equal. Else a clear error.

    rows: shapes (before the last axis) that the weights may have besides, each row summing to 1.
    """
    if count == 0:
        raise ValueError("an ensemble needs at least one member, and the list is empty.")
    if weights is None:
        return np.full(count, 1 / count)
    weights = np.asarray(weights)
    if weights.dtype.kind not in "fiu":
        raise TypeError(f"weights must be numbers, not {weights.dtype}.")
    if weights.shape[-1:] != (count,) or weights.shape[:-1] not in ((), *rows):
        raise ValueError(f"{count} members need {count} weights, and weights have shape "
                         f"{weights.shape}.")
    if not np.isfinite(weights).all():
        raise ValueError(f"weights must be finite, not {weights[~np.isfinite(weights)][0]}.")
    if (weights < 0).any():
        raise ValueError(f"weights must not be negative, and {weights.min():.6g} is.")
    weights = weights.astype(np.float64)
    sums = weights.sum(axis=-1, keepdims=True)
    if (abs(sums - 1) > 1e-6).any():
        worst = np.ravel(sums)[np.argmax(abs(np.ravel(sums) - 1))]
        raise ValueError(f"weights must sum to 1, and these sum to {worst:.6g}: divide them by "
                         "their sum.")
    return weights / sums               # weights sum to 1, not only to six digits


def check_members(members, kind, why=""):
    """A tuple of trained members of one kind that share image_shape and levels, or a clear error.

    kind: a class, or the name of a method that every member must have. why: what the message adds
    where one is of another kind.
    """
    members = tuple(members)
    if not members:
        raise ValueError("an ensemble needs at least one member, and the list is empty.")
    for member in members:
        name = type(member).__name__
        if isinstance(kind, str) and not hasattr(member, kind):
            raise TypeError(f"every member must have a method {kind}, and {name} has none{why}.")
        if isinstance(kind, type) and not isinstance(member, kind):
            raise TypeError(f"every member must be a {kind.__name__}, and {name} is not one{why}.")
        if isinstance(member, Trainable):
            member.check_trained()
    for attribute in ("image_shape", "levels"):
        found = [getattr(member, attribute, None) for member in members]
        found = [tuple(value) if np.iterable(value) else value for value in found]
        if len(set(found)) > 1:
            raise ValueError(f"members must share {attribute}, and these have {found}.")
    return members
