"""Super-resolution, translation and matting: members, sums and their intervals; lessons 16 to 18.

    python benchmarks/restoration.py                    everything (hours; trainings are kept)
    python benchmarks/restoration.py --only matting     one part

Members are those of the box, trained again from other seeds (SEEDS says how often). Weights are fitted on
validation pairs; what is reported comes from test pictures alone. Writes restoration.json.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from machine import machine                             # first: it keeps TensorFlow quiet
import keras
from scipy.ndimage import uniform_filter

import ensgen_tutorial as eg
from ensgen_tutorial.ensembles.objectives import squared_error
from ensgen_tutorial.zoo.recipes import BOX, data_of

SEEDS = {"super-resolution": 3, "matting": 3}       # trainings
FILE = Path(__file__).with_name("restoration.json")
INSIDE = slice(2, -2), slice(2, -2)
CLASSICAL = ("closed form", "learning based", "KNN", "shared")


def trained(name, seed, data, report):
    """A member of the box (seed 0), or the same recipe from another seed: (predictor, device).

    Those compute in float32: without instructions for bfloat16, a processor takes many times as long in it.
    """
    if not seed:
        return eg.load_member(name), eg.member_record(name).get("device")
    recipe = BOX[name]
    own = recipe.hyperparameters.get("seed", 0) + 100 * seed
    options = {key: value for key, value in recipe.training.items() if key != "precision"}
    options |= {"seed": own} if options else {}
    member = recipe.make(seed=own)
    record = eg.train_generator(member, data, progress="quiet", report=report, name=f"{name} {seed}",
                                **options)
    return member, record["device"]


def members_of(data, names, seed, report):
    found = {name: trained(f"{data}/{name}", seed, data_of(f"{data}/{name}"), report) for name in names}
    return {name: member for name, (member, _) in found.items()}, {
        name: device for name, (_, device) in found.items()}


def living_features(network, inputs):
    """How many features of the last hidden layer are above 0 anywhere in the pictures: (those, all)."""
    hidden = [layer.output for layer in network.layers if getattr(layer, "activation", None) is keras.activations.relu]
    found = keras.Model(network.input, hidden[-1]).predict(inputs, verbose=0)
    return int((found.max(axis=(0, 1, 2)) > 0).sum()), found.shape[-1]


def three_kinds(inputs, scale):
    """Flat, edged and textured thirds of the small pictures, as large: whole numbers 0, 1, 2."""
    mean, square = (uniform_filter(each.astype(float), size=(1, 5, 5, 1)) for each in (inputs, inputs**2))
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    kinds = np.digitize(spread, (0.02, 0.06))
    return kinds.repeat(scale, axis=1).repeat(scale, axis=2)


def super_resolution(scale, report):
    data = "photographs" if scale == 2 else "photographs_4"
    names = [name.split("/")[1] for name in BOX if name.startswith(data + "/")]
    validation = eg.load_patches(scale=scale, side=24 if scale == 2 else 16, count=2000, seed=5).validation
    tests = {name: eg.small_and_large(each, scale) for name, each in eg.load_photographs("test").items()}
    decibels, weights, devices, chosen, living = {}, [], [], [], []

    def score(method, predict):
        row = [eg.psnr(large[INSIDE], np.clip(predict(small[None])[0], 0, 1)[INSIDE])
               for small, large in tests.values()]
        decibels.setdefault(method, []).append(row)
        report(f"  ×{scale} {method}: {np.mean(row):.3f} dB")

    for seed in range(SEEDS["super-resolution"]):
        members, trained_on = members_of(data, names, seed, report)
        devices.append(trained_on)
        listed = list(members.values())
        living.append(living_features(members[f"x{scale}_plain"].network, validation[0]))
        missed = {name: np.mean((member.predict(validation[0]) - validation[1]) ** 2) for name, member in members.items()}
        chosen.append(min(missed, key=missed.get))
        best = members[chosen[-1]]
        equal = eg.PredictionSum(listed)
        fitted = eg.fit_weights(equal, validation, tolerance=1e-4)
        by_region = eg.fit_weights(eg.PredictionSum(listed, regions=lambda x: three_kinds(x, scale)),
                                   validation, tolerance=1e-4)
        weights.append(fitted.weights.tolist())
        score("bicubic", eg.Bicubic(scale).predict)
        for name, member in members.items():
            score(name, member.predict)
        score("best by validation", best.predict)
        score("best by validation, eight answers", eg.SelfEnsemble(best).predict)
        score("equal weights", equal.predict)
        score("sum", fitted.ensemble.predict)
        score("sum by region", by_region.ensemble.predict)
        eights = eg.PredictionSum([eg.SelfEnsemble(each) for each in listed], fitted.weights)
        score("sum of eights", eights.predict)
    return {"psnr": decibels, "best by validation": chosen, "photographs": list(tests), "members": names,
            "weights": weights, "trained on": devices, "living features of plain": living,
            "training seconds": {name: eg.member_record(f"{data}/{name}")["seconds"] for name in names}}


def translation(report):
    """M = 1 … 8 translators from edges; the mean of M over many choices of members."""
    pairs = data_of("edges/translator_0")
    names = [name for name in BOX if name.startswith("edges/translator_")]
    rows = {}
    inputs, targets = pairs.test
    answers = np.array([trained(name, 0, pairs, report)[0].predict(inputs) for name in names])
    random = np.random.default_rng(0)
    for M in (1, 2, 4, 8):
        chosen = [random.permutation(len(names))[:M] for _ in range(1 if M == 8 else 8)]
        means = [answers[each].mean(axis=0) for each in chosen]
        rows[M] = {"absolute": [abs(each - targets).mean(axis=(1, 2, 3)).tolist() for each in means],
                   "squared": [((each - targets) ** 2).mean(axis=(1, 2, 3)).tolist() for each in means]}
        report(f"  M = {M}: L1 {np.mean(rows[M]['absolute']):.4f}, squared {np.mean(rows[M]['squared']):.5f}")
    return {"errors": rows, "members": names}


def matting(report, results):
    """Members, and five ways to combine them. The way is chosen on validation scenes alone, each kind of
    scene in turn left out of the fit, since test has kinds that nobody has seen. Beside that stands what
    each kind's scenes score alone: the members, and weights that were fitted with this kind, too.
    Trainings that ``results`` holds are not done again: an hour each on two cores.
    """
    names = [name.split("/")[1] for name in BOX if name.startswith("scenes/")]
    # Classical methods need some pixels that are surely foreground, which fine lace may not have.
    sets = {split: [scene for scene in eg.draw_scenes(count, split, seed=3) if (scene.trimap == 1).any()]
            for split, count in (("validation", 120), ("test", 60))}
    given = {split: np.array([scene.given for scene in each]) for split, each in sets.items()}
    alpha = {split: np.array([scene.alpha for scene in each]) for split, each in sets.items()}
    unknown = {split: np.array([scene.unknown for scene in each]) for split, each in sets.items()}
    kinds = np.array([scene.name for scene in sets["validation"]])
    mattes = {method: {split: eg.ClassicalMatting(method).predict(each)[..., 0]
                       for split, each in given.items()} for method in CLASSICAL}
    report("  classical methods have answered")
    errors, weights, devices, left_out, seen_kinds, correlations = (
        results.get(key, empty) for key, empty in (("errors", {}), ("weights", []), ("trained on", []),
                                                   ("kind left out", {}), ("kind seen", {}), ("correlations", None)))

    def mse(found, split, chosen=slice(None)):
        return [1000 * eg.mean_squared_error(*each) for each in
                zip(alpha[split][chosen], found, unknown[split][chosen])]

    def rate(method, found):
        row = [{"sad": eg.absolute_error(*each), "mse": 1000 * eg.mean_squared_error(*each),
                "gradient": eg.gradient_error(*each), "connectivity": eg.connectivity_error(*each)}
               for each in zip(alpha["test"], found, unknown["test"])]
        errors.setdefault(method, []).append({key: [each[key] for each in row] for key in row[0]})
        report(f"  {method}: MSE {np.mean([each['mse'] for each in row]):.2f}e-3")

    def best_weights(answers, chosen=slice(None)):
        open_ = unknown["validation"][chosen]
        rows = np.array([each[chosen][open_] for each in answers], float)
        objective = squared_error(rows, alpha["validation"][chosen][open_].astype(float), 1)
        return eg.quadratic_programming(objective, 1e-7)[-1]

    for seed in range(len(devices), SEEDS["matting"]):
        own = dict(mattes)
        members, trained_on = members_of("scenes", names, seed, report)
        devices.append(trained_on)
        for name, member in members.items():
            own[name] = {split: member.predict(each)[..., 0] for split, each in given.items()}
        seen = {split: np.array([each[split] for each in own.values()]) for split in sets}
        fitted = best_weights(seen["validation"])
        weights.append(dict(zip(own, fitted.tolist())))
        for name, each in own.items():
            rate(name, each["test"])
        for name, rule in RULES.items():
            rate(name, rule(seen["test"], fitted))
        for kind in dict.fromkeys(kinds):
            rest, out = kinds != kind, kinds == kind
            found = best_weights(seen["validation"], rest)
            alone = min(range(len(own)), key=lambda j: np.mean(mse(seen["validation"][j][rest], "validation", rest)))
            rules = RULES | {"best member on the others": lambda x, w: x[alone]}
            for name, rule in rules.items():
                error = np.mean(mse(rule(seen["validation"][:, out], found), "validation", out))
                left_out.setdefault(name, {}).setdefault(kind, []).append(error)
            for name, answers in dict(zip(own, seen["validation"][:, out])).items():
                seen_kinds.setdefault(name, {}).setdefault(kind, []).append(np.mean(mse(answers, "validation", out)))
            error = np.mean(mse(RULES["fitted weights"](seen["validation"][:, out], fitted), "validation", out))
            seen_kinds.setdefault("fitted weights", {}).setdefault(kind, []).append(error)
        if seed == 0:
            wrong = [(each["test"] - alpha["test"])[unknown["test"]] for each in own.values()]
            correlations = np.corrcoef(wrong).round(3).tolist()
    for name, each in left_out.items():
        report(f"  validation, each kind left out, {name}: {np.mean(list(each.values())):.2f}e-3")
    return {"errors": errors, "weights": weights, "members": [*CLASSICAL, *names],
            "trained on": devices,
            "kind left out": left_out, "kind seen": seen_kinds,
            "unknown pixels": unknown["test"].sum(axis=(1, 2)).tolist(), "correlations": correlations,
            "scenes": [scene.name for scene in sets["test"]]}


RULES = {"fitted weights": lambda answers, weights: np.tensordot(weights, answers, axes=1),
         "equal weights": lambda answers, weights: answers.mean(axis=0),
         "median": lambda answers, weights: np.median(answers, axis=0),
         # CLASSICAL's second is a copy of its first under another name.
         "median without the twin": lambda answers, weights: np.median(np.delete(answers, 1, axis=0), axis=0),
         "equal weights without the twin": lambda answers, weights: np.delete(answers, 1, axis=0).mean(axis=0)}


def times(report, rounds=5):
    """Seconds for one picture, the shortest of some rounds, in one run on the same cores: ×2 of
    512×512, and α of a scene of 128×128. Run it alone.
    """
    small = np.random.default_rng(0).random((1, 512, 512, 1), np.float32)
    scene = eg.draw_scenes(1, "test", seed=1)[0].given[None]
    jobs = {"×2 of 512×512": ({"bicubic": eg.Bicubic(2)} | {
                name: eg.load_member(name) for name in BOX if name.startswith("photographs/")}, small),
            "α of 128×128": ({name: eg.ClassicalMatting(name) for name in CLASSICAL} | {
                name: eg.load_member(name) for name in BOX if name.startswith("scenes/")}, scene)}
    found = {}
    for job, (members, inputs) in jobs.items():
        found[job] = {}
        for name, member in members.items():
            member.predict(inputs)                                      # compiles at the first call
            taken = []
            for _ in range(rounds):
                started = time.perf_counter()
                member.predict(inputs)
                taken.append(time.perf_counter() - started)
            found[job][name] = min(taken)
            report(f"  {job} {name}: {min(taken):.3f} s")
    return found


def short(value):
    """Numbers with six digits: a file that people can load and compare."""
    if isinstance(value, dict):
        return {key: short(each) for key, each in value.items()}
    if isinstance(value, list):
        return [short(each) for each in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


PARTS = {"super-resolution ×2": lambda report: super_resolution(2, report),
         "super-resolution ×4": lambda report: super_resolution(4, report),
         "translation": translation,
         "matting": lambda report: matting(report, results.get("matting", {})), "times": times}

if __name__ == "__main__":
    def report(line):
        print(time.strftime("%H:%M:%S"), line, flush=True)

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS)
    only = parser.parse_args().only
    results = json.loads(FILE.read_text()) if FILE.exists() else {}
    results |= {"machine": machine(), "command": "python benchmarks/restoration.py"}
    for name, part in PARTS.items():
        if only in (None, name):
            results[name] = part(report)
            FILE.write_text(json.dumps(short(results), ensure_ascii=False) + "\n")
