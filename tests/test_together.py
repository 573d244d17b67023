"""Members trained in one graph end where each would have ended alone."""

import numpy as np
import pytest

import ensgen_tutorial as eg

SHAPE, LEVELS = (4, 4, 1), 4
RATES, SEEDS = [1e-3, 3e-3, 3e-2], [4, 5, 6]


def members():
    return [eg.PixelCNN(SHAPE, LEVELS, filters=4, blocks=1, first_size=3, dropout=0.2, seed=0),
            eg.PixelRNN(SHAPE, LEVELS, units=4, dropout=0.1, seed=1),
            eg.VAE(SHAPE, LEVELS, latents=2, hidden=8, samples=5, seed=2)]


def test_together_as_apart_each_with_its_rate_its_order_and_its_best_epoch(tiny_images, tmp_path):
    lines, together, apart = [], members(), members()
    records = eg.train_together(together, tiny_images, 6, 8, RATES, SEEDS, report=lines.append)
    for member, alone, rate, seed, record in zip(together, apart, RATES, SEEDS, records):
        own = eg.train_generator(alone, tiny_images, 6, 8, rate, seed=seed, folder=tmp_path, progress="quiet",
                                 report=lambda line: None)
        assert record["best_epoch"] == own["best_epoch"]
        np.testing.assert_allclose(record["history"]["val_loss"], own["history"]["val_loss"], rtol=1e-4)
        for found, wanted in zip(member.arrays(), alone.arrays()):
            np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert len({record["best_epoch"] for record in records}) > 1        # or nothing was tested
    assert "3 members trained together" in lines[0]
    assert together[0].generate(2, seed=0).shape == (2, *SHAPE)         # it counts as trained


def test_trained_again_it_begins_again(tiny_images):
    first, second = members()[:1], members()[:1]
    eg.train_together(second, tiny_images, 1, report=lambda line: None)
    for each in (first, second):
        eg.train_together(each, tiny_images, 2, report=lambda line: None)
    for found, wanted in zip(first[0].arrays(), second[0].arrays()):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("change, error, message", [
    ({"members": []}, TypeError, "a list of KerasGenerators"),
    ({"members": [eg.IndependentPixels(SHAPE, LEVELS)]}, TypeError, "a list of KerasGenerators"),
    ({"members": [eg.PixelCNN((5, 4, 1), LEVELS)]}, ValueError, "image_shape"),
    ({"members": [eg.GAN(SHAPE, LEVELS, latents=2)]}, ValueError, "a way of its own"),
    ({"seeds": [1]}, ValueError, "as many seeds"),
    ({"learning_rates": [1e-3]}, ValueError, "as many seeds"),
    ({"learning_rates": -1.0}, ValueError, "learning_rates"),
    ({"epochs": 0}, ValueError, "epochs"),
])
def test_bad_arguments_get_a_sentence(tiny_images, change, error, message):
    arguments = {"members": members()[:2], "images": tiny_images, "epochs": 1} | change
    with pytest.raises(error, match=message):
        eg.train_together(**arguments)
