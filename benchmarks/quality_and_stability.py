"""Do ensembles draw better, and more reliably? Training seeds × methods; lesson 13 reads the results.

    python benchmarks/quality_and_stability.py              digits, then Fashion-MNIST
    python benchmarks/quality_and_stability.py --seeds 2    fewer training seeds
    python benchmarks/quality_and_stability.py --data digits

Trained networks are kept in the store and finished seeds in output/quality_and_stability, so an
interrupted study goes on where it stopped. At the end it writes, beside this file,
quality_and_stability.json (every seed's metrics, and the nats of every test image),
member_scores.npz (log p of every pixel for sixteen networks; lesson 12), and the README's front
picture.

Protocol: members learn from the training split, weights are fitted on the validation split, and all
numbers are of the test split. Distances: 500 drawn images against all test images, in the features
of the box's classifier. Epochs, weights and the kinds of members were chosen on validation; the
recipes come from a few trials on one seed, whose test numbers were seen.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from machine import machine

import ensgen_tutorial as eg

import keras

HERE = Path(__file__).parent
FINISHED = HERE.parent / "output" / "quality_and_stability"
DRAWN = 500
NETWORKS = 7                # in an ensemble, CNNs and RNNs in turn; its eighth member is a forest
LARGE_SEEDS = 5             # for large single models and denoisers, which cost most
TUNED_SEEDS = 3             # for the ensemble of tuned members
KEPT_SCORES = 16            # networks whose scores lesson 12 reads


class AveragedCNN(eg.PixelCNN):
    """A PixelCNN that keeps the moving average of its weights, over the last hundred steps or so."""

    keep_best = False

    def make_optimizer(self, learning_rate):
        return keras.optimizers.Adam(learning_rate, clipnorm=1.0, use_ema=True, ema_momentum=0.99)


def train(generator, images, report, **options):
    """Train, or load from the store; returns (generator, seconds)."""
    record = eg.train_generator(generator, images, progress="quiet", report=report, **options)
    return generator, record["seconds"]


def make_members(images, seed):
    """An ensemble's members, each with its options of training: seven networks and a forest.

    The networks have no dropout and keep the last epoch, so they differ more than networks tuned for
    themselves, and each is worse; ``curves`` compares pools of both. The forest differs most.
    """
    shape, levels = images.image_shape, images.levels
    for j in range(NETWORKS):
        own = {"classes": 10, "shifts": True, "dropout": 0.0, "seed": 1000 * seed + j}
        options = {"keep": "last", "seed": 1000 * seed + j}
        if j % 2 == 0:
            yield eg.PixelCNN(shape, levels, **own), options | {"epochs": 40, "learning_rate": 5e-3}
        else:
            yield (eg.PixelRNN(shape, levels, units=96, **own),
                   options | {"epochs": 44, "learning_rate": 6e-3})
    yield eg.PixelClassifier(shape, levels, "random forest", seed=1000 * seed + NETWORKS), {}


def make_single(images, seed, kind=eg.PixelCNN, **hyperparameters):
    """The same CNN tuned for itself: dropout, and the best epoch on validation."""
    return kind(images.image_shape, images.levels, classes=10, shifts=True, seed=1000 * seed + 500,
                **hyperparameters)


def train_single(images, seed, report):
    return train(make_single(images, seed), images, report, epochs=50, learning_rate=5e-3,
                 name=f"seed {seed} single")


def study_members(images, seed, report):
    """The eight members of one seed, their ensembles, and a single CNN tuned for itself.

    Returns a dict that JSON can hold, and the members' scores by split.
    """
    members, seconds = zip(*(
        train(generator, images, report, name=f"seed {seed} member {j}", **options)
        for j, (generator, options) in enumerate(make_members(images, seed))))
    readers = [eg.Remembered(member) for member in members]
    rows = {name: (members[j], seconds[j])
            for name, j in (("member CNN", 0), ("member RNN", 1), ("member forest", NETWORKS))}
    rows["single CNN"] = train_single(images, seed, report)
    for name, ensemble in {"mixture": eg.Mixture(readers), "linear pool": eg.PixelPool(readers),
                           "log pool": eg.PixelPool(readers, kind="log")}.items():
        rows[name] = eg.fit_weights(ensemble, images).ensemble, sum(seconds)
    rows["average of images"] = eg.ImageAverage(members), sum(seconds)
    measured = {name: measure(name, generator, images, spent, report)
                for name, (generator, spent) in rows.items()}
    for name, (generator, _) in rows.items():
        if hasattr(generator, "members"):
            measured[name]["parameters"] = sum(map(eg.count_parameters, members[:NETWORKS]))
            measured[name]["weights"] = generator.weights.tolist()
    scores = {split: eg.score_members(readers, getattr(images, split)).astype(np.float16)
              for split in ("validation", "test")}
    own = {f"members_{split}": (-scores[split].astype(float).sum(axis=1).mean(axis=0)).tolist()
           for split in scores}
    return {"methods": measured, "members_seconds": seconds, **own}, scores


def study_tuned(images, seed, report):
    """The same ensemble of members that were each tuned for themselves: its linear pool."""
    shape, levels = images.image_shape, images.levels
    members = [train_single(images, seed, report)]
    for j in range(1, NETWORKS):
        own = {"classes": 10, "shifts": True, "seed": 1000 * seed + 500 + j}
        generator = (eg.PixelRNN(shape, levels, dropout=0.1, **own) if j % 2
                     else eg.PixelCNN(shape, levels, **own))
        members.append(train(generator, images, report, epochs=50, seed=own["seed"],
                             learning_rate=6e-3 if j % 2 else 5e-3, name=f"seed {seed} tuned {j}"))
    forest, options = list(make_members(images, seed))[-1]
    members.append(train(forest, images, report, name="forest", **options))
    members, seconds = zip(*members)
    readers = [eg.Remembered(member) for member in members]
    pool = eg.fit_weights(eg.PixelPool(readers), images).ensemble
    row = measure("linear pool, tuned members", pool, images, sum(seconds), report)
    row |= {"parameters": sum(map(eg.count_parameters, members[:NETWORKS])),
            "weights": pool.weights.tolist()}
    own = {f"tuned_{split}": [eg.mean_nats(reader, getattr(images, split)) for reader in readers]
           for split in ("validation", "test")}
    return {"methods": {"linear pool, tuned members": row}, **own}


def study_large(images, seed, members, report):
    """One model of the ensemble's parameters, one of its training time, one of averaged weights, and
    a sum of denoisers.

    members: what ``study_members`` found for this seed.
    """
    total = sum(members["members_seconds"])
    rows = {"EMA": train(make_single(images, seed, AveragedCNN), images, report, epochs=40,
                         learning_rate=5e-3, name=f"seed {seed} EMA")}
    rows["wide CNN, equal parameters"] = train(
        make_single(images, seed, filters=160, dropout=0.3), images, report, epochs=50, patience=12,
        learning_rate=3e-3, name=f"seed {seed} wide")
    # As many epochs as the eight members' time pays for, but no 60 in a row without getting better.
    longer = round(50 * total / members["methods"]["single CNN"]["seconds"] / 10) * 10
    rows["single CNN, equal time"] = train(
        make_single(images, seed, dropout=0.25), images, report, epochs=longer, patience=60,
        learning_rate=5e-3,
        name=f"seed {seed} longer, {longer} epochs")
    denoisers = [train(eg.Denoiser(images.image_shape, images.levels, filters=(32, 64),
                                   seed=1000 * seed + 600 + j), images, report, epochs=40,
                       learning_rate=3e-3, name=f"seed {seed} denoiser {j}") for j in range(2)]
    rows["single denoiser"] = denoisers[0]
    summed = eg.fit_weights(eg.DenoiserSum([denoiser for denoiser, _ in denoisers]), images)
    rows["denoiser sum"] = summed.ensemble, sum(spent for _, spent in denoisers)
    return {"methods": {name: measure(name, generator, images, spent, report)
                        for name, (generator, spent) in rows.items()}}


def measure(name, generator, images, seconds, report):
    """One method's row: nats of every test image, and distances of what it draws."""
    started = time.monotonic()
    classifier = eg.load_classifier(images.name)
    real = classifier.features(images.test)
    pixels = images.to_pixels(generator.generate(DRAWN, seed=7))
    drawn = classifier.features(pixels)
    density, coverage = eg.density_coverage(real, drawn)
    row = {"seconds": round(seconds, 1),
           "parameters": eg.count_parameters(generator),
           "frechet": eg.frechet_distance(real, drawn), "kernel": eg.kernel_distance(real, drawn),
           "density": density, "coverage": coverage, "nats": None}
    if hasattr(generator, "log_likelihood"):
        image_nats = -generator.log_likelihood(images.test)
        row |= {"nats": float(image_nats.mean()), "exact": generator.exact,
                "image_nats": np.round(image_nats, 3).tolist()}
    nats = "" if row["nats"] is None else f"{row['nats']:.2f} nats/image, "
    report(f"    {name}: {nats}Fréchet {row['frechet']:.2f}, coverage {coverage:.2f} "
           f"(measured in {time.monotonic() - started:.0f} s)")
    return row


def study_digits(seeds, report):
    images = eg.load_images("digits")
    FINISHED.mkdir(parents=True, exist_ok=True)
    found = []
    for seed in range(seeds):
        path = FINISHED / f"digits-{seed}.json"
        if not path.exists():
            report(f"seed {seed + 1} of {seeds}")
            result, scores = study_members(images, seed, report)
            np.savez_compressed(path.with_suffix(".npz"), **scores)
            finish(path, result)
        found.append(json.loads(path.read_text()))
    write_scores(seeds)
    for part, count, study in (
            ("tuned", TUNED_SEEDS, lambda seed: study_tuned(images, seed, report)),
            ("large", LARGE_SEEDS, lambda seed: study_large(images, seed, found[seed], report))):
        for seed in range(min(seeds, count)):
            path = FINISHED / f"digits-{seed}-{part}.json"
            if not path.exists():
                report(f"{part} models, seed {seed + 1} of {min(seeds, count)}")
                finish(path, study(seed))
            more = json.loads(path.read_text())
            found[seed]["methods"] |= more.pop("methods")
            found[seed] |= more
    return {"levels": images.levels, "test_images": len(images.test), "seeds": found,
            "curves": curves(images, seeds, report), "real_against_real": floor(images),
            "pictures": draw_examples(images, found, report)}


def finish(path, result):
    """Write in one step, so that an interrupted study never finds half a result."""
    path.with_suffix(".part").write_text(json.dumps(result))
    path.with_suffix(".part").replace(path)


def network_scores(seeds, split):
    """log p of every pixel by the networks of all seeds: (N, pixels, networks)."""
    return np.concatenate([np.load(FINISHED / f"digits-{seed}.npz")[split][..., :NETWORKS]
                           for seed in range(seeds)], axis=-1)


def write_scores(seeds):
    """Lesson 12's file: the scores of the first networks, float16, side by side."""
    names = [f"{'RNN' if j % 2 else 'CNN'} {seed}.{j}"
             for seed in range(seeds) for j in range(NETWORKS)]
    np.savez_compressed(HERE / "member_scores.npz", names=np.array(names[:KEPT_SCORES]), **{
        split: network_scores(seeds, split)[..., :KEPT_SCORES] for split in ("validation", "test")})


def curves(images, seeds, report):
    """Test nats of equal-weight pools by their number of members, means over random choices.

    "networks": from the members of all seeds. "CNNs, last epoch" and "CNNs, tuned": from the first
    member and the single CNN of each seed, so that only their training differs.
    """
    tuned = [train_single(images, seed, report)[0] for seed in range(seeds)]
    networks = network_scores(seeds, "test").astype(float)
    return {"networks": curve(networks), "CNNs, last epoch": curve(networks[..., ::NETWORKS]),
            "CNNs, tuned": curve(eg.score_members(tuned, images.test))}


def curve(scores):
    """(N, pixels, M) -> a list of dicts, one for each number of members: 1, 2, 4, …"""
    random, found = np.random.default_rng(0), []
    for size in (2**k for k in range(8) if 2**k <= scores.shape[-1]):
        nats = []
        for _ in range(40):
            chosen = random.choice(scores.shape[-1], size, replace=False)
            nats.append(eg.ensemble_nats(scores[..., chosen], np.full(size, 1 / size)).mean())
        found.append({"members": size, "nats": float(np.mean(nats)), "spread": float(np.std(nats))})
    return found


def draw_examples(images, found, report, count=12):
    """What the first seed's generators draw: a dict name -> whole numbers (count, H, W)."""
    members = [train(generator, images, report, name=f"member {j}", **options)[0]
               for j, (generator, options) in enumerate(make_members(images, 0))]
    drawn = {"one CNN": train_single(images, 0, report)[0], "average of images": eg.ImageAverage(members),
             "ensemble": eg.PixelPool(members, found[0]["methods"]["linear pool"]["weights"])}
    drawn = {name: images.to_pixels(generator.generate(count, seed=1))
             for name, generator in drawn.items()}
    drawn["real"] = images.test[:count]
    return {name: pixels[..., 0].tolist() for name, pixels in drawn.items()}


def draw_front(digits):
    """README's front picture, from the results alone: docs/quality_and_stability.png."""
    rows = {name: np.array(pixels, np.float32)[..., None] / (digits["levels"] - 1)
            for name, pixels in digits["pictures"].items()}
    labels = {"one CNN": "one network", "average of images": "average of\nfinished images",
              "ensemble": "ensemble", "real": "real digits"}
    eg.show_images({labels[name]: row for name, row in rows.items()},
                   title="Sum what the members predict, not what they have drawn").savefig(
        HERE.parent / "docs" / "quality_and_stability.png", dpi=220)


def floor(images):
    """Distances between two halves of the test images: no generator is better."""
    features = eg.load_classifier(images.name).features(images.test)
    return {"frechet": eg.real_against_real(features, eg.frechet_distance),
            "kernel": eg.real_against_real(features, eg.kernel_distance)}


def study_fashion(report, count=500):
    """The members in the box, one training of each; weights from 500 validation images."""
    images = eg.load_images("fashion_mnist").with_levels(16)
    images = images.take(1, count, count)
    names = ("pixel_cnn", "pixel_rnn", "vae", "gan", "denoiser")
    members = {name: eg.load_member(f"fashion_mnist/{name}") for name in names}
    readers = [eg.Remembered(members[name]) for name in ("pixel_cnn", "pixel_rnn")]
    rows = dict(members)
    weights = {}
    for name, ensemble in {"mixture": eg.Mixture(readers), "linear pool": eg.PixelPool(readers),
                           "log pool": eg.PixelPool(readers, kind="log")}.items():
        fitted = eg.fit_weights(ensemble, images, tolerance=1e-2)
        rows[name], weights[name] = fitted.ensemble, fitted.weights.tolist()
    rows["average of images"] = eg.ImageAverage(members.values())
    measured = {name: measure(name, generator, images, 0.0, report)
                for name, generator in rows.items()}
    for name, row in measured.items():
        row["seconds"] = eg.member_record(f"fashion_mnist/{name}")["seconds"] if name in names else None
        row["weights"] = weights.get(name)
    return {"levels": 16, "test_images": count, "methods": measured, "real_against_real": floor(images)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--data", nargs="+", default=["digits", "fashion_mnist"],
                        choices=["digits", "fashion_mnist"])
    arguments = parser.parse_args()

    def report(line):
        print(time.strftime("%H:%M:%S"), line, flush=True)

    target = HERE / "quality_and_stability.json"
    results = json.loads(target.read_text()) if target.exists() else {}
    results |= {"machine": machine(), "command": "python benchmarks/quality_and_stability.py"}
    if "digits" in arguments.data:
        results["digits"] = study_digits(arguments.seeds, report)
        draw_front(results["digits"])
    if "fashion_mnist" in arguments.data:
        results["fashion_mnist"] = study_fashion(report)
    target.write_text(json.dumps(results) + "\n")
    report(f"results: {target.name}")
