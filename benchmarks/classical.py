"""Lesson 03's curves: bagging tree by tree, boosting round by round, five methods; several seeds each.

    python benchmarks/classical.py                      about 7 minutes per seed on two idle cores

Every point has the smoothing that is best for it on validation images. The point of a curve that is
best there also holds its nats for each test image ("test_images"). Writes classical.json beside this
file after each method; what the file holds is not trained again.
"""

import argparse
import copy
import json
import time
from functools import partial
from pathlib import Path

from machine import machine                             # first: it keeps TensorFlow quiet

import ensgen_tutorial as eg
from ensgen_tutorial.generators.classical import RECIPES
from ensgen_tutorial.generators.windows import causal_features

FILE = Path(__file__).with_name("classical.json")
TREES = (1, 2, 4, 8, 16, 32, 64, 100, 200, 400)
ROUNDS = (1, 2, 5, 10, 20, 40, 60, 120, 180, 240, 360, 480)
OTHERS = ("extra trees", "support vectors", "neural networks")


def learnt(images, seed, classifier):
    generator = eg.PixelClassifier(images.image_shape, images.levels, classifier, seed=seed)
    generator.learn(images)
    return generator


def nats(generator, pixels):
    """What each image costs."""
    return -generator.log_likelihood(pixels)


def scores(generator, images):
    """Nats per image on both splits, and the share of the histograms."""
    return {"validation": nats(generator, images.validation).mean(),
            "test": nats(generator, images.test).mean(), "smoothing": generator.smoothing}


def other(images, seed, name):
    return scores(learnt(images, seed, name), images)


def curve(stages, images):
    """Scores of each stage with its own smoothing; the best on validation keeps its test images' nats."""
    points, each = [], []
    for stage in stages:
        stage.smoothing = stage.choose_smoothing(images.validation)
        points.append(scores(stage, images) | {"train": nats(stage, images.train).mean()})
        each.append(nats(stage, images.test).round(3).tolist())
    best = min(range(len(points)), key=lambda stage: points[stage]["validation"])
    points[best]["test_images"] = each[best]
    return points


def first_trees(forest, count):
    """The forest with its first ``count`` trees."""
    small = copy.copy(forest)
    small.fitted = copy.copy(forest.fitted)
    small.fitted.estimators_ = forest.fitted.estimators_[:count]
    return small


def bagging(images, seed):
    """For each number of trees: a point of the curve, and test nats with the smoothing of the recipe's forest."""
    recipe = RECIPES["random forest"]()
    usual = recipe.n_estimators
    forest = learnt(images, seed, recipe.set_params(n_estimators=max(TREES)))
    found = curve([first_trees(forest, count) for count in TREES], images)
    for count, point in zip(TREES, found):
        small = first_trees(forest, count)
        small.smoothing = found[TREES.index(usual)]["smoothing"]
        point["test_with_the_forest_s_smoothing"] = nats(small, images.test).mean()
    return found


def boosting(images, seed):
    """For each number of rounds: a point of the curve."""
    boosted = learnt(images, seed, RECIPES["boosted trees"]().set_params(max_iter=max(ROUNDS)))
    splits = {len(split): causal_features(split, boosted.reach)
              for split in (images.train, images.validation, images.test)}
    stages = zip(*(boosted.fitted.staged_predict_proba(features) for features in splits.values()))
    return curve((stopped(boosted, dict(zip(splits, answers)))
                  for count, answers in enumerate(stages, start=1) if count in ROUNDS), images)


def stopped(boosted, answers):
    """A generator that gives recorded answers: number of images -> (rows, levels)."""
    assert all(each.shape[1] == boosted.levels for each in answers.values())
    stage = copy.copy(boosted)
    stage.parts = lambda pixels: (answers[len(pixels)].reshape(len(pixels), -1, boosted.levels),
                                  boosted.histograms)
    return stage


METHODS = {"bagging": bagging, "boosting": boosting, **{name: partial(other, name=name) for name in OTHERS}}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    images = eg.load_images("digits")
    results = json.loads(FILE.read_text()) if FILE.exists() else {
        "machine": machine(), "command": "python benchmarks/classical.py", "trees": TREES,
        "rounds": ROUNDS, "seeds": {}}
    for seed in range(parser.parse_args().seeds):
        run = results["seeds"].setdefault(str(seed), {})
        for name in [name for name in METHODS if name not in run]:
            started = time.perf_counter()
            run[name] = METHODS[name](images, seed)
            FILE.write_text(json.dumps(results) + "\n")
            print(f"seed {seed}, {name}: {time.perf_counter() - started:.0f} s", flush=True)
