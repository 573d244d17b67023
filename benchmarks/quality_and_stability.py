"""Do ensembles draw better, and more reliably? Training seeds × methods; lesson 13 reads the results.

    python benchmarks/quality_and_stability.py                 digits, then clothes
    python benchmarks/quality_and_stability.py --data digits   one of them
    python benchmarks/quality_and_stability.py --only 3        one training seed, in a process of its own
    python benchmarks/quality_and_stability.py --train         train what is missing, measure nothing
    python benchmarks/quality_and_stability.py --so-far        write what is finished

The claims stand in claims.json, which was written before. Trained networks are kept in the store
and finished seeds in output/quality_and_stability, so an interrupted study goes on where it
stopped. At the end it writes, beside this file, quality_and_stability.json (every seed's numbers,
the nats of every test image, and a verdict on each claim that was measured), member_scores.npz
(log p of every pixel for sixteen networks of digits; lesson 12), and clothes_features.npz (what the
classifier sees in the test images, and a few of these; lesson 13), and the README's front picture.

Protocol: members learn from the training split; weights, temperatures, thresholds, strengths and
members are chosen on the validation split; all numbers are of the test split. Distances of
clothes: 10,000 drawings in each of two drawing seeds, against all test images, in the features of the
box's classifier. How long networks train was chosen in a few trials on validation images.
"""

import argparse
import json
import time
from pathlib import Path

import clothes
import digits
import members
import numpy as np
import verdicts
from machine import machine

import ensgen_tutorial as eg

HERE = Path(__file__).parent
FINISHED = HERE.parent / "output" / "quality_and_stability"
KEPT_SCORES = 16            # networks whose scores lesson 12 reads


def finished(name, study):
    """The result of ``study()``, from its file if it was finished before. It may return arrays, too."""
    path = FINISHED / f"{name}.json"
    if not path.exists():
        result = study()
        if isinstance(result, tuple):
            result, arrays = result
            np.savez_compressed(path.with_suffix(".npz"), **arrays)
        # In one step, so that an interrupted study never finds half a result.
        path.with_suffix(".part").write_text(json.dumps(result))
        path.with_suffix(".part").replace(path)
    return json.loads(path.read_text())


def study_digits(only, report, before=None):
    """before: an earlier run's results; their numbers stand for the seeds that are not finished yet."""
    images, found, arrays = members.digits(), [], []
    for seed in range(members.DIGIT_SEEDS) if only is None else [only]:
        if before and not (FINISHED / f"digits-{seed}.json").exists():
            found.append(before["seeds"][seed])
            continue
        report(f"digits, seed {seed}")
        found.append(finished(f"digits-{seed}", lambda: digits.study_seed(seed, images, report)))
        large = finished(f"digits-{seed}-large",
                         lambda: digits.study_large(seed, images, found[-1], report))
        found[-1]["methods"] |= large["methods"]
        if before:
            found[-1] = timed_as(found[-1], before["seeds"][seed])
        arrays.append(np.load(FINISHED / f"digits-{seed}.npz"))
    if only is not None:
        return None
    result = {"levels": images.levels, "test_images": len(images.test), "seeds": found,
              "churn": digits.churn(arrays), "real": digits.real(images)}
    if len(arrays) * members.NETWORKS >= KEPT_SCORES:
        write_scores(arrays)
    if before:
        earlier = before["source"].rpartition("the others: ")[2]
        return before | result | {"source": f"{len(arrays)} seeds of this run; the others: {earlier}"}
    return result | {"curves": curves(arrays)}


def timed_as(found, before):
    """A seed's results with the times of an earlier run: of two machines they could not be compared."""
    for name, row in before["methods"].items():
        if name in found["methods"]:
            found["methods"][name]["seconds"] = row["seconds"]
    return found | {"members_seconds": before["members_seconds"]}


def study_clothes(only, report, before=None):
    if before:
        return before
    images = members.clothes()
    reference, found = clothes.Reference(images), []
    for seed in range(members.CLOTHES_SEEDS) if only is None else [only]:
        report(f"clothes, seed {seed}")
        found.append(finished(f"clothes-{seed}", lambda: clothes.study_seed(seed, reference, report)))
    if only is not None:
        return None
    np.savez_compressed(HERE / "clothes_features.npz", images=images.test[:24],
                        test=reference.test.astype(np.float16))
    return {"levels": images.levels, "scored": clothes.SCORED, "drawn": clothes.DRAWN,
            "neighbours": clothes.NEIGHBOURS, "temperatures": clothes.TEMPERATURES, "seeds": found,
            "real": finished("clothes-real", reference.real)}


def write_scores(arrays):
    """Lesson 12's file: the scores of the first networks, float16, side by side."""
    networks = members.NETWORKS
    names = [f"{'RNN' if j % 2 else 'CNN'} {seed}.{j}"
             for seed in range(len(arrays)) for j in range(networks)]
    np.savez_compressed(HERE / "member_scores.npz", names=np.array(names[:KEPT_SCORES]), **{
        split: np.concatenate([each[split][..., :networks] for each in arrays], -1)[..., :KEPT_SCORES]
        for split in ("validation", "test")})


def curves(arrays):
    """Test nats of equal-weight pools by their number of members, means over random choices.

    "networks": from the members of all seeds. "CNNs, last epoch" and "CNNs, tuned": from the first
    member and the single CNN of each seed, so that only their training differs.
    """
    networks = np.concatenate([each["test"][..., :members.NETWORKS] for each in arrays], -1).astype(float)
    tuned = np.stack([each["single"] for each in arrays], -1).astype(float)
    return {"networks": curve(networks), "CNNs, last epoch": curve(networks[..., ::members.NETWORKS]),
            "CNNs, tuned": curve(tuned)}


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


def draw_front(results):
    """README's front picture, from the results alone: docs/quality_and_stability.png."""
    pictures, real = results["seeds"][0]["pictures"], np.load(HERE / "clothes_features.npz")["images"]
    rows = {"one network": "RNN at 1.0", "average of\nfinished images": "average of images",
            "ensemble": f"linear pool at {results['seeds'][0]['chosen']['sharpened pool']}"}
    scale = results["levels"] - 1
    rows = {label: np.array(pictures[name], np.float32)[:14, ..., None] / scale for label, name in rows.items()}
    eg.show_images(rows | {"real": real[:14].astype(np.float32) / scale},
                   title="Sum what the members predict, not what they have drawn").savefig(
        HERE.parent / "docs" / "quality_and_stability.png", dpi=220)


def train_all(data, report):
    """Train every network of the study that the store does not have yet."""
    if "digits" in data:
        images = members.digits()
        for seed in range(members.DIGIT_SEEDS):
            for made in (members.digit_members(images, seed), members.tuned_members(images, seed)):
                for name, (generator, options) in made.items():
                    members.train(generator, images, f"seed {seed} {name}", report, **options)
    if "clothes" in data:
        images = members.clothes()
        for seed in range(members.CLOTHES_SEEDS):
            for name in members.CLOTHES:
                members.clothes_member(images, seed, name, report)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", nargs="+", default=["digits", "clothes"], choices=["digits", "clothes"])
    parser.add_argument("--only", type=int, metavar="SEED", help="one training seed")
    parser.add_argument("--train", action="store_true", help="train, and measure nothing")
    parser.add_argument("--so-far", action="store_true", help="write what is finished, and train nothing")
    arguments = parser.parse_args()

    def report(line):
        print(time.strftime("%H:%M:%S"), line, flush=True)

    FINISHED.mkdir(parents=True, exist_ok=True)
    if arguments.train:
        train_all(arguments.data, report)
        raise SystemExit
    target = HERE / "quality_and_stability.json"
    results = json.loads(target.read_text()) if target.exists() else {}
    results |= {"machine": machine(), "command": "python benchmarks/quality_and_stability.py"}
    for name, study in (("digits", study_digits), ("clothes", study_clothes)):
        if name in arguments.data:
            found = study(arguments.only, report, arguments.so_far and results[name])
            if found is not None:
                results[name] = found
    if arguments.only is None:
        if {"digits", "clothes"} <= results.keys():
            results["verdicts"] = verdicts.judge(results)
            draw_front(results["clothes"])
        target.write_text(json.dumps(results) + "\n")
        report(f"results: {target.name}")
