"""The denoiser: its steps lead where they should, and its layers are built once."""

import numpy as np
import pytest
from keras import layers, ops
from scipy.special import softmax

from ensgen_tutorial import Denoiser, StackDenoiser, flow, load_images, load_member


class Knows:
    """A denoiser that knows the answer for data N(mean, spread²): the posterior mean."""

    def __init__(self, mean, spread):
        self.mean, self.spread = mean, spread

    def denoise(self, noisy, t):
        gain = t * self.spread**2 / ((t * self.spread) ** 2 + (1 - t) ** 2)
        return (self.mean + gain * (noisy - t * self.mean)).astype(np.float32)


NOISE = np.random.default_rng(0).standard_normal((4000, 2, 2, 1)).astype(np.float32)


def test_with_one_possible_picture_every_noise_becomes_that_picture():
    for steps in (1, 5):
        np.testing.assert_allclose(flow(Knows(0.25, 0.0), NOISE[:5], steps)[-1], 0.25, atol=1e-5)


def test_with_gaussian_data_the_draws_have_its_mean_and_spread_and_more_steps_are_better():
    errors = []
    for steps in (2, 8, 32):
        drawn = flow(Knows(0.3, 0.5), NOISE, steps)[-1]
        errors.append(np.abs(drawn - (0.3 + 0.5 * NOISE)).max())    # the exact flow
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.02
    assert drawn.mean() == pytest.approx(0.3, abs=0.02)
    assert drawn.std() == pytest.approx(0.5, abs=0.02)


def test_with_a_few_possible_pictures_the_best_denoiser_draws_one_of_them():
    pictures = np.random.default_rng(1).uniform(-1, 1, (5, 4))

    class Best:
        def denoise(self, noisy, t):
            distances = np.square(noisy.reshape(-1, 1, 4) - t * pictures).sum(axis=-1)
            return (softmax(-distances / (2 * (1 - t) ** 2), axis=1) @ pictures).reshape(noisy.shape)

    drawn = flow(Best(), NOISE[:300], 32)[-1].reshape(-1, 1, 4)
    distances = np.square(drawn - pictures).sum(axis=-1)
    assert np.median(distances.min(axis=1)) < 1e-6
    assert set(distances.argmin(axis=1)) == set(range(5))


def test_the_stack_is_the_article_s_unless_told_otherwise():
    def features(denoiser):
        kinds = (layers.Conv2D, layers.BatchNormalization, layers.LeakyReLU)
        return [layer.filters if kind is layers.Conv2D else kind.__name__
                for layer in denoiser.network.layers for kind in kinds if isinstance(layer, kind)]

    def between(*filters):
        return [each for n in filters for each in (n, "BatchNormalization", "LeakyReLU")]

    assert features(StackDenoiser((8, 8, 1), 17)) == [*between(64, 128, 256, 512), 1]
    assert features(StackDenoiser((8, 8, 3), 17, filters=(2, 4))) == [*between(2, 4), 3]


def test_a_pixel_of_the_stack_sees_one_pixel_further_with_every_convolution():
    denoiser = StackDenoiser((16, 16, 1), 17, filters=(4, 4))
    random = np.random.default_rng(0)
    for weight in denoiser.weights:                     # the last convolution starts at 0
        weight.assign(random.uniform(0.1, 1, weight.shape))
    denoiser.trained = True
    x = random.uniform(-1, 1, (1, 16, 16, 1)).astype(np.float32)
    changed = x.copy()
    changed[0, 8, 8] += 1
    difference = denoiser.denoise(changed, 0.5) - denoiser.denoise(x, 0.5)
    rows, columns = np.nonzero(np.abs(difference[0, ..., 0]) > 1e-5)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 11, 5, 11)


@pytest.mark.parametrize("kind", [Denoiser, StackDenoiser])
def test_layers_are_built_once_and_every_one_gets_a_gradient(kind):
    denoiser = kind((8, 8, 1), 17, filters=(8, 12))
    pixels = load_images("digits").train[:32]
    denoiser.compile(optimizer=denoiser.make_optimizer(1e-2))
    before, count = denoiser.arrays(), len(denoiser.trainable_weights)
    denoiser.fit(pixels, epochs=3, batch_size=8, verbose=0)
    denoiser.image_losses(ops.convert_to_tensor(pixels))
    assert len(denoiser.trainable_weights) == count
    trained = {id(weight) for weight in denoiser.trainable_weights}
    for weight, old, new in zip(denoiser.weights, before, denoiser.arrays()):
        assert id(weight) not in trained or (old != new).any(), weight.path


def test_a_trained_one_cleans_better_than_the_noisy_picture_and_than_the_mean():
    digits, denoiser = load_images("digits"), load_member("digits/denoiser")
    clean = digits.to_images(digits.test) * 2 - 1
    noise = np.random.default_rng(1).standard_normal(clean.shape).astype(np.float32)
    mean = digits.to_images(digits.train).mean(axis=0) * 2 - 1
    for t in (0.2, 0.5, 0.8):
        cleaned = denoiser.denoise((1 - t) * noise + t * clean, t)
        error = np.square(cleaned - clean).mean()
        assert error < np.square((1 - t) * noise + t * clean - clean).mean()
        assert error < np.square(mean - clean).mean()


def test_bad_input_gets_a_sentence():
    denoiser = load_member("digits/denoiser")
    for noisy, t in ((np.zeros((1, 4, 4, 1)), 0.5), (np.zeros((1, 8, 8, 1)), 1.5)):
        with pytest.raises(ValueError, match="denoise needs"):
            denoiser.denoise(noisy, t)
    with pytest.raises(ValueError, match="filters must be"):
        Denoiser((8, 8, 1), 17, filters=())
