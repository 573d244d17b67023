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

from ensgen_tutorial import VAE, PixelCNN, PixelRNN, train_generator, train_members
from ensgen_tutorial.generators.keras_model import KerasGenerator
from ensgen_tutorial.training.train import TrainingSession, describe

MAKE = {
    "PixelCNN": lambda: PixelCNN((4, 4, 1), 4, filters=4, blocks=1, first_size=3),
    "PixelRNN": lambda: PixelRNN((4, 4, 1), 4, units=4, dropout=0.2),
    "VAE": lambda: VAE((4, 4, 1), 4, latents=2, hidden=8, samples=5),
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


@pytest.mark.parametrize("kind", MAKE)
def test_trained_weights_come_back_from_the_store(kind, train, tiny_images, lines):
    first, second = MAKE[kind](), MAKE[kind]()
    fresh = -MAKE[kind]().image_losses(tiny_images.validation)
    record = train(first)
    assert not record["loaded"] and "trained in" in lines[-1]
    assert record["validation"] < -float(keras.ops.mean(fresh))          # it has learnt
    again = train(second)
    assert again["loaded"] and "from the store" in lines[-1]
    assert same(first, second)
    np.testing.assert_array_equal(first.generate(3, seed=0), second.generate(3, seed=0))
    assert train(MAKE[kind](), epochs=5)["loaded"] is False               # another recipe


def test_training_anew_gives_the_same_weights(train):
    first, second = MAKE["PixelRNN"](), MAKE["PixelRNN"]()
    train(first)
    assert train(second, retrain=True)["loaded"] is False
    assert same(first, second)


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
        patch.setattr(TrainingSession, "on_train_batch_end", stop)         # in the first epoch
        train(third, epochs=3, retrain=True)
    train(third, epochs=3, retrain=True)
    assert same(first, third)


class Killed(Exception):
    pass


@pytest.mark.parametrize("epoch", [1, 3])
@pytest.mark.parametrize("kind", MAKE)
def test_a_killed_training_ends_with_the_weights_it_would_have_had(
        kind, epoch, train, monkeypatch, lines, tmp_path):
    uninterrupted, killed, resumed = MAKE[kind](), MAKE[kind](), MAKE[kind]()
    expected = train(uninterrupted, folder=tmp_path / "other")
    whole = TrainingSession.on_epoch_end

    def die(self, number, logs=None):
        whole(self, number, logs)
        if number + 1 == epoch:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(TrainingSession, "on_epoch_end", die)
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
        return subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path), "400"],
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
    whole = TrainingSession.on_epoch_end

    def stop(self, number, logs=None):
        whole(self, number, logs)
        if number == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(TrainingSession, "on_epoch_end", stop)
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


def test_an_unwritable_store_costs_a_warning_and_no_training(train, tmp_path):
    place = tmp_path / "a file, not a folder"
    place.write_text("")
    generator = MAKE["PixelCNN"]()
    with pytest.warns(UserWarning, match="ENSGEN_STORE"):
        train(generator, folder=place / "store")
    assert generator.generate(1, seed=0).shape == (1, 4, 4, 1)


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
    record = train(generator, epochs=60, learning_rate=0.2, patience=3)
    values = record["history"]["val_loss"]
    assert record["epochs"] == len(values) == record["best_epoch"] + 3 < 60
    assert record["validation"] == min(values)
    own = -generator.log_likelihood(tiny_images.validation).mean()
    assert own == pytest.approx(record["validation"], rel=1e-4)


def test_the_last_epoch_can_be_kept_instead(train, tiny_images):
    kept = {}
    for keep in ("best", "last"):
        generator = MAKE["PixelCNN"]()
        kept[keep] = train(generator, epochs=60, learning_rate=0.2, keep=keep)
        own = -generator.log_likelihood(tiny_images.validation).mean()
        assert own == pytest.approx(kept[keep]["validation"], rel=1e-4)
    history = kept["last"]["history"]["val_loss"]
    assert history == kept["best"]["history"]["val_loss"]
    assert kept["last"]["validation"] == history[-1] > min(history) == kept["best"]["validation"]


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
    from ensgen_tutorial.training.train import ShuffledPixels

    batches, seen = ShuffledPixels(np.arange(10)[:, None], 4, seed=0), []
    for epoch in range(2):
        batches.begin_epoch(epoch)
        seen.append(np.concatenate([batches[i][0].ravel() for i in range(len(batches))]))
    assert (seen[0] != seen[1]).any()
    for epoch in seen:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(10))


class Constant(KerasGenerator):
    """The smallest generator of one's own: one number for all pixels."""

    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        self.level = self.add_weight(shape=(), name="level")

    def image_losses(self, pixels, training=False):
        return keras.ops.mean((keras.ops.cast(pixels, "float32") - self.level) ** 2, axis=(1, 2, 3))


def test_a_generator_of_one_s_own_needs_only_its_losses(train, tiny_images):
    generator = Constant((4, 4, 1))
    train(generator, epochs=60, learning_rate=0.2)
    assert float(generator.level) == pytest.approx(tiny_images.train.mean(), abs=0.1)


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


def test_a_class_of_a_notebook_is_known_by_its_functions():
    class Stack(PixelCNN):
        def size(self):
            return 2

    class Another(PixelCNN):
        def size(self):
            return 3

    Another.__name__ = "Stack"
    first, second = (kind((4, 4, 1), 4, filters=2, blocks=1) for kind in (Stack, Another))
    for kind in (Stack, Another):
        kind.__module__, kind.__qualname__ = "__main__", "Stack"     # as if it were in no file
    assert describe(first) == describe(Stack((4, 4, 1), 4, filters=2, blocks=1))
    assert describe(first)["source"] != describe(second)["source"]
