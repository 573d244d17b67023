"""Exercises of lesson 05: another GRU, a scan by rows, its size, half an image's nats, a probe with its control."""

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
    expect_close(found, gru_step(*arguments),
                 "candidate = tanh(x @ W + b + (reset * state) @ U), with the bias added once; the 3·units columns are, "
                 "in this order, the update gate, the reset gate and the candidate.")


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


def without_state_kernel(x, state, *parameters):
    update, reset, from_input, _ = parts(x, state, *parameters)
    return update * state + (1 - update) * np.tanh(from_input + reset * state)


def without_tanh(x, state, kernel, state_kernel, bias):
    update, reset, from_input, _ = parts(x, state, kernel, state_kernel, bias)
    return update * state + (1 - update) * (from_input + (reset * state) @ np.split(state_kernel, 3, axis=-1)[2])


def bias_twice(x, state, kernel, state_kernel, bias):
    return gru_step(x, state, kernel, state_kernel, 2 * bias)


def without_bias(x, state, kernel, state_kernel, bias):
    return gru_step(x, state, kernel, state_kernel, 0 * bias)


def old_state_forgotten(x, state, *parameters):
    return gru_step(x, state, *parameters) - parts(x, state, *parameters)[0] * state


def reset_before_the_gate(x, state, *parameters):
    reset = parts(x, state, *parameters)[1]
    update = parts(x, reset * state, *parameters)[0]
    kept = parts(x, state, *parameters)[0]
    candidate = (gru_step(x, state, *parameters) - kept * state) / (1 - kept)
    return update * state + (1 - update) * candidate


MISTAKES = {
    reset_afterwards: "this is the lesson's form: in this exercise the reset gate multiplies the state *before* the "
                      "product with its kernel.",
    no_reset: "the reset gate is missing: it decides how much of the old state the candidate may use.",
    reset_of_everything: "the reset gate is for the old state only; the input goes into the candidate as it is.",
    update_the_other_way_round: "the update gate is the other way round: a gate of 1 keeps the old state.",
    gates_exchanged: "the first part of the columns is the update gate, the second one the reset gate.",
    without_state_kernel: "the candidate needs the state kernel, too: (reset * state) @ its last third.",
    without_tanh: "the candidate is the tanh of its sum.",
    old_state_forgotten: "the old state is missing from the last line: update * state + (1 - update) * candidate.",
    reset_before_the_gate: "the update gate sees the old state as it is; the reset gate is for the candidate only.",
    bias_twice: "the bias counts twice here: in this form there is one, added once to each sum.",
    without_bias: "the bias is missing.",
}


def check_scan(answer, random):
    decay, mix = random.uniform(0.3, 0.9, size=4), random.normal(size=(3, 4))

    def step(x, state):
        return decay * state + np.tanh(x @ mix)

    features, start = random.normal(size=(6, 3, 5, 3)), random.normal(size=(6, 4))
    wanted = scan(step, features, start)
    found = call(answer, step, features, start)
    if np.shape(found) == (6, 3, 4):
        raise Wrong("these are the states at the ends of the rows; return the state at every pixel.")
    if np.shape(found) == wanted.shape:
        if np.allclose(found, never_wiped(step, features, start)):
            raise Wrong("here the state walks on from row to row: each row begins at the start.")
        if np.allclose(found, begins_with_zeros(step, features, start)):
            raise Wrong("here each row begins with zeros: begin it with the state start.")
        if np.allclose(found, from_right_to_left(step, features, start)):
            raise Wrong("this reads each row from right to left; columns are counted from the left.")
        if np.allclose(found, by_columns(step, features, start)):
            raise Wrong("this reads columns from top to bottom; rows are the second axis.")
        if np.allclose(found, before_the_step(step, features, start)):
            raise Wrong("this is the state before each pixel's step; return the one after it.")
        if np.allclose(found, steps_first(step, features, start)):
            raise Wrong("the states are right, but in the wrong order: in a list of steps the images are the second axis; "
                        "move them to the front before you reshape.")
        if np.allclose(found, always_wiped(step, features, start)):
            raise Wrong("every step begins at the start: within a row, pass on the state that the last step gave.")
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


def begins_with_zeros(step, features, start):
    return scan(step, features, np.zeros_like(start))


def from_right_to_left(step, features, start):
    return scan(step, features[:, :, ::-1], start)[:, :, ::-1]


def by_columns(step, features, start):
    return scan(step, features.swapaxes(1, 2), start).swapaxes(1, 2)


def before_the_step(step, features, start):
    states = np.roll(scan(step, features, start), 1, axis=2)
    states[:, :, 0] = start[:, None]
    return states


def steps_first(step, features, start):
    """A list of the states at all steps, reshaped as if the images came first."""
    states = scan(step, features, start)
    return states.reshape(len(features), -1, start.shape[-1]).swapaxes(0, 1).reshape(states.shape)


def always_wiped(step, features, start):
    return np.stack([[step(pixel, start) for pixel in row.swapaxes(0, 1)]
                     for row in features.swapaxes(0, 1)]).transpose(2, 0, 1, 3)


def check_size(answer, random):
    features, units = (int(each) for each in random.choice(np.arange(2, 200), 2, replace=False))
    found = call(answer, features, units)
    if np.ndim(found) == 0:
        raise Wrong("return two numbers: that of all parameters, and that of the idle ones.")
    if np.shape(found) == (2,):
        for number, mistakes in zip(found, wrong_sizes(features, units)):
            for message, sizes in mistakes.items():
                if number in sizes:
                    raise Wrong(message)
    expect_close(found, gru_parameters(features, units),
                 "all: 3·units sums, each over all features and the whole state, each with two biases; idle: the weights "
                 "that multiply the state.", 1e-12)


def gru_parameters(features, units):
    return 3 * units * (features + units + 2), 3 * units * units      # idle: the kernel that multiplies the state


def wrong_sizes(features, units):
    """Wrong numbers of all parameters and of the idle ones, by message."""
    everything = {
        "the biases are missing: two for each of the 3·units sums.": [3 * units * (features + units)],
        "one bias for the input and one for the state: Keras's form has both.": [3 * units * (features + units + 1)],
        "this is one of three: update gate, reset gate, candidate.": [units * (features + units + 2)]}
    idle = {
        "the biases still count: where the state is 0, the candidate's r ⊙ (U h + c) is r ⊙ c.": [3 * units * (units + 1)],
        "the reset gate still acts: where the state is 0, r ⊙ (U h + c) is r ⊙ c.":
            [units * (3 * units + features + biases) for biases in (2, 3)],
        "both gates have a matrix for the state, too.": [units * units]}
    return everything, idle


def check_rest(answer, random):
    log_likelihoods = np.log(random.uniform(0.05, 1, size=(3, 6, 5)))
    place = np.arange(30).reshape(6, 5)
    counts = 10, int(random.integers(11, 15)), int(random.integers(16, 30)), 0, 30
    refused = [count for count in counts if refuses(answer, log_likelihoods, place < count)]
    if refused == [count for count in counts if 0 < count < 30]:
        raise Wrong("a ValueError is raised for every beginning except an empty one and the whole image: given may change "
                    "once. (np.diff of booleans only says *changed*; make them whole numbers first.)")
    if refused:
        raise Wrong(f"a ValueError is raised where the first {refused[0]} of 30 are given: every beginning is allowed, also "
                    "one that ends inside a row, one that is empty, and the whole image.")
    for count in counts:
        given = place < count
        wanted = nats_of_the_rest(log_likelihoods, given)
        found = call(answer, log_likelihoods, given)
        if np.shape(found) == (3,):
            if count and np.allclose(found, -log_likelihoods.sum(axis=(1, 2))):
                raise Wrong("this counts the given pixels too; they cost nothing.")
            if np.allclose(found, -log_likelihoods[:, given].sum(axis=1)):
                raise Wrong("this is the cost of the given pixels; the rest is asked for.")
            if count < 30 and np.allclose(found, -wanted):
                raise Wrong("the sign: nats are a cost, minus the log-probability.")
        expect_close(found, wanted, "log p(rest | given) = log p(image) − log p(given): only the terms "
                     f"of the pixels that are not given are left. Here the first {count} of 30 are given.")
    hole = (place < 12) & (place != random.integers(1, 11))
    left, last = place % 5 < random.integers(1, 5), place >= random.integers(10, 28)
    for given, which in ((last, "the last pixels"), (left, "the left columns"), (hole, "11 of the first 12 pixels")):
        if not refuses(answer, log_likelihoods, given):
            raise Wrong(f"here {which} are given, but each term is computed from *all* pixels before: raise a ValueError.")


def refuses(answer, *arguments):
    """Whether the student's function raises a ValueError; any other error is a mistake."""
    try:
        call(answer, *arguments)
    except Wrong as mistake:
        if isinstance(mistake.__context__, AssertionError):
            raise Wrong("an AssertionError is raised, and a ValueError is wanted: python -O switches every assert "
                        "off.") from None
        if not isinstance(mistake.__context__, ValueError):
            raise
        return True
    return False


def nats_of_the_rest(log_likelihoods, given):
    flat = given.ravel()
    if (flat[1:] > flat[:-1]).any():                            # given again after a gap
        raise ValueError("the given pixels must be a beginning of the reading order")
    return -log_likelihoods[:, ~given].sum(axis=1)


def refuses_every_change(log_likelihoods, given):
    if np.diff(given.ravel()).any():
        raise ValueError("the given pixels must be a beginning of the reading order")
    return -log_likelihoods[:, ~given].sum(axis=1)


def allows_whole_rows(log_likelihoods, given):
    rows = given.all(axis=1)
    if (rows != given.any(axis=1)).any():
        raise ValueError
    return nats_of_the_rest(log_likelihoods, given)


def wants_the_first_pixel(log_likelihoods, given):
    if not given.ravel()[0]:
        raise ValueError
    return nats_of_the_rest(log_likelihoods, given)


def asserts(log_likelihoods, given):
    flat = given.ravel()
    assert (flat[1:] <= flat[:-1]).all()
    return -log_likelihoods[:, ~given].sum(axis=1)


def check_added(answer, random):
    count, kinds = 240, 6
    inputs, states = random.normal(size=(count, 3)), random.normal(size=(count, 5))
    places = np.tile(np.arange(kinds), count // kinds)
    states[:, 0] = inputs[:, 0] + 0.1 * states[:, 0]                    # the state copies the input,
    by_place = 2 * random.permutation([-1.5, -1, 0, 0.5, 1, 1.5])[places]
    states[:, 2] = by_place + 0.3 * states[:, 2]                        # and knows the place well
    facts = 4 + inputs @ random.uniform(0.5, 1, 3) + states[:, 1] + by_place + random.normal(size=count)
    facts[count // 2:] += 1                                             # the halves have means of their own
    arguments = states, inputs, places, facts
    found = call(answer, *arguments)
    if np.ndim(found) == 0:
        for way, message in UNFAIR.items():
            if np.isclose(float(found), way(*arguments), atol=1e-6):
                raise Wrong(message)
    expect_close(found, added(*arguments), "fit on the first half, with a constant; R² on the second half, about its "
                 "own mean; once from inputs, places and states together, once from inputs and places.")


def fitted(features, facts, some):
    """What a linear regression says about all examples; some: those that it is fitted on."""
    return features @ np.linalg.lstsq(features[some], facts[some], rcond=None)[0]


def held_out(features, facts, fit_on_all=False, mean_of=None):
    """R² on the second half of a linear regression fitted on the first half; mean_of: the places whose means it is about."""
    half = len(facts) // 2
    tests, errors = facts[half:], (facts - fitted(features, facts, slice(None if fit_on_all else half)))[half:]
    mean = tests.mean() if mean_of is None else means_of_places(tests, mean_of[half:])
    return 1 - (errors**2).sum() / ((tests - mean) ** 2).sum()


def means_of_places(facts, places):
    """For each example the mean of its place."""
    return (np.bincount(places, facts) / np.bincount(places))[places]


def with_places(inputs, places):
    """Inputs beside zeros and ones for each place, which hold the constant too."""
    return np.hstack([inputs, places[:, None] == np.arange(places.max() + 1)])


def added(states, inputs, places, facts, **how):
    known = with_places(inputs, places)
    return held_out(np.hstack([known, states]), facts, **how) - held_out(known, facts, **how)


def states_alone(states, inputs, places, facts):
    return held_out(with_places(states, 0 * places), facts) - held_out(with_places(inputs, places), facts)


def states_with_places(states, inputs, places, facts):
    return held_out(with_places(states, places), facts) - held_out(with_places(inputs, places), facts)


def about_each_place(states, inputs, places, facts):
    return added(states, inputs, places, facts, mean_of=places)


def slopes_of_each_place(states, inputs, places, facts, **how):
    """One regression for each place: every feature stands in as many columns as there are places."""
    of_place = places[:, None, None] == np.arange(places.max() + 1)
    known, all_features = (np.reshape(each[:, :, None] * of_place, (len(facts), -1)) for each in
                           (np.insert(inputs, 0, 1, axis=1), np.insert(np.hstack([inputs, states]), 0, 1, axis=1)))
    return held_out(all_features, facts, **how) - held_out(known, facts, **how)


def as_in_the_lesson(states, inputs, places, facts):
    return slopes_of_each_place(states, inputs, places, facts, mean_of=places)


def fitted_on_all(states, inputs, places, facts):
    return added(states, inputs, places, facts, fit_on_all=True)


def without_control(states, inputs, places, facts):
    return held_out(np.hstack([with_places(inputs, places), states]), facts)


def mean_of_the_first_half(states, inputs, places, facts):
    half = len(facts) // 2
    tests = facts[half:]
    shares = ((tests - tests.mean()) ** 2).sum() / ((tests - facts[:half].mean()) ** 2).sum()
    return added(states, inputs, places, facts) * shares


def places_unknown(states, inputs, places, facts):
    return added(states, inputs, 0 * places, facts)


def places_as_numbers(states, inputs, places, facts):
    return added(states, np.hstack([inputs, places[:, None]]), 0 * places, facts)


def control_of_places_only(states, inputs, places, facts):
    known = with_places(inputs, places)
    return held_out(np.hstack([known, states]), facts) - held_out(with_places(inputs[:, :0], places), facts)


def control_of_inputs_only(states, inputs, places, facts):
    known = with_places(inputs, places)
    return held_out(np.hstack([known, states]), facts) - held_out(with_places(inputs, 0 * places), facts)


def halves_exchanged(states, inputs, places, facts):
    swapped = [np.roll(each, len(facts) // 2, axis=0) for each in (states, inputs, places, facts)]
    return added(*swapped)


def squared_correlation(states, inputs, places, facts):
    known, half = with_places(inputs, places), len(facts) // 2
    together, control = (np.corrcoef(fitted(each, facts, slice(half))[half:], facts[half:])[0, 1] ** 2
                         for each in (np.hstack([known, states]), known))
    return together - control


def residuals(states, inputs, places, facts):
    """A second regression, with a constant, of what the control has left: its R²."""
    control = fitted(with_places(inputs, places), facts, slice(len(facts) // 2))
    return held_out(with_places(states, 0 * places), facts - control)


def residuals_of_the_facts(states, inputs, places, facts):
    """The same two regressions, one after the other, scored as a share of the facts."""
    half = len(facts) // 2
    left = facts - fitted(with_places(inputs, places), facts, slice(half))
    still_left = left - fitted(with_places(states, 0 * places), left, slice(half))
    tests = facts[half:] - facts[half:].mean()
    return ((left[half:] ** 2).sum() - (still_left[half:] ** 2).sum()) / (tests**2).sum()


def without_places_apart(states, inputs, places, facts):
    return held_out(with_places(states, 0 * places), facts) - held_out(with_places(inputs, 0 * places), facts)


def no_constant(states, inputs, places, facts):
    return held_out(np.hstack([inputs, states]), facts) - held_out(inputs, facts)


NOT_TOGETHER = ("the state need not repeat what the input says: compare inputs, places and states *together* with "
                "inputs and places.")
A_REGRESSION_FOR_EACH = ("this is one regression for each place: here the slopes are the same everywhere, and one regression "
                         "for all places finds them better.")
ONE_AFTER_THE_OTHER = ("in the control's residuals, inputs and places have already taken what they share with the states: fit all "
                       "features together.")
UNFAIR = {
    states_alone: NOT_TOGETHER,
    states_with_places: NOT_TOGETHER,
    slopes_of_each_place: A_REGRESSION_FOR_EACH,
    as_in_the_lesson: A_REGRESSION_FOR_EACH,
    control_of_places_only: "the control has the places but not the inputs: what the input shows counts as memory here.",
    control_of_inputs_only: "only the first regression knows the place: what the place tells counts as memory here.",
    about_each_place: "both R² compare with a mean; take one for the whole second half, not one for each place.",
    fitted_on_all: "the examples that test the regression must not have trained it.",
    without_control: "this is the R² with the states; subtract the R² from inputs and places alone.",
    mean_of_the_first_half: "both R² compare with a mean; take that of the second half, which is scored.",
    places_unknown: "this control does not know the place: what the state says about the place counts as memory here.",
    places_as_numbers: "a place as one number allows only a straight line: give each place a zero or one of its own.",
    residuals: ONE_AFTER_THE_OTHER,
    residuals_of_the_facts: ONE_AFTER_THE_OTHER,
    without_places_apart: "this compares states alone with inputs alone, and neither knows the place.",
    no_constant: "both regressions lack the places, and with them the constant.",
    halves_exchanged: "the halves are exchanged: fit on the first, score on the second.",
    squared_correlation: "a squared correlation forgives a wrong mean and a wrong scale; R² is 1 − Σ errors² / Σ (facts − their mean)².",
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
         "state kernel, too": without_state_kernel,
         "tanh of its sum": without_tanh,
         "from the last line": old_state_forgotten,
         "sees the old state as it is": reset_before_the_gate,
         "counts twice": bias_twice,
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
         "with zeros": begins_with_zeros,
         "from right to left": from_right_to_left,
         "from top to bottom": by_columns,
         "every step begins": always_wiped,
         "after it": before_the_step,
         "move them to the front": steps_first,
         "ends of the rows": lambda step, features, start: scan(step, features, start)[:, :, -1]},
    ),
    Exercise(
        "05.3", "the number of a GRU's parameters, and of those that a state of 0 leaves idle", check_size,
        ("kernel: (features, 3·units). state kernel: (units, 3·units). biases: (2, 3·units).",
         "Add the sizes of the three arrays.",
         "A state of 0 silences the matrices that multiply it, the state kernel; all biases still count."),
        gru_parameters,
        {"biases are missing": lambda features, units: (3 * units * (features + units), 3 * units**2),
         "Keras's form has both": lambda features, units: (3 * units * (features + units + 1), 3 * units**2),
         "one of three": lambda features, units: (units * (features + units + 2), units**2),
         "two numbers": lambda features, units: gru_parameters(features, units)[0],
         "biases still count": lambda features, units: (gru_parameters(features, units)[0], 3 * units * (units + 1)),
         "reset gate still acts": lambda features, units: (gru_parameters(features, units)[0], units * (3 * units + features + 2)),
         "both gates": lambda features, units: (gru_parameters(features, units)[0], units**2)},
    ),
    Exercise(
        "05.4", "what the rest of an image costs, where the chain rule gives it", check_rest,
        ("By the chain rule, log p(image) is a sum over pixels; which terms are log p(given)?",
         "They are the terms of the given pixels, provided that these were read first. The others remain: log_likelihoods[:, ~given].",
         "In reading order, given.ravel() may change from True to False once, and never back."),
        nats_of_the_rest,
        {"given pixels too": lambda terms, given: -terms.sum(axis=(1, 2)),
         "the rest is asked for": lambda terms, given: -terms[:, given].sum(axis=1),
         "the sign": lambda terms, given: terms[:, ~given].sum(axis=1),
         "raise a ValueError": lambda terms, given: -terms[:, ~given].sum(axis=1),
         "only says *changed*": refuses_every_change,
         "ends inside a row": allows_whole_rows,
         "one that is empty": wants_the_first_pixel,
         "switches every assert off": asserts},
    ),
    Exercise(
        "05.5", "what memory adds to the input and the place, on examples that trained nothing", check_added,
        ("np.linalg.lstsq(features[:half], facts[:half], rcond=None)[0] are the weights.",
         "R² on the second half is 1 − Σ errors² / Σ (facts − their mean)².",
         "places[:, None] == np.arange(places.max() + 1) is a zero or one for each place, and holds the constant."),
        added,
        {"together": states_alone,
         "inputs and places": states_with_places,
         "for each place: here": slopes_of_each_place,
         "finds them better": as_in_the_lesson,
         "not one for each place": about_each_place,
         "must not have trained it": fitted_on_all,
         "alone": without_control,
         "take that of the second half": mean_of_the_first_half,
         "what the input shows": control_of_places_only,
         "what the place tells": control_of_inputs_only,
         "says about the place": places_unknown,
         "straight line": places_as_numbers,
         "already taken": residuals,
         "fit all features together": residuals_of_the_facts,
         "neither knows the place": without_places_apart,
         "lack the places": no_constant,
         "halves are exchanged": halves_exchanged,
         "forgives a wrong mean": squared_correlation},
    ),
)
