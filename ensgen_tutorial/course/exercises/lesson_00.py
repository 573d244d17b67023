"""Exercises of lesson 00: a pool, bits, the best weight, an ensemble's nats, and a ghost's contrast."""

import math

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_pool(answer, random):
    probabilities = random.dirichlet(np.ones(5), size=(3, 2, 4))         # members, images, pixels
    weights = random.dirichlet(np.ones(3))
    wanted = np.tensordot(weights, probabilities, 1)
    found = call(answer, probabilities, weights)
    if np.shape(found) == wanted.shape:
        logarithmic = np.exp(np.tensordot(weights, np.log(probabilities), 1))
        normalised = logarithmic / logarithmic.sum(axis=-1, keepdims=True)
        if np.allclose(found, logarithmic) or np.allclose(found, normalised):
            raise Wrong("this is the logarithmic pool, a weighted product, which lesson 10 turns to; "
                        "the linear pool asked for here is a weighted sum of the probabilities.")
        if np.allclose(found, probabilities.mean(axis=0)):
            raise Wrong("every member counts the same here: use the weights.")
        if not np.allclose(np.sum(found, axis=-1), 1):
            raise Wrong("the result does not sum to 1 over the values: each w_j must multiply its "
                        "p_j.")
    expect_close(found, wanted, "the sum must run over members, the first axis.")


def pool(member_probabilities, weights):
    return sum(w * p for w, p in zip(weights, member_probabilities))


def check_bits(answer, random):
    nats = random.uniform(50, 3000)
    shape = (int(random.integers(4, 30)), int(random.integers(4, 30)), int(random.choice([2, 4])))
    found = call(answer, nats, shape)
    wanted = nats / math.log(2) / math.prod(shape)
    if np.ndim(found) == 0 and isinstance(found, (int, float, np.number)):
        if math.isclose(found, wanted * math.log(2), rel_tol=1e-9):
            raise Wrong("these are nats per dimension: one bit is log 2 = 0.693 nats.")
        if math.isclose(found, wanted * math.log(2) ** 2, rel_tol=1e-9):
            raise Wrong("a bit is smaller than a nat, so there must be more bits than nats.")
        if math.isclose(found, wanted * shape[2], rel_tol=1e-9):
            raise Wrong("channels are dimensions too: divide by height, width and channels.")
    expect_close(found, wanted, "how many numbers does one image hold, and how many nats is one bit?",
                 1e-9)


def bits_per_dimension(nats, image_shape):
    return nats / (math.prod(image_shape) * math.log(2))


def two_opinions(random, share, count=1000):
    """What two members say of the pixels that are there, where weights (share, 1 − share) are true."""
    members = random.dirichlet(np.ones(6), size=(2, count))              # p over 6 values
    mixed = share * members[0] + (1 - share) * members[1]
    values = (mixed.cumsum(axis=1) < random.random((count, 1))).sum(axis=1).clip(max=5)
    return members[:, np.arange(count), values]


def check_best_weight(answer, random):
    # Many sets of pixels: on one of them, a coarse grid may be right by luck.
    for share in random.permutation([0.13, 0.22, 0.31, 0.38, 0.62, 0.69, 0.78, 0.87]):
        first, second = two_opinions(random, share)
        found = call(answer, first, second)
        if isinstance(found, np.ndarray) and found.ndim == 0:
            found = found[()]
        if not isinstance(found, (int, float, np.number)):
            raise Wrong("one number is wanted, the weight of the first member.")
        if not 0 <= found <= 1:
            raise Wrong(f"a weight lies between 0 and 1, and this is {found:.3g}.")
        best = root_of_slope(first, second)
        if abs(found - (1 - best)) < 0.03 < abs(found - best):
            raise Wrong("this is the weight of the second member; return the first one's.")
        if abs(found - best) > 0.03:
            raise Wrong("another weight makes these pixels more probable. What is their probability "
                        "under a weight w, and its logarithm?")
        if abs(found - best) > 1e-3 + 1e-6:
            raise Wrong(f"close, but off by {abs(found - best):.4f}, and 0.001 was asked for.")


def root_of_slope(first, second):
    """The best weight to twelve digits: where the slope of the convex loss changes its sign."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        slope = ((second - first) / (middle * first + (1 - middle) * second)).sum()
        low, high = (middle, high) if slope < 0 else (low, middle)
    return (low + high) / 2


def best_weight(first, second):
    weights = np.linspace(0, 1, 1001)
    losses = [-np.log(w * first + (1 - w) * second).mean() for w in weights]
    return weights[np.argmin(losses)]


def check_pool_nats(answer, random):
    logs = np.log(random.uniform(0.01, 1, size=(3, 5, 40)))              # members, images, pixels
    logs[..., random.integers(40)] -= 45                                 # one great surprise
    weights = random.dirichlet(np.ones(3))
    wanted = -np.log(np.tensordot(weights, np.exp(logs), 1)).sum(axis=-1)
    found = call(answer, logs, weights)
    if np.shape(found) == (5,):
        if np.allclose(found, -np.tensordot(weights, logs, 1).sum(axis=-1)):
            raise Wrong("this averages the members' scores, which is what Jensen's inequality "
                        "compares with: the pool averages probabilities, and pixel by pixel.")
        if np.allclose(found, -np.log(np.tensordot(weights, np.exp(logs.sum(axis=-1)), 1))):
            raise Wrong("this chooses one member for a whole image (a mixture). The pool mixes again "
                        "at each pixel: first the weighted sum, then the product over pixels.")
        if np.allclose(found, -wanted):
            raise Wrong("the sign: nats are −log p, and larger is worse.")
        if np.allclose(found, wanted / 40):
            raise Wrong("this is the mean over pixels; an image's probability is a product over all "
                        "of its pixels.")
        if np.allclose(found, -np.log(np.exp(logs).mean(axis=0)).sum(axis=-1)):
            raise Wrong("this is the pool of equal weights: use `weights`.")
        if (np.asarray(found) < wanted - 1).all():
            raise Wrong("one surprise counts for too little: something here cuts small probabilities off.")
    expect_close(found, wanted, "what does the pool give each single pixel, and what follows for the "
                 "whole image?")


def pool_nats(log_likelihoods, weights):
    mixed = sum(w * np.exp(logs) for w, logs in zip(weights, log_likelihoods))
    return -np.log(mixed).sum(axis=-1)


def check_contrast(answer, random):
    weights = random.dirichlet(np.full(4, 3.0))
    mean, ghosts = random.uniform(0, 1, size=(6, 6, 1)), random.uniform(0, 1, size=(9, 6, 6, 1))
    left = (weights**2).sum()
    wanted = mean + (ghosts - mean) / np.sqrt(left)
    found = call(answer, ghosts, mean, weights)
    if np.shape(found) == wanted.shape:
        if np.allclose(found, mean + (ghosts - mean) / left):
            raise Wrong("Σ w² is the share of the variance that is left. A picture that is stretched "
                        "by a factor has a variance that grows by its square.")
        if np.allclose(found, np.clip(wanted, 0, 1)):
            raise Wrong("the factor is right: clip only what you show, not what you return.")
        if np.allclose(found, ghosts / np.sqrt(left)):
            raise Wrong("the factor is right, but it moves the mean picture as well: stretch only "
                        "what differs from the mean.")
        if np.allclose(found, mean + (ghosts - mean) * 2):
            raise Wrong("this factor is right for four equal weights; here they differ.")
        if np.allclose(found, mean + (ghosts - mean) * np.sqrt(left)):
            raise Wrong("this makes the ghost greyer still.")
    expect_close(found, wanted, "the variance is too small by the factor Σ w²: which factor must the "
                 "distance from the mean grow by?")


def restore_contrast(ghosts, mean_image, weights):
    return mean_image + (ghosts - mean_image) / np.sqrt(np.sum(np.square(weights)))


EXERCISES = (
    Exercise(
        "00.1", "the pool is the weighted sum over members", check_pool,
        ("Write the sum Σ w_j p_j as a loop over pairs of a weight and an array.",
         "zip(weights, member_probabilities) gives those pairs; sum(…) adds arrays as well.",
         "weights @ member_probabilities sums over the last axis but one; np.tensordot(weights, member_probabilities, 1) "
         "sums over the first."),
        pool,
        {"use the weights": lambda p, w: np.mean(p, axis=0),
         "does not sum to 1": lambda p, w: np.sum(p, axis=0),
         "a weighted product": lambda p, w: np.exp(np.tensordot(w, np.log(p), 1)),
         "has shape": lambda p, w: np.tensordot(w[:2], p, axes=([0], [1]))},
    ),
    Exercise(
        "00.2", "nats per image, divided by dimensions and by log 2", check_bits,
        ("How many numbers does one image hold? And how many nats is one bit?",
         "math.prod(image_shape) numbers; math.log(2) nats."),
        bits_per_dimension,
        {"one bit is log 2": lambda nats, shape: nats / math.prod(shape),
         "more bits than nats": lambda nats, shape: nats * math.log(2) / math.prod(shape),
         "channels are dimensions too":
             lambda nats, shape: nats / (shape[0] * shape[1] * math.log(2))},
    ),
    Exercise(
        "00.3", "the weight with the smallest loss, to 0.001", check_best_weight,
        ("There is only one number to choose: try many of them between 0 and 1.",
         "How fine must the grid be for an error of at most 0.001?",
         "np.linspace(0, 1, 1001), the loss of each, and np.argmin."),
        best_weight,
        {"another weight": lambda first, second: 0.0,
         "between 0 and 1": lambda first, second: 2.0,
         "0.001 was asked for": lambda first, second: round(best_weight(first, second) * 40) / 40,
         "the second member": lambda first, second: 1 - best_weight(first, second)},
    ),
    Exercise(
        "00.4", "the pool mixes probabilities at every pixel, then adds up −log", check_pool_nats,
        ("You are given logarithms, and the pool averages probabilities.",
         "Which comes first: the weighted sum over members or the product over pixels?",
         "Mix np.exp(log_likelihoods) over the first axis, then take −log and sum over the last."),
        pool_nats,
        {"averages the members' scores": lambda p, w: -np.tensordot(w, p, 1).sum(axis=-1),
         "a mixture": lambda p, w: -np.log(np.tensordot(w, np.exp(p.sum(axis=-1)), 1)),
         "the sign": lambda p, w: -pool_nats(p, w),
         "mean over pixels": lambda p, w: pool_nats(p, w) / p.shape[-1]},
    ),
    Exercise(
        "00.5", "stretched about the mean by 1 / √Σ w²", check_contrast,
        ("Stretching by a factor f means mean + f · (ghost − mean). What does it do to the variance?",
         "It multiplies the variance by f². The share Σ w² must become 1.",
         "And what is still wrong? The variance is right, and the picture is still several digits on top of each other: no "
         "contrast takes a stroke away."),
        restore_contrast,
        {"grows by its square": lambda g, m, w: m + (g - m) / np.sum(w**2),
         "moves the mean picture": lambda g, m, w: g / np.sqrt(np.sum(w**2)),
         "here they differ": lambda g, m, w: m + (g - m) * np.sqrt(len(w)),
         "greyer still": lambda g, m, w: m + (g - m) * np.sqrt(np.sum(w**2))},
    ),
)
