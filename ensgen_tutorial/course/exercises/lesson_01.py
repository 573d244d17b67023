"""Exercises of lesson 01: a loss by hand, a checked gradient, a lopsided loss, the same path."""

import numpy as np
from scipy.special import log_softmax

from . import Exercise, Wrong, call, expect_close


def check_cross_entropy(answer, random):
    logits, values = random.normal(0, 3, size=(6, 5)), random.integers(0, 5, size=6)
    wanted = surprise(logits, values)
    found = call(answer, logits, values)
    if np.shape(found) == () and np.isclose(found, wanted.mean()):
        raise Wrong("this is the mean; return the loss of each of the 6 pixels.")
    if np.shape(found) == (6,) and np.allclose(found, -wanted):
        raise Wrong("the sign: a probability below 1 has a negative logarithm, a loss is positive.")
    if np.shape(found) == (6,) and np.allclose(found, -logits[np.arange(6), values]):
        raise Wrong("logits are not log-probabilities yet: subtract the logarithm of the sum of "
                    "their exponentials.")
    if np.shape(found) == (6,) and np.allclose(found, wanted / np.log(2)):
        raise Wrong("these are bits; nats want the natural logarithm.")
    expect_close(found, wanted, "compare with −log softmax(logits)[value], pixel by pixel.")
    logits, values = logits[:, ::-1].copy(), (values + 1) % 5
    logits[np.arange(6), values] -= random.permutation([60.0, 200, 400, 600, 800, 1000])
    with np.errstate(all="ignore"):
        found = call(answer, logits, values)
    expect_close(found, surprise(logits, values), "a pixel whose value had next to no probability is "
                 "wrong: its loss may be hundreds of nats. Something here cuts small probabilities "
                 "off, or lets them become 0.", 1e-7)
    heights = random.permutation([2000.0, -2000.0, 900.0, -900.0, 0.0, 5.0])[:, None]
    with np.errstate(all="ignore"):
        found = call(answer, logits + heights, values)
    expect_close(found, surprise(logits, values), "adding 2000 to all logits of a pixel, or −2000, "
                 "changes no probability, and must not change your losses. Which number can be "
                 "subtracted from a row so that no exponential overflows?", 1e-7)


def surprise(logits, values):
    return -log_softmax(logits, axis=1)[np.arange(len(values)), values]


def cross_entropy(logits, values):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return log_sums - shifted[np.arange(len(values)), values]


def check_numeric_gradient(answer, random):
    size = int(random.integers(3, 6))
    slopes, bends = random.normal(size=size) + 3, random.uniform(0.5, 1.5, size)

    def steep(theta):                                    # of order 1, bent: one side is not enough
        return float((np.exp(bends * theta) * slopes).sum())

    def summed(theta):                                   # huge: tiny steps drown in rounding
        return 1e6 * (1e4 + float((slopes * np.sin(theta)).sum()))

    for theta in random.uniform(-1, 1, size=(4, size)):
        steep_gradient = slopes * bends * np.exp(bends * theta)
        check_one_gradient(answer, steep, theta, steep_gradient,
                           "not right to seven digits on a bent function. Is your step small, and do "
                           "you look to both sides of theta, one parameter at a time?", 1e-7)
        check_one_gradient(answer, summed, theta, 1e6 * slopes * np.cos(theta),
                           "not right to five digits on a sum of a million terms. Both values are huge "
                           "and almost equal, so rounding eats a difference over a tiny step: take a "
                           "larger one, and look to both sides.", 1e-5)


def check_one_gradient(answer, function, theta, wanted, message, tolerance):
    found = call(answer, watching(function, len(theta)), theta)
    if np.shape(found) == theta.shape and np.allclose(found, -wanted, rtol=1e-3):
        raise Wrong("the sign: this points downhill, the gradient points uphill.")
    if np.shape(found) == theta.shape and np.allclose(found, 2 * wanted, rtol=1e-3):
        raise Wrong("twice too large: how far apart are the two points that you compare?")
    scale = np.abs(wanted).max()
    expect_close(np.asarray(found, float) / scale, wanted / scale, message, tolerance)


def watching(function, size):
    """The function, which first looks at what it is asked."""
    def asked(theta):
        theta = np.asarray(theta, float)
        if theta.shape != (size,):
            raise ValueError(f"function wants an array of shape ({size},), not {theta.shape}")
        return function(theta)

    return asked


def numeric_gradient(function, theta):
    step = 1e-5
    return np.array([(function(theta + step * axis) - function(theta - step * axis)) / (2 * step)
                     for axis in np.eye(len(theta))])


def check_best_answer(answer, random):
    for too_low, too_high in (random.uniform(2, 6), 1.0), (1.0, random.uniform(2, 6)), (1.0, 1.0):
        # Lopsided, so mean and median differ; and few, so a point between two values costs more.
        values = random.gamma(1.5, 20, size=int(random.choice([7, 401])))
        found = call(answer, values, too_low, too_high)
        if np.ndim(found) != 0:
            raise Wrong(f"one number is wanted, and this has shape {np.shape(found)}.")
        share = too_low / (too_low + too_high)
        if cost_of(found, values, too_low, too_high) <= (1 + 1e-9) * min(
                cost_of(value, values, too_low, too_high) for value in values):
            continue
        if np.isclose(found, values.mean()):
            raise Wrong("the mean is the answer to squared error. Move c up a little: how many values "
                        "then cost less, and how many more?")
        if np.isclose(found, np.median(values)):
            raise Wrong("the median is right when both sides cost the same; here they do not.")
        if abs(found - np.quantile(values, share)) < 0.2:
            raise Wrong("close, but another answer costs a little less. The cheapest c is one of the values: "
                        "no grid finds it, nor does a point between two of them.")
        if too_low != too_high and abs(found - np.quantile(values, 1 - share)) < 1:
            raise Wrong("the wrong way round: if answers that are too low are dear, answer higher.")
        raise Wrong("another answer costs less. At the best c, moving up by a little must gain as much "
                    "on the values above as it loses on those below.")


def cost_of(answer, values, too_low, too_high):
    return np.where(values > answer, too_low, too_high) @ np.abs(values - answer)


def best_answer(values, too_low, too_high):
    return np.quantile(values, too_low / (too_low + too_high), method="inverted_cdf")


def check_same_path(answer, random):
    rate, penalty = random.uniform(0.01, 1), random.uniform(0.001, 0.1)
    count = int(random.integers(10, 1000))
    for optimizer in random.permutation(["sgd", "adam"]).tolist():
        found = call(answer, rate, penalty, count, optimizer)
        try:
            new_rate, new_penalty = (float(each) for each in found)
        except (TypeError, ValueError):
            raise Wrong("a pair (rate, penalty) is wanted.") from None
        if not np.isclose(new_penalty, penalty * count):
            raise Wrong("the penalty: the sum of the losses is count times their mean. What must the "
                        "other term become, so that the two keep their proportion?")
        wanted = rate / count if optimizer == "sgd" else rate
        if optimizer == "sgd" and np.isclose(new_rate, rate * count):
            raise Wrong("the rate, the other way round: the sum's gradient is already the larger one.")
        if not np.isclose(new_rate, wanted, rtol=1e-9):
            raise Wrong(f"the rate, for {optimizer}: what does a gradient that is count times as large "
                        "do to one step of this optimizer?")


def same_path(rate, penalty, count, optimizer):
    return (rate / count if optimizer == "sgd" else rate), penalty * count


EXERCISES = (
    Exercise(
        "01.1", "cross-entropy from logits, for all logits", check_cross_entropy,
        ("log softmax(a)_v = a_v − log Σ_u exp(a_u). Take no logarithm of a probability.",
         ("Subtracting the same number from all logits of a row changes no probability: which one "
         "makes every exponential at most 1?"),
         "Row i's value is logits[i, values[i]]: index with np.arange(len(values))."),
        cross_entropy,
        {"logits are not log-probabilities": lambda a, v: -a[np.arange(len(v)), v],
         "return the loss of each": lambda a, v: np.mean(cross_entropy(a, v)),
         "changes no probability": lambda a, v: np.log(np.exp(a).sum(1)) - a[np.arange(len(v)), v],
         "cuts small probabilities off": lambda a, v: -np.log(
             np.exp(log_softmax(a, axis=1))[np.arange(len(v)), v] + 1e-12),
         "the sign": lambda a, v: -cross_entropy(a, v)},
    ),
    Exercise(
        "01.2", "differences with a step that is neither too large nor too small",
        check_numeric_gradient,
        ("Compare the function at theta + step and at theta − step, for one parameter at a time.",
         ("The error of two-sided differences falls with step², the error of rounding grows with "
         "1/step: try 1e-2, 1e-5 and 1e-10."),
         "np.eye(len(theta)) holds one direction per row."),
        numeric_gradient,
        {"on a bent function": lambda f, t: np.array([(f(t + 1e-4 * e) - f(t)) / 1e-4
                                                       for e in np.eye(len(t))]),
         "do you look to both sides": lambda f, t: np.array(
             [(f(t + 1e-6 * e) - f(t)) / 1e-6 for e in np.eye(len(t))]),
         "not right to seven digits": lambda f, t: np.array(
             [(f(t + 1e-12 * e) - f(t - 1e-12 * e)) / 2e-12 for e in np.eye(len(t))]),
         "twice too large": lambda f, t: 2 * numeric_gradient(f, t),
         "the sign": lambda f, t: -numeric_gradient(f, t)},
    ),
    Exercise(
        "01.3", "the quantile too_low / (too_low + too_high)", check_best_answer,
        ("Move c up by a little: what does each value below c then cost more, and each above less?",
         "With equal costs the two sides balance where as many values lie above as below: the median.",
         ("In general: too_high · (number below) = too_low · (number above), as nearly as whole numbers "
          "allow. np.quantile finds it with method=\"inverted_cdf\"; its default interpolates, and may miss it.")),
        best_answer,
        {"the answer to squared error": lambda y, low, high: y.mean(),
         "when both sides cost the same": lambda y, low, high: np.median(y),
         "no grid finds it": lambda y, low, high: np.quantile(y, low / (low + high)),
         "the wrong way round": lambda y, low, high: np.quantile(y, high / (low + high))},
    ),
    Exercise(
        "01.4", "the penalty grows with the sum; the rate shrinks for sgd and stays for adam",
        check_same_path,
        ("sum + λ'‖θ‖² has to become a multiple of mean + λ‖θ‖². Which λ'?",
         "Then all gradients are count times as large. Plain descent multiplies the rate by them.",
         "Adam divides the running mean of the gradient by the root of that of its square."),
        same_path,
        {"keep their proportion": lambda rate, penalty, count, optimizer: (
            (rate / count if optimizer == "sgd" else rate), penalty),
         "for adam": lambda rate, penalty, count, optimizer: (rate / count, penalty * count),
         "the other way round": lambda rate, penalty, count, optimizer: (
             (rate * count if optimizer == "sgd" else rate), penalty * count)},
    ),
)
