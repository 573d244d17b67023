"""Scenes whose α is exact, and what finds it."""

import numpy as np
import pytest

import ensgen_tutorial as eg
from ensgen_tutorial.data.scenes import SHAPES, TEST_SHAPES
from ensgen_tutorial.predictors.matting import with_colours

pytest.importorskip("pymatting", reason="pymatting is not part of the default install")


@pytest.fixture(scope="module")
def scenes():
    return eg.draw_scenes(5, "test", side=64)


def test_a_scene_is_its_foreground_over_its_background(scenes):
    for scene in scenes:
        alpha = scene.alpha[..., None]
        np.testing.assert_allclose(
            scene.picture, alpha * scene.foreground + (1 - alpha) * scene.background, atol=1e-6)
        np.testing.assert_array_equal(scene.trimap[~scene.unknown], scene.alpha[~scene.unknown])
        assert {0, 0.5, 1} == set(np.unique(scene.trimap))
        assert ((scene.alpha > 0) & (scene.alpha < 1) <= scene.unknown).all()
        # Averages of 64 fine pixels of 256 greys: α is a whole number of 64 · 255ths.
        np.testing.assert_allclose(64 * 255 * scene.alpha, np.rint(64 * 255 * scene.alpha), atol=0.01)


def test_scenes_repeat_and_test_has_shapes_of_its_own(scenes):
    again = eg.draw_scenes(5, "test", side=64)
    assert all((a.picture == b.picture).all() for a, b in zip(scenes, again))
    assert not SHAPES.keys() & TEST_SHAPES.keys()
    assert [scene.name for scene in scenes] == list(TEST_SHAPES)
    assert {scene.name for scene in eg.draw_scenes(4, "train", side=64)} == set(SHAPES)
    with pytest.raises(ValueError, match="split"):
        eg.draw_scenes(1, "all")
    pairs = eg.matting_pairs((4, 4, 5), side=64)
    np.testing.assert_array_equal(pairs.test[0][0], scenes[0].given)


def test_closed_form_matting_is_exact_where_two_colours_mix():
    """With one colour in front of another, α is a linear function of the picture."""
    rows = np.linspace(-0.5, 1.5, 32).clip(0, 1)
    alpha = np.tile(rows, (32, 1))
    picture = alpha[..., None] * [0.9, 0.2, 0.1] + (1 - alpha[..., None]) * [0.1, 0.3, 0.8]
    trimap = np.where(alpha == 0, 0, np.where(alpha == 1, 1, 0.5))
    given = np.concatenate([picture, trimap[..., None]], axis=-1)[None]
    for method in ("closed form", "learning based"):
        found = eg.ClassicalMatting(method).predict(given)[0, ..., 0]
        np.testing.assert_allclose(found, alpha, atol=0.02)


def test_two_names_can_be_one_member(scenes):
    given = np.array([scene.given for scene in scenes])
    truth = np.array([scene.alpha for scene in scenes])
    errors = [(eg.ClassicalMatting(method).predict(given)[..., 0] - truth).ravel()
              for method in ("closed form", "learning based", "shared")]
    assert np.corrcoef(errors)[0, 1] > 0.99 > 0.9 > np.corrcoef(errors)[0, 2]


@pytest.mark.parametrize("kind", ["u", "wide"])
def test_a_network_repeats_the_trimap_and_its_loss_looks_elsewhere(kind, scenes):
    network = eg.MattingNetwork((64, 64, 1), filters=(4, 4, 4), kind=kind)
    network.trained = True
    given = np.array([scene.given for scene in scenes], np.float32)
    alpha = np.array([scene.alpha for scene in scenes], np.float32)[..., None]
    found = network.predict(given)[..., 0]
    for scene, matte in zip(scenes, found):
        np.testing.assert_array_equal(matte[~scene.unknown], scene.trimap[~scene.unknown])
    known = np.array([~scene.unknown for scene in scenes])[..., None]
    changed, seen = np.where(known, 1 - alpha, alpha), network.prepare(given)
    np.testing.assert_array_equal(network.input_losses(seen, changed), network.input_losses(seen, alpha))
    assert (np.array(network.input_losses(seen, alpha)) > 0).all()
    larger = eg.draw_scenes(1, "test", side=96)[0].given[None]
    assert network.predict(larger.astype(np.float32)).shape == (1, 96, 96, 1)


def test_guesses_from_known_colours_are_exact_where_there_are_two():
    """One colour before another: the pixel's α is the projection, whichever known pixel is asked."""
    alpha = np.tile(np.linspace(-0.5, 1.5, 40).clip(0, 1), (40, 1))
    picture = alpha[..., None] * [0.9, 0.2, 0.1] + (1 - alpha[..., None]) * [0.1, 0.3, 0.8]
    trimap = np.where(alpha == 0, 0, np.where(alpha == 1, 1, 0.5))
    seen = with_colours(np.concatenate([picture, trimap[..., None]], axis=-1)[None])[0]
    np.testing.assert_allclose(seen[..., 4:7], np.broadcast_to([0.9, 0.2, 0.1], (40, 40, 3)), atol=1e-6)
    np.testing.assert_allclose(seen[..., 10], alpha, atol=2e-3)
    np.testing.assert_allclose(seen[..., 17], alpha, atol=2e-2)
    assert np.isfinite(with_colours(np.full((1, 8, 8, 4), 0.5))).all()


def test_what_is_no_trimap_and_a_missing_package_are_told(scenes, monkeypatch):
    empty = scenes[0].given.copy()
    empty[..., 3] = 0.5
    with pytest.raises(ValueError, match="mark some foreground"):
        eg.ClassicalMatting().predict(empty[None])
    with pytest.raises(ValueError, match="method must be one of"):
        eg.ClassicalMatting("magic")
    import importlib

    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match="pip install pymatting"):
        eg.ClassicalMatting()
