"""The study on digits: one training seed's members, rivals and measurements, for likelihoods."""

import itertools

import numpy as np
from members import digit_members, large_model, train, tuned_members

import ensgen_tutorial as eg

FAILS = 0.1                 # the share of trainings that get a bad learning rate


def nats_row(scores, seconds=0.0, parameters=None):
    """One method's row from log p of every pixel or image, (N, rows) nats."""
    image_nats = -scores.sum(axis=1)
    return {"nats": float(image_nats.mean()), "image_nats": np.round(image_nats, 3).tolist(),
            "seconds": round(seconds, 1), "parameters": parameters}


def numbers_of(generator):
    """How many numbers a member has learnt; of a forest, two for each split and one for each level
    but the last of each leaf."""
    if not hasattr(generator, "fitted"):
        return eg.count_parameters(generator)
    trees = [each.tree_ for each in generator.fitted.estimators_]
    leaves = sum(int(tree.n_leaves) for tree in trees)
    return 2 * (sum(int(tree.node_count) for tree in trees) - leaves) + leaves * (generator.levels - 1)


def study_seed(seed, images, report):
    """The eight members of one seed, their ensembles, tuned members, and what stability means.

    Returns a dict that JSON can hold, and arrays: the members' scores by split, and the grey value
    that each method expects of every test pixel.
    """
    trained = {name: train(generator, images, f"seed {seed} {name}", report, **options)
               for name, (generator, options) in digit_members(images, seed).items()}
    tuned = {name: train(generator, images, f"seed {seed} {name}", report, **options)
             for name, (generator, options) in tuned_members(images, seed).items()}
    total = sum(seconds for _, seconds in list(trained.values())[:8])
    readers = {name: eg.Remembered(each) for name, (each, _) in (trained | tuned).items()}
    scores = {split: eg.score_members(readers, getattr(images, split)) for split in ("validation", "test")}
    names = list(readers)
    own, eight = names[:8], slice(0, 8)
    after = [names.index(name) for name in tuned] + [7]                    # the tuned, and the forest
    numbers = {name: numbers_of(each) for name, (each, _) in (trained | tuned).items()}
    seconds = {name: spent for name, (_, spent) in (trained | tuned).items()}

    def alone(name):
        return nats_row(scores["test"][..., names.index(name)], seconds[name], numbers[name])

    def pooled(chosen, spent, weights=None):
        if weights is None:
            weights = eg.best_weights(scores["validation"][..., chosen])
        nats = eg.ensemble_nats(scores["test"][..., chosen], weights)
        row = nats_row(-nats[:, None], spent, sum(numbers[names[j]] for j in np.arange(len(names))[chosen]))
        return row | {"weights": weights.tolist()}

    rows = {"member CNN": alone(own[0]), "member RNN": alone(own[1]), "member forest": alone(own[7]),
            "single CNN": alone("tuned 0"), "linear pool": pooled(eight, total),
            "pool without the forest": pooled(slice(0, 7), total - seconds[own[7]]),
            "tuned pool": pooled(after, sum(seconds[names[j]] for j in after))}
    validation = -scores["validation"].sum(axis=1).mean(axis=0)
    rows["best of eight"] = alone(names[min(after, key=lambda j: validation[j])])
    rows["best member"] = alone(own[int(np.argmin(validation[eight]))])
    log_pool = eg.fit_weights(eg.PixelPool([readers[name] for name in own], kind="log"), images).ensemble
    rows["log pool"] = nats_row(log_pool.log_likelihood(images.test)[:, None], total, rows["linear pool"][
        "parameters"]) | {"weights": log_pool.weights.tolist()}
    by_image = {split: each[..., eight].sum(axis=1, keepdims=True) for split, each in scores.items()}
    weights = eg.best_weights(by_image["validation"])
    rows["mixture"] = nats_row(-eg.ensemble_nats(by_image["test"], weights)[:, None], total,
                               rows["linear pool"]["parameters"]) | {"weights": weights.tolist()}
    for name, each in rows.items():
        report(f"    {name}: {each['nats']:.2f} nats/image, {each['parameters']:,} numbers")

    grey = np.arange(images.levels) / (images.levels - 1)
    expected = {name: readers[name].pixel_probabilities(images.test) @ grey for name in readers}
    maps = {"member CNN": expected[own[0]], "single CNN": expected["tuned 0"],
            "linear pool": sum(w * expected[name] for w, name in zip(rows["linear pool"]["weights"], own))}
    maps |= {f"member {j}": expected[name] for j, name in enumerate(own)}
    result = {"methods": rows, "failures": failures(scores, names, images),
              "members_seconds": [seconds[name] for name in own],
              "members_validation": validation[eight].tolist(),
              "members_test": (-scores["test"][..., eight].sum(axis=1).mean(axis=0)).tolist()}
    arrays = {split: each[..., eight].astype(np.float16) for split, each in scores.items()}
    tuned_scores = scores["test"][..., names.index("tuned 0")].astype(np.float16)
    return result, arrays | {"single": tuned_scores} | {
        f"expected {name}": each.astype(np.float16) for name, each in maps.items()}


def failures(scores, names, images):
    """By how many nats a method gets worse if each training fails with probability FAILS.

    A network that failed answers as one trained with a bad learning rate; which of the seven have
    failed, every case is tried, weights are fitted again, and cases count by their probability. The
    "equal" pool keeps equal weights.
    """
    failed = {0: names.index("failed CNN"), 1: names.index("failed RNN")}

    def nats(chosen, fit):
        weights = np.full(8, 1 / 8)
        if fit:
            weights = eg.best_weights(scores["validation"][..., chosen], tolerance=1e-2)
        return eg.ensemble_nats(scores["test"][..., chosen], weights).mean()

    rise = {}
    for method, fit in (("linear pool", True), ("equal pool", False)):
        rise[method] = -nats(list(range(8)), fit)
        for case in itertools.product((False, True), repeat=7):
            chosen = [failed[j % 2] if bad else j for j, bad in enumerate(case)] + [7]
            share = np.prod([FAILS if bad else 1 - FAILS for bad in case])
            rise[method] += share * nats(chosen, fit)
    own = -scores["test"].sum(axis=1).mean(axis=0)
    rise["single CNN"] = FAILS * (own[failed[0]] - own[names.index("tuned 0")])
    rise["member CNN"] = FAILS * (own[failed[0]] - own[0])
    return {name: float(value) for name, value in rise.items()}


def study_large(seed, images, found, report):
    """Single models that cost as much as the ensemble: in parameters or in training time."""
    rows = found["methods"]
    ratio = rows["linear pool"]["seconds"] / rows["single CNN"]["seconds"]
    result = {}
    for name in ("wide CNN", "giant CNN", "long CNN"):
        made = large_model(name, images, seed, ratio)
        if made is not None:
            generator, options = made
            generator, seconds = train(generator, images, f"seed {seed} {name}", report, **options)
            scores = generator.log_pixel_likelihoods(images.test).reshape(len(images.test), -1)
            result[name] = nats_row(scores, seconds, numbers_of(generator))
            report(f"    {name}: {result[name]['nats']:.2f} nats/image, {result[name]['parameters']:,} numbers")
    return {"methods": result}


def real(images):
    """What real digits score against the test images, drawn from the training split again and again:
    the ceiling, at 500 as at all 1,000."""
    classifier = eg.load_classifier("digits")
    test, train_features = classifier.features(images.test), classifier.features(images.train)
    random = np.random.default_rng(0)
    few = [eg.frechet_distance(test, train_features[random.choice(len(train_features), 500, replace=False)])
           for _ in range(20)]
    return {"500 training images": few, "all 1,000 training images": eg.frechet_distance(test, train_features),
            "halves of the test images": [eg.real_against_real(test, eg.frechet_distance, seed)
                                          for seed in range(20)]}


def churn(arrays):
    """Half the mean squared difference between the grey values that two trainings expect of the same
    next pixel, for every pair of seeds: a method's training variance. A dict name -> (S, S)."""
    found = {}
    for name in ("member CNN", "single CNN", "linear pool"):
        maps = np.array([each[f"expected {name}"] for each in arrays], float).reshape(len(arrays), -1)
        found[name] = (((maps[:, None] - maps) ** 2).mean(axis=-1) / 2).tolist()
    # By member, for the law: the mean over all pairs of seeds.
    maps = np.array([[each[f"expected member {j}"] for j in range(8)] for each in arrays], float)
    found["members"] = maps.var(axis=0, ddof=1).mean(axis=tuple(range(1, maps.ndim - 1))).tolist()
    return found
