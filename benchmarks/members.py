"""The study's members: what is trained, on which pictures, and how. ``quality_and_stability`` asks.

    python benchmarks/members.py                    train them all into the store (hours)
    python benchmarks/members.py --data clothes     only these

Every training is kept in the store and goes on where it was interrupted.
"""


import ensgen_tutorial as eg

DIGIT_SEEDS, CLOTHES_SEEDS = 8, 5
NETWORKS = 7                # in the ensemble for digits, CNNs and RNNs in turn; then a forest
LARGE_SEEDS, GIANT_SEEDS = 5, 3     # of large single models, which cost most


def digits():
    return eg.load_images("digits")


def clothes():
    """Fashion-MNIST at 14×14 in 16 levels."""
    return eg.load_images("fashion_mnist").halved().with_levels(16)


def train(generator, images, name, report, **options):
    """Train, or load from the store; returns (generator, seconds)."""
    record = eg.train_generator(generator, images, progress="quiet", report=report, name=name,
                                **options)
    return generator, record["seconds"]


def digit_members(images, seed):
    """The ensemble for digits, seven networks and a forest, and two networks that fail: a dict
    name -> (generator, options of training).

    The networks have no dropout and keep the last epoch, so they differ more than networks tuned
    for themselves, and each is worse (lesson 12). The forest differs most. Those that fail learn at
    twenty times the rate.
    """
    made = {}
    for j in range(NETWORKS):
        own = 1000 * seed + j
        made[f"member {j}"] = network(images, j, own, dropout=0.0), {
            "keep": "last", "seed": own, "epochs": (40, 44)[j % 2], "learning_rate": RATES[j % 2]}
    forest = eg.PixelClassifier(images.image_shape, images.levels, "random forest",
                                seed=1000 * seed + NETWORKS)
    made[f"member {NETWORKS}"] = forest, {}
    for j, name in enumerate(("failed CNN", "failed RNN")):
        own = 1000 * seed + 900 + j
        made[name] = network(images, j, own, dropout=0.0), {
            "keep": "last", "seed": own, "epochs": 40, "learning_rate": 20 * RATES[j]}
    return made


RATES = (5e-3, 6e-3)        # learning rates of CNNs and RNNs


def network(images, j, seed, **options):
    """A CNN for even j, an RNN for odd j; both learn classes and from moved copies."""
    kind = (eg.PixelCNN, eg.PixelRNN)[j % 2]
    if j % 2 and options.get("dropout") == 0.0:
        options["units"] = 96
    return kind(images.image_shape, images.levels, classes=10, shifts=True, seed=seed, **options)


def tuned_members(images, seed):
    """The same seven networks, each tuned for itself: dropout, and the best epoch on validation."""
    return {f"tuned {j}": (network(images, j, 1000 * seed + 500 + j, **({"dropout": 0.1} if j % 2 else {})),
                           {"epochs": 50, "seed": 1000 * seed + 500 + j if j else 0,
                            "learning_rate": RATES[j % 2]})
            for j in range(NETWORKS)}


def large_model(name, images, seed, ratio):
    """A single CNN with the ensemble's parameters or training time: (generator, options) or None.

    ratio: the ensemble's training time by that of the tuned CNN, which takes 50 epochs.
    """
    own = 1000 * seed + 500
    if name == "wide CNN" and seed < LARGE_SEEDS:       # as many parameters as the seven networks
        return (network(images, 0, own, filters=160, dropout=0.3),
                {"epochs": 50, "patience": 12, "learning_rate": 3e-3})
    if name == "giant CNN" and seed < GIANT_SEEDS:      # as many numbers as with the forest's leaves
        return (network(images, 0, own, filters=478, dropout=0.5),
                {"epochs": 30, "patience": 8, "learning_rate": 1e-3})
    if name == "long CNN" and seed < LARGE_SEEDS:
        return (network(images, 0, own, dropout=0.25),
                {"epochs": round(50 * ratio / 10) * 10, "patience": 60, "learning_rate": 5e-3})
    return None


CNN = (eg.PixelCNN, {"blocks": 5, "dropout": 0.0, "classes": 10}, {"epochs": 8, "learning_rate": 8e-3})
RNN = (eg.PixelRNN, {"units": 96, "dropout": 0.0, "classes": 10},
       {"epochs": 8, "batch_size": 128, "learning_rate": 8e-3})
DENOISER = (eg.Denoiser, {"filters": (32, 64), "memory": 1000}, {"epochs": 12, "learning_rate": 2e-3})
CLOTHES = {                 # name: class, hyperparameters, options of training
    "CNN a": CNN, "CNN b": CNN, "RNN a": RNN, "denoiser a": DENOISER, "denoiser b": DENOISER,
    "early denoiser": (*DENOISER[:2], {"epochs": 1, "learning_rate": 2e-3}),
}


def clothes_member(images, seed, name, report):
    """One member of one training seed, trained: (generator, seconds)."""
    kind, hyperparameters, options = CLOTHES[name]
    own = 1000 * seed + list(CLOTHES).index(name)
    generator = kind(images.image_shape, images.levels, seed=own, **hyperparameters)
    return train(generator, images, f"seed {seed} {name}", report, seed=own, **options)
