"""A verdict on each claim of claims.json, from the results of ``quality_and_stability``."""

import json
from pathlib import Path

import numpy as np

import ensgen_tutorial as eg

CLAIMS = Path(__file__).with_name("claims.json")
LOWER = ("nats", "frechet", "kernel", "worst class", "rise", "churn")       # less is better


def numbers(results, claim, side):
    """What a claim's ``"method"`` or ``"rival"`` scored: (S,), or (S, N) where images are shared."""
    data, metric, name = results[claim["data"]], claim["metric"], claim[side]
    if metric == "churn":               # of pairs of trainings that share none: 0 and 1, 2 and 3 …
        matrix = np.array(data["churn"][name])
        return np.array([matrix[k, k + 1] for k in range(0, len(matrix) - 1, 2)])
    both = (claim["method"], claim["rival"])
    if metric == "rise":
        return np.array([seed["failures"][name] for seed in data["seeds"] if "failures" in seed])
    rows = [seed["methods"][name] for seed in data["seeds"] if all(each in seed["methods"] for each in both)]
    if metric == "nats":
        return np.array([row["image_nats"] for row in rows])
    if metric == "worst class":
        labels = eg.load_images(claim["data"]).test_labels
        return np.array([max(np.array(row["image_nats"])[labels == label].mean()
                             for label in range(10)) for row in rows])
    return np.array([np.mean([each[metric] for each in row["drawings"]]) for row in rows])


def estimate_claim(results, claim):
    """A claim's gain, positive where it is good: an Estimate or a SpreadEstimate."""
    own, other = (numbers(results, claim, side) for side in ("method", "rival"))
    if claim["kind"] == "spread":
        return eg.estimate_spreads(*(each.mean(axis=1) if each.ndim == 2 else each for each in (own, other)))
    return eg.estimate(other - own if claim["metric"] in LOWER else own - other)


def measured(results, claim):
    """Whether the results hold what a claim is about, from two training seeds or more."""
    data = results[claim["data"]]
    if claim["metric"] == "churn":
        return len(data.get("churn", {"linear pool": ()})["linear pool"]) >= 4
    if claim["metric"] == "rise":
        return sum("failures" in seed for seed in data["seeds"]) >= 2
    both = {claim["method"], claim["rival"]}
    return sum(both <= seed["methods"].keys() for seed in data["seeds"]) >= 2


def judge(results):
    """The claims that were measured, each with its gain and its verdict: a list of dicts, in the
    file's order."""
    claims = [claim for claim in json.loads(CLAIMS.read_text(encoding="utf-8")) if measured(results, claim)]
    estimates = {claim["number"]: estimate_claim(results, claim) for claim in claims}
    found = eg.verdicts(estimates)
    return [claim | {"gain": estimates[claim["number"]].mean, "p": estimates[claim["number"]].p}
            | vars(found[claim["number"]]) for claim in claims]
