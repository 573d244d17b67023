"""Mutants that pass their exercise's check, and why each of them is a right answer all the same.

``python tests/mutants.py 11`` prints the survivors of lesson 11. A name is what was changed -> into
what; test_mutants.py fails for a survivor that is not listed here: mend its check.
"""

RIGHT = {
    "00.1": {
        "member_probabilities and weights exchanged":
            "a weight times an array is the array times the weight",
    },
    "00.2": {
        "math.log(2) -> math.log(2 + 1e-12)":
            "the numbers here are far above 1e-7",
        "math.log(2) -> math.log(np.clip(2, 1e-07, None))":
            "the numbers here are far above 1e-7",
    },
    "00.3": {
        "1001 -> 1000, in np.linspace(0, 1, 1001)":
            "so fine a grid finds the weight to 0.001 as well",
        "1001 -> 2002, in np.linspace(0, 1, 1001)":
            "so fine a grid finds the weight to 0.001 as well",
        "1001 -> 1002, in np.linspace(0, 1, 1001)":
            "so fine a grid finds the weight to 0.001 as well",
        "np.log(w * first + (1 - w) * second).mean() -> np.log(w * first + (1 - w) * second).sum()":
            "all losses change by one factor, so the same weight has the least",
        "np.log(w * first + (1 - w) * second) -> np.log2(w * first + (1 - w) * second)":
            "all losses change by one factor, so the same weight has the least",
        "np.log(w * first + (1 - w) * second) -> np.log(w * first + (1 - w) * second + 1e-12)":
            "the numbers here are far above 1e-7",
        "np.log(w * first + (1 - w) * second) -> np.log(np.clip(w * first + (1 - w) * second, 1e-07, None))":
            "the numbers here are far above 1e-7",
    },
    "00.4": {
        "-1 -> 1, in np.log(mixed).sum(axis=-1)":
            "the last axis is axis 1",
    },
    "01.1": {
        "np.log(np.exp(shifted).sum(axis=1)) -> np.log(np.exp(shifted).sum(axis=1) + 1e-12)":
            "after the maximum is subtracted, the sum is 1 or more",
        "np.log(np.exp(shifted).sum(axis=1)) -> np.log(np.clip(np.exp(shifted).sum(axis=1), 1e-07, None))":
            "after the maximum is subtracted, the sum is 1 or more",
    },
    "01.2": {
        "1e-05 -> 2e-05, in step = 1e-05":
            "such a step is neither too large nor too small, either",
    },
    "02.1": {
        "np.log(share) -> np.log(share + 1e-12)":
            "the numbers here are far above 1e-7",
        "np.log(share) -> np.log(np.clip(share, 1e-07, None))":
            "the numbers here are far above 1e-7",
        "np.log(levels) -> np.log(levels + 1e-12)":
            "the numbers here are far above 1e-7",
        "np.log(levels) -> np.log(np.clip(levels, 1e-07, None))":
            "the numbers here are far above 1e-7",
    },
    "02.3": {
        "np.log(weights) -> np.log(weights + 1e-12)":
            "the numbers here are far above 1e-7",
        "np.log(weights) -> np.log(np.clip(weights, 1e-07, None))":
            "the numbers here are far above 1e-7",
    },
    "02.5": {
        "cost < least -> cost <= least":
            "equality has probability 0",
        "0 -> -1, in path[0]":
            "a seam that closes ends where it begins",
    },
    "03.2": {
        "tree_probabilities.mean(axis=0)":
            "the mean over the trees is what is asked for",
    },
    "03.5": {
        "np.mean((answers - histogram) / ((1 - share) * answers + share * histogram)) -> np.sum((answers - histogram) / ((1 - share) * answers + share * histogram))":
            "the sum is 0 where the mean is",
        "1e-09 -> 2e-09, in brentq(slope, 1e-09, 1)":
            "the root is far above both ends",
        "result plus 0.001":
            "the answer is wanted to 0.01 or so",
    },
    "04.2": {
        "first_size // 2 -> first_size / 2":
            "half a row less needs the same whole number of blocks",
    },
    "04.3": {
        "1 -> 2, in changed.reshape(len(pixels), -1)[:, j] += 1":
            "any change of a value shows a leak",
        "0 -> 1, in pixels[0]":
            "a leak shows on other images, too",
        "0 -> -1, in pixels[0]":
            "a leak shows on other images, too",
        "1 -> 2, in changed.reshape(len(pixels), -1)":
            "NumPy takes every negative size as unknown",
        "pixels ignored":
            "a leak shows on other images, too",
        "pixels.sum(axis=0)":
            "a leak shows on other images, too",
        "pixels.mean(axis=0)":
            "a leak shows on other images, too",
    },
    "04.4": {
        ":-1 -> :":
            "the last cumulative sum is 1, above every uniform number",
        "cumulative <= uniform -> cumulative < uniform":
            "equality has probability 0",
    },
    "05.1": {
        "-1 -> 1, in state.shape[-1]":
            "a matrix's last axis is its axis 1",
    },
    "05.2": {
        "-1 -> 1, in start.shape[-1]":
            "a matrix's last axis is its axis 1",
    },
    "05.5": {
        "places[:, None] == np.arange(places.max() + 1) -> places[:, None] != np.arange(places.max() + 1)":
            "these columns span the same space",
        "1 -> 2, in places.max() + 1":
            "a column of zeros changes nothing",
        "1 -> 0, in 1 - (errors ** 2).sum() / ((tests - mean) ** 2).sum()":
            "both scores change by the same number, and their difference is asked for",
        "1 -> 2, in 1 - (errors ** 2).sum() / ((tests - mean) ** 2).sum()":
            "both scores change by the same number, and their difference is asked for",
        **dict.fromkeys((
            "None if fit_on_all else half -> half",
            "tests.mean() if mean_of is None else means_of_places(tests, mean_of[half:]) -> tests.mean()",
            "half: -> : #3",
            "np.bincount(places, facts) / np.bincount(places) -> np.bincount(places, facts) * np.bincount(places)",
            "np.bincount(places, facts) / np.bincount(places) -> np.bincount(places, facts)",
            "np.bincount(places, facts) / np.bincount(places) -> np.bincount(places)"),
            "an option that the answer does not use"),
    },
    "06.1": {
        "np.log(noise) -> np.log(noise + 1e-12)":
            "the numbers here are far above 1e-7",
        "np.log(noise) -> np.log(np.clip(noise, 1e-07, None))":
            "the numbers here are far above 1e-7",
        "np.log(noise) -> np.log(noise + 1e-12) #2":
            "the numbers here are far above 1e-7",
        "np.log(noise) -> np.log(np.clip(noise, 1e-07, None)) #2":
            "the numbers here are far above 1e-7",
    },
    "06.2": {
        "np.log(sigma_2 / sigma_1) -> np.log(sigma_2 / sigma_1 + 1e-12)":
            "the numbers here are far above 1e-7",
        "np.log(sigma_2 / sigma_1) -> np.log(np.clip(sigma_2 / sigma_1, 1e-07, None))":
            "the numbers here are far above 1e-7",
        "mean_1 and mean_2 exchanged":
            "a squared difference is the same both ways",
    },
    "06.3": {
        "logsumexp(log_likelihoods, b=prior) -> logsumexp_one_maximum(log_likelihoods, b=prior)":
            "there is one row only",
    },
    "06.4": {
        "divergences.mean(axis=0) < 0.05 -> divergences.mean(axis=0) <= 0.05":
            "equality has probability 0",
        "0 -> 1, in means[0]":
            "any image may be compared with",
        "0 -> -1, in means[0]":
            "any image may be compared with",
        "0 -> 1, in log_variances[0]":
            "any image may be compared with",
        "0 -> -1, in log_variances[0]":
            "any image may be compared with",
    },
    "07.2": {
        "np.log(1 - share) -> np.log(1 - share + 1e-12)":
            "the numbers here are far above 1e-7",
        "np.log(1 - share) -> np.log(np.clip(1 - share, 1e-07, None))":
            "the numbers here are far above 1e-7",
        "np.log(share) -> np.log(share + 1e-12)":
            "the numbers here are far above 1e-7",
        "np.log(share) -> np.log(np.clip(share, 1e-07, None))":
            "the numbers here are far above 1e-7",
        "np.log(p) -> np.log(p + 1e-12)":
            "the numbers here are far above 1e-7",
        "np.log(p) -> np.log(np.clip(p, 1e-07, None))":
            "the numbers here are far above 1e-7",
        "np.log(q) -> np.log(q + 1e-12)":
            "the numbers here are far above 1e-7",
        "np.log(q) -> np.log(np.clip(q, 1e-07, None))":
            "the numbers here are far above 1e-7",
    },
    "07.3": {
        "1 -> 2, in np.clip(cosine, -1, 1) #2":
            "a cosine below −1 comes from rounding alone, where two pictures are opposite and no way is shortest",
        "np.sin(whole) < 1e-06 -> np.sin(whole) <= 1e-06":
            "the two cases agree where the limit lies",
        "1e-06 -> 2e-06, in np.sin(whole) < 1e-06":
            "the two cases agree where the limit lies",
    },
    "07.4": {
        "softmax(logits) -> softmax_one_maximum(logits)":
            "there is one row only",
    },
    "07.5": {
        "np.sort(cdist(real, real), axis=1) -> np.sort(cdist(real, real))":
            "the last axis is axis 1",
        "cdist(real, drawn).min(axis=1) <= radii -> cdist(real, drawn).min(axis=1) < radii":
            "equality has probability 0",
    },
    "08.2": {
        "found[0] // 2 -> found[0] / 2":
            "the sizes are even, and 4.0 equals 4",
        "found[0] // 2 -> found[0] / 2 #2":
            "the sizes are even, and 4.0 equals 4",
    },
    "08.3": {
        "stages ignored": "no step of a training lies beyond its last stage",
    },
    "10.3": {
        "0.5 -> 1.0, in return 0.5":
            "for equal members every weight is right",
    },
    "11.2": {
        "np.exp(new_logs - mixture_logs).mean() > 1 -> np.exp(new_logs - mixture_logs).mean() >= 1":
            "a mean ratio of exactly 1 does not happen with random numbers",
    },
    "12.3": {
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
    "13.2": {
        "t.ppf(0.975, seeds - 1) * s / np.sqrt(seeds) > half -> t.ppf(0.975, seeds - 1) * s / np.sqrt(seeds) >= half":
            "equality has probability 0",
    },
    "14.2": {
        "1: -> :":
            "the average of the first row with itself is the first row",
        "1 -> 0, in path[1:]":
            "the average of the first row with itself is the first row",
    },
    "14.3": {
        "np.log(np.where(teacher > 0, teacher, 1)) -> np.log(np.where(teacher > 0, teacher, 1) + 1e-12)":
            "a matrix's last axis is its axis 1",
        "np.log(np.where(teacher > 0, teacher, 1)) -> np.log(np.clip(np.where(teacher > 0, teacher, 1), 1e-07, None))":
            "q·log q is 0 to ten decimals for such small q",
        "1 -> 2, in np.where(teacher > 0, teacher, 1)":
            "where q = 0, its product with any finite logarithm is 0",
        "-1 -> 1, in log_softmax(logits, axis=-1)":
            "a matrix's last axis is its axis 1",
    },
    "15.1": {
        "-1 -> 1, in parts.sum(axis=-1, keepdims=True)":
            "a matrix's last axis is its axis 1",
        "-1 -> 1, in logs.max(axis=-1, keepdims=True)":
            "a matrix's last axis is its axis 1",
    },
    "16.1": {
        "((truth - each)[inside] ** 2).mean() -> ((truth - each)[inside] ** 2).sum()":
            "the number of pixels cancels in the ratio",
    },
    "17.4": {
        "truth and mean exchanged":
            "a squared or absolute difference is the same both ways",
    },
    "19.1": {
        "math.log(2) -> math.log(2 + 1e-12)":
            "the numbers here are far above 1e-7",
        "math.log(2) -> math.log(np.clip(2, 1e-07, None))":
            "the numbers here are far above 1e-7",
    },
    "20.3": {
        "0 -> -1, in each.generate_state(1)[0]":
            "any seeds will do that differ",
        "1 -> 2, in each.generate_state(1)":
            "any seeds will do that differ",
        "result doubled":
            "any seeds will do that differ",
    },
}
