"""Training keeps what it learnt, whatever happens to it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import keras
import numpy as np
import pytest

from ensgen_tutorial import (VAE, PixelClassifier, PixelCNN, PixelRNN, ProgressiveGAN,
                             Templates, train_generator, train_members)
from ensgen_tutorial.generators.keras_model import KerasGenerator
from ensgen_tutorial.training.resume import Resume
from ensgen_tutorial.training.train import ShuffledPixels

pytestmark = pytest.mark.usefixtures("uncompiled")
MAKE = {
    "PixelCNN": lambda: PixelCNN((4, 4, 1), 4, filters=4, blocks=1, first_size=3),
    "PixelRNN": lambda: PixelRNN((4, 4, 1), 4, units=4, dropout=0.2),
    "VAE": lambda: VAE((4, 4, 1), 4, latents=2, hidden=8, samples=5),
    "ProgressiveGAN": lambda: ProgressiveGAN((4, 4, 1), 4, latents=2, filters=16, smallest=2),
}


@pytest.fixture
def lines():
    return []


@pytest.fixture
def train(tiny_images, tmp_path, lines):
    def run(generator, epochs=4, **options):
        options = {"batch_size": 8, "progress": "quiet", "folder": tmp_path / "store",
                   "report": lines.append, **options}
        return train_generator(generator, tiny_images, epochs, **options)

    return run


def same(one, other):
    return all((a == b).all() for a, b in zip(one.arrays(), other.arrays(), strict=True))


def test_trained_weights_come_back_from_the_store(train, tiny_images, lines):
    first, second = MAKE["PixelCNN"](), MAKE["PixelCNN"]()
    fresh = float(keras.ops.mean(first.image_losses(tiny_images.validation)))
    record = train(first, epochs=8, learning_rate=0.05)
    assert not record["loaded"] and "trained in" in lines[-1] and "watched" not in lines[-1]
    assert record["validation"] < fresh - 0.5                               # it has learnt
    again = train(second, epochs=8, learning_rate=0.05)
    assert again["loaded"] and "from the store" in lines[-1]
    assert same(first, second)
    assert train(MAKE["PixelCNN"](), epochs=5)["loaded"] is False         # another recipe


def test_compiled_training_learns_and_resumes_the_same(train, monkeypatch, tmp_path):
    import tensorflow as tf

    tf.config.run_functions_eagerly(False)
    uninterrupted, resumed = MAKE["PixelCNN"](), MAKE["PixelCNN"]()
    train(uninterrupted, folder=tmp_path / "other")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        die_after(2, patch)
        train(resumed)
    train(resumed)
    assert same(uninterrupted, resumed)


def test_a_recipe_has_one_result_whatever_the_generator_had_learnt_before(train, monkeypatch):
    first, second, third = (MAKE["PixelCNN"]() for _ in range(3))
    train(first, epochs=3)
    train(second, epochs=2)
    train(second, epochs=3, retrain=True)
    assert same(first, second)

    def stop(self, batch, logs=None):
        if batch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Resume, "on_train_batch_end", stop)         # in the first epoch
        train(third, epochs=3, retrain=True)
    train(third, epochs=3, retrain=True)
    assert same(first, third)


class Killed(Exception):
    pass


def die_after(epoch, patch):
    """Let the process die, as it were, right after so many epochs were written down."""
    whole = Resume.on_epoch_end

    def die(self, number, logs=None):
        whole(self, number, logs)
        if number + 1 == epoch:
            raise Killed

    patch.setattr(Resume, "on_epoch_end", die)


# A network with dropout and one with a random state; a GAN within a stage and between two.
@pytest.mark.parametrize("kind, epoch", [("PixelRNN", 1), ("VAE", 3), ("ProgressiveGAN", 1),
                                         ("ProgressiveGAN", 2)])
def test_a_killed_training_ends_with_the_weights_it_would_have_had(
        kind, epoch, train, monkeypatch, lines, tmp_path):
    uninterrupted, killed, resumed = MAKE[kind](), MAKE[kind](), MAKE[kind]()
    expected = train(uninterrupted, folder=tmp_path / "other")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        die_after(epoch, patch)
        train(killed)
    record = train(resumed)
    assert any(f"goes on after epoch {epoch} of 4" in line for line in lines)
    assert same(uninterrupted, resumed)
    assert record["history"] == expected["history"]
    assert not list((tmp_path / "store").glob("*.training.npz"))


KILLED = """
import sys, pathlib
import numpy as np
from ensgen_tutorial import ImageSet, PixelCNN, train_generator
pixels = np.random.default_rng(0).integers(0, 4, (64, 4, 4, 1)).astype(np.uint8)
images = ImageSet("tiny", 4, pixels[:48], pixels[48:56], pixels[56:], None, None, None, None)
generator = PixelCNN((4, 4, 1), 4, filters=4, blocks=1, first_size=3)
train_generator(generator, images, int(sys.argv[2]), batch_size=8, progress="quiet",
                folder=pathlib.Path(sys.argv[1]), report=lambda line: print(line, flush=True))
"""


def test_a_process_killed_at_any_moment_is_resumed(tmp_path):
    def start():
        return subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path), "30"],
                                stdout=subprocess.PIPE, text=True, env=os.environ)

    process = start()
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("*.training.npz")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    output, _ = start().communicate(timeout=120)
    assert "goes on after epoch" in output and "trained in" in output
    assert [file.suffixes for file in tmp_path.glob("*.npz")] == [[".npz"]]


def test_interrupting_keeps_the_last_whole_epoch(train, monkeypatch, lines):
    whole = Resume.on_epoch_end

    def stop(self, number, logs=None):
        whole(self, number, logs)
        if number == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Resume, "on_epoch_end", stop)
        train(MAKE["PixelCNN"]())
    assert "interrupted after epoch 2 of 4" in lines[-1]
    train(MAKE["PixelCNN"]())
    assert any("goes on after epoch 2" in line for line in lines)


@pytest.mark.parametrize("damage", ["truncate", "tamper", "foreign", "version"])
def test_damaged_files_are_named_set_aside_and_trained_anew(damage, train, tmp_path, lines):
    first = MAKE["PixelCNN"]()
    train(first)
    path, = (tmp_path / "store").glob("PixelCNN-*.npz")
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "tamper":
        whole = bytearray(path.read_bytes())
        whole[len(whole) // 2] ^= 1
        path.write_bytes(whole)
    else:
        from ensgen_tutorial.machine import store
        arrays, record = store.load(path)
        if damage == "foreign":
            arrays["0"] = np.zeros((1, 2))
        store.save(path, arrays, record)
        if damage == "version":
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(store, "FORMAT", 99)
                store.save(path, arrays, record)
    second = MAKE["PixelCNN"]()
    assert train(second)["loaded"] is False
    assert any("set aside" in line and path.name in line for line in lines)
    assert same(first, second) and list(path.parent.glob("*.set-aside-1"))
    assert train(MAKE["PixelCNN"]())["loaded"] is True


@pytest.mark.parametrize("retrain", [False, True])
@pytest.mark.parametrize("below", ["", "store"])
def test_an_unwritable_store_costs_a_warning_and_no_training(train, tmp_path, below, retrain):
    place = tmp_path / "a file, not a folder"
    place.write_text("")
    generator = MAKE["PixelCNN"]()
    with pytest.warns(UserWarning, match="ENSGEN_STORE"):
        train(generator, epochs=1, folder=place / below, retrain=retrain)
    assert generator.generate(1, seed=0).shape == (1, 4, 4, 1)
    assert place.read_text() == ""


def test_a_damaged_file_in_a_store_that_is_read_only_is_left_there(train, tmp_path, monkeypatch,
                                                                  lines):
    train(MAKE["PixelCNN"](), epochs=1)
    path, = (tmp_path / "store").glob("PixelCNN-*.npz")
    path.write_bytes(b"damaged")

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.rename", refuse)
    assert train(MAKE["PixelCNN"](), epochs=1)["loaded"] is False
    assert any("left there" in line for line in lines)


def test_learning_at_once_and_in_epochs_share_one_store(train, lines):
    for make in (lambda: Templates((4, 4, 1), 4, templates=2, rounds=2),
                 lambda: PixelClassifier((4, 4, 1), 4, reach=1)):
        assert [train(make(), epochs=None)["loaded"] for _ in range(2)] == [False, True]
        assert "from the store" in lines[-1]


def test_a_classifier_of_another_scikit_learn_learns_again(train, monkeypatch, lines):
    def make():
        return PixelClassifier((4, 4, 1), 4, reach=1)

    train(make(), epochs=None)
    monkeypatch.setattr("sklearn.__version__", "0.0")
    assert train(make(), epochs=None)["loaded"] is False
    assert any("learnt with scikit-learn" in line for line in lines)


def test_a_full_disk_at_the_end_loses_nothing_in_memory(train, monkeypatch):
    from ensgen_tutorial.machine import store

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "save", full)
    generator = MAKE["PixelCNN"]()
    with pytest.warns(UserWarning, match="No space left"):
        train(generator)
    assert generator.trained


def test_early_stopping_keeps_the_best_epoch(train, tiny_images):
    generator = MAKE["PixelCNN"]()
    record = train(generator, epochs=40, learning_rate=0.3, patience=2)
    values = record["history"]["val_loss"]
    assert record["epochs"] == len(values) == record["best_epoch"] + 2 < 40
    assert record["validation"] == min(values)
    own = -generator.log_likelihood(tiny_images.validation).mean()
    assert own == pytest.approx(record["validation"], rel=1e-4)


def test_the_last_epoch_can_be_kept_instead(tiny_images, tmp_path):
    """What is validated is the opposite of what is learnt, so each epoch is worse than the one before."""
    images = replace(tiny_images, train=np.zeros_like(tiny_images.train),
                     validation=np.full_like(tiny_images.validation, 3))

    def kept(keep):
        generator = MAKE["PixelCNN"]()
        record = train_generator(generator, images, 3, batch_size=8, keep=keep, progress="quiet", folder=tmp_path,
                                 report=lambda line: None)
        own = -generator.log_likelihood(images.validation).mean()
        assert own == pytest.approx(record["validation"], rel=1e-4)
        return record

    last, best = kept("last"), kept("best")
    history = last["history"]["val_loss"]
    assert history == best["history"]["val_loss"]
    assert last["validation"] == history[-1] > min(history) == best["validation"]


def test_labels_are_learnt_from_and_belong_to_the_recipe(train, tiny_images, tmp_path):
    labels = {f"{split}_labels": np.arange(len(getattr(tiny_images, split))) % 3
              for split in ("train", "validation", "test")}
    images = replace(tiny_images, **labels)
    other = replace(images, train_labels=labels["train_labels"][::-1].copy())

    def trained(on):
        generator = PixelRNN((4, 4, 1), 4, units=4, classes=3, shifts=True)
        return train_generator(generator, on, 2, batch_size=8, progress="quiet", folder=tmp_path,
                               report=lambda line: None)

    assert [trained(on)["loaded"] for on in (images, images, other)] == [False, True, False]
    with pytest.raises(ValueError, match="learns from labels 0 … 2, and .* lacks them"):
        trained(tiny_images)
    for split in ("train_labels", "validation_labels"):
        with pytest.raises(ValueError, match="has 0 to 4"):
            trained(replace(images, **{split: 2 * labels[split]}))


def test_every_image_is_seen_once_an_epoch_in_a_new_order():
    batches, seen = ShuffledPixels(np.arange(10)[:, None], 4, seed=0), []
    for epoch in range(2):
        batches.begin_epoch(epoch)
        seen.append(np.concatenate([batches[i][0].ravel() for i in range(len(batches))]))
    assert (seen[0] != seen[1]).any()
    for epoch in seen:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(10))


FACTOR = 1.0


class Constant(KerasGenerator):
    """The smallest generator of one's own: one number for all pixels."""

    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        self.level = self.add_weight(shape=(), name="level")

    def image_losses(self, pixels, training=False):
        errors = keras.ops.square(keras.ops.cast(pixels, "float32") - self.level)
        return FACTOR * keras.ops.mean(errors, axis=(1, 2, 3))


def test_a_generator_of_one_s_own_needs_only_its_losses(train, tiny_images, lines, monkeypatch):
    generator = Constant((4, 4, 1))
    train(generator, epochs=30, learning_rate=0.2)
    assert float(generator.level) == pytest.approx(tiny_images.train.mean(), abs=0.1)
    assert "watched for changes: Constant, FACTOR" in lines[-1]
    assert train(Constant((4, 4, 1)), epochs=30, learning_rate=0.2)["loaded"]
    monkeypatch.setitem(globals(), "FACTOR", 0.0)        # a constant that only its losses read
    record = train(Constant((4, 4, 1)), epochs=30, learning_rate=0.2)
    assert not record["loaded"] and record["validation"] == 0
    monkeypatch.setitem(globals(), "FACTOR", keras.Variable(2.0))
    assert not train(Constant((4, 4, 1)), epochs=1)["loaded"]
    assert "a change of FACTOR (Variable) would go unnoticed" in lines[-2]
    assert not train(Constant((4, 4, 1)), epochs=1)["loaded"]


class Forgetful(Constant):
    def __init__(self, shape):
        super().__init__(shape)


def test_a_constructor_that_forgets_an_argument_is_told_what_to_store(train):
    with pytest.raises(TypeError, match="Forgetful.*must store its argument.*self.shape = shape"):
        train(Forgetful((4, 4, 1)))


def test_train_members_takes_one_value_or_one_for_each(tiny_images, tmp_path):
    members = {"CNN": MAKE["PixelCNN"](), "VAE": MAKE["VAE"]()}
    records = train_members(members, tiny_images, {"CNN": 1, "VAE": 2}, batch_size=8,
                            progress="quiet", folder=tmp_path, report=lambda line: None)
    assert {name: record["epochs"] for name, record in records.items()} == {"CNN": 1, "VAE": 2}


@pytest.mark.parametrize("options, message", [
    ({"epochs": 0}, "epochs"), ({"epochs": -3}, "epochs"), ({"epochs": 1.5}, "epochs"),
    ({"batch_size": 0}, "batch_size"), ({"learning_rate": 0}, "learning_rate"),
    ({"learning_rate": float("nan")}, "learning_rate"), ({"patience": 0}, "patience"),
    ({"progress": "fireworks"}, "progress"), ({"keep": "worst"}, "keep"),
])
def test_bad_arguments_get_a_sentence(options, message, train):
    with pytest.raises(ValueError, match=message):
        train(MAKE["PixelCNN"](), **options)


def test_generators_and_images_that_do_not_fit_get_a_sentence(train, tiny_images):
    with pytest.raises(ValueError, match=r"\(5, 4, 1\)"):
        train(PixelCNN((5, 4, 1), 4, filters=4))
    with pytest.raises(ValueError, match="levels"):
        train(PixelCNN((4, 4, 1), 3, filters=4))
    with pytest.raises(TypeError, match="ImageSet"):
        train_generator(MAKE["VAE"](), tiny_images.train, 1)
    with pytest.raises(TypeError, match="generator"):
        train("PixelCNN")


def test_a_loss_that_is_not_finite_stops_with_advice(train):
    with pytest.raises(FloatingPointError, match="learning_rate"):
        train(MAKE["PixelCNN"](), learning_rate=1e30)


def test_a_twin_in_half_precision_hands_over_its_parameters(train, tiny_images, lines):
    """The generator computes in float32 as before, and another training's result stays apart."""
    whole, half, again = (MAKE["PixelCNN"]() for _ in range(3))
    train(whole)
    record = train(half, precision="bfloat16")
    assert half.trained and not record["loaded"] and half.dtype_policy.name == "float32"
    assert keras.config.dtype_policy().name == "float32"
    assert not same(whole, half)
    for one, other in zip(whole.arrays(), half.arrays()):
        np.testing.assert_allclose(one, other, atol=0.1)
    scores = [generator.log_likelihood(tiny_images.test).mean() for generator in (whole, half)]
    assert scores[0] == pytest.approx(scores[1], rel=0.02)
    assert train(again, precision="bfloat16")["loaded"] and same(again, half)
    for generator, precision in ((MAKE["VAE"](), "float16"), (Templates((4, 4, 1), 4), "bfloat16")):
        with pytest.raises(ValueError, match="precision"):
            train(generator, None if isinstance(generator, Templates) else 2, precision=precision)
