"""The shipped members: whole, small, and ready to draw without any data."""

import shutil

import numpy as np
import pytest

from ensgen_tutorial import load_classifier, load_member, member_record
from ensgen_tutorial.zoo import box as zoo
from ensgen_tutorial.__main__ import agree, main
from ensgen_tutorial.machine.store import DamagedFileError

NAMES = sorted(zoo.manifest())
GENERATORS = [name for name in NAMES if not name.endswith("/classifier")]


def test_the_box_and_the_manifest_hold_the_same_and_are_small():
    files = {path.name for path in zoo.FOLDER.glob("*.npz")}
    assert files == {zoo.file_of(name) for name in NAMES}
    assert sum((zoo.FOLDER / file).stat().st_size for file in files) <= 6e6
    assert set(NAMES) <= set(zoo.RECIPES)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_member_draws_and_its_recipe_is_the_one_in_the_manifest(name):
    record = member_record(name)
    kind, hyperparameters, options = zoo.RECIPES[name]
    assert record["generator"] == kind.__name__ and record["training"] == options
    assert record["hyperparameters"].keys() == hyperparameters.keys()
    generator = load_member(name)
    assert generator.count_params() == record["parameters"]
    images = generator.generate(4, seed=0)
    assert images.shape == (4, *record["image_shape"]) and images.std() > 0.1
    np.testing.assert_array_equal(images, load_member(name).generate(4, seed=0))


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("digits/")])
def test_the_scores_are_what_the_weights_reach(name):
    found = zoo.scores(load_member(name), zoo.data_of(name))
    assert agree(found, member_record(name)["scores"])
    assert not agree({"test_nats": 80.0, "exact": True}, {"test_nats": 80.1, "exact": True})


def test_the_classifiers_know_their_pictures():
    for name, accuracy in (("digits", 0.97), ("fashion_mnist", 0.90)):
        assert member_record(f"{name}/classifier")["scores"]["test_accuracy"] >= accuracy
    try:
        images = zoo.data_of("fashion_mnist/classifier")
    except OSError as error:
        pytest.skip(f"the classifier of Fashion-MNIST is not scored again: {error}")
    found = zoo.scores(load_classifier("fashion_mnist"), images)
    assert agree(found, member_record("fashion_mnist/classifier")["scores"])


def test_an_unknown_or_changed_member_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=NAMES[0]):
        load_member("digits/nothing")
    copy = tmp_path / "zoo"
    shutil.copytree(zoo.FOLDER, copy)
    path = copy / zoo.file_of(NAMES[0])
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    monkeypatch.setattr(zoo, "FOLDER", copy)
    monkeypatch.setattr(zoo, "manifest", lambda folder=copy, read=zoo.manifest: read(copy))
    with pytest.raises(DamagedFileError, match="install the package again"):
        load_member(NAMES[0])


def test_the_command_lists_verifies_and_refuses_a_name_it_does_not_know(capsys, monkeypatch):
    one = {"digits/pixel_rnn": member_record("digits/pixel_rnn")}
    monkeypatch.setattr(zoo, "manifest", lambda: one)
    assert main(["zoo", "--verify"]) == 0
    assert "80.73 nats/image  right" in capsys.readouterr().out
    one["digits/pixel_rnn"]["scores"]["test_nats"] = 70.0
    assert main(["zoo", "--verify"]) == 1
    assert "WRONG: 80.73" in capsys.readouterr().out
    assert main(["zoo", "--retrain", "nothing"]) != 0
    assert "digits/pixel_cnn" in capsys.readouterr().err


def test_retraining_writes_a_member_and_its_record_elsewhere(tmp_path, monkeypatch):
    kind, hyperparameters, _ = zoo.RECIPES["digits/pixel_rnn"]
    monkeypatch.setitem(zoo.RECIPES, "digits/tiny", (kind, {"units": 4}, {"epochs": 1}))
    assert main(["zoo", "--retrain", "digits/tiny", "--output", str(tmp_path)]) == 0
    record = zoo.manifest(tmp_path)["digits/tiny"]
    assert record["scores"]["test_nats"] > 85 and (tmp_path / "digits-tiny.npz").exists()
