"""Exercises of lesson 14: a Pareto front, a moving average, a student's loss, and a network renumbered."""

import numpy as np
from scipy.special import log_softmax, xlogy

from . import Exercise, NotAnswered, Wrong, call, expect_close


def check_front(answer, random):
    prices = np.array([(1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 3, 2), (4, 4, 4), (3.92, 3.92, 3.92), (1.5, 9, 9), (9, 1.5, 9),
                       (9, 9, 1.5), (10, 10, 10), (11, 10, 12)]) * random.uniform(5, 50, 3)
    nats = np.array([90, 85, 87, 86, 82, 83, 84, 83.5, 84.5, 79, 81]) + random.uniform(-0.2, 0.2, 11)
    order = random.permutation(11)
    prices, nats = prices[order], nats[order]
    wanted, found = front_of(prices, nats), call(answer, prices, nats)
    if np.ndim(found) == 1 and np.shape(found) != nats.shape:
        raise Wrong(f"a mask is wanted, not a list: True or False for each of the {len(nats)} methods.")
    if np.shape(found) == nats.shape:
        total = prices.sum(axis=1, keepdims=True)
        for wrong, message in (
            (~wanted, "the other way round: True is for those that nobody beats."),
            (mask_by(prices, nats, cheaper=np.less), "at the same price, too, the worse one is beaten: no bill *above* its own."),
            (mask_by(prices, nats, cheaper=no_dearer_and_cheaper_once), "fewer nats are enough: a rival with the same three bills "
             "beats, too."),
            (mask_by(prices, nats, better=np.less_equal), "no method is left, since each is as good as itself at its own "
             "price: only fewer nats beat it."),
            (mask_by(prices, nats, better=np.greater), "fewer nats are better."),
            (mask_by(prices, nats, bills=np.any), "a rival must be as cheap in all three bills, not in one of them."),
            (mask_by(total, nats), "seconds and parameters do not add up: compare bill by bill."),
            (mask_by(1.05 * prices, nats, prices), "prices are exact here: 1.02 is more than 1."),
            *((mask_by(prices[:, [k]], nats), "this looks at one bill only, and there are three.") for k in range(3)),
        ):
            if np.array_equal(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "i is beaten if some other method has fewer nats and no bill above i's; the mask is True for "
                 "all others.")


def front_of(prices, nats):
    return np.array([not any((prices <= own).all(axis=1) & (nats < score)) for own, score in zip(prices, nats)])


def mask_by(limits, nats, prices=None, cheaper=np.less_equal, better=np.less, bills=np.all):
    """Like front_of, but with other comparisons; limits: (N, bills), what each method's rivals may cost."""
    prices = limits if prices is None else prices
    return np.array([not any(bills(cheaper(prices, limit), axis=1) & better(nats, score)) for limit, score in zip(limits, nats)])


def no_dearer_and_cheaper_once(prices, limit):
    """(N, bills): True where a price is at most the limit, in the rows with a price below it."""
    return (prices <= limit) & (prices < limit).any(axis=1, keepdims=True)


def check_average(answer, random):
    path, momentum = random.normal(size=(7, 3)), float(random.uniform(0.6, 0.95))
    wanted, found = moving_average(path, momentum), call(answer, path, momentum)
    if np.shape(found) == wanted.shape:
        from_nothing = np.zeros(3)
        for row in path:
            from_nothing = momentum * from_nothing + (1 - momentum) * row
        for wrong, message in (
            (from_nothing, "this starts with zeros, which pull the average towards 0: start with the first row."),
            (moving_average(path, 1 - momentum), "the average keeps m of itself and takes 1 − m of the new step; "
             "yours is the other way round."),
            (path.mean(axis=0), "this is the plain mean: later steps must count more."),
            (moving_average(path[::-1], momentum), "this walks backwards: the last step must count most."),
            (from_nothing / (1 - momentum ** len(path)), "this starts with zeros and divides by 1 − mᵗ afterwards, as Adam "
             "does: start with the first row, and nothing needs correcting."),
        ):
            if np.allclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "equal rows must give that row; otherwise the last row counts 1 − m, the row before it "
                 "m·(1 − m), and so on back to the second.")


def moving_average(path, momentum):
    average = path[0]
    for row in path[1:]:
        average = momentum * average + (1 - momentum) * row
    return average


def check_loss(answer, random):
    teacher = random.dirichlet(np.full(5, 0.5), size=6)
    logits = random.normal(size=(6, 5)) * 3
    wanted, found = student_loss(teacher, logits), call(answer, teacher, logits)
    if np.shape(found) == (6,):
        raise Wrong("this is a number for each pixel: sum them.")
    if np.ndim(found) == 0:
        logs = log_softmax(logits, axis=-1)
        for wrong, message in (
            (-(teacher * logs).sum(), "this is the cross-entropy; KL is that less the teacher's own entropy."),
            (wanted / 6, "sum over the pixels; do not take their mean."),
            (wanted / logits.size, "this is a mean over pixels and values: both are sums."),
            *((kl_divergence(teacher, log_softmax(logits, axis=axis)), "this normalises over other axes than the values: each "
               "pixel has a distribution of its own, so axis=-1.") for axis in (None, 0)),
            ((np.exp(logs) * (logs - np.log(teacher))).sum(), "this is KL(student ‖ teacher): the average is over "
             "the teacher's probabilities."),
            ((teacher * (np.log(teacher) - logits)).sum(), "logits are no logarithms of probabilities yet: normalise them "
             "with log_softmax."),
            (-wanted, "the sign: KL is never negative."),
        ):
            if np.isclose(found, wrong):
                raise Wrong(message)
    expect_close(found, wanted, "Σ q (log q − log p) over all pixels and values, where log p = log_softmax(logits, axis=-1).")
    teacher[0] = [0, 0.5, 0.5, 0, 0]
    with np.errstate(all="ignore"):
        found = call(answer, teacher, logits)
    expect_close(found, student_loss(teacher, logits), "where the teacher says 0, the term is 0 · log 0 = 0, and not NaN: "
                 "scipy.special.xlogy knows that.")
    sure = logits * 1000
    with np.errstate(all="ignore"):
        found = call(answer, teacher, sure)
    expect_close(found, student_loss(teacher, sure), "with very sure students exp underflows and log gives −∞: "
                 "scipy.special.log_softmax keeps the logarithms.")


def student_loss(teacher, logits):
    entropy = -(teacher * np.log(np.where(teacher > 0, teacher, 1))).sum()
    return -(teacher * log_softmax(logits, axis=-1)).sum() - entropy


def kl_divergence(teacher, logs):
    return (xlogy(teacher, teacher) - teacher * logs).sum()


def check_renumbered(answer, random):
    sizes = (3, 4), 4, (4, 5), 5, (5, 2)                # other sizes at every place, so that axes cannot be mixed up
    arrays = [random.normal(size=size) for size in sizes]
    x = random.normal(size=(6, 3))
    first, second = np.array([2, 0, 3, 1]), np.array([1, 4, 0, 2, 3])      # not their own inverses
    before = answers(x, *arrays)
    try:
        wanted, found = renumbered(*arrays, first, second), call(answer, *arrays, first, second)
    except Wrong as reason:
        if "IndexError" in str(reason):
            raise Wrong("an index does not fit its axis: rows follow the features that a layer reads, columns those that it "
                        "makes, and W2's rows and columns are reordered one after the other.") from None
        raise
    if isinstance(found, (tuple, list)) and any(each is ... for each in found):
        raise NotAnswered("replace the dots with your answer.")
    if not isinstance(found, (tuple, list)) or len(found) != 5:
        raise Wrong("five arrays are wanted: W1, b1, W2, b2, W3.")
    names = "W1", "b1", "W2", "b2", "W3"
    for name, array, old in zip(names, found, arrays):
        if np.shape(array) != old.shape:
            raise Wrong(f"{name} must keep its shape {old.shape}, and has {np.shape(array)}.")
    inverse = renumbered(*arrays, np.argsort(first), np.argsort(second))
    if all(np.allclose(one, other) for one, other in zip(found, inverse)):
        raise Wrong("the answers stay the same, but this is the inverse numbering: feature g must be the old first[g], "
                    "so index with first itself.")
    for name, array, own, old in zip(names, found, wanted, arrays):
        if np.allclose(array, old) and not np.allclose(array, own):
            raise Wrong(f"{name} is still in the old order, and its numbers belong to features that have moved.")
    if np.allclose(found[2], arrays[2][first]) or np.allclose(found[2], arrays[2][:, second]):
        raise Wrong("W2 stands between the two layers: its rows follow first, its columns second.")
    for name, array, own in zip(names, found, wanted):
        expect_close(array, own, f"look at {name}: columns and biases follow their layer's features, rows the features they read.")
    expect_close(answers(x, *found), before, "the answers must stay the same.")


def answers(x, W1, b1, W2, b2, W3):
    return np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0) @ W3


def renumbered(W1, b1, W2, b2, W3, first, second):
    return W1[:, first], b1[first], W2[first][:, second], b2[second], W3[second]


EXERCISES = (
    Exercise(
        "14.1", "on the front is whoever nobody beats at the same bills or less", check_front,
        ("For method i: (prices <= prices[i]).all(axis=1) says who is at most as dear in every bill.",
         "It is beaten if any of these has nats < nats[i]; the mask is True for those that are not beaten."),
        front_of,
        {"a mask is wanted": lambda prices, nats: np.flatnonzero(front_of(prices, nats)),
         "other way round": lambda prices, nats: ~front_of(prices, nats),
         "at the same price": lambda prices, nats: mask_by(prices, nats, cheaper=np.less),
         "fewer nats are enough": lambda prices, nats: mask_by(prices, nats, cheaper=no_dearer_and_cheaper_once),
         "as good as itself": lambda prices, nats: mask_by(prices, nats, better=np.less_equal),
         "fewer nats are better": lambda prices, nats: mask_by(prices, nats, better=np.greater),
         "in all three bills": lambda prices, nats: mask_by(prices, nats, bills=np.any),
         "do not add up": lambda prices, nats: mask_by(prices.sum(axis=1, keepdims=True), nats),
         "exact here": lambda prices, nats: mask_by(1.05 * prices, nats, prices),
         "one bill only": lambda prices, nats: mask_by(prices[:, :1], nats),
         "no bill above": lambda prices, nats: nats < nats.mean()},
    ),
    Exercise(
        "14.2", "a moving average forgets slowly", check_average,
        ("A loop over path[1:].", "m close to 1 keeps much of the past."),
        moving_average,
        {"starts with zeros": lambda path, m: moving_average(np.concatenate([np.zeros((1, path.shape[1])), path]), m),
         "other way round": lambda path, m: moving_average(path, 1 - m),
         "plain mean": lambda path, m: path.mean(axis=0),
         "backwards": lambda path, m: moving_average(path[::-1], m),
         "as Adam does": lambda path, m: (1 - m) * sum(m**k * row for k, row in enumerate(path[::-1])) / (1 - m ** len(path)),
         "equal rows": lambda path, m: moving_average(path, m) + path[0]},
    ),
    Exercise(
        "14.3", "a student's loss is KL(teacher ‖ student)", check_loss,
        ("KL(q ‖ p) = Σ q log q − Σ q log p.",
         "scipy.special has xlogy(q, q), which is 0 for q = 0, and log_softmax."),
        student_loss,
        {"teacher's own entropy": lambda q, z: -(q * log_softmax(z, axis=-1)).sum(),
         "do not take their mean": lambda q, z: student_loss(q, z) / len(q),
         "sum them": lambda q, z: (xlogy(q, q) - q * log_softmax(z, axis=-1)).sum(axis=-1),
         "both are sums": lambda q, z: student_loss(q, z) / z.size,
         "a distribution of its own": lambda q, z: kl_divergence(q, log_softmax(z)),
         "other axes": lambda q, z: kl_divergence(q, log_softmax(z, axis=0)),
         "KL(student": lambda q, z: (np.exp(log_softmax(z, axis=-1)) * (log_softmax(z, axis=-1) - np.log(q))).sum(),
         "normalise them": lambda q, z: (q * (np.log(q) - z)).sum(),
         "the sign": lambda q, z: -student_loss(q, z),
         "not NaN": lambda q, z: (q * (np.log(q) - log_softmax(z, axis=-1))).sum(),
         "very sure": lambda q, z: np.nansum(q * np.log(np.where(q > 0, q, 1))) - np.nansum(
             q * np.log(np.exp(z - z.max(axis=-1, keepdims=True)) / np.exp(
                 z - z.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True)))},
    ),
    Exercise(
        "14.4", "features renumbered, answers unchanged", check_renumbered,
        ("A layer's features are the columns of its kernel, its biases, and the rows of the next kernel.",
         "W2[first][:, second] reorders its rows, then its columns."),
        renumbered,
        {"inverse numbering": lambda W1, b1, W2, b2, W3, first, second: renumbered(
            W1, b1, W2, b2, W3, np.argsort(first), np.argsort(second)),
         "b1 is still": lambda W1, b1, W2, b2, W3, first, second: (
             W1[:, first], b1, W2[first][:, second], b2[second], W3[second]),
         "W3 is still": lambda W1, b1, W2, b2, W3, first, second: (
             W1[:, first], b1[first], W2[first][:, second], b2[second], W3),
         "between the two layers": lambda W1, b1, W2, b2, W3, first, second: (
             W1[:, first], b1[first], W2[:, second], b2[second], W3[second]),
         "look at b2": lambda W1, b1, W2, b2, W3, first, second: (
             W1[:, first], b1[first], W2[first][:, second], b2[np.argsort(second)], W3[second]),
         "does not fit its axis": lambda W1, b1, W2, b2, W3, first, second: (
             W1[:, first], b1[first], W2[first, second], b2[second], W3[second]),
         "must keep its shape": lambda W1, b1, W2, b2, W3, first, second: (
             W1[:, first], b1[first], W2[first, second[:4]], b2[second], W3[second]),
         "five arrays": lambda W1, b1, W2, b2, W3, first, second: (W1[:, first], W2[first][:, second], W3[second])},
    ),
)
