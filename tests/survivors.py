"""Mutants that pass their exercise's check: right answers all the same, and checks to mend.

``python tests/mutants.py 11`` prints the survivors of lesson 11. A name is what was changed -> into
what; test_mutants.py fails for a survivor that is in neither list.
"""

# Why each of these is right.
RIGHT = {
    '11.2': {
        "np.exp(new_logs - pool_logs).mean() > 1 -> np.exp(new_logs - pool_logs).mean() >= 1":
            "a mean ratio of exactly 1 does not happen with random numbers",
    },
    '12.3': {
        "np.log((total + p[..., j]) / (len(chosen) + 1)).sum(axis=1).mean() -> np.log((total + p[..., j]) / (len(chosen) + 1)).sum(axis=1).sum()":
            "all candidates' nats change by one factor, so the same one has the fewest",
        "np.log((total + p[..., j]) / (len(chosen) + 1)).sum(axis=1) -> np.log((total + p[..., j]) / (len(chosen) + 1)).mean(axis=1)":
            "all candidates' nats change by one factor, so the same one has the fewest",
        "np.log((total + p[..., j]) / (len(chosen) + 1)).sum(axis=1) -> np.log((total + p[..., j]) / (len(chosen) + 1)).sum()":
            "all candidates' nats change by one factor, so the same one has the fewest",
        "np.log((total + p[..., j]) / (len(chosen) + 1)) -> np.log2((total + p[..., j]) / (len(chosen) + 1))":
            "all candidates' nats change by one factor, so the same one has the fewest",
        "1 -> 0, in np.log((total + p[..., j]) / (len(chosen) + 1)).sum(axis=1)":
            "all candidates' nats change by one factor, so the same one has the fewest",
        "(total + p[..., j]) / (len(chosen) + 1) -> (total + p[..., j]) * (len(chosen) + 1)":
            "the pools of all members change by one factor, so the same one has the fewest nats",
        "(total + p[..., j]) / (len(chosen) + 1) -> total + p[..., j]":
            "the pools of all members change by one factor, so the same one has the fewest nats",
        "len(chosen) + 1 -> 1":
            "the pools of all members change by one factor, so the same one has the fewest nats",
        "1 -> 2, in len(chosen) + 1":
            "the pools of all members change by one factor, so the same one has the fewest nats",
    },
    '13.1': {
        "real and drawn exchanged":
            "a squared or absolute difference is the same both ways",
    },
    '14.1': {
        "0 -> 1, in learnt[0]":
            "all networks have the same names",
        "0 -> -1, in learnt[0]":
            "all networks have the same names",
    },
    '14.2': {
        "1: -> :":
            "the average of the first row with itself is the first row",
        "1 -> 0, in path[1:]":
            "the average of the first row with itself is the first row",
    },
    '14.3': {
        "np.log(np.where(teacher > 0, teacher, 1)) -> np.log(np.where(teacher > 0, teacher, 1) + 1e-12)":
            "a matrix's last axis is its axis 1",
        "np.log(np.where(teacher > 0, teacher, 1)) -> np.log(np.clip(np.where(teacher > 0, teacher, 1), 1e-07, None))":
            "q·log q is 0 to ten decimals for such small q",
        "1 -> 2, in np.where(teacher > 0, teacher, 1)":
            "where q = 0, its product with any finite logarithm is 0",
        "-1 -> 1, in log_softmax(logits, axis=-1)":
            "a matrix's last axis is its axis 1",
    },
    '15.1': {
        "-1 -> 1, in parts.sum(axis=-1, keepdims=True)":
            "a matrix's last axis is its axis 1",
        "-1 -> 1, in logs.max(axis=-1, keepdims=True)":
            "a matrix's last axis is its axis 1",
    },
    '16.1': {
        "truth and answer exchanged":
            "a squared or absolute difference is the same both ways",
    },
    '16.3': {
        "4 -> 8, in range(4)":
            "four more turns are the same four turns",
    },
    '17.3': {
        "p > 0.5 -> p >= 0.5":
            "for p = ½ every answer between the two is a median",
    },
    '17.4': {
        "np.abs(truth - mean) <= norm.ppf((1 + level) / 2) * sigma -> np.abs(truth - mean) < norm.ppf((1 + level) / 2) * sigma":
            "equality has probability 0",
        "truth and mean exchanged":
            "a squared or absolute difference is the same both ways",
    },
    '18.2': {
        "truth and answer exchanged":
            "a squared or absolute difference is the same both ways",
    },
}

# Not judged yet: some are right, others pass because the check is too weak. Take out what you mend.
TO_MEND = {
    '00.1': [
        "member_probabilities and weights exchanged",
    ],
    '00.2': [
        "math.log(2) -> math.log(2 + 1e-12)",
        "math.log(2) -> math.log(np.clip(2, 1e-07, None))",
    ],
    '00.3': [
        "501 -> 1002, in np.linspace(0, 1, 501)",
        "501 -> 500, in np.linspace(0, 1, 501)",
        "501 -> 502, in np.linspace(0, 1, 501)",
        "np.log(w * first + (1 - w) * second).mean() -> np.log(w * first + (1 - w) * second).sum()",
        "np.log(w * first + (1 - w) * second) -> np.log2(w * first + (1 - w) * second)",
        "np.log(w * first + (1 - w) * second) -> np.log(w * first + (1 - w) * second + 1e-12)",
        "np.log(w * first + (1 - w) * second) -> np.log(np.clip(w * first + (1 - w) * second, 1e-07, None))",
        "result rounded to 2 decimals",
        "result plus 0.001",
    ],
    '01.1': [
        "np.log(np.exp(shifted).sum(axis=1)) -> np.log(np.exp(shifted).sum(axis=1) + 1e-12)",
        "np.log(np.exp(shifted).sum(axis=1)) -> np.log(np.clip(np.exp(shifted).sum(axis=1), 1e-07, None))",
        "logits.max(axis=1, keepdims=True) -> logits.min(axis=1, keepdims=True)",
        "logits.max(axis=1, keepdims=True) -> logits.max()",
    ],
    '02.1': [
        "np.log(levels) -> np.log(levels + 1e-12)",
        "np.log(levels) -> np.log(np.clip(levels, 1e-07, None))",
        "result rounded to 2 decimals",
    ],
    '02.3': [
        "joint.max(axis=1, keepdims=True) -> joint.min(axis=1, keepdims=True)",
        "np.log(np.exp(joint - largest).sum(axis=1)) -> np.log(np.exp(joint - largest).sum(axis=1) + 1e-12)",
        "np.log(np.exp(joint - largest).sum(axis=1)) -> np.log(np.clip(np.exp(joint - largest).sum(axis=1), 1e-07, None))",
        "0 -> -1, in largest[:, 0]",
        "log_weights and log_likelihoods exchanged",
    ],
    '02.4': [
        "1 -> 0, in range(1, rows)",
        "1 -> 2, in range(1, rows)",
        "costs[i - 1, max(0, j - 1):j + 2].min() -> costs[i - 1, max(0, j - 1):j + 2].max()",
        "0 -> 1, in max(0, path[0] - 1)",
        "0 -> -1, in max(0, path[0] - 1)",
        "path[0] - 1 -> path[0]",
        "path[0] - 1 -> 1",
        "0 -> -1, in path.insert(0, first + int(costs[i, first:path[0] + 2].argmin()))",
        "first + int(costs[i, first:path[0] + 2].argmin()) -> first - int(costs[i, first:path[0] + 2].argmin())",
        "first + int(costs[i, first:path[0] + 2].argmin()) -> first",
        "first + int(costs[i, first:path[0] + 2].argmin()) -> int(costs[i, first:path[0] + 2].argmin())",
        "1 -> 0, in path[0] - 1",
        "1 -> 2, in path[0] - 1",
        "0 -> -1, in path[0]",
        "i - 1 -> i",
        "i - 1 -> 1",
        "max(0, j - 1):j + 2 -> :",
        "1 -> 2, in costs[-1]",
        "1 -> 0, in i - 1",
        "1 -> 2, in i - 1",
        "0 -> 1, in max(0, j - 1)",
        "j - 1 -> j",
        "j - 1 -> 1",
        "2 -> 1, in j + 2",
        "2 -> 3, in j + 2",
        "2 -> 4, in j + 2",
        "1 -> 0, in j - 1",
        "1 -> 2, in j - 1",
        "2 -> 1, in path[0] + 2",
        "2 -> 3, in path[0] + 2",
        "2 -> 4, in path[0] + 2",
        "0 -> -1, in path[0] #2",
    ],
    '03.1': [
        "np.log(probabilities[images, places, pixels]) -> np.log(probabilities[images, places, pixels] + 1e-12)",
        "np.log(probabilities[images, places, pixels]) -> np.log(np.clip(probabilities[images, places, pixels], 1e-07, None))",
    ],
    '03.2': [
        "np.log(average[np.arange(len(values)), values]) -> np.log(average[np.arange(len(values)), values] + 1e-12)",
        "np.log(average[np.arange(len(values)), values]) -> np.log(np.clip(average[np.arange(len(values)), values], 1e-07, None))",
        "tree_probabilities.mean(axis=0)",
        "values ignored",
    ],
    '04.1': [
        "size // 2 -> 2",
        "2 -> 3, in size // 2",
    ],
    '04.2': [
        "first_size // 2 -> 2",
        "blocks * (size // 2) -> blocks / (size // 2)",
        "blocks * (size // 2) -> blocks + size // 2",
        "blocks * (size // 2) -> blocks",
        "2 -> 3, in first_size // 2",
        "size // 2 -> 2",
        "2 -> 3, in size // 2",
        "first_size and blocks exchanged",
        "size and blocks exchanged",
    ],
    '04.3': [
        "np.take_along_axis(probabilities, pixels[..., None], axis=-1) -> np.take_along_axis(probabilities, pixels[..., None])",
        "0 -> -1, in np.take_along_axis(probabilities, pixels[..., None], axis=-1)[..., 0]",
        "np.log(chosen) -> np.log(chosen + 1e-12)",
        "np.log(chosen) -> np.log(np.clip(chosen, 1e-07, None))",
    ],
    '04.4': [
        ":-1 -> :",
        "1 -> 2, in np.cumsum(next_probabilities(sequence))[:-1]",
        "cumulative <= uniform -> cumulative < uniform",
    ],
    '05.1': [
        "-1 -> 1, in np.split(x @ kernel + biases[0], 3, axis=-1)",
        "-1 -> 1, in np.split(state @ state_kernel + biases[1], 3, axis=-1)",
    ],
    '05.2': [
        "start ignored",
        "start.sum(axis=0)",
        "start.mean(axis=0)",
        "start.sum(axis=1)",
        "start.mean(axis=1)",
    ],
    '05.4': [
        "rows ignored",
    ],
    '06.2': [
        "np.log(sigma_2 / sigma_1) -> np.log(sigma_2 / sigma_1 + 1e-12)",
        "np.log(sigma_2 / sigma_1) -> np.log(np.clip(sigma_2 / sigma_1, 1e-07, None))",
        "mean_1 and mean_2 exchanged",
    ],
    '06.3': [
        "log_weights.max(axis=0) -> log_weights.min(axis=0)",
        "log_weights.max(axis=0) -> log_weights.max()",
        "np.log(np.exp(log_weights - largest).mean(axis=0)) -> np.log(np.exp(log_weights - largest).mean(axis=0) + 1e-12)",
        "np.log(np.exp(log_weights - largest).mean(axis=0)) -> np.log(np.clip(np.exp(log_weights - largest).mean(axis=0), 1e-07, None))",
    ],
    '06.4': [
        "0.5 * (np.exp(log_variances) + means ** 2 - 1 - log_variances) -> np.exp(log_variances) + means ** 2 - 1 - log_variances",
        "0.5 -> 1.5, in 0.5 * (np.exp(log_variances) + means ** 2 - 1 - log_variances)",
        "0.5 -> 1.0, in 0.5 * (np.exp(log_variances) + means ** 2 - 1 - log_variances)",
        "np.exp(log_variances) + means ** 2 - 1 - log_variances -> np.exp(log_variances) + means ** 2 - 1",
        "np.exp(log_variances) + means ** 2 -> np.exp(log_variances)",
        "np.exp(log_variances) + means ** 2 -> means ** 2",
        "1 -> 2, in np.exp(log_variances) + means ** 2 - 1",
        "divergences.mean(axis=0) < 0.05 -> divergences.mean(axis=0) <= 0.05",
        "np.exp(log_variances) -> log_variances",
        "means ** 2 -> means * 2",
        "means ** 2 -> means",
        "divergences.mean(axis=0) -> divergences.sum(axis=0)",
        "0.05 -> 1.05, in divergences.mean(axis=0) < 0.05",
        "0.05 -> 0.1, in divergences.mean(axis=0) < 0.05",
        "2 -> 1, in means ** 2",
        "2 -> 3, in means ** 2",
        "2 -> 4, in means ** 2",
        "means ignored",
        "means.sum(axis=0)",
        "means.mean(axis=0)",
        "means.mean(axis=1)",
        "log_variances ignored",
        "log_variances.sum(axis=0)",
        "log_variances.mean(axis=0)",
        "log_variances.mean(axis=1)",
        "means and log_variances exchanged",
    ],
    '07.1': [
        "np.logaddexp(0, -real_logits) -> log_of_two(0, -real_logits)",
        "np.logaddexp(0, fake_logits) -> log_of_two(0, fake_logits)",
    ],
    '07.2': [
        "np.log(p) -> np.log(p + 1e-12)",
        "np.log(p) -> np.log(np.clip(p, 1e-07, None))",
        "np.log(q) -> np.log(q + 1e-12)",
        "np.log(q) -> np.log(np.clip(q, 1e-07, None))",
    ],
    '07.4': [
        "np.log(shares) -> np.log(shares + 1e-12)",
        "np.log(shares) -> np.log(np.clip(shares, 1e-07, None))",
        "classes ignored",
    ],
    '08.2': [
        "found[0] // 2 -> found[0] / 2",
        "found[0] // 2 -> found[0] / 2 #2",
    ],
    '09.2': [
        "softmax(-distances / (2 * (1 - t) ** 2), axis=1) -> plain_softmax(-distances / (2 * (1 - t) ** 2), axis=1)",
        "softmax(-distances / (2 * (1 - t) ** 2), axis=1) -> softmax_one_maximum(-distances / (2 * (1 - t) ** 2), axis=1)",
    ],
    '09.4': [
        "(kernel - 1) // 2 -> (kernel - 1) / 2",
        "kernel - 1 -> kernel",
        "1 -> 0, in kernel - 1",
    ],
    '10.2': [
        "-1 -> 1, in log_softmax(np.tensordot(weights, member_logs, axes=1), axis=-1)",
    ],
}
