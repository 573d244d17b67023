"""One command from nothing to an ensemble's images: train, fit the weights, score, draw."""

import json
import time
from pathlib import Path

from ..data.folder import load_folder
from ..data.named import NAMES, load_images
from ..ensembles.mixture import Mixture
from ..ensembles.pools import PixelPool, Remembered
from ..ensembles.weighted_sum import weighted_sum
from ..ensembles.fitting import fit_weights
from ..generators.vae import VAE
from ..machine.output import say
from ..measures.scoring import bits_per_dimension, count_parameters, mean_nats
from ..show.tiles import show_images
from ..training.members import train_members
from ..zoo.recipes import quickstart_recipes

PICTURES = 12               # columns of images.png


def quickstart(dataset="digits", output="output", seed=0, retrain=False, report=say,
               progress="auto"):
    """Train a CNN, an RNN and a VAE, pool them, and write ``images.png`` and ``report.json``.

    dataset: a name for ``load_images``, or a folder of pictures. output: the folder to write to. seed: of everything.
    retrain: train again even if the store has the weights. report: called with lines of text.
    Returns the report, a dict that JSON can hold.
    """
    started = time.monotonic()
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    images = load_for_quickstart(dataset, report)
    generators, options = make_members(images, seed)
    records = train_members(generators, images, **options, seed=seed, retrain=retrain,
                            report=report, progress=progress)
    # A VAE answers another question than a pixel generator; with its latents fixed it joins in.
    latents = 4096 if is_small(images) else 1024
    readers = {name: Remembered(member.templates(latents) if isinstance(member, VAE) else member)
               for name, member in generators.items()}
    ensembles = fit_ensembles(readers, images, report)
    result = {
        "dataset": images.name,
        "split": {part: len(getattr(images, part)) for part in ("train", "validation", "test")},
        "levels": images.levels,
        "seed": seed,
        "seconds": None,
        "members": [
            {"name": name, "parameters": count_parameters(member),
             **{f"{split}_nats": mean_nats(readers[name] if member.exact else member,
                                           getattr(images, split))
                for split in ("validation", "test")},
             "exact": member.exact,
             "seconds": round(records[name]["seconds"], 1)}
            for name, member in generators.items()
        ],
        "ensembles": [
            {"name": name, "members": list(readers), "weights": fitted.weights.tolist(),
             "parameters": sum(map(count_parameters, generators.values())),
             "test_nats": mean_nats(fitted.ensemble, images.test)}
            for name, fitted in ensembles.items()
        ],
    }
    figure = draw(readers, ensembles["linear pool"].ensemble, images, seed)
    figure.savefig(output / "images.png")
    result["seconds"] = round(time.monotonic() - started, 1)
    (output / "report.json").write_text(json.dumps(result, indent=2) + "\n")
    report(table(result, images.image_shape))
    report(f"Images: {output / 'images.png'}   report: {output / 'report.json'}")
    return result


def load_for_quickstart(dataset, report):
    """The data set, or a folder's pictures at 16×16 in grey; larger ones with 16 levels and fewer of
    them, to be quick.
    """
    if dataset not in NAMES and Path(dataset).is_dir():
        return load_folder(dataset, size=(16, 16), channels=1, levels=16)
    images = load_images(dataset)
    if is_small(images):
        return images
    report("Pictures of this size take about ten minutes on two cores, with 16 levels, 5,000 images "
           "to train, 500 to validate and 500 to test.")
    return images.with_levels(min(16, images.levels)).take(5000, 500, 500)


def is_small(images):
    return max(images.image_shape) <= 16


def make_members(images, seed):
    """Two CNNs, two RNNs and a VAE; and, by member, the options of their training: two dicts."""
    recipes = quickstart_recipes(is_small(images))
    generators = {name: recipe.make(images.image_shape, images.levels, seed=10 * seed + j)
                  for j, (name, recipe) in enumerate(recipes.items())}
    options = {option: {name: recipe.training[option] for name, recipe in recipes.items()}
               for option in ("epochs", "learning_rate")}
    return generators, options


def fit_ensembles(members, images, report):
    """Linear pool, log pool and mixture of the members, weights fitted on validation: a dict."""
    members = list(members.values())
    ensembles = {"linear pool": PixelPool(members), "log pool": PixelPool(members, kind="log"),
                 "mixture": Mixture(members)}
    tolerance = 1e-3 if is_small(images) else 1e-2          # nats per image
    fitted = {name: fit_weights(ensemble, images, tolerance=tolerance)
              for name, ensemble in ensembles.items()}
    for name, weights in fitted.items():
        report(f"{name}: {weights}.")
    return fitted


def draw(members, ensemble, images, seed):
    """A row of images for each member, the ensemble's, the literal average's, and real ones: a figure."""
    drawn = {name: member.generate(PICTURES, seed=seed + j)
             for j, (name, member) in enumerate(members.items())}
    average = weighted_sum(drawn.values(), ensemble.weights)
    real = images.to_images(images.test[:PICTURES])
    return show_images(
        {**drawn, "ensemble": ensemble.generate(PICTURES, seed=seed),
         "average of\nimages": average, "real": real},
        title="Five members, their ensemble, and the ghosts of averaging",
    )


def table(result, image_shape):
    """The report as lines of text: members with their weights in the linear pool, ensembles."""
    weights = dict(zip(result["ensembles"][0]["members"], result["ensembles"][0]["weights"]))
    lines = [f"{'':<14}{'parameters':>11}{'test nats/image':>17}{'bits/dim':>10}{'weight':>8}"
             f"{'training':>10}"]
    for row in result["members"]:
        bound = "" if row["exact"] else " (a bound)"
        lines.append(
            f"{row['name']:<14}{row['parameters']:>11,}{row['test_nats']:>17.2f}"
            f"{bits_per_dimension(row['test_nats'], image_shape):>10.3f}"
            f"{weights[row['name']]:>8.3f}{row['seconds']:>8.0f} s{bound}"
        )
    for row in result["ensembles"]:
        lines.append(f"{row['name']:<14}{row['parameters']:>11,}{row['test_nats']:>17.2f}"
                     f"{bits_per_dimension(row['test_nats'], image_shape):>10.3f}")
    best = min(result["members"], key=lambda row: row["validation_nats"])       # not by test
    gain = best["test_nats"] - result["ensembles"][0]["test_nats"]
    lines.append(f"The linear pool is {gain:.2f} nats/image below its best member, {best['name']}.")
    return "\n".join(lines)
