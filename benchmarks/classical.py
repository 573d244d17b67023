"""Lesson 03's curves: bagging tree by tree, boosting round by round, five methods; several seeds each.

    python benchmarks/classical.py                      about 4 minutes per seed on two idle cores

Every point has the smoothing that is best for it on validation images. "gains": what boosting, stopped by
validation, saves against the forest, in nats for each test image. Writes classical.json beside
this file after each seed; seeds that it holds are not trained again.
"""

import argparse
import copy
import json
import time
from pathlib import Path

from machine import machine                             # first: it keeps TensorFlow quiet

import ensgen_tutorial as eg
from ensgen_tutorial.generators.classical import RECIPES
from ensgen_tutorial.generators.windows import causal_features

FILE = Path(__file__).with_name("classical.json")
TREES = (1, 2, 4, 8, 16, 32, 64, 100)
ROUNDS = (1, 2, 5, 10, 20, 40, 60, 120, 240, 480)
OTHERS = ("extra trees", "support vectors", "neural networks")


def learnt(images, classifier, seed):
    generator = eg.PixelClassifier(images.image_shape, images.levels, classifier, seed=seed)
    generator.learn(images)
    return generator


def scores(generator, images):
    """Nats per image on both splits, and the share of the histograms."""
    return {"validation": -float(generator.log_likelihood(images.validation).mean()),
            "test": -float(generator.log_likelihood(images.test).mean()),
            "smoothing": generator.smoothing}


def first_trees(forest, count):
    """The forest with its first ``count`` trees, and the whole forest's smoothing."""
    small = copy.copy(forest)
    small.fitted = copy.copy(forest.fitted)
    small.fitted.estimators_ = forest.fitted.estimators_[:count]
    return small


def bagging(images, seed):
    """For each number of trees: scores with its own smoothing, and test nats with the forest's."""
    forest, found = learnt(images, "random forest", seed), []
    for count in TREES:
        small = first_trees(forest, count)
        borrowed = scores(small, images)["test"]
        small.smoothing = small.choose_smoothing(images.validation)
        found.append(scores(small, images) | {"test_with_the_forest_s_smoothing": borrowed})
    return found


def boosting(images, seed):
    """For each number of rounds: scores with its own smoothing."""
    boosted = learnt(images, RECIPES["boosted trees"]().set_params(max_iter=max(ROUNDS)), seed)
    splits = {len(split): causal_features(split, boosted.reach)
              for split in (images.validation, images.test)}
    stages = zip(*(boosted.fitted.staged_predict_proba(features) for features in splits.values()))
    found = []
    for count, answers in enumerate(stages, start=1):
        if count in ROUNDS:
            stage = stopped(boosted, dict(zip(splits, answers)))
            stage.smoothing = stage.choose_smoothing(images.validation)
            found.append(scores(stage, images))
    return found


def stopped(boosted, answers):
    """A generator that gives recorded answers: number of images -> (rows, levels)."""
    assert all(each.shape[1] == boosted.levels for each in answers.values())
    stage = copy.copy(boosted)
    stage.parts = lambda pixels: (answers[len(pixels)].reshape(len(pixels), -1, boosted.levels),
                                  boosted.histograms)
    return stage


def gains(images, seed, rounds):
    """Nats per test image that so many rounds of boosting save against the forest: a list."""
    forest = learnt(images, "random forest", seed)
    boosted = learnt(images, RECIPES["boosted trees"]().set_params(max_iter=rounds), seed)
    saved = boosted.log_likelihood(images.test) - forest.log_likelihood(images.test)
    return [round(float(each), 3) for each in saved]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    images = eg.load_images("digits")
    results = json.loads(FILE.read_text()) if FILE.exists() else {
        "machine": machine(), "command": "python benchmarks/classical.py", "trees": TREES,
        "rounds": ROUNDS, "seeds": {}}
    for seed in range(parser.parse_args().seeds):
        started, run = time.perf_counter(), results["seeds"].setdefault(str(seed), {})
        if not run:
            run |= {"bagging": bagging(images, seed), "boosting": boosting(images, seed),
                    **{name: scores(learnt(images, name, seed), images) for name in OTHERS}}
        if "gains" not in run:                          # at the number of rounds that validation chooses
            best = min(range(len(ROUNDS)), key=lambda stage: run["boosting"][stage]["validation"])
            run["gains"] = gains(images, seed, ROUNDS[best])
        FILE.write_text(json.dumps(results) + "\n")
        print(f"seed {seed}: {time.perf_counter() - started:.0f} s", flush=True)
