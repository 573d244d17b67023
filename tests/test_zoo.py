"""The shipped members: whole, small, and ready to draw without any data."""

import shutil

import numpy as np
import pytest

from ensgen_tutorial import load_member, member_record, zoo
from ensgen_tutorial.store import DamagedFileError

NAMES = sorted(zoo.manifest())


def test_the_box_and_the_manifest_hold_the_same_and_are_small():
    files = {path.name for path in zoo.FOLDER.glob("*.npz")}
    assert files == {zoo.file_of(name) for name in NAMES}
    assert sum((zoo.FOLDER / file).stat().st_size for file in files) <= 6e6
    assert set(NAMES) <= set(zoo.RECIPES)


@pytest.mark.parametrize("name", NAMES)
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
    wanted = member_record(name)["scores"]
    assert found["test_nats"] == pytest.approx(wanted["test_nats"], abs=0.02)


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
