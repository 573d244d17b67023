"""The laws every generator obeys, on networks so small that a law can be checked by counting."""

import itertools
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from keras import ops
from scipy.special import logsumexp
from scipy.stats import chisquare
from threadpoolctl import threadpool_info, threadpool_limits

from ensgen_tutorial import (GAN, VAE, Denoiser, PixelCNN, PixelPool, PixelRNN, ProgressiveGAN,
                             TemplateMixture)
from ensgen_tutorial.generators import base, raster, vae
from ensgen_tutorial.generators.base import FEW, PixelGenerator, PixelReader, draw_values
from ensgen_tutorial.generators.layers import STEPS, Shifts
from ensgen_tutorial.generators.vae import kl_divergence

RASTER = {
    "PixelCNN": lambda shape, levels, seed=0: PixelCNN(
        shape, levels, filters=6, blocks=2, first_size=5, seed=seed),
    "PixelRNN": lambda shape, levels, seed=0: PixelRNN(shape, levels, units=5, seed=seed),
    "PixelCNN of classes": lambda shape, levels, seed=0: PixelCNN(
        shape, levels, filters=6, blocks=2, first_size=5, classes=3, shifts=True, seed=seed),
    "PixelRNN of classes": lambda shape, levels, seed=0: PixelRNN(
        shape, levels, units=5, classes=3, shifts=True, seed=seed),
}
KINDS = {**RASTER, "VAE": lambda shape, levels, seed=0: VAE(
    shape, levels, latents=2, hidden=8, samples=20, seed=seed)}


def ready(kind, shape=(4, 4, 1), levels=3, seed=0, scale=0.5):
    """An untrained generator with parameters far from zero, said to be ready to draw."""
    generator = KINDS[kind](shape, levels, seed)
    random = np.random.default_rng(seed)
    for weight in generator.weights:
        weight.assign(random.normal(0, scale, weight.shape))
    generator.trained = True
    return generator


def every_image(shape, levels):
    values = itertools.product(range(levels), repeat=int(np.prod(shape)))
    return np.array(list(values), np.uint8).reshape(-1, *shape)


@pytest.mark.parametrize("shape", [(2, 2, 1), (1, 2, 3)])
@pytest.mark.parametrize("kind", RASTER)
def test_probabilities_of_all_images_sum_to_1(kind, shape):
    generator = ready(kind, shape, 2)
    assert logsumexp(generator.log_likelihood(every_image(shape, 2))) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kind", RASTER)
def test_no_pixel_sees_itself_or_what_comes_later(kind):
    """Changing pixel i changes no distribution up to i, to the last bit, and some after it."""
    generator = ready(kind, (4, 5, 1), 3)
    pixels = np.random.default_rng(0).integers(0, 3, (1, 4, 5, 1)).astype(np.uint8)
    before = generator.pixel_probabilities(pixels).reshape(20, 3)
    for i in range(20):
        other = pixels.copy()
        other.reshape(-1)[i] = (other.reshape(-1)[i] + 1) % 3
        after = generator.pixel_probabilities(other).reshape(20, 3)
        np.testing.assert_array_equal(after[: i + 1], before[: i + 1])
        if i < 19:
            assert (after[i + 1 :] != before[i + 1 :]).any()


def drawn_in_order(generator, count, seed):
    """What is drawn pixel by pixel; with classes, ``generate`` draws the class first."""
    nothing = np.zeros((count, *generator.image_shape), np.float32)
    return generator.complete(nothing, known=False, seed=seed)


@pytest.mark.parametrize("shape", [(5, 4, 1), (3, 3, 3)])
@pytest.mark.parametrize("kind", RASTER)
def test_fast_drawing_equals_plain_drawing(kind, shape):
    generator = ready(kind, shape, 4)
    pixels = np.rint(drawn_in_order(generator, 6, seed=3) * 3).astype(np.uint8).reshape(6, -1)
    uniforms = np.random.default_rng(3).random(pixels.shape)
    quick, plain = generator.reader(6), PixelReader(generator, 6)
    for values, chances in zip(pixels.T, uniforms.T):
        np.testing.assert_allclose(quick.probabilities(), plain.probabilities(), atol=1e-5)
        np.testing.assert_array_equal(draw_values(plain.probabilities(), chances), values)
        quick.write(values)
        plain.write(values)


@pytest.mark.parametrize("kind", KINDS)
def test_completing_keeps_what_is_known(kind):
    generator = ready(kind)
    images = generator.generate(6, seed=5)
    known = np.zeros((4, 4, 1), bool)
    known[:2] = True
    completed = generator.complete(images, known, seed=6)
    np.testing.assert_array_equal(completed[:, :2], images[:, :2])
    assert (completed[:, 2:] != images[:, 2:]).any()
    np.testing.assert_array_equal(completed, generator.complete(images, known, seed=6))


@pytest.mark.parametrize("kind", RASTER)
def test_completion_with_the_drawing_seed_draws_the_same_rest(kind):
    generator = ready(kind)
    images = drawn_in_order(generator, 6, seed=5)
    known = np.arange(4)[:, None, None] < np.array([2]).reshape(1, 1, 1)
    completed = generator.complete(images, np.broadcast_to(known, (4, 4, 1)), seed=5)
    np.testing.assert_array_equal(completed, images)


@pytest.mark.parametrize("kind", RASTER)
def test_draws_follow_the_likelihood(kind):
    generator = ready(kind, (1, 3, 1), 2)
    pixels = every_image((1, 3, 1), 2)
    drawn = np.rint(generator.generate(4000, seed=0)).astype(int).reshape(-1, 3) @ [4, 2, 1]
    counts = np.bincount(drawn, minlength=8)
    expected = np.exp(generator.log_likelihood(pixels))
    assert chisquare(counts, 4000 * expected / expected.sum()).pvalue > 1e-4


@pytest.mark.parametrize("kind", RASTER)
def test_known_pixels_alone_are_a_marginal(kind):
    """Summing p over the unknown last row gives the likelihood of the known first row."""
    generator = ready(kind, (2, 2, 1), 2)
    pixels = every_image((2, 2, 1), 2)
    known = np.array([True, False]).reshape(2, 1, 1)
    joint = generator.log_likelihood(pixels).reshape(4, 4)
    np.testing.assert_allclose(
        logsumexp(joint, axis=1), generator.log_likelihood(pixels, known)[::4], atol=1e-5)


@pytest.mark.parametrize("kind", RASTER)
def test_the_loss_is_the_likelihood(kind):
    """With classes, p(x) = 1/K Σ_k p(x | k), and the loss is −log p(x | label)."""
    generator = ready(kind)
    pixels = np.random.default_rng(0).integers(0, 3, (7, 4, 4, 1)).astype(np.uint8)
    labels = [[]] if generator.classes is None else [[np.full(7, k)] for k in range(3)]
    losses = [ops.convert_to_numpy(generator.image_losses(pixels, *label)) for label in labels]
    likelihood = logsumexp(-np.array(losses), axis=0) - np.log(len(labels))
    np.testing.assert_allclose(likelihood, generator.log_likelihood(pixels), rtol=1e-5)


def test_shifts_move_some_images_by_one_pixel_and_say_which_way():
    rows = np.arange(1, 2 * 3 * 6 + 1).reshape(1, 3, 6, 2)[..., :1].repeat(500, axis=0)
    shifts = Shifts(channels=2, seed=0)
    moved, which = (ops.convert_to_numpy(each) for each in shifts(ops.convert_to_tensor(rows)))
    shares = np.bincount(which, minlength=5) / 500
    assert abs(shares - [0.4, 0.15, 0.15, 0.15, 0.15]).max() < 0.06
    for step, (down, right) in enumerate(STEPS):
        wanted = np.zeros((3, 6, 1), rows.dtype)
        wanted[max(down, 0): 3 + min(down, 0), max(2 * right, 0): 6 + min(2 * right, 0)] = rows[
            0, max(-down, 0): 3 - max(down, 0), max(-2 * right, 0): 6 - max(2 * right, 0)]
        np.testing.assert_array_equal(moved[which == step], np.broadcast_to(
            wanted, (np.sum(which == step), 3, 6, 1)))


@pytest.mark.parametrize("kind", ["PixelCNN of classes", "PixelRNN of classes"])
def test_one_class_alone_is_a_generator_and_their_mean_is_the_whole(kind):
    generator, pixels = ready(kind, (2, 2, 1), 2), every_image((2, 2, 1), 2)
    each = [generator.given(label) for label in range(3)]
    logs = np.array([one.log_likelihood(pixels) for one in each])
    np.testing.assert_allclose(logsumexp(logs, axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(logsumexp(logs, axis=0) - np.log(3), generator.log_likelihood(pixels),
                               atol=1e-5)
    pool = PixelPool(each[:2])                      # members that answer about other classes still pool
    assert logsumexp(pool.log_likelihood(pixels)) == pytest.approx(0, abs=1e-5)
    drawn = np.rint(each[1].generate(4000, seed=0)).astype(int).reshape(-1, 4) @ [8, 4, 2, 1]
    expected = np.exp(logs[1])
    assert chisquare(np.bincount(drawn, minlength=16), 4000 * expected / expected.sum()).pvalue > 1e-4
    for label in (-1, 3, 1.0):
        with pytest.raises(ValueError, match="label must be"):
            generator.given(label)
    with pytest.raises(ValueError, match="learnt no classes"):
        ready("PixelCNN").given(0)


def test_classes_are_a_whole_number():
    with pytest.raises(ValueError, match="classes must be a whole number, 2 or more"):
        PixelCNN((4, 4, 1), 3, classes=1)


def test_templates_sum_to_1_and_complete_any_part():
    random = np.random.default_rng(0)
    mixture = TemplateMixture(random.dirichlet(np.ones(2), size=(3, 2, 2, 1)), [0.5, 0.3, 0.2])
    pixels = every_image((2, 2, 1), 2)
    likelihood = mixture.log_likelihood(pixels)
    assert logsumexp(likelihood) == pytest.approx(0, abs=1e-6)
    by_pixel = mixture.log_pixel_likelihoods(pixels).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(by_pixel, likelihood, atol=1e-5)
    known = np.array([[False, True], [True, False]])[..., None]          # no prefix at all
    images = np.ones((400, 2, 2, 1), np.float32)
    completed = mixture.complete(images, known, seed=0)
    assert (completed[:, 0, 1] == 1).all() and (completed[:, 0, 0] == 0).any()
    given = np.exp(mixture.log_likelihood(pixels)) * (pixels[:, 0, 1, 0] * pixels[:, 1, 0, 0])
    expected = given[pixels[:, 0, 0, 0] == 1].sum() / given.sum()
    assert completed[:, 0, 0].mean() == pytest.approx(expected, abs=0.09)


def test_vae_kl_is_the_monte_carlo_mean_and_zero_at_the_prior():
    means, log_variances = np.array([[0.5, -1.0]]), np.array([[0.3, -0.7]])
    noise = np.random.default_rng(0).normal(size=(200_000, 2))
    z = means + np.exp(log_variances / 2) * noise
    log_ratio = 0.5 * (z**2 - noise**2 - log_variances).sum(axis=1)
    exact = float(ops.convert_to_numpy(kl_divergence(means, log_variances))[0])
    assert exact == pytest.approx(log_ratio.mean(), abs=4 * log_ratio.std() / 200_000**0.5)
    assert float(kl_divergence(np.zeros((1, 3)), np.zeros((1, 3)))[0]) == 0


def test_vae_bounds_rise_with_the_number_of_draws_and_stay_below_the_likelihood():
    model = ready("VAE", (2, 2, 1), 2, scale=0.2)
    pixels = every_image((2, 2, 1), 2)
    exact = model.templates(50_000).log_likelihood(pixels).mean()
    elbo = -np.mean([ops.convert_to_numpy(model.image_losses(pixels)) for _ in range(100)])

    def bound(samples, repetitions):
        model.samples = samples
        values = []
        for model.seed in range(repetitions):
            values.append(model.log_likelihood(pixels).mean())
        return np.mean(values)

    assert elbo < bound(3, 60) < bound(30, 20) < exact + 0.01
    assert bound(5000, 1) == pytest.approx(exact, abs=0.05)
    assert elbo < exact - 0.1 and model.exact is False


def test_a_vae_read_pixel_by_pixel_can_join_a_pool():
    reader, cnn = ready("VAE", (2, 2, 1), 2), ready("PixelCNN", (2, 2, 1), 2)
    pool = PixelPool([reader.templates(50), cnn])
    assert logsumexp(pool.log_likelihood(every_image((2, 2, 1), 2))) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_the_initial_parameters_and_nothing_else_changes(kind):
    import random

    random.seed(7)
    first = KINDS[kind]((4, 4, 1), 3, 1).arrays()
    following = random.random()
    random.seed(7)
    assert following == random.random()                # Python's own generator was left alone
    for same, array in zip(KINDS[kind]((4, 4, 1), 3, 1).arrays(), first):
        np.testing.assert_array_equal(same, array)
    others = KINDS[kind]((4, 4, 1), 3, 2).arrays()
    assert any((other != array).any() for other, array in zip(others, first))


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_and_masks_that_do_not_fit_get_a_sentence(kind):
    generator = ready(kind)
    good = np.zeros((2, 4, 4, 1), np.uint8)
    with pytest.raises(ValueError, match=r"\(2, 4, 5, 1\)"):
        generator.log_likelihood(np.zeros((2, 4, 5, 1), np.uint8))
    with pytest.raises((TypeError, ValueError), match="whole numbers"):
        generator.log_likelihood(good.astype(np.float32))
    with pytest.raises(ValueError, match="2"):
        generator.log_likelihood(good + 3)
    with pytest.raises(TypeError, match="boolean"):
        generator.complete(good.astype(np.float32), np.ones((4, 4, 1)))


@pytest.mark.parametrize("make, name", [
    (lambda: PixelCNN((4, 4, 1), 3, filters=0), "filters"),
    (lambda: PixelCNN((4, 4, 1), 3, blocks=1.5), "blocks"),
    (lambda: PixelCNN((4, 4, 1), 3, size=4), "size must be odd"),
    (lambda: PixelCNN((4, 4, 1), 3, dropout=1), "dropout"),
    (lambda: PixelRNN((4, 4, 1), 3, units=True), "units"),
    (lambda: VAE((4, 4, 1), 3, latents=-1), "latents"),
    (lambda: VAE((4, 4, 1), 3, beta=float("nan")), "beta"),
    (lambda: VAE((4, 4, 1), 3, samples=0), "samples"),
    (lambda: GAN((4, 4, 1), 3, gain=0), "gain"),
    (lambda: ProgressiveGAN((4, 4, 1), 3, smallest=0), "smallest"),
    (lambda: Denoiser((4, 4, 1), 3, filters=()), "filters"),
    (lambda: Denoiser((4, 4, 1), 3, steps=0), "steps"),
    (lambda: TemplateMixture(np.full((2, 2, 2, 1, 2), 0.5), [0.5, 0.6]), "weights"),
    (lambda: TemplateMixture(np.full((1, 2, 2, 1, 2), 0.6)), "template_probabilities"),
])
def test_hyperparameters_that_cannot_be_are_named_at_the_door(make, name):
    with pytest.raises(ValueError, match=name):
        make()


def test_weights_that_nearly_sum_to_1_draw_and_score():
    mixture = TemplateMixture(np.full((3, 2, 2, 1, 2), 0.50001), [0.33333, 0.33333, 0.33333])
    assert mixture.weights.sum() == pytest.approx(1, abs=1e-12)
    assert logsumexp(mixture.log_likelihood(every_image((2, 2, 1), 2))) == pytest.approx(0, abs=1e-5)
    assert mixture.generate(3, seed=0).shape == (3, 2, 2, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_pixels_and_scores_in_any_pieces(kind, monkeypatch):
    generator = ready(kind)
    drawn = generator.generate(20, seed=1)
    pixels = np.rint(drawn * 2).astype(np.uint8)
    scores = generator.log_likelihood(pixels)
    for module in (base, raster, vae):
        monkeypatch.setattr(module, "MEMORY", 1)         # an image at a time
    np.testing.assert_array_equal(generator.generate(20, seed=1), drawn)
    np.testing.assert_allclose(generator.log_likelihood(pixels), scores, rtol=1e-5)


@pytest.mark.parametrize("kind", RASTER)
def test_a_reader_takes_about_the_memory_that_drawing_counts_with(kind):
    """Enough images that their share outweighs the network's own."""
    generator = {"PixelCNN": lambda classes: PixelCNN((8, 8, 1), 17, classes=classes),
                 "PixelRNN": lambda classes: PixelRNN((8, 8, 1), 17, classes=classes)}[
        kind.split(" ")[0]](3 if "classes" in kind else None)
    generator.trained = True
    tracemalloc.start()
    generator.generate(400, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 400 * generator.bytes_per_image + 4e6


@pytest.mark.parametrize("kind", RASTER)
def test_only_a_beginning_can_be_given_to_a_pixel_generator(kind):
    known = np.zeros((4, 4, 1), bool)
    known[2:] = True
    with pytest.raises(ValueError, match="comes first"):
        ready(kind).complete(np.zeros((1, 4, 4, 1), np.float32), known)


OTHER_BACKEND = """
import numpy as np, sys, tempfile, pathlib
from ensgen_tutorial import *
assert "tensorflow" not in sys.modules
images = load_images("digits")
for generator in (PixelCNN((8, 8, 1), 17, filters=4, blocks=1), PixelRNN((8, 8, 1), 17, units=4),
                  VAE((8, 8, 1), 17, latents=2, hidden=8, samples=2),
                  ProgressiveGAN((8, 8, 1), 17, filters=16), Denoiser((8, 8, 1), 17, filters=(8,))):
    epochs = 2 if isinstance(generator, ProgressiveGAN) else 1           # a stage each
    train_generator(generator, images, epochs, batch_size=500, folder=pathlib.Path(tempfile.mkdtemp()))
    assert generator.generate(2, seed=0).shape == (2, 8, 8, 1)
    if hasattr(generator, "log_likelihood"):
        assert np.isfinite(generator.log_likelihood(images.test[:4])).all()
print("drawn with", device_report())
"""


def test_the_same_files_run_on_jax():
    pytest.importorskip("jax", reason="jax is not part of the default install")
    done = subprocess.run([sys.executable, "-c", OTHER_BACKEND], capture_output=True, text=True,
                          env={**os.environ, "KERAS_BACKEND": "jax"}, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "JAX" in done.stdout


def test_other_threads_that_draw_random_numbers_change_no_network():
    """A cluster's worker does so while it builds one."""
    import random
    import threading

    wanted = PixelCNN((8, 8, 1), 17, filters=6, blocks=1, seed=3).arrays()
    state, stop = random.getstate(), threading.Event()

    def draw():
        while not stop.is_set():
            random.randint(1, 9), random.random()

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            for one, other in zip(PixelCNN((8, 8, 1), 17, filters=6, blocks=1, seed=3).arrays(), wanted):
                np.testing.assert_array_equal(one, other)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    random.setstate(state)
    PixelCNN((8, 8, 1), 17, filters=6, blocks=1, seed=3)
    assert random.getstate() == state                       # and a network takes nothing from others


class Threads(PixelGenerator):
    """Draws noise, and notes how many threads linear algebra may use meanwhile."""

    image_shape, levels = (2, 2, 1), 2

    def pixel_probabilities(self, pixels):
        self.found = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
        return np.full((*pixels.shape, 2), 0.5, np.float32)


def test_a_few_images_are_drawn_in_one_thread_and_the_number_is_put_back():
    """Threads that wait for each other at every pixel cost fifty times as much beside other work."""
    generator = Threads()
    with threadpool_limits(2, "blas"):
        generator.generate(3, seed=0)
        assert generator.found == {1}
        generator.generate(FEW + 1, seed=0)
        assert generator.found == {2}
