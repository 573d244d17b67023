"""Train any generator, keep what it learnt, and go on where a killed training stopped."""

import math
import time

import keras
import numpy as np

from ..checks import check_number, check_whole
from ..data.image_set import ImageSet
from ..data.pairs import PairSet
from ..generators.base import Learner
from ..generators.keras_model import KerasLearner, assign, numbered
from ..machine.devices import device_report
from ..machine.output import say
from ..measures.scoring import mean_nats
from .callbacks import Kept, Patience, Record
from .fingerprint import recipe_of
from .progress import choose_place, displays
from .resume import Resume, StoredFile


def generate(generator, count, seed=None):
    """Draw ``count`` images from a generator: float32 (count, H, W, C) in [0, 1]."""
    return generator.generate(count, seed=seed)


def train_generator(generator, images, epochs=None, batch_size=64, learning_rate=4e-3,
                    patience=None, keep=None, seed=0, precision=None, retrain=False, progress="auto",
                    folder=None, report=say, name=None):
    """Minimise a generator's losses over ``images.train``; keep the best epoch on validation.

    A Learner (templates, forests) learns in one go and needs none of the arguments of training. A
    generator with ``keep_best = False`` (GAN, denoiser) keeps the last epoch, and the moving
    average of its weights if its optimizer has one.

    The weights are kept in the store under the recipe's hash (the generator with its code, its
    hyperparameters, the data, and the arguments below), and loaded from there the next time. Killed
    or interrupted, the next call goes on from the last whole epoch and ends with the weights it
    would have had. A generator class of your own is followed to its bases, the functions that it
    calls and the constants that it reads: where one has changed, or cannot be followed, it is
    trained again.

    generator: a KerasGenerator or KerasPredictor, which learns from its initial parameters on, or a
    Learner. images: an ImageSet of its shape (and levels); for a predictor a PairSet. epochs: passes over the training split. batch_size:
    images per step. learning_rate: of Adam at the start; it falls to 0 along a cosine (Loshchilov
    and Hutter 2017, arXiv 1608.03983). patience: epochs without a better validation loss before
    stopping, or None. keep: "best" or "last" epoch, or None for the generator's own choice; a
    member that is best alone is not always best in an ensemble (lesson 12). seed: of the order
    of the images. precision: ``"bfloat16"`` trains a twin that computes in half precision and hands
    its parameters over, quicker where the processor or the GPU has instructions for it and many
    times slower where it has none; None: as the generator computes itself. retrain: train again
    even if the store has the weights. progress: ``"auto"``, ``"bar"``, ``"board"``, ``"quiet"``, or
    a Keras callback. folder: the store, or None for the user's own. report: what to call with the
    one line that says what happened. name: of the generator there.

    Returns the training's record: dict with ``seconds``, ``epochs``, ``best_epoch``,
    ``validation``, ``history`` and ``loaded``. Raises ValueError or TypeError for bad arguments.
    """
    options = check_options(generator, epochs, batch_size, learning_rate, patience, keep, seed)
    check_images(generator, images)
    progress = choose_place(progress)
    name = name or type(generator).__name__
    if precision is not None:
        twin = twin_of(generator, precision)
        record = train_generator(twin, images, **options, retrain=retrain, progress=progress,
                                 folder=folder, report=report, name=name)
        generator.restore(twin.learnt())
        return record
    recipe, watched = recipe_of(generator, images, options)
    file = StoredFile(folder, recipe, report, known=not watched.doubts)
    if retrain:
        file.unfinished.remove()
    elif record := load_stored(generator, file, name):
        report(f"{name}: from the store; it took {record['seconds']:.0f} s to train"
               f"{outcome(record)}{watching(watched)}.")
        return {**record, "loaded": True}
    if watched.doubts:
        report(f"{name}: trained now and not kept, since a change of {', '.join(watched.doubts)} "
               "would go unnoticed.")
    else:
        file.warn_if_unwritable()
    if options:
        record = learn_in_epochs(generator, images, options, name, file.unfinished, progress)
    else:
        record = learn_at_once(generator, images)
    record = {"recipe": recipe, "keras": keras.__version__, "device": device_report(), **record}
    if file.save(generator.learnt(), record):
        file.unfinished.remove()
    report(f"{name}: trained in {record['seconds']:.0f} s{outcome(record)}{watching(watched)}.")
    return {**record, "loaded": False}


def twin_of(generator, precision):
    """A generator of the same class and hyperparameters that computes in another precision."""
    policies = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
    if precision not in policies or isinstance(generator, Learner):
        raise ValueError(f"precision must be 'float32' or 'bfloat16', of a generator that learns in "
                         f"epochs, not {precision!r}.")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policies[precision])
    try:
        return type(generator)(**generator.hyperparameters)
    finally:
        keras.config.set_dtype_policy(before)


def load_stored(generator, file, name):
    """Let a generator take back what its recipe learnt before: the record, or None."""
    stored = file.load(generator.learnt_shapes())
    if stored is None:
        return None
    try:
        generator.restore(stored[0])
    except (ValueError, KeyError) as error:             # of another scikit-learn, for example
        file.report(f"{name}: {error}")
        return None
    return stored[1]


def learn_at_once(generator, images):
    """Let a Learner learn; its record."""
    started = time.monotonic()
    generator.learn(images)
    seconds = time.monotonic() - started
    scores = hasattr(generator, "log_likelihood")
    return {"seconds": seconds, "epochs": None, "best_epoch": None, "history": {},
            "validation": mean_nats(generator, images.validation) if scores else None}


def learn_in_epochs(generator, images, options, name, file, progress):
    """Let a KerasLearner learn epoch by epoch, from where ``file`` says; its record."""
    batches = ShuffledPixels(inputs_of(generator, images, "train"), options["batch_size"],
                             options["seed"])
    schedule = keras.optimizers.schedules.CosineDecay(
        options["learning_rate"], options["epochs"] * len(batches))
    # From the beginning, whatever was learnt or interrupted before: a recipe has one result.
    fresh = type(generator)(**generator.hyperparameters)
    assign(generator.variables, numbered(fresh.variables))
    generator.compile(optimizer=generator.make_optimizer(schedule))
    generator.optimizer.build(generator.trainable_variables)
    record = Record()
    kept = Kept(record, options.get("keep") or ("best" if generator.keep_best else "last"))
    resume, patience = Resume(generator, file, record, kept), Patience(record, kept,
                                                                      options["patience"])
    if resume.take_up():
        file.report(f"{name}: goes on after epoch {record.epochs} of {options['epochs']}.")
    shown = displays(progress, name, options["epochs"], record.history)
    try:
        if record.epochs < options["epochs"] and not patience.is_over():
            generator.fit(
                batches, validation_data=(inputs_of(generator, images, "validation"),),
                validation_batch_size=256, epochs=options["epochs"], initial_epoch=record.epochs,
                callbacks=[batches.order, record, kept, resume, patience, *shown], shuffle=False,
                verbose=0)
    except KeyboardInterrupt:
        file.report(f"{name}: interrupted after epoch {record.epochs} of {options['epochs']}; "
                    + ("the same call goes on from there." if resume.writing
                       else "it could not be kept."))
        raise
    finally:
        for each in shown:
            each.on_train_end()
    kept.put_back(generator)
    generator.trained = True
    return {"seconds": record.seconds, "epochs": record.epochs, "best_epoch": kept.epoch,
            "validation": record.history["val_loss"][kept.epoch - 1], "history": record.history}


class ShuffledPixels(keras.utils.PyDataset):
    """Batches of the training split, in an order that depends on the seed and the epoch alone.

    inputs: what a generator's losses take, pixels alone or a pair (pixels, labels).
    """

    def __init__(self, inputs, batch_size, seed):
        super().__init__()
        self.inputs, self.batch_size, self.seed = inputs, batch_size, seed
        self.pixels = inputs[0] if isinstance(inputs, tuple) else inputs
        # Not the dataset's own on_epoch_end: Keras calls that before the first epoch too.
        self.order = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: self.begin_epoch(epoch))
        self.begin_epoch(0)

    def begin_epoch(self, epoch):
        self.chosen = np.random.default_rng([self.seed, epoch]).permutation(len(self.pixels))

    def __len__(self):
        return math.ceil(len(self.pixels) / self.batch_size)

    def __getitem__(self, batch):
        chosen = self.chosen[batch * self.batch_size : (batch + 1) * self.batch_size]
        return (keras.tree.map_structure(lambda array: array[chosen], self.inputs),)


def watching(watched):
    """The end of a sentence: which of a student's own things were watched, if any."""
    return f"; watched for changes: {', '.join(watched.own)}" if watched.own else ""


def outcome(record):
    """What came of a training, in brackets: epochs and the loss on the validation images."""
    parts = []
    if record["epochs"]:
        parts.append(f"{record['epochs']} epochs")
    if record["validation"] is not None:
        at = f" at epoch {record['best_epoch']}" if record["best_epoch"] else ""
        value = record["validation"]
        parts.append(f"validation {value:.2f}{at}" if value >= 1 else f"validation {value:.3g}{at}")
    return f" ({', '.join(parts)})" if parts else ""


def inputs_of(generator, images, split):
    """What the losses take of a split: pixels, (pixels, labels) for a generator with classes, or
    (inputs, targets) for a predictor.
    """
    pixels = getattr(images, split)
    if isinstance(images, PairSet):
        inputs, targets = pixels
        return (generator.prepare(inputs) if hasattr(generator, "prepare") else inputs), targets
    return pixels if getattr(generator, "classes", None) is None else (pixels, getattr(images, f"{split}_labels"))


def check_options(generator, epochs, batch_size, learning_rate, patience, keep, seed):
    """The options of training in epochs as a dict, empty for a Learner; or an error."""
    if not isinstance(generator, (KerasLearner, Learner)):
        raise TypeError(f"generator must be a KerasGenerator (PixelCNN, VAE, …) or a Learner "
                        f"(PixelClassifier, …), not {type(generator).__name__}.")
    if keep not in (None, "best", "last"):
        raise ValueError(f"keep must be 'best', 'last' or None, not {keep!r}.")
    if isinstance(generator, Learner):
        return {}
    options = {"epochs": check_whole(epochs, "epochs"),
               "batch_size": check_whole(batch_size, "batch_size"),
               "seed": check_whole(seed, "seed", 0),
               "learning_rate": float(check_number(learning_rate, "learning_rate", above=0)),
               "patience": None if patience is None else check_whole(patience, "patience")}
    return options if keep is None else options | {"keep": keep}


def check_images(generator, images):
    """Images of the generator's shape and levels, with the labels that it needs; or an error."""
    if getattr(generator, "takes_pairs", False):
        check_pairs(generator, images)
        return
    if not isinstance(images, ImageSet):
        raise TypeError(f"images must be an ImageSet from load_images or load_folder, not "
                        f"{type(images).__name__}.")
    if tuple(generator.image_shape) != images.image_shape:
        raise ValueError(f"the generator draws images of shape {tuple(generator.image_shape)}, and "
                         f"{images.name} has {images.image_shape}: make it with images.image_shape.")
    levels = getattr(generator, "levels", None)
    if levels not in (None, images.levels):
        raise ValueError(f"the generator knows {levels} levels, and {images.name} has "
                         f"{images.levels}: make it with images.levels.")
    classes = getattr(generator, "classes", None)
    if classes is None:
        return
    both = (images.train_labels, images.validation_labels)
    found = None if any(labels is None for labels in both) else np.concatenate(both)
    if found is None or found.min() < 0 or found.max() >= classes:
        raise ValueError(
            f"the generator learns from labels 0 … {classes - 1}, and {images.name} "
            + ("lacks them." if found is None else f"has {found.min()} to {found.max()}."))


def check_pairs(learner, pairs):
    """Pairs whose inputs and targets have a predictor's sizes; or an error."""
    kind = type(learner).__name__
    if not isinstance(pairs, PairSet):
        raise TypeError(f"images must be a PairSet of inputs and targets for a {kind}, not "
                        f"{type(pairs).__name__}.")
    if not hasattr(learner, "scale"):           # a student: its network knows the sizes
        return
    (height, width, channels), target = pairs.input_shape, pairs.target_shape
    if channels != learner.channels or target[:2] != (learner.scale * height, learner.scale * width):
        raise ValueError(
            f"this {kind} takes inputs of {learner.channels} channel"
            f"{'s' * (learner.channels > 1)} and answers {learner.scale} times as large, and "
            f"{pairs.name} has inputs {pairs.input_shape} and targets {target}.")
