"""Predictors: tiles are invisible, pairs teach, bad inputs are refused in a sentence; and eight answers are one member."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import ensgen_tutorial as eg
from ensgen_tutorial.ensembles.symmetries import back, turned
from ensgen_tutorial.generators.base import NotTrainedError
from ensgen_tutorial.predictors import base
from ensgen_tutorial.predictors.base import windows

random = np.random.default_rng(0)


def shaken(predictor, seed=0, size=0.2):
    """Trained by saying so, with parameters away from where they start."""
    moved = np.random.default_rng(seed)
    for weight in predictor.weights:
        weight.assign(weight + size * moved.normal(size=weight.shape))
    predictor.trained = True
    return predictor


def small_pairs(count=24, side=12, scale=2):
    made = [random.random((count, scale * side, scale * side, 1)) for _ in range(3)]
    return eg.PairSet("noise", *((eg.block_means(large, scale), large) for large in made))


@pytest.fixture(scope="module")
def ridge():
    made = eg.PatchRidge(2, radius=2, clusters=3)
    made.learn(small_pairs())
    return made


KINDS = [lambda kind=kind: shaken(eg.SuperResolution(2, kind, filters=4, depth=3))
         for kind in ("plain", "residual", "dense")]


@pytest.mark.parametrize("length", [5, 40, 41, 59, 100, 1000])
@pytest.mark.parametrize("reach", [1, 7])
def test_windows_cover_everything_once_and_see_far_enough(length, reach):
    kept = []
    for outer, inner in windows(length, 40, reach):
        assert outer.stop - outer.start == min(40, length)
        assert outer.start == 0 or inner.start - outer.start >= reach
        assert outer.stop == length or outer.stop - inner.stop >= reach
        kept += range(inner.start, inner.stop)
    assert kept == list(range(length))


@pytest.mark.parametrize("make", [*KINDS, lambda: eg.Bicubic(2)])
def test_tiles_are_invisible(make, monkeypatch):
    predictor = make()
    picture = random.random((1, 61, 83, 1)).astype(np.float32)
    whole = predictor.predict(picture)
    monkeypatch.setattr(base, "TILE", 24)
    assert whole.shape == (1, 122, 166, 1)
    np.testing.assert_allclose(predictor.predict(picture), whole, atol=1e-5)


def test_tiles_of_a_ridge_regression_are_invisible(ridge, monkeypatch):
    picture = random.random((1, 61, 47, 1)).astype(np.float32)
    whole = ridge.predict(picture)
    monkeypatch.setattr(base, "TILE", 24)
    np.testing.assert_allclose(ridge.predict(picture), whole, atol=1e-5)


def test_reach_is_what_an_answer_depends_on(ridge):
    """A changed pixel changes nothing further away than ``reach``."""
    for predictor in (ridge, eg.Bicubic(2), *(make() for make in KINDS)):
        picture = random.random((1, 41, 41, 1)).astype(np.float32)
        changed = picture.copy()
        changed[0, 20, 20] = 1 - changed[0, 20, 20]
        moved = abs(predictor.predict(changed) - predictor.predict(picture))[0, ..., 0] > 1e-7
        rows = np.flatnonzero(moved.any(axis=1))
        assert len(rows) and rows.min() >= 2 * (20 - predictor.reach)
        assert rows.max() < 2 * (21 + predictor.reach)


def test_a_ridge_regression_finds_a_linear_map():
    """Where the large picture is a linear function of the small one's patch, nothing is missed."""
    small = random.random((12, 20, 20, 1)).astype(np.float32)
    mask = random.normal(size=(3, 3, 4)) * 0.02
    mask[1, 1] -= mask.sum(axis=(0, 1))                     # of differences to the middle
    padded = np.pad(small[..., 0], ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    added = np.einsum("nijab,abk->nijk", around, mask)
    blocks = added.reshape(12, 20, 20, 2, 2).transpose(0, 1, 3, 2, 4).reshape(12, 40, 40, 1)
    bicubic = eg.Bicubic(2).predict(small)
    large = np.clip(bicubic + blocks, 0, 1)
    pairs = eg.PairSet("linear", *[(small, large)] * 3)
    ridge = eg.PatchRidge(2, radius=1, clusters=2, penalty=1e-3)
    eg.train_generator(ridge, pairs, progress="quiet", report=lambda line: None)
    inside = (bicubic + blocks > 0.02) & (bicubic + blocks < 0.98)
    inside[:, :6] = inside[:, -6:] = inside[:, :, :6] = inside[:, :, -6:] = False
    np.testing.assert_allclose(ridge.predict(small)[inside], large[inside], atol=0.02)
    restored = eg.PatchRidge(2, radius=1, clusters=2, penalty=1e-3)
    restored.restore(ridge.learnt())
    np.testing.assert_array_equal(restored.predict(small), ridge.predict(small))
    assert {k: v.shape for k, v in ridge.learnt().items()} == ridge.learnt_shapes()


def test_training_on_pairs_lowers_the_loss_and_is_taken_from_the_store(tmp_path):
    pairs, lines = eg.load_patches(2, side=12, count=60), []
    networks = [eg.SuperResolution(2, filters=4, depth=2, seed=1, memory=1) for _ in range(2)]
    records = [eg.train_generator(network, pairs, 3, batch_size=8, progress="quiet", folder=tmp_path,
                                  report=lines.append) for network in networks]
    assert records[0]["history"]["val_loss"][-1] < records[0]["history"]["val_loss"][0]
    assert [record["loaded"] for record in records] == [False, True]
    picture = pairs.test[0]
    np.testing.assert_array_equal(*(network.predict(picture) for network in networks))
    assert "validation 0." in lines[0]


@pytest.mark.parametrize("make", [
    lambda: eg.Translator((8, 8, 1), filters=(3, 4, 5)), lambda: eg.AdversarialTranslator((8, 8, 1), filters=(3, 4, 5)),
    lambda: eg.Restorer((8, 8, 1), (8, 8, 1), filters=(4, 6), steps=2),
    lambda: eg.MattingNetwork((8, 8, 1), filters=(3, 4, 5), kind="wide")])
def test_predictors_learn_in_half_precision(make, tmp_path):
    predictor = make()
    made = [(random.random((8, 8, 8, predictor.channels)), random.random((8, 8, 8, 1))) for _ in range(3)]
    record = eg.train_generator(predictor, eg.PairSet("noise", *made), 1, progress="quiet", folder=tmp_path,
                                precision="bfloat16", report=lambda line: None)
    assert np.isfinite(record["validation"]) and predictor.predict(made[0][0]).shape == (8, 8, 8, 1)


def test_pairs_and_predictors_must_fit():
    network, pairs = eg.SuperResolution(2, filters=4, depth=2), small_pairs()
    with pytest.raises(TypeError, match="must be a PairSet"):
        eg.train_generator(network, eg.load_images("digits"), 1)
    with pytest.raises(ValueError, match="answers 3 times as large"):
        eg.train_generator(eg.SuperResolution(3, filters=4, depth=2), pairs, 1)
    with pytest.raises(TypeError, match="must be an ImageSet"):
        eg.train_generator(eg.PixelCNN((8, 8, 1), 17), pairs, 1)
    with pytest.raises(NotTrainedError):
        network.predict(pairs.test[0])
    network.trained = True
    for inputs, message in ((np.zeros((2, 8, 8, 3)), "take each channel"),
                            (np.zeros((8, 8, 1)), "must have shape"),
                            (np.full((1, 8, 8, 1), 255.0), "divide whole numbers"),
                            (np.zeros((1, 8, 8, 1), np.uint8), "must be floats"),
                            (np.full((1, 8, 8, 1), np.nan), "must be floats")):
        with pytest.raises(ValueError, match=message):
            network.predict(inputs)
    for wrong in (dict(kind="large"), dict(scale=1), dict(filters=0)):
        with pytest.raises(ValueError):
            eg.SuperResolution(**wrong)


def test_turning_and_back():
    pictures = random.random((2, 5, 7, 3))
    for k in range(8):
        np.testing.assert_array_equal(back(turned(pictures, k), k), pictures)
    assert len({turned(pictures[:, :5, :5], k).tobytes() for k in range(8)}) == 8


def test_a_self_ensemble_is_equivariant_and_loses_its_variance():
    member = KINDS[0]()
    eight, picture = eg.SelfEnsemble(member), random.random((2, 9, 9, 1)).astype(np.float32)
    answer = eight.predict(picture)
    for k in range(8):
        np.testing.assert_allclose(eight.predict(turned(picture, k)), turned(answer, k), atol=1e-6)
    each = np.stack([back(member.predict(turned(picture, k)), k) for k in range(8)]).astype(float)
    truth = random.random(answer.shape)
    np.testing.assert_allclose((each.mean(axis=0) - truth) ** 2,
                               ((each - truth) ** 2).mean(axis=0) - each.var(axis=0), atol=1e-12)
    assert eg.PredictionSum([eight, member]).predict(picture).shape == answer.shape


def test_weights_of_predictors_by_region(ridge):
    """Each region's weights are those that are best there, and no worse than common ones."""
    pairs = small_pairs()
    inputs, targets = pairs.validation

    def halves(inputs):
        return np.broadcast_to(np.arange(24)[:, None, None] // 12, (len(inputs), 24, 24, 1))

    members = [ridge, eg.Bicubic(2), KINDS[1]()]
    fitted = eg.fit_weights(eg.PredictionSum(members, regions=halves), (inputs, targets))
    common = eg.fit_weights(eg.PredictionSum(members), (inputs, targets))
    assert fitted.weights.shape == (2, 3) and fitted.losses[-1] <= common.losses[-1] + 1e-9
    upper = eg.PredictionSum(members, fitted.weights[0]).predict(inputs)[:, :12]
    np.testing.assert_allclose(fitted.ensemble.predict(inputs)[:, :12], upper, atol=1e-6)
    error = ((fitted.ensemble.predict(inputs) - targets) ** 2).sum(axis=(1, 2, 3)).mean()
    assert error == pytest.approx(fitted.losses[-1], rel=1e-4)


def test_an_adversarial_translator_has_the_gradients_of_two_players(uncompiled):
    translator = shaken(eg.AdversarialTranslator((8, 8, 1), filters=(3, 4, 5), weight=0.7), size=0.1)
    inputs, targets = (ops.convert_to_tensor(random.random((3, 8, 8, 1)), "float32")
                       for _ in range(2))
    own, judge = (network.trainable_variables for network in (translator.network, translator.critic))
    with tf.GradientTape() as tape:
        loss = ops.mean(translator.input_losses(inputs, targets))
    found = tape.gradient(loss, [*judge, *own])

    def opinion(answer):
        return ops.mean(translator.critic([inputs, answer]), axis=(1, 2, 3))

    with tf.GradientTape(persistent=True) as tape:
        answered = translator.network(inputs)
        judged = 0.7 * ops.mean(ops.softplus(-opinion(targets)) + ops.softplus(opinion(answered)))
        away = (ops.mean(ops.abs(targets - answered))
                + 0.7 * ops.mean(ops.softplus(-opinion(answered))))
    wanted = tape.gradient(judged, judge) + tape.gradient(away, own)
    for one, other in zip(found, wanted):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_restorer_draws_and_averages():
    restorer = shaken(eg.Restorer((2, 2, 1), (8, 8, 1), filters=(4, 6), steps=3, draws=3))
    inputs = random.random((5, 2, 2, 1))
    drawn = [restorer.sample(inputs, seed) for seed in range(3)]
    assert drawn[0].shape == (5, 8, 8, 1) and (drawn[0] != drawn[1]).any()
    np.testing.assert_array_equal(drawn[0], restorer.sample(inputs, 0))
    np.testing.assert_allclose(restorer.predict(inputs), np.mean(drawn, axis=0), atol=1e-6)
    with pytest.raises(ValueError, match="whole number of times"):
        eg.Restorer((3, 3, 1), (8, 8, 1))
    with pytest.raises(ValueError, match="must have shape"):
        restorer.sample(np.zeros((1, 4, 4, 1)))


def test_a_restorer_learns_from_pairs_and_comes_back_from_the_store(tmp_path):
    pairs = eg.small_pairs(eg.load_images("digits"), 4, counts=(64, 16, 16))
    restorers = [eg.Restorer((2, 2, 1), (8, 8, 1), filters=(4, 6), steps=2) for _ in range(2)]
    for restorer in restorers:
        record = eg.train_generator(restorer, pairs, 2, progress="quiet", folder=tmp_path,
                                    report=lambda line: None)
    assert record["loaded"]
    np.testing.assert_array_equal(*(each.sample(pairs.test[0], 0) for each in restorers))


def test_a_denoiser_with_classes_draws_what_is_asked_for(tmp_path):
    digits = eg.load_images("digits").take(64, 16, 16)
    denoiser = eg.Denoiser((8, 8, 1), 17, filters=(4, 6), steps=2, classes=10)
    eg.train_generator(denoiser, digits, 1, progress="quiet", folder=tmp_path,
                       report=lambda line: None)
    three = denoiser.given(3)
    noisy = random.normal(size=(4, 8, 8, 1))
    wanted = denoiser.denoise_given(noisy, 0.5, (np.full(4, 4, np.int32),))
    np.testing.assert_array_equal(three.denoise(noisy, 0.5), wanted)
    assert (three.denoise(noisy, 0.5) != denoiser.denoise(noisy, 0.5)).any()
    guided = eg.Guided(three, denoiser, 2.0, steps=2)
    assert guided.generate(3, seed=0).shape == three.generate(3, seed=0).shape == (3, 8, 8, 1)
    with pytest.raises(ValueError, match="label"):
        denoiser.given(10)
    with pytest.raises(TypeError, match="without labels"):
        eg.Denoiser((8, 8, 1), 17, filters=(4, 6)).given(3)


def test_predictors_survive_saving_by_keras(tmp_path):
    network = KINDS[1]()
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    picture = random.random((1, 9, 9, 1)).astype(np.float32)
    np.testing.assert_array_equal(again.predict(picture), network.predict(picture))
