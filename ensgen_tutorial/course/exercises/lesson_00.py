"""Exercises of lesson 00: a pool, bits, and the best weight."""

import math

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_pool(answer, random):
    probabilities = random.dirichlet(np.ones(5), size=(3, 2, 4))         # members, images, pixels
    weights = random.dirichlet(np.ones(3))
    found = call(answer, probabilities, weights)
    if np.shape(found) == (2, 4, 5) and np.allclose(found, probabilities.mean(axis=0)):
        raise Wrong("every member counts the same here: use the weights.")
    if np.shape(found) == (2, 4, 5) and np.allclose(found, np.tensordot(weights, probabilities, 1)):
        return
    if np.shape(found) == (2, 4, 5) and not np.allclose(np.sum(found, axis=-1), 1):
        raise Wrong("the result does not sum to 1 over the values: each w_j must multiply its p_j.")
    expect_close(found, np.tensordot(weights, probabilities, 1),
                 "the sum must run over members, the first axis.")


def pool(member_probabilities, weights):
    return sum(w * p for w, p in zip(weights, member_probabilities))


def check_bits(answer, random):
    nats, shape = random.uniform(50, 3000), (int(random.integers(2, 30)), 7, 3)
    found = call(answer, nats, shape)
    wanted = nats / math.log(2) / math.prod(shape)
    if np.ndim(found) == 0 and isinstance(found, (int, float, np.number)):
        if math.isclose(found, wanted * math.log(2), rel_tol=1e-9):
            raise Wrong("these are nats a dimension: one bit is log 2 = 0.693 nats.")
        if math.isclose(found, wanted * 3, rel_tol=1e-9):
            raise Wrong("channels are dimensions too: divide by height, width and channels.")
    expect_close(found, wanted, "bits a dimension are nats / (dimensions · log 2).", 1e-9)


def bits_per_dimension(nats, image_shape):
    return nats / (math.prod(image_shape) * math.log(2))


def check_best_weight(answer, random):
    true = 0.5 + random.choice([-1, 1]) * random.uniform(0.15, 0.35)     # never near the middle
    members = random.dirichlet(np.ones(6), size=(2, 4000))                # two members' p over 6 values
    mixed = true * members[0] + (1 - true) * members[1]
    values = (mixed.cumsum(axis=1) < random.random((4000, 1))).sum(axis=1)
    first, second = members[:, np.arange(4000), values]
    found = call(answer, first, second)
    if np.ndim(found) != 0 or not isinstance(found, (int, float, np.number)):
        raise Wrong("one number is wanted, the weight of the first member.")
    if not 0 <= found <= 1:
        raise Wrong(f"a weight lies between 0 and 1, and this is {found:.3g}.")

    def loss(weight):
        return -np.log(weight * first + (1 - weight) * second).mean()

    best = min(np.linspace(0, 1, 1001), key=loss)
    if abs(found - (1 - best)) < 0.03 < abs(found - best):
        raise Wrong("this is the weight of the second member; return the first one's.")
    if loss(found) > loss(best) + 1e-4:
        raise Wrong("another weight makes these pixels more probable: minimise the mean of "
                    "−log(w·first + (1 − w)·second).")


def best_weight(first, second):
    weights = np.linspace(0, 1, 501)
    losses = [-np.log(w * first + (1 - w) * second).mean() for w in weights]
    return weights[np.argmin(losses)]


EXERCISES = (
    Exercise(
        "00.1", "the pool is the weighted sum over members", check_pool,
        ("Write the sum Σ w_j p_j as a loop over pairs of a weight and an array.",
         "zip(weights, member_probabilities) gives those pairs; sum(…) adds arrays as well."),
        pool,
        {"use the weights": lambda p, w: np.mean(p, axis=0),
         "does not sum to 1": lambda p, w: np.sum(p, axis=0),
         "has shape": lambda p, w: np.tensordot(w[:2], p, axes=([0], [1]))},
    ),
    Exercise(
        "00.2", "nats per image, divided by dimensions and by log 2", check_bits,
        ("How many numbers does one image hold? And how many nats is one bit?",
         "math.prod(image_shape) numbers; math.log(2) nats."),
        bits_per_dimension,
        {"one bit is log 2": lambda nats, shape: nats / math.prod(shape),
         "channels are dimensions too":
             lambda nats, shape: nats / (shape[0] * shape[1] * math.log(2))},
    ),
    Exercise(
        "00.3", "the weight with the smallest cross-entropy", check_best_weight,
        ("There is only one number to choose: try 501 of them between 0 and 1.",
         "np.linspace(0, 1, 501), the loss of each, and np.argmin."),
        best_weight,
        {"another weight": lambda first, second: 0.0,
         "between 0 and 1": lambda first, second: 2.0,
         "the second member": lambda first, second: 1 - best_weight(first, second)},
    ),
)
