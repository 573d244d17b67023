"""The study on Fashion-MNIST at 14×14: one training seed's measurements, and what all share.

Networks learnt p(x | class), so every ensemble is made class by class, and p(x) is the mean over
ten equally probable classes. All choices (weights, temperatures, threshold, strength, members) are
made on validation images; all reported numbers are of test images and of drawings from other seeds
than those that chose.
"""

import time

import numpy as np
from members import CLOTHES, clothes_member
from scipy.special import logsumexp

import ensgen_tutorial as eg

DRAWN = 10_000              # drawings in each set, against as many real images
DRAWING_SEEDS = 2           # sets of drawings of every generator
NEIGHBOURS = 5_000          # drawings and real images for measures that look for neighbours
SCORED = 2_000              # validation images for the weights, test images for the nats
TRIAL = 2_000               # drawings that choose a temperature, a threshold, a strength
HEDGED = 500                # images of each kind whose entropies are taken
CLASSES = range(10)
READERS = ("CNN a", "CNN b", "RNN a")
TEMPERATURES = (0.85, 0.9, 0.95, 1.0)
THRESHOLDS = (0.01, 0.03, 0.1)          # nats
STRENGTHS = (1.5, 2.0, 3.0)


class Told(eg.PixelGenerator):
    """A member's answers about some images, kept: for fitting weights to labelled images."""

    def __init__(self, probabilities, image_shape):
        self.probabilities, self.levels = probabilities, probabilities.shape[-1]
        self.image_shape = image_shape

    def pixel_probabilities(self, pixels):
        return self.probabilities.reshape(*pixels.shape, self.levels)

    def log_pixel_likelihoods(self, pixels):
        return self.log_chosen(pixels)


class Reference:
    """Real images in the classifier's features, and all distances from them."""

    def __init__(self, images):
        self.images, self.classifier = images, eg.load_classifier("fashion_mnist_14")
        self.test, self.validation = map(self.classifier.features, (images.test, images.validation))
        random = np.random.default_rng(0)
        self.train = images.train[random.choice(len(images.train), len(images.test), replace=False)]

    def distance(self, pictures, features=None):
        """Fréchet distance from the validation images: what choices are made by."""
        drawn = self.classifier.features(self.images.to_pixels(pictures))
        return eg.frechet_distance(self.validation if features is None else features, drawn)

    def measure(self, pixels, neighbours=True):
        """Everything about one set of drawings or real images (N, H, W, C)."""
        drawn, some = self.classifier.features(pixels), slice(NEIGHBOURS)
        row = {"frechet": eg.frechet_distance(self.test, drawn),
               "kernel": eg.kernel_distance(self.test, drawn, subsets=200)}
        if neighbours:
            row["frechet without bias"] = eg.frechet_without_bias(self.test, drawn)
            density, coverage = eg.density_coverage(self.test[some], drawn[some])
            precision, recall = eg.precision_recall(self.test[some], drawn[some])
            row |= {"density": density, "coverage": coverage, "precision": precision, "recall": recall,
                    "copied": eg.copied_share(self.train, self.images.test, pixels[:TRIAL])}
        return row

    def real(self):
        """The ceiling: real training images measured as if they were drawn, and the floor. For the
        share of copies, validation images, since training images would be their own copies."""
        parts = np.split(self.images.train, len(self.images.train) // DRAWN)
        unseen = np.split(self.images.validation, len(parts))
        return {"training images": [
            self.measure(part) | {"copied": eg.copied_share(self.train, self.images.test, some)}
            for part, some in zip(parts, unseen)],
                "halves of the test images": eg.real_against_real(self.test, eg.frechet_distance)}


def by_class(members, make):
    """A generator from class-conditional members: ``make`` of them for each class, then a mixture."""
    return eg.Mixture([make([member.given(label) for member in members]) for label in CLASSES])


def answers(member, pixels, label):
    """p(next pixel | before, class) of a network: (N, pixels, levels)."""
    return member.given(label).pixel_probabilities(pixels).reshape(len(pixels), -1, member.levels)


def answers_by_label(member, pixels, labels):
    """The same, for each image under its own class."""
    found = np.empty((len(pixels), pixels[0].size, member.levels), np.float32)
    for label in CLASSES:
        found[labels == label] = answers(member, pixels[labels == label], label)
    return found


def log_chosen(probabilities, pixels):
    """log p of the pixels that are there, summed: (N,) nats."""
    values = pixels.reshape(len(pixels), -1, 1).astype(int)
    chosen = np.take_along_axis(probabilities, values, axis=-1)[..., 0]
    return np.log(np.maximum(chosen, np.finfo(np.float32).tiny)).sum(axis=1, dtype=float)


class Makers:
    """How each method makes one generator of several members: name -> function of members.

    The same function serves drawing (of ``given`` members) and scoring (of ``Told`` answers).
    """

    def __init__(self, weights, log_weights):
        self.weights, self.log_weights = weights, log_weights

    def alone(self, j, temperature=1.0):
        return lambda members: eg.Sharpened(members[j], temperature)

    def pool(self, temperature=1.0):
        return lambda members: eg.Sharpened(eg.PixelPool(members, self.weights), temperature)

    def log_pool(self):
        return lambda members: eg.PixelPool(members, self.log_weights, kind="log")

    def disputed(self, best, threshold):
        def make(members):
            order = [best, *(j for j in range(len(members)) if j != best)]
            return eg.DisputedPool([members[j] for j in order], self.weights[order], threshold)
        return make

    def without(self, j):
        def make(members):
            kept = [k for k in range(len(members)) if k != j]
            weights = self.weights[kept] / self.weights[kept].sum()
            return eg.PixelPool([members[k] for k in kept], weights)
        return make


def study_seed(seed, reference, report):
    """One training seed: a dict that JSON can hold."""
    images = reference.images
    trained = {name: clothes_member(images, seed, name, report) for name in CLOTHES}
    seconds = {name: spent for name, (_, spent) in trained.items()}
    members = {name: generator for name, (generator, _) in trained.items()}
    readers = [members[name] for name in READERS]
    validation, labels = images.validation[:SCORED], images.validation_labels[:SCORED]
    told = [Told(answers_by_label(reader, validation, labels), images.image_shape) for reader in readers]
    few = images.take(1, SCORED, 1)
    makers = Makers(eg.fit_weights(eg.PixelPool(told), few, tolerance=1e-2).weights,
                    eg.fit_weights(eg.PixelPool(told, kind="log"), few, tolerance=1e-2).weights)
    own = [eg.mean_nats(each, validation) for each in told]
    best = int(np.argmin(own))
    report(f"  validation nats given the class {np.round(own, 2)}, weights {np.round(makers.weights, 3)}")

    # Choices, by the distance of a few drawings from the validation images.
    def trial(generator):
        return reference.distance(generator.generate(TRIAL, seed=9000 + seed))

    chosen = {"best member": READERS[best], "weights": makers.weights.tolist(),
              "log weights": makers.log_weights.tolist(), "validation nats": own}
    alone = {(j, T): trial(by_class(readers, makers.alone(j, T)))
             for j in range(len(readers)) for T in TEMPERATURES}
    pooled = {T: trial(by_class(readers, makers.pool(T))) for T in TEMPERATURES}
    disputed = {value: trial(by_class(readers, makers.disputed(best, value))) for value in THRESHOLDS}
    guided = {value: trial(eg.Guided(members["denoiser a"], members["early denoiser"], value))
              for value in STRENGTHS}
    drawer, T_alone = min(alone, key=alone.get)
    weakest = max(range(len(readers)), key=lambda j: alone[j, 1.0])
    T_pool, threshold, strength = (min(each, key=each.get) for each in (pooled, disputed, guided))
    chosen |= {"sharpened member": [READERS[drawer], T_alone], "sharpened pool": T_pool,
               "threshold": threshold, "strength": strength, "weakest drawer": READERS[weakest],
               "trials": {"alone": [[READERS[j], T, value] for (j, T), value in alone.items()],
                          "pool": list(pooled.items()), "disputed": list(disputed.items()),
                          "guided": list(guided.items())}}
    report(f"  chosen {({name: chosen[name] for name in list(chosen)[4:9]})}")

    recipes = {f"CNN at {T}": makers.alone(0, T) for T in TEMPERATURES}
    recipes |= {f"RNN at {T}": makers.alone(2, T) for T in TEMPERATURES}
    recipes |= {f"linear pool at {T}": makers.pool(T) for T in TEMPERATURES}
    recipes |= {"CNN b": makers.alone(1), "log pool": makers.log_pool(),
                "disputed pool": makers.disputed(best, threshold),
                "pool without the weakest drawer": makers.without(weakest),
                "sharpened member": makers.alone(drawer, T_alone)}
    rows = score(readers, recipes, images, makers, chosen)

    # What is drawn. The mixture of members draws each image by one of them.
    generators = {name: by_class(readers, make) for name, make in recipes.items()}
    generators["mixture"] = eg.Mixture(readers, chosen["mixture weights"])
    generators["average of images"] = eg.ImageAverage(readers)
    generators |= {"denoiser": members["denoiser a"],
                   "denoiser sum": eg.DenoiserSum([members["denoiser a"], members["denoiser b"]]),
                   "guided denoiser": eg.Guided(members["denoiser a"], members["early denoiser"], strength)}
    pictures = {}
    for name, generator in generators.items():
        started, sets = time.monotonic(), []
        whole = " at 0" not in name or name == f"linear pool at {T_pool}"
        for drawing in range(DRAWING_SEEDS):
            pixels = images.to_pixels(generator.generate(DRAWN, seed=100 * seed + drawing))
            sets.append(reference.measure(pixels, neighbours=whole))
            if not drawing:
                pictures[name] = pixels[:24, ..., 0].tolist()
        rows.setdefault(name, {})["drawings"] = sets
        rows[name]["seconds"] = time.monotonic() - started
        report(f"  {name}: nats {rows[name].get('nats', float('nan')):.2f}, Fréchet "
               + ", ".join(f"{each['frechet']:.3f}" for each in sets))
    rows["linear pool"], rows["sharpened pool"] = rows["linear pool at 1.0"], rows[f"linear pool at {T_pool}"]
    rows["best member"] = rows[{"CNN a": "CNN at 1.0", "RNN a": "RNN at 1.0"}.get(READERS[best], "CNN b")]
    return {"methods": rows, "chosen": chosen, "training seconds": seconds,
            "parameters": {name: eg.count_parameters(each) for name, each in members.items()},
            "hedging": hedging(readers, makers, images, seed), "pictures": pictures if seed == 0 else None}


def score(readers, recipes, images, makers, chosen):
    """Nats of the first test images by every recipe, and by the mixture of the members."""
    pixels, validation = images.test[:SCORED], images.validation[:SCORED]
    logs = {name: np.empty((len(CLASSES), SCORED)) for name in recipes}
    own = {split: np.empty((len(readers), len(CLASSES), SCORED)) for split in ("test", "validation")}
    for label in CLASSES:
        told = [Told(answers(reader, pixels, label), images.image_shape) for reader in readers]
        for name, make in recipes.items():
            found = make(told).pixel_probabilities(pixels)
            logs[name][label] = log_chosen(found.reshape(SCORED, -1, images.levels), pixels)
        for j, reader in enumerate(readers):
            own["test"][j, label] = log_chosen(told[j].probabilities, pixels)
            own["validation"][j, label] = log_chosen(answers(reader, validation, label), validation)
    ten = np.log(len(CLASSES))
    scores = {split: (logsumexp(each, axis=1) - ten).T[:, None] for split, each in own.items()}
    weights = eg.best_weights(scores["validation"])
    chosen["mixture weights"] = weights.tolist()
    image_nats = {name: ten - logsumexp(each, axis=0) for name, each in logs.items()}
    image_nats["mixture"] = eg.ensemble_nats(scores["test"], weights)
    return {name: {"nats": float(each.mean()), "image_nats": np.round(each, 2).tolist()}
            for name, each in image_nats.items()}


def hedging(readers, makers, images, seed):
    """How sure the members and their pool are, and how much they disagree, row by row of pixels:
    about real images, about the pool's own drawings, and about the first member's.

    Entropies of next-pixel distributions in nats, means over 500 images and the pixels of a
    row; "surprise" is the pool's −log p of what is there.
    """
    rows, count, found = images.image_shape[0], HEDGED, {}
    for name, make in (("real images", None), ("the pool's drawings", makers.pool()),
                       ("a member's drawings", makers.alone(0))):
        labels = images.test_labels[:count] if make is None else np.arange(count) % len(CLASSES)
        pixels = images.test[:count] if make is None else np.empty((count, *images.image_shape), int)
        if make is not None:
            for label in CLASSES:
                generator = make([reader.given(label) for reader in readers])
                drawn = generator.generate(int((labels == label).sum()), seed=7000 + 10 * seed + label)
                pixels[labels == label] = images.to_pixels(drawn)
        told = [answers_by_label(reader, pixels, labels) for reader in readers]
        pooled = np.tensordot(makers.weights.astype(np.float32), np.array(told), axes=1)
        values = pixels.reshape(count, -1, 1).astype(int)
        measured = {"members' entropy": np.tensordot(makers.weights, [eg.entropy(each) for each in told], 1),
                    "pool's entropy": eg.entropy(pooled),
                    "disagreement": eg.disagreement(told, makers.weights),
                    "surprise": -np.log(np.take_along_axis(pooled, values, axis=-1)[..., 0])}
        found[name] = {key: each.reshape(count, rows, -1).mean(axis=(0, 2)).tolist()
                       for key, each in measured.items()}
    return found
