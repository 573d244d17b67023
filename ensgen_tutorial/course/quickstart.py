"""One command from nothing to an ensemble's images: train, fit the weights, score, draw."""

import json
import time
from pathlib import Path

from ..data.named import load_images
from ..ensembles.mixture import Mixture
from ..ensembles.pools import PixelPool, Remembered
from ..ensembles.weighted_sum import weighted_sum
from ..ensembles.weights import fit_weights
from ..generators.pixel_cnn import PixelCNN
from ..generators.pixel_rnn import PixelRNN
from ..generators.vae import VAE
from ..measures.distances import bits_per_dimension
from ..show.tiles import show_images
from ..training.train import train_members

PICTURES = 12               # columns of images.png


def quickstart(dataset="digits", output="output", seed=0, retrain=False, report=print,
               progress="auto"):
    """Train a CNN, an RNN and a VAE, pool them, and write ``images.png`` and ``report.json``.

    dataset: a name for ``load_images``. output: the folder to write to. seed: of everything.
    retrain: train anew even if the store has the weights. report: called with lines of text.
    Returns the report, a dict that JSON can hold.
    """
    started = time.monotonic()
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    images = load_for_quickstart(dataset, report)
    generators, epochs, learning_rates = make_members(images, seed)
    records = train_members(generators, images, epochs, learning_rate=learning_rates, seed=seed,
                            retrain=retrain, report=report, progress=progress)
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
            {"name": name, "parameters": member.count_params(),
             "test_nats": negative_log_likelihood(
                 readers[name] if member.exact else member, images.test),
             "exact": member.exact,
             "seconds": round(records[name]["seconds"], 1)}
            for name, member in generators.items()
        ],
        "ensembles": [
            {"name": name, "members": list(readers), "weights": fitted.weights.tolist(),
             "test_nats": negative_log_likelihood(fitted.ensemble, images.test)}
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
    """The data set; pictures larger than 16×16 with 16 levels and fewer of them, to be quick."""
    images = load_images(dataset)
    if is_small(images):
        return images
    report("Pictures of this size take about ten minutes on two cores, with 16 levels, 5,000 images "
           "to train, 500 to validate and 500 to test.")
    return images.with_levels(min(16, images.levels)).take(5000, 500, 500)


def is_small(images):
    return max(images.image_shape) <= 16


def make_members(images, seed):
    """Two CNNs, two RNNs and a VAE, with their epochs and learning rates: three dicts."""
    shape, levels = images.image_shape, images.levels
    generators = {
        "PixelCNN A": PixelCNN(shape, levels, seed=10 * seed),
        "PixelCNN B": PixelCNN(shape, levels, seed=10 * seed + 1),
        "PixelRNN A": PixelRNN(shape, levels, seed=10 * seed + 2),
        "PixelRNN B": PixelRNN(shape, levels, seed=10 * seed + 3),
        "VAE": VAE(shape, levels, seed=10 * seed + 4),
    }
    small = is_small(images)
    epochs = {PixelCNN: 36 if small else 6, PixelRNN: 40 if small else 4, VAE: 40 if small else 20}
    learning_rates = {PixelCNN: 5e-3, PixelRNN: 6e-3, VAE: 2e-3}
    return (generators, {name: epochs[type(member)] for name, member in generators.items()},
            {name: learning_rates[type(member)] for name, member in generators.items()})


def fit_ensembles(members, images, report):
    """Linear pool, log pool and mixture of the members, weights fitted on validation: a dict."""
    members = list(members.values())
    ensembles = {"linear pool": PixelPool(members), "log pool": PixelPool(members, kind="log"),
                 "mixture": Mixture(members)}
    tolerance = 1e-3 if is_small(images) else 1e-2          # nats an image
    fitted = {name: fit_weights(ensemble, images, tolerance=tolerance)
              for name, ensemble in ensembles.items()}
    for name, weights in fitted.items():
        report(f"{name}: {weights}.")
    return fitted


def negative_log_likelihood(generator, pixels):
    """Mean −log p in nats an image."""
    return float(-generator.log_likelihood(pixels).mean())


def draw(members, ensemble, images, seed):
    """A row of images a member, the ensemble's, the literal average's, and real ones: a figure."""
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
    parameters = sum(row["parameters"] for row in result["members"])
    for row in result["ensembles"]:
        lines.append(f"{row['name']:<14}{parameters:>11,}{row['test_nats']:>17.2f}"
                     f"{bits_per_dimension(row['test_nats'], image_shape):>10.3f}")
    best = min(result["members"], key=lambda row: row["test_nats"])
    gain = best["test_nats"] - result["ensembles"][0]["test_nats"]
    lines.append(f"The linear pool is {gain:.2f} nats/image below its best member, {best['name']}.")
    return "\n".join(lines)
