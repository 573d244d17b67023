"""Train any generator, keep what it learnt, and go on where a killed training stopped."""

import hashlib
import inspect
import math
import time
import warnings
from pathlib import Path

import keras
import numpy as np
from keras import ops

from ..data.image_set import ImageSet
from ..generators.base import Learner, LikelihoodGenerator
from ..generators.keras_model import KerasGenerator
from ..machine.store import DamagedFileError, recipe_hash, set_aside, store_folder, unwritable
from ..machine import store as trained_store
from .progress import progress_for


def generate(generator, count, seed=None):
    """Draw ``count`` images from a generator: float32 (count, H, W, C) in [0, 1]."""
    return generator.generate(count, seed=seed)


def train_generator(generator, images, epochs=None, batch_size=64, learning_rate=4e-3,
                    patience=None, keep=None, seed=0, retrain=False, progress="auto", folder=None,
                    report=print, name=None):
    """Minimise a generator's losses over ``images.train``; keep the best epoch on validation.

    A Learner (templates, forests) learns in one go and needs none of the arguments of training. A
    generator with ``keep_best = False`` (GAN, denoiser) keeps the last epoch, and the moving
    average of its weights if its optimizer has one.

    The weights are kept in the store under the recipe's hash (generator, hyperparameters, data,
    and the arguments below), and loaded from there the next time. Killed or interrupted, the next
    call goes on from the last whole epoch and ends with the weights it would have had.

    generator: a KerasGenerator, which learns from its initial parameters on, or a Learner. images:
    an ImageSet of its shape (and levels). epochs: passes over the training split. batch_size:
    images a step. learning_rate: of Adam at the start; it falls to 0 along a cosine (Loshchilov and
    Hutter 2017, arXiv 1608.03983). patience: epochs without a better validation loss before
    stopping, or None. keep: "best" or "last" epoch, or None for the generator's own choice; a
    member that is best alone is not always best in an ensemble (lesson 12). seed: of the order
    of the images. retrain: train anew even if the store has the weights. progress: ``"auto"``,
    ``"bar"``, ``"board"`` or ``"quiet"``. folder: the store, or None for the user's own.
    report: what to call with the one line that says what happened. name: of the generator there.

    Returns the training's record: dict with ``seconds``, ``epochs``, ``best_epoch``,
    ``validation``, ``history`` and ``loaded``. Raises ValueError or TypeError for bad arguments.
    """
    check_arguments(generator, images, epochs, batch_size, learning_rate, patience, keep)
    at_once = isinstance(generator, Learner)
    options = {} if at_once else {"epochs": epochs, "batch_size": batch_size, "seed": seed,
                                  "learning_rate": learning_rate, "patience": patience}
    if not at_once and keep is not None:
        options["keep"] = keep
    recipe = {**describe(generator), "data": images.digest, **labels_in(generator, images), **options}
    name = name or type(generator).__name__
    folder = store_folder() if folder is None else Path(folder)
    path = folder / f"{type(generator).__name__}-{recipe_hash(recipe)}.npz"
    shapes = None if at_once else shapes_of(generator.weights)
    stored = None if retrain else load_or_set_aside(path, shapes, report)
    if stored is not None:
        arrays, record = stored
        put_back(generator, arrays)
        report(f"{name}: from the store; it took {record['seconds']:.0f} s to train"
               f"{outcome(record)}.")
        return {**record, "loaded": True}

    reason = unwritable(folder)
    if reason:
        warnings.warn(f"The store {folder} cannot be written ({reason}): this training will not be "
                      "kept. Set ENSGEN_STORE to a folder that can be.", stacklevel=2)
    if at_once:
        session, record = None, learn(generator, images)
    else:
        unfinished = path.with_suffix(".training.npz")
        session = TrainingSession(generator, name, unfinished, options, progress)
        if retrain:
            unfinished.unlink(missing_ok=True)
        record = session.run(images, report)
    record = {"recipe": recipe, "keras": keras.__version__, "backend": keras.backend.backend(),
              **record}
    if write(path, parts_of(generator), record, durable=True) and session:
        session.path.unlink(missing_ok=True)
    report(f"{name}: trained in {record['seconds']:.0f} s{outcome(record)}.")
    return {**record, "loaded": False}


def learn(generator, images):
    """Let a Learner learn; its record."""
    started = time.monotonic()
    generator.learn(images)
    seconds = time.monotonic() - started
    validation = None
    if isinstance(generator, LikelihoodGenerator):
        validation = float(-generator.log_likelihood(images.validation).mean())
    return {"seconds": seconds, "epochs": None, "best_epoch": None, "validation": validation,
            "history": {}}


def outcome(record):
    """What came of a training, in brackets: epochs and the loss on the validation images."""
    said = []
    if record["epochs"]:
        said.append(f"{record['epochs']} epochs")
    if record["validation"] is not None:
        at = f" at epoch {record['best_epoch']}" if record["best_epoch"] else ""
        said.append(f"validation {record['validation']:.2f}{at}")
    return f" ({', '.join(said)})" if said else ""


def parts_of(generator):
    """What was learnt, as a dict of arrays."""
    return generator.learnt() if isinstance(generator, Learner) else numbered(generator.weights)


def put_back(generator, arrays):
    """The other way round: ``parts_of`` of a trained generator makes another one trained."""
    if isinstance(generator, Learner):
        generator.restore(arrays)
    else:
        assign(generator.weights, arrays)
    generator.trained = True


def train_members(members, images, epochs, progress="auto", **options):
    """Train a dict name -> generator one after the other; returns a dict name -> record.

    ``epochs`` and each option of ``train_generator``: one value for all, or a dict name -> value.
    ``progress`` is one display for all.
    """
    progress = progress_for(progress)

    def own(value, name):
        return value.get(name) if isinstance(value, dict) else value

    return {
        name: train_generator(
            member, images, own(epochs, name), name=name, progress=progress,
            **{option: own(value, name) for option, value in options.items()},
        )
        for name, member in members.items()
    }


class ShuffledPixels(keras.utils.PyDataset):
    """Batches of the training split, in an order that depends on the seed and the epoch alone.

    inputs: what a generator's losses take, pixels alone or a pair (pixels, labels).
    """

    def __init__(self, inputs, batch_size, seed):
        super().__init__()
        self.inputs, self.batch_size, self.seed = inputs, batch_size, seed
        self.pixels = inputs[0] if isinstance(inputs, tuple) else inputs
        self.begin_epoch(0)

    def begin_epoch(self, epoch):
        self.order = np.random.default_rng([self.seed, epoch]).permutation(len(self.pixels))

    def __len__(self):
        return math.ceil(len(self.pixels) / self.batch_size)

    def __getitem__(self, batch):
        chosen = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        return (keras.tree.map_structure(lambda array: array[chosen], self.inputs),)


class TrainingSession(keras.callbacks.Callback):
    """One training: remembers the best epoch, and writes down everything after each epoch."""

    def __init__(self, generator, name, path, options, progress):
        super().__init__()
        self.generator, self.name, self.path, self.options = generator, name, path, options
        self.progress = progress_for(progress)
        self.history = {"loss": [], "val_loss": []}
        self.best_epoch, self.best, self.seconds = 0, None, 0.0
        keep = options.get("keep") or ("best" if generator.keep_best else "last")
        self.keep_best, self.storing = keep == "best", True

    def run(self, images, report):
        generator, options = self.generator, self.options
        self.batches = ShuffledPixels(inputs_of(generator, images, "train"),
                                      options["batch_size"], options["seed"])
        schedule = keras.optimizers.schedules.CosineDecay(
            options["learning_rate"], options["epochs"] * len(self.batches)
        )
        # From the beginning, whatever was learnt or interrupted before: a recipe has one result.
        fresh = type(generator)(**generator.hyperparameters)
        assign(generator.variables, numbered(fresh.variables))
        generator.compile(optimizer=generator.make_optimizer(schedule))
        generator.optimizer.build(generator.trainable_variables)
        self.resume(report)
        epoch, name = len(self.history["loss"]), self.name
        self.started = time.monotonic() - self.seconds
        self.progress.begin(name, options["epochs"], epoch)
        try:
            if not self.finished():
                generator.fit(
                    self.batches, validation_data=(inputs_of(generator, images, "validation"),),
                    validation_batch_size=256,
                    epochs=options["epochs"], initial_epoch=epoch, callbacks=[self], shuffle=False,
                    verbose=0,
                )
        except KeyboardInterrupt:
            report(f"{name}: interrupted after epoch {len(self.history['loss'])} of "
                   f"{options['epochs']}; the same call goes on from there.")
            raise
        finally:
            self.progress.end()
        if self.keep_best:
            assign(generator.weights, self.best)
        else:                                   # a moving average of the weights, if there is one
            generator.optimizer.finalize_variable_values(generator.trainable_variables)
        generator.trained = True
        return {"seconds": self.seconds, "epochs": len(self.history["loss"]),
                "best_epoch": self.best_epoch,
                "validation": self.history["val_loss"][self.best_epoch - 1],
                "history": self.history}

    def state(self):
        """Every variable that decides how training goes on, random states included."""
        return [*self.generator.variables, *self.generator.optimizer.variables]

    def finished(self):
        done, patience = len(self.history["loss"]), self.options["patience"]
        late = patience is not None and done - self.best_epoch >= patience
        return done >= self.options["epochs"] or late

    def on_epoch_begin(self, epoch, logs=None):
        # Not the dataset's own on_epoch_end: Keras calls that before the first epoch too.
        self.batches.begin_epoch(epoch)

    def on_epoch_end(self, epoch, logs=None):
        for name, values in self.history.items():
            values.append(float(logs[name]))
        if not math.isfinite(self.history["loss"][-1]):
            raise FloatingPointError(
                f"the loss became {self.history['loss'][-1]} in epoch {epoch + 1}: try a smaller "
                "learning_rate."
            )
        better = min(self.history["val_loss"]) == self.history["val_loss"][-1]
        if better or self.best is None or not self.keep_best:
            self.best_epoch = len(self.history["loss"])
            self.best = numbered(self.generator.weights)
        self.seconds = time.monotonic() - self.started
        arrays = {f"state/{i}": array for i, array in numbered(self.state()).items()}
        arrays |= {f"best/{i}": array for i, array in self.best.items()}
        record = {"history": self.history, "best_epoch": self.best_epoch, "seconds": self.seconds}
        if self.storing:
            self.storing = write(self.path, arrays, record, durable=False)
        self.progress.update(self.history)
        if self.finished():
            self.generator.stop_training = True

    def resume(self, report):
        shapes = {f"state/{i}": shape for i, shape in shapes_of(self.state()).items()}
        shapes |= {f"best/{i}": shape for i, shape in shapes_of(self.generator.weights).items()}
        stored = load_or_set_aside(self.path, shapes, report)
        if stored is None:
            return
        arrays, record = stored
        self.best = {i: arrays[f"best/{i}"] for i in map(str, range(len(self.generator.weights)))}
        assign(self.state(), {name[6:]: a for name, a in arrays.items() if name[:6] == "state/"})
        self.history, self.best_epoch = record["history"], record["best_epoch"]
        self.seconds = record["seconds"]
        report(f"{self.name}: goes on after epoch {len(self.history['loss'])} of "
               f"{self.options['epochs']}.")


def describe(generator):
    """What names a generator in a recipe: its class, its hyperparameters and, outside this package,
    its source, so that an edited class in a notebook is trained anew."""
    kind = type(generator)
    own = kind.__module__.startswith("ensgen_tutorial.")
    source = None if own else hashlib.sha256(source_of(kind).encode()).hexdigest()
    return {"generator": kind.__name__, "source": source,
            "hyperparameters": generator.hyperparameters}


def inputs_of(generator, images, split):
    """What the losses take of a split: its pixels, or (pixels, labels) for a generator with classes."""
    pixels = getattr(images, split)
    return pixels if generator.classes is None else (pixels, getattr(images, f"{split}_labels"))


def labels_in(generator, images):
    """What a recipe says of labels, where they are learnt from: a dict, else empty."""
    if getattr(generator, "classes", None) is None:
        return {}
    labels = np.concatenate([images.train_labels, images.validation_labels])
    return {"labels": hashlib.sha256(labels.astype(np.int64).tobytes()).hexdigest()}


def source_of(kind):
    """The text of a class. One from a notebook is in no file; its functions can be read still."""
    try:
        return inspect.getsource(kind)
    except OSError:
        return "".join(inspect.getsource(each) for each in vars(kind).values()
                       if inspect.isfunction(each))


def shapes_of(variables):
    return {f"{i}": tuple(variable.shape) for i, variable in enumerate(variables)}


def numbered(variables):
    """Variables as a dict "0", "1", … of NumPy copies, in their own order."""
    return {f"{i}": np.array(ops.convert_to_numpy(v)) for i, v in enumerate(variables)}


def assign(variables, arrays):
    for i, variable in enumerate(variables):
        variable.assign(arrays[f"{i}"])


def write(path, arrays, record, durable):
    """Save, or say in a warning why not; whether it went well."""
    try:
        trained_store.save(path, arrays, record, durable)
    except OSError as error:
        if durable:
            warnings.warn(f"{path.name} could not be written ({error.strerror or error}): the weights "
                          "are in memory only. Make room or set ENSGEN_STORE.", stacklevel=3)
        return False
    return True


def load_or_set_aside(path, shapes, report):
    """What is stored at ``path``, or None; a file that must not be used is named and set aside."""
    try:
        return trained_store.load(path, shapes)
    except FileNotFoundError:
        return None
    except DamagedFileError as error:
        report(f"{error}: set aside as {set_aside(path).name}, trained anew.")
    except OSError as error:
        report(f"{path.name} cannot be read ({error.strerror or error}): trained anew.")
    return None


def check_arguments(generator, images, epochs, batch_size, learning_rate, patience, keep):
    if keep not in (None, "best", "last"):
        raise ValueError(f"keep must be 'best', 'last' or None, not {keep!r}.")
    if not isinstance(images, ImageSet):
        raise TypeError(f"images must be an ImageSet from load_images or load_folder, not "
                        f"{type(images).__name__}.")
    if not isinstance(generator, (KerasGenerator, Learner)):
        raise TypeError(f"generator must be a KerasGenerator (PixelCNN, VAE, …) or a Learner "
                        f"(PixelClassifier, …), not {type(generator).__name__}.")
    if tuple(generator.image_shape) != images.image_shape:
        raise ValueError(f"the generator draws images of shape {tuple(generator.image_shape)}, and "
                         f"{images.name} has {images.image_shape}: make it with images.image_shape.")
    classes = getattr(generator, "classes", None)
    if classes is not None:
        both = (images.train_labels, images.validation_labels)
        found = None if any(labels is None for labels in both) else np.concatenate(both)
        if found is None or found.min() < 0 or found.max() >= classes:
            raise ValueError(
                f"the generator learns from labels 0 … {classes - 1}, and {images.name} "
                + ("lacks them." if found is None else f"has {found.min()} to {found.max()}."))
    levels = getattr(generator, "levels", None)
    if levels not in (None, images.levels):
        raise ValueError(f"the generator knows {levels} levels, and {images.name} has "
                         f"{images.levels}: make it with images.levels.")
    if isinstance(generator, Learner):
        return
    whole = {"epochs": epochs, "batch_size": batch_size, "patience": patience}
    for name, value in whole.items():
        if name == "patience" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{name} must be a whole number, 1 or more, not {value!r}.")
    if not (isinstance(learning_rate, (int, float)) and 0 < learning_rate < math.inf):
        raise ValueError(f"learning_rate must be a positive number, not {learning_rate!r}.")
