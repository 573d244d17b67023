"""The committed results of the study hold together, and README quotes them as they are."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from test_generators import ready

from ensgen_tutorial import ImageSet, Mixture, best_weights, ensemble_nats, estimate, load_images

REPOSITORY = Path(__file__).parents[1]
BENCHMARKS = REPOSITORY / "benchmarks"


@pytest.fixture(scope="module")
def results():
    return json.loads((BENCHMARKS / "quality_and_stability.json").read_text())


@pytest.fixture(scope="module")
def judge():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import verdicts
    finally:
        sys.path.remove(str(BENCHMARKS))
    return verdicts.judge


def column(data, method, metric="nats"):
    return np.array([seed["methods"][method][metric] for seed in data["seeds"]
                     if method in seed["methods"]])


def test_every_number_is_the_mean_of_its_images(results):
    for name, images in (("digits", results["digits"]["test_images"]),
                         ("clothes", results["clothes"]["scored"])):
        for seed in results[name]["seeds"]:
            for method, row in seed["methods"].items():
                if "nats" in row:
                    assert len(row["image_nats"]) == images
                    assert np.mean(row["image_nats"]) == pytest.approx(row["nats"], abs=0.01), method


def test_the_laws_hold_in_the_results(results):
    """A pool is no worse than its members' weighted mean, a mixture loses at most −log w."""
    for seed in results["digits"]["seeds"]:
        own, methods = np.array(seed["members_test"]), seed["methods"]
        for kind in ("linear pool", "log pool"):
            weights = np.array(methods[kind]["weights"])
            assert weights.sum() == pytest.approx(1) and methods[kind]["nats"] <= weights @ own
        weights = np.maximum(methods["mixture"]["weights"], 1e-300)
        assert methods["mixture"]["nats"] <= (own - np.log(weights)).min() + 0.01


def test_drawings_are_in_several_sets_kept_apart(results):
    for seed in results["clothes"]["seeds"]:
        for row in seed["methods"].values():
            distances = [each["frechet"] for each in row["drawings"]]
            assert len(distances) >= 2 and len(set(distances)) == len(distances)
            assert min(distances) > 0 and all("kernel" in each for each in row["drawings"])
    assert all(0.3 < each["copied"] < 0.7 for each in results["clothes"]["real"]["training images"])


def test_every_claim_has_the_verdict_that_its_numbers_give(results, judge):
    claims = json.loads((BENCHMARKS / "claims.json").read_text())
    assert [claim["number"] for claim in claims] == list(range(1, len(claims) + 1))
    by_number = {claim["number"]: claim["claim"] for claim in claims}
    assert all(each["claim"] == by_number[each["number"]] for each in results["verdicts"])
    for found, committed in zip(judge(results), results["verdicts"], strict=True):
        assert found["word"] == committed["word"] and found["gain"] == pytest.approx(committed["gain"])
        passed = committed["word"] != "not shown"
        assert passed == (committed["low"] > 0 or committed["high"] < 0)


def test_the_members_scores_are_those_of_the_study(results):
    scores, images = np.load(BENCHMARKS / "member_scores.npz"), load_images("digits")
    for split, pixels in (("validation", images.validation), ("test", images.test)):
        assert scores[split].shape == (len(pixels), pixels[0].size, len(scores["names"]))
    own = -scores["test"].astype(float).sum(axis=1).mean(axis=0)
    for nats, name in zip(own, scores["names"]):
        seed, j = map(int, name.split()[1].split("."))
        assert nats == pytest.approx(results["digits"]["seeds"][seed]["members_test"][j], abs=0.02)
    weights = best_weights(scores["validation"].astype(float))
    assert ensemble_nats(scores["test"].astype(float), weights).mean() < own.min()


def test_the_study_scores_what_it_draws(monkeypatch):
    """Class by class from answers that were kept, or by the generator itself: the same nats."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import clothes

    members = [ready("PixelCNN of classes", (4, 4, 1), 3, seed, scale=0.3) for seed in range(3)]
    monkeypatch.setattr(clothes, "CLASSES", range(3))
    monkeypatch.setattr(clothes, "SCORED", 7)
    random = np.random.default_rng(0)
    pixels = random.integers(0, 3, (7, 4, 4, 1)).astype(np.uint8)
    images = ImageSet("tiny", 3, pixels, pixels, pixels)
    makers = clothes.Makers(np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.1, 0.3]))
    recipes = {"alone": makers.alone(1, 0.9), "pool": makers.pool(0.8), "log pool": makers.log_pool(),
               "disputed": makers.disputed(2, 0.05), "without": makers.without(0)}
    chosen = {}
    rows = clothes.score(members, recipes, images, makers, chosen)
    for name, make in recipes.items():
        generator = clothes.by_class(members, make)
        np.testing.assert_allclose(rows[name]["image_nats"], -generator.log_likelihood(pixels), atol=0.02)
    mixture = Mixture(members, chosen["mixture weights"])
    np.testing.assert_allclose(rows["mixture"]["image_nats"], -mixture.log_likelihood(pixels), atol=0.02)


def saved(results, data, method, rival):
    """Nats that a method saves: its mean, and the ends of the 95 % interval."""
    gain = estimate(column(results[data], rival, "image_nats") - column(results[data], method, "image_nats"))
    return (gain.mean, *gain.interval())


def test_readme_s_headlines_are_the_study_s(results):
    readme = " ".join((REPOSITORY / "README.md").read_text().split())
    pool, single = (column(results["digits"], name).mean() for name in ("linear pool", "single CNN"))
    gain, low, high = saved(results, "digits", "linear pool", "single CNN")
    assert (f"{pool:.2f} nats per image against {single:.2f} for a single network, {gain:.2f} fewer before "
            f"rounding (95 % interval {low:.2f} to {high:.2f}, {len(results['digits']['seeds'])} training seeds)") in readme
    gain, low, high = saved(results, "clothes", "linear pool", "best member")
    assert (f"{gain:.2f} nats fewer than its best member (95 % interval {low:.2f} to {high:.2f}, "
            f"{len(results['clothes']['seeds'])} training seeds)") in readme
    distance = {name: np.mean([[each["frechet"] for each in drawings] for drawings in
                               column(results["clothes"], name, "drawings")])
                for name in ("linear pool", "CNN at 1.0", "RNN at 1.0", "log pool")}
    assert (f"{distance['CNN at 1.0']:.2f} for a CNN, {distance['linear pool']:.2f} for the linear pool, "
            f"{distance['log pool']:.2f} for the log pool and {distance['RNN at 1.0']:.2f} for the RNN") in readme
    assert distance["linear pool"] < distance["CNN at 1.0"] and distance["RNN at 1.0"] < distance["linear pool"]
