"""Exercises of lesson 05: one GRU step, a whole scan, the GRU's size, and half an image's nats."""

import numpy as np
from scipy.special import expit

from . import Exercise, Wrong, call, expect_close


def a_gru(random, features=3, units=4):
    """Random parameters in Keras's order: kernel, state kernel, biases."""
    return (random.normal(size=(features, 3 * units)), random.normal(size=(units, 3 * units)),
            random.normal(size=(2, 3 * units)))


def check_gru_step(answer, random):
    kernel, state_kernel, biases = a_gru(random)
    x, state = random.normal(size=(5, 3)), random.normal(size=(5, 4))
    arguments = x, state, kernel, state_kernel, biases
    found = call(answer, *arguments)
    if np.shape(found) == state.shape:
        if np.allclose(found, update_the_other_way_round(*arguments)):
            raise Wrong("the update gate the other way round: in Keras a gate of 1 keeps the old "
                        "state.")
        if np.allclose(found, reset_of_the_state(*arguments)):
            raise Wrong("the reset gate comes after the state's product with its kernel, bias "
                        "included: reset * (state @ state_kernel + bias).")
        if np.allclose(found, without_biases(*arguments)):
            raise Wrong("the biases are missing: biases[0] goes with the input, biases[1] with the "
                        "state.")
    expect_close(found, gru_step(*arguments), "the 3·units columns are, in this order, the update "
                 "gate, the reset gate and the candidate.")


def gru_step(x, state, kernel, state_kernel, biases):
    input_update, input_reset, input_new = np.split(x @ kernel + biases[0], 3, axis=-1)
    state_update, state_reset, state_new = np.split(state @ state_kernel + biases[1], 3, axis=-1)
    update = expit(input_update + state_update)
    reset = expit(input_reset + state_reset)
    candidate = np.tanh(input_new + reset * state_new)
    return update * state + (1 - update) * candidate


def update_the_other_way_round(x, state, *parameters):
    """(1 − u)·state + u·candidate, from u·state + (1 − u)·candidate and the gate itself."""
    kernel, state_kernel, biases = parameters
    units = state.shape[-1]
    gate = expit((x @ kernel + biases[0] + state @ state_kernel + biases[1])[..., :units])
    candidate = (gru_step(x, state, *parameters) - gate * state) / (1 - gate)
    return (1 - gate) * state + gate * candidate


def reset_of_the_state(x, state, kernel, state_kernel, biases):
    units = state.shape[-1]
    sums = x @ kernel + biases[0]
    gates = expit((sums + state @ state_kernel + biases[1])[..., : 2 * units])
    update, reset = np.split(gates, 2, axis=-1)
    candidate = np.tanh(sums[..., 2 * units :] + (reset * state) @ state_kernel[:, 2 * units :]
                        + biases[1, 2 * units :])
    return update * state + (1 - update) * candidate


def without_biases(x, state, kernel, state_kernel, biases):
    return gru_step(x, state, kernel, state_kernel, 0 * biases)


def check_scan(answer, random):
    decay = random.uniform(0.3, 0.9, size=4)

    def step(x, state):
        return decay * state + np.tanh(x)

    sequence, start = random.normal(size=(6, 5, 4)), np.zeros((6, 4))
    wanted = scan(step, sequence, start)
    found = call(answer, step, sequence, start)
    if np.shape(found) == (5, 6, 4):
        raise Wrong("time comes first here: np.stack(states, axis=1) puts it second.")
    if np.shape(found) == (6, 4):
        raise Wrong("this is one state; return all of them, one a step.")
    if np.shape(found) == wanted.shape and np.allclose(found, np.tanh(sequence)):
        raise Wrong("every step begins at the start again: pass on the state that the last step "
                    "gave.")
    expect_close(found, wanted, "the state after step t goes in at position t: states[:, t] = "
                 "step(sequence[:, t], the state before).")


def scan(step, sequence, start):
    states, state = [], start
    for t in range(sequence.shape[1]):
        state = step(sequence[:, t], state)
        states.append(state)
    return np.stack(states, axis=1)


def check_size(answer, random):
    features, units = (int(each) for each in random.choice(np.arange(2, 200), 2, replace=False))
    found = call(answer, features, units)
    if np.ndim(found) == 0 and np.isclose(float(found), 3 * units * (features + units)):
        raise Wrong("the biases are missing: two for each of the 3·units sums.")
    if np.ndim(found) == 0 and np.isclose(float(found), 3 * units * (features + units + 1)):
        raise Wrong("one bias for the input and one for the state: Keras's form has both.")
    if np.ndim(found) == 0 and np.isclose(float(found), units * (features + units + 2)):
        raise Wrong("this is one of three: update gate, reset gate, candidate.")
    expect_close(found, gru_parameters(features, units), "3·units sums, each over all features and "
                 "the whole state, each with two biases.", 1e-12)


def gru_parameters(features, units):
    return 3 * units * (features + units + 2)


def check_rest(answer, random):
    count, height, width = 3, 6, 5
    log_likelihoods = np.log(random.uniform(0.05, 1, size=(count, height, width)))
    rows = int(random.integers(1, height - 1))
    wanted = nats_of_the_rest(log_likelihoods, rows)
    found = call(answer, log_likelihoods, rows)
    if np.shape(found) == (count,):
        if np.allclose(found, -log_likelihoods.sum(axis=(1, 2))):
            raise Wrong("this counts the given rows too; given pixels cost nothing.")
        if np.allclose(found, -log_likelihoods[:, :rows].sum(axis=(1, 2))):
            raise Wrong("this is the cost of the given rows; the rest is asked for.")
        if np.allclose(found, -wanted):
            raise Wrong("the sign: nats are a cost, minus the log-probability.")
    expect_close(found, wanted, "log p(rest | given) = log p(image) − log p(given): only the terms "
                 "of the rows from `rows` on are left.")


def nats_of_the_rest(log_likelihoods, rows):
    return -log_likelihoods[:, rows:].sum(axis=(1, 2))


EXERCISES = (
    Exercise(
        "05.1", "one step of a GRU", check_gru_step,
        ("The lesson's formula has six products; x @ kernel + biases[0] does three at once.",
         "np.split(…, 3, axis=-1) takes the three parts: update, reset, candidate.",
         "sigmoid(a) is 1 / (1 + np.exp(−a))."),
        gru_step,
        {"the other way round": update_the_other_way_round,
         "reset * (state": reset_of_the_state,
         "biases are missing": without_biases},
    ),
    Exercise(
        "05.2", "a scan: one step after the other, all states kept", check_scan,
        ("state = start; then for every t: state = step(sequence[:, t], state).",
         "Append each state to a list; np.stack(states, axis=1) makes (N, T, units) of it."),
        scan,
        {"begins at the start again": lambda step, sequence, start: np.stack(
            [step(sequence[:, t], start) for t in range(sequence.shape[1])], axis=1),
         "return all of them": lambda step, sequence, start: scan(step, sequence, start)[:, -1],
         "time comes first": lambda step, sequence, start: np.moveaxis(
             scan(step, sequence, start), 1, 0)},
    ),
    Exercise(
        "05.3", "the number of a GRU's parameters", check_size,
        ("kernel: (features, 3·units). state kernel: (units, 3·units). biases: (2, 3·units).",
         "Add the sizes of the three arrays."),
        gru_parameters,
        {"biases are missing": lambda features, units: 3 * units * (features + units),
         "Keras's form has both": lambda features, units: 3 * units * (features + units + 1),
         "one of three": lambda features, units: units * (features + units + 2)},
    ),
    Exercise(
        "05.4", "what the rest of an image costs, given its first rows", check_rest,
        ("By the chain rule, log p(image) is a sum over pixels; which terms are log p(given)?",
         "Those of the first rows. The others remain: log_likelihoods[:, rows:]."),
        nats_of_the_rest,
        {"given rows too": lambda terms, rows: -terms.sum(axis=(1, 2)),
         "the rest is asked for": lambda terms, rows: -terms[:, :rows].sum(axis=(1, 2)),
         "the sign": lambda terms, rows: terms[:, rows:].sum(axis=(1, 2))},
    ),
)
