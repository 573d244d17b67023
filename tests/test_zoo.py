"""The shipped members: whole, small, and ready to draw without any data."""

import shutil

import numpy as np
import pytest

from ensgen_tutorial import load_member, member_record
from ensgen_tutorial.__main__ import main
from ensgen_tutorial.machine.store import DamagedFileError
from ensgen_tutorial.zoo import box
from ensgen_tutorial.zoo.build import verify
from ensgen_tutorial.zoo.recipes import BOX, PAIRS, Recipe, data_of

NAMES = sorted(box.manifest())
PREDICTORS = [name for name in NAMES if name.split("/")[0] in PAIRS]
GENERATORS = [name for name in NAMES if not name.endswith("/classifier") and name not in PREDICTORS]


def test_the_box_and_the_manifest_hold_the_same_and_are_small():
    files = {path.name for path in box.FOLDER.glob("*.npz")}
    assert files == {box.file_of(name) for name in NAMES}
    assert sum((box.FOLDER / file).stat().st_size for file in files) <= 16e6
    assert set(NAMES) == set(BOX)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_member_draws_and_its_recipe_is_the_one_in_the_manifest(name):
    record = member_record(name)
    recipe = BOX[name]
    assert record["generator"] == recipe.kind.__name__ and record["training"] == recipe.training
    assert record["hyperparameters"].keys() == recipe.hyperparameters.keys()
    generator = load_member(name)
    assert generator.count_params() == record["parameters"]
    images = generator.generate(4, seed=0)
    assert images.shape == (4, *record["image_shape"]) and images.std() > 0.1
    np.testing.assert_array_equal(images, load_member(name).generate(4, seed=0))


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_predictor_answers_and_its_recipe_is_the_one_in_the_manifest(name):
    record, recipe = member_record(name), BOX[name]
    assert record["generator"] == recipe.kind.__name__ and record["training"] == recipe.training
    assert record["hyperparameters"].keys() == recipe.hyperparameters.keys()
    predictor = load_member(name)
    assert predictor.count_params() == record["parameters"]
    known = recipe.hyperparameters.get("known_shape", (16, 16, predictor.channels))
    if "image_shape" in recipe.hyperparameters and "known_shape" not in recipe.hyperparameters:
        known = (*recipe.hyperparameters["image_shape"][:2], predictor.channels)
    answer = predictor.predict(np.random.default_rng(0).random((2, *known)))
    assert answer.shape[1] == predictor.scale * known[0] and np.isfinite(answer).all()
    assert record["scores"]["test_error"] > 0


@pytest.mark.parametrize("name", ["photographs/x2_plain", "colours/translator_0"])
def test_a_predictor_s_score_is_what_its_weights_reach(name):
    assert verify(name, member_record(name))[1]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("digits/")])
def test_the_scores_are_what_the_weights_reach(name):
    record = member_record(name)
    assert verify(name, record)[1]
    if record["scores"].get("test_nats"):
        record["scores"]["test_nats"] += 0.1
        assert not verify(name, record)[1]


def test_the_classifiers_know_their_pictures():
    for name, accuracy in (("digits", 0.97), ("fashion_mnist", 0.90)):
        assert member_record(f"{name}/classifier")["scores"]["test_accuracy"] >= accuracy
    try:
        data_of("fashion_mnist/classifier")
    except OSError as error:
        pytest.skip(f"the classifier of Fashion-MNIST is not scored again: {error}")
    assert verify("fashion_mnist/classifier", member_record("fashion_mnist/classifier"))[1]


def test_an_unknown_or_changed_member_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=NAMES[0]):
        load_member("digits/nothing")
    copy = tmp_path / "zoo"
    shutil.copytree(box.FOLDER, copy)
    path = copy / box.file_of(NAMES[0])
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    monkeypatch.setattr(box, "FOLDER", copy)
    monkeypatch.setattr(box, "manifest", lambda folder=copy, read=box.manifest: read(copy))
    with pytest.raises(DamagedFileError, match="install the package again"):
        load_member(NAMES[0])


def test_the_command_lists_verifies_and_refuses_a_name_it_does_not_know(capsys, monkeypatch):
    one = {"digits/pixel_rnn": member_record("digits/pixel_rnn")}
    monkeypatch.setattr(box, "manifest", lambda: one)
    assert main(["zoo", "--verify"]) == 0
    assert "80.73 nats/image  right" in capsys.readouterr().out
    one["digits/pixel_rnn"]["scores"]["test_nats"] = 70.0
    assert main(["zoo", "--verify"]) == 1
    assert "WRONG: 80.73" in capsys.readouterr().out
    assert main(["zoo", "--retrain", "nothing"]) != 0
    assert "digits/pixel_cnn" in capsys.readouterr().err


def test_retraining_writes_a_member_and_its_record_elsewhere(tmp_path, monkeypatch):
    tiny = Recipe(BOX["digits/pixel_rnn"].kind, {"units": 4}, {"epochs": 1})
    monkeypatch.setitem(BOX, "digits/tiny", tiny)
    assert main(["zoo", "--retrain", "digits/tiny", "--output", str(tmp_path)]) == 0
    record = box.manifest(tmp_path)["digits/tiny"]
    assert record["scores"]["test_nats"] > 85 and (tmp_path / "digits-tiny.npz").exists()
