"""The committed results of the study hold together, and README quotes them as they are."""

import json
from pathlib import Path

import numpy as np
import pytest

from ensgen_tutorial import best_weights, estimate, ensemble_nats, load_images

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def digits():
    text = (REPOSITORY / "benchmarks" / "quality_and_stability.json").read_text()
    return json.loads(text)["digits"]


def column(digits, method, metric="nats"):
    return np.array([seed["methods"][method][metric] for seed in digits["seeds"]
                     if method in seed["methods"]])


def test_every_number_is_the_mean_of_its_images(digits):
    for seed in digits["seeds"]:
        for name, row in seed["methods"].items():
            if row["nats"] is not None:
                assert len(row["image_nats"]) == digits["test_images"]
                assert np.mean(row["image_nats"]) == pytest.approx(row["nats"], abs=1e-3), name
            assert 0 <= row["coverage"] <= 1 and row["frechet"] > 0


def test_the_laws_hold_in_the_results(digits):
    """A pool is no worse than its members' weighted mean, a mixture loses at most −log w."""
    for seed in digits["seeds"]:
        own, methods = np.array(seed["members_test"]), seed["methods"]
        for kind in ("linear pool", "log pool"):
            weights = np.array(methods[kind]["weights"])
            assert weights.sum() == pytest.approx(1) and methods[kind]["nats"] <= weights @ own
        weights = np.maximum(methods["mixture"]["weights"], 1e-300)
        assert methods["mixture"]["nats"] <= (own - np.log(weights)).min() + 0.01


def test_the_members_scores_are_those_of_the_study(digits):
    scores = np.load(REPOSITORY / "benchmarks" / "member_scores.npz")
    images = load_images("digits")
    for split, pixels in (("validation", images.validation), ("test", images.test)):
        assert scores[split].shape == (len(pixels), pixels[0].size, len(scores["names"]))
    own = -scores["test"].astype(float).sum(axis=1).mean(axis=0)
    for nats, name in zip(own, scores["names"]):
        seed, j = map(int, name.split()[1].split("."))
        assert nats == pytest.approx(digits["seeds"][seed]["members_test"][j], abs=0.02)
    weights = best_weights(scores["validation"].astype(float))
    assert ensemble_nats(scores["test"].astype(float), weights).mean() < own.min()


def test_readme_s_headline_is_the_study_s(digits):
    readme = " ".join((REPOSITORY / "README.md").read_text().split())
    pool, single = column(digits, "linear pool"), column(digits, "single CNN")
    gains = np.array([np.subtract(seed["methods"]["single CNN"]["image_nats"],
                                  seed["methods"]["linear pool"]["image_nats"])
                      for seed in digits["seeds"]])
    low, high = estimate(gains).interval()
    assert (f"{pool.mean():.2f} nats per image against {single.mean():.2f} for a single network, "
            f"{gains.mean():.2f} fewer before rounding (95 % interval {low:.2f} to {high:.2f}, "
            f"{len(gains)} training seeds)") in readme
