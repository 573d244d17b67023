"""Exercises of lesson 05: another GRU, a scan by rows, its size, half an image's nats, a fair probe."""

import numpy as np
from scipy.special import expit

from . import Exercise, Wrong, call, expect_close


def check_gru_step(answer, random):
    units, features = 4, 3
    x, state = random.normal(size=(5, features)), random.normal(size=(5, units))
    arguments = (x, state, random.normal(size=(features, 3 * units)),
                 random.normal(size=(units, 3 * units)), random.normal(size=3 * units))
    found = call(answer, *arguments)
    if np.shape(found) == state.shape:
        for way, message in MISTAKES.items():
            if np.allclose(found, way(*arguments)):
                raise Wrong(message)
    expect_close(found, gru_step(*arguments), "the 3·units columns are, in this order, the update "
                 "gate, the reset gate and the candidate.")


def gru_step(x, state, kernel, state_kernel, bias):
    units = state.shape[-1]
    from_input = x @ kernel + bias
    gates = expit(from_input[:, : 2 * units] + state @ state_kernel[:, : 2 * units])
    update, reset = gates[:, :units], gates[:, units:]
    candidate = np.tanh(from_input[:, 2 * units :] + (reset * state) @ state_kernel[:, 2 * units :])
    return update * state + (1 - update) * candidate


def parts(x, state, kernel, state_kernel, bias):
    """update, reset, and the candidate's two sums."""
    inputs, states = np.split(x @ kernel + bias, 3, axis=-1), np.split(state @ state_kernel, 3, axis=-1)
    return expit(inputs[0] + states[0]), expit(inputs[1] + states[1]), inputs[2], states[2]


def reset_afterwards(x, state, *parameters):
    update, reset, from_input, from_state = parts(x, state, *parameters)
    return update * state + (1 - update) * np.tanh(from_input + reset * from_state)


def no_reset(x, state, *parameters):
    update, _, from_input, from_state = parts(x, state, *parameters)
    return update * state + (1 - update) * np.tanh(from_input + from_state)


def reset_of_everything(x, state, *parameters):
    update, reset, from_input, from_state = parts(x, state, *parameters)
    return update * state + (1 - update) * np.tanh(reset * (from_input + from_state))


def update_the_other_way_round(x, state, *parameters):
    update = parts(x, state, *parameters)[0]
    candidate = (gru_step(x, state, *parameters) - update * state) / (1 - update)
    return (1 - update) * state + update * candidate


def gates_exchanged(x, state, kernel, state_kernel, bias):
    update, reset, new = np.split(np.arange(len(bias)), 3)
    order = np.concatenate([reset, update, new])
    return gru_step(x, state, kernel[:, order], state_kernel[:, order], bias[order])


def without_bias(x, state, kernel, state_kernel, bias):
    return gru_step(x, state, kernel, state_kernel, 0 * bias)


MISTAKES = {
    reset_afterwards: "this is the lesson's form: in this exercise the reset gate multiplies the state *before* the "
                      "product with its kernel.",
    no_reset: "the reset gate is missing: it decides how much of the old state the candidate may use.",
    reset_of_everything: "the reset gate is for the old state only; the input goes into the candidate "
                         "as it is.",
    update_the_other_way_round: "the update gate is the other way round: a gate of 1 keeps the old state.",
    gates_exchanged: "the first part of the columns is the update gate, the second one the reset gate.",
    without_bias: "the bias is missing.",
}


def check_scan(answer, random):
    decay = random.uniform(0.3, 0.9, size=4)

    def step(x, state):
        return decay * state + np.tanh(x)

    features, start = random.normal(size=(6, 3, 5, 4)), random.normal(size=(6, 4))
    wanted = scan(step, features, start)
    found = call(answer, step, features, start)
    if np.shape(found) == (6, 3, 4):
        raise Wrong("these are the states at the ends of the rows; return the state at every pixel.")
    if np.shape(found) == wanted.shape:
        if np.allclose(found, never_wiped(step, features, start)):
            raise Wrong("here the state walks on from row to row: each row begins at the start.")
        if np.allclose(found, by_columns(step, features, start)):
            raise Wrong("this reads columns from top to bottom; rows are the second axis.")
        if np.allclose(found, always_wiped(step, features, start)):
            raise Wrong("every step begins at the start: within a row, pass on the state that the last "
                        "step gave.")
    expect_close(found, wanted, "for each row: begin with start, then states[:, row, column] = "
                 "step(features[:, row, column], the state before).")


def scan(step, features, start):
    states = np.zeros((*features.shape[:3], start.shape[-1]))
    for row in range(features.shape[1]):
        state = start
        for column in range(features.shape[2]):
            state = step(features[:, row, column], state)
            states[:, row, column] = state
    return states


def never_wiped(step, features, start):
    flat = features.reshape(len(features), 1, -1, features.shape[-1])
    return scan(step, flat, start).reshape(*features.shape[:3], -1)


def by_columns(step, features, start):
    return scan(step, features.swapaxes(1, 2), start).swapaxes(1, 2)


def always_wiped(step, features, start):
    return np.stack([[step(pixel, start) for pixel in row.swapaxes(0, 1)]
                     for row in features.swapaxes(0, 1)]).transpose(2, 0, 1, 3)


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
    log_likelihoods = np.log(random.uniform(0.05, 1, size=(3, 6, 5)))
    for rows in range(1, 6):
        wanted = nats_of_the_rest(log_likelihoods, rows)
        found = call(answer, log_likelihoods, rows)
        if np.shape(found) == (3,):
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


def check_added(answer, random):
    rows = 240
    inputs, states = random.normal(size=(rows, 3)), random.normal(size=(rows, 5))
    states[:, 0] = inputs[:, 0] + 0.1 * states[:, 0]                    # the state copies the input
    facts = 4 + inputs @ random.uniform(0.5, 1, 3) + states[:, 1] + random.normal(size=rows)
    arguments = states, inputs, facts
    found = call(answer, *arguments)
    if np.ndim(found) == 0:
        for way, message in UNFAIR.items():
            if np.isclose(float(found), way(*arguments), atol=1e-6):
                raise Wrong(message)
    expect_close(found, added(*arguments), "fit on the first half of the rows, with a constant; R² on the "
                 "second half; once from inputs and states together, once from inputs alone.", 1e-5)


def held_out(inputs, facts, constant=True, fit_on_all=False):
    """R² on the second half of the rows of a linear regression fitted on the first half."""
    half = len(facts) // 2
    features = np.hstack([inputs, np.ones((len(inputs), 1))]) if constant else inputs
    some = slice(None) if fit_on_all else slice(half)
    weights = np.linalg.lstsq(features[some], facts[some], rcond=None)[0]
    tests, errors = facts[half:], (facts - features @ weights)[half:]
    return 1 - (errors**2).sum() / ((tests - tests.mean()) ** 2).sum()


def added(states, inputs, facts, **how):
    return held_out(np.hstack([inputs, states]), facts, **how) - held_out(inputs, facts, **how)


def states_alone(states, inputs, facts):
    return held_out(states, facts)


def states_less_inputs(states, inputs, facts):
    return held_out(states, facts) - held_out(inputs, facts)


def fitted_on_all(states, inputs, facts):
    return added(states, inputs, facts, fit_on_all=True)


def without_constant(states, inputs, facts):
    return added(states, inputs, facts, constant=False)


UNFAIR = {
    states_alone: "this has no control: how well do the inputs do without any memory?",
    states_less_inputs: "the state need not repeat what the input says: compare inputs and states "
                        "*together* with inputs alone.",
    fitted_on_all: "the rows that test the regression must not have trained it.",
    without_constant: "the regressions lack a constant: add a column of ones.",
}


EXERCISES = (
    Exercise(
        "05.1", "one step of the GRU as Cho et al. wrote it", check_gru_step,
        ("x @ kernel + bias gives three sums side by side; np.split(…, 3, axis=-1) takes them apart.",
         "The two gates come first: scipy.special.expit(from_input + state @ their state kernel).",
         "The candidate needs its own product: (reset * state) @ the last third of state_kernel."),
        gru_step,
        {"lesson's form": reset_afterwards,
         "reset gate is missing": no_reset,
         "old state only": reset_of_everything,
         "the other way round": update_the_other_way_round,
         "second one the reset": gates_exchanged,
         "bias is missing": without_bias},
    ),
    Exercise(
        "05.2", "a scan whose state begins again with every row", check_scan,
        ("Two loops: over rows, and inside over columns. Where must state = start stand?",
         "states = np.zeros((N, H, W, units)); fill states[:, row, column] with the new state."),
        scan,
        {"walks on": never_wiped,
         "from top to bottom": by_columns,
         "every step begins": always_wiped,
         "ends of the rows": lambda step, features, start: scan(step, features, start)[:, :, -1]},
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
    Exercise(
        "05.5", "what memory adds to the input, on rows that trained nothing", check_added,
        ("np.linalg.lstsq(features[:half], facts[:half], rcond=None)[0] are the weights.",
         "R² on the second half is 1 − Σ errors² / Σ (facts − their mean)².",
         "np.hstack([inputs, states, np.ones((rows, 1))]) are the features of the larger regression."),
        added,
        {"no control": states_alone,
         "together": states_less_inputs,
         "must not have trained it": fitted_on_all,
         "lack a constant": without_constant},
    ),
)
