"""The GAN's one loss is the two players' two losses; its draws, its averaged weights, its classes."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from ensgen_tutorial import GAN, ProgressiveGAN, load_classifier, load_member, train_generator
from ensgen_tutorial.data.pixels import to_pixels

SHAPE, LEVELS = (8, 8, 1), 5


@pytest.fixture
def gan():
    """Untrained, with parameters away from where they start."""
    generator = GAN(SHAPE, LEVELS, latents=3, filters=16, seed=2)
    random = np.random.default_rng(0)
    for weight in generator.trainable_variables:
        weight.assign(weight + 0.1 * random.normal(size=weight.shape))
    return generator


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(1).integers(0, LEVELS, (6, *SHAPE)).astype(np.uint8)


def snapshot(generator):
    return [np.array(variable) for variable in generator.variables]


def put_back(generator, values):
    for variable, value in zip(generator.variables, values):
        variable.assign(value)


def drawn_and_real(gan, pixels, training):
    """Real and fake pictures as the textbook has them: z, then noise for each."""
    z = keras.random.normal((len(pixels), gan.latents), seed=gan.noise)
    real = ops.cast(pixels, "float32") * (2 / (gan.levels - 1)) - 1
    width = 1 / (gan.levels - 1)
    fake = gan.painter(z, training=training)
    real, fake = (images + keras.random.uniform(images.shape, -width, width, seed=gan.noise)
                  for images in (real, fake))
    return real, fake


@pytest.mark.parametrize("training", [False, True])
def test_one_loss_has_the_gradients_of_the_two_players(gan, pixels, training):
    """Each network gets the gradient of its own binary cross-entropy."""
    painter, judge = gan.painter.trainable_variables, gan.discriminator.trainable_variables
    before = snapshot(gan)
    with tf.GradientTape() as tape:
        loss = ops.mean(gan.image_losses(pixels, training=training))
    found = tape.gradient(loss, [*judge, *painter])

    put_back(gan, before)
    if training:                        # it only scales each kernel of the discriminator
        gan.discriminator(np.zeros((1, *SHAPE), np.float32), training=True)
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    ones, zeros = np.ones((len(pixels), 1)), np.zeros((len(pixels), 1))
    with tf.GradientTape(persistent=True) as tape:
        real, fake = drawn_and_real(gan, pixels, training)
        verdict = gan.discriminator(fake)
        judged = entropy(ones, gan.discriminator(real)) + entropy(zeros, verdict)
        painted = entropy(ones, verdict)
    wanted = tape.gradient(judged, judge) + tape.gradient(painted, painter)

    assert float(loss) == pytest.approx(float(judged), abs=1e-6)
    for one, other in zip(found, wanted):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert all(np.abs(gradient).max() > 1e-4 for gradient in wanted)


def test_flatness_costs_the_discriminator_alone(pixels):
    """The penalty is flatness · (D(real) − D(real under other noise))², and no painter's business."""
    plain, flat = (GAN(SHAPE, LEVELS, latents=3, filters=16, seed=2, flatness=flatness)
                   for flatness in (0.0, 7.0))
    with tf.GradientTape(persistent=True) as tape:
        losses, penalised = (each.image_losses(pixels) for each in (plain, flat))
    for before, after in zip(tape.gradient(losses, plain.painter.trainable_variables),
                             tape.gradient(penalised, flat.painter.trainable_variables)):
        np.testing.assert_allclose(before, after, atol=1e-5)
    flat = GAN(SHAPE, LEVELS, latents=3, filters=16, seed=2)        # the same random numbers again
    real, _ = drawn_and_real(flat, pixels, training=False)
    other = flat.blurred(ops.cast(pixels, "float32") * (2 / (LEVELS - 1)) - 1)
    wanted = 7 * (flat.discriminator(real) - flat.discriminator(other))[:, 0] ** 2
    np.testing.assert_allclose(penalised - losses, wanted, atol=1e-5)
    assert (np.asarray(wanted) > 0).all()


def test_a_step_changes_no_layer_of_the_other_player_s_loss(gan, pixels):
    """The generator's own terms say nothing to the discriminator: only d(real) + d(fake) do."""
    with tf.GradientTape(persistent=True) as tape:
        _, fake = drawn_and_real(gan, pixels, False)
        free, held = gan.discriminator(fake), gan.discriminator(ops.stop_gradient(fake))
        difference = ops.mean(ops.softplus(-free) - ops.softplus(-held))
    assert float(difference) == 0
    for gradient in tape.gradient(difference, gan.discriminator.trainable_variables):
        np.testing.assert_allclose(gradient, 0, atol=1e-7)
    assert any(np.abs(gradient).max() > 1e-4
               for gradient in tape.gradient(difference, gan.painter.trainable_variables))


def test_the_discriminator_is_spectrally_normalised_and_sees_no_batch(gan, pixels):
    names = [type(layer).__name__ for layer in gan.discriminator.layers]
    assert "BatchNormalization" not in names and names.count("SpectralNormalization") == 3
    for _ in range(50):                 # one power iteration a step
        gan.image_losses(pixels, training=True)
    for layer in gan.discriminator.layers:
        if isinstance(layer, keras.layers.SpectralNormalization):
            kernel = np.array(layer.kernel).reshape(-1, layer.kernel.shape[-1])
            assert np.linalg.svd(kernel, compute_uv=False)[0] == pytest.approx(1, abs=0.02)


def test_the_noise_is_as_wide_as_one_level_and_hides_the_levels(gan):
    noise = np.array(gan.blurred(np.zeros((200, *SHAPE), np.float32)))
    assert np.abs(noise).max() <= 1 / (LEVELS - 1) and np.abs(noise.mean()) < 0.01
    shifted = (noise + 1) / 2 * (LEVELS - 1)                # pixel 2 of 0 … 4, one level's width
    assert shifted.min() >= 1.5 and shifted.max() <= 2.5


@pytest.mark.parametrize("shape", [(2, 2, 1), (4, 4, 1), (8, 8, 3), (5, 9, 1), (28, 28, 1)])
def test_it_draws_any_size_in_its_levels(shape):
    generator = GAN(shape, 4, latents=3, filters=16)
    generator.trained = True
    images = generator.generate(3, seed=0)
    assert images.shape == (3, *shape) and images.dtype == np.float32
    np.testing.assert_allclose(images * 3, np.rint(images * 3), atol=1e-6)
    assert np.array(generator.image_losses(to_pixels(images, 4))).shape == (3,)
    z = np.random.default_rng(0).standard_normal((3, 3))
    np.testing.assert_array_equal(images, generator.decode(z))


def test_the_averaged_weights_and_the_last_epoch_are_kept(tiny_images, tmp_path):
    """The moving average by hand, from the weights after each step."""
    generator, seen = GAN((4, 4, 1), 4, latents=2, filters=16), []

    def remember(step, logs):
        seen.append([np.array(weight) for weight in generator.trainable_variables])

    optimizer = generator.make_optimizer(1e-2)
    assert optimizer.use_ema and optimizer.beta_1 == 0.5
    generator.compile(optimizer=optimizer)
    generator.fit(tiny_images.train, batch_size=8, epochs=2, verbose=0,
                  callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=remember)])
    averages = seen[0]
    for weights in seen[1:]:
        averages = [0.99 * average + 0.01 * weight for average, weight in zip(averages, weights)]
    assert len(seen) == 6
    for weight, average in zip(generator.trainable_variables, averages):
        np.testing.assert_allclose(weight, average, atol=1e-6)

    record = train_generator(GAN((4, 4, 1), 4, latents=2, filters=16), tiny_images, epochs=3,
                             progress="quiet", report=lambda line: None, folder=tmp_path)
    assert record["best_epoch"] == 3                        # the last one, not the best loss


@pytest.mark.parametrize("kind", [GAN, partial(ProgressiveGAN, smallest=2)])
def test_after_training_batch_normalisation_fits_the_averaged_weights(kind, tiny_images):
    """A large batch has the means and variances that were measured, however far training went at its end."""
    generator = kind((4, 4, 1), 4, latents=2, filters=16)
    momenta = [layer.momentum for layer in normalisations(generator)]
    generator.compile(optimizer=generator.make_optimizer(0.05))
    generator.fit(tiny_images.train, batch_size=8, epochs=8, verbose=0)
    z = np.random.default_rng(1).standard_normal((4096, 2)).astype(np.float32)

    def difference():
        """Mean distance between pictures by the measured means and variances and by the batch's own."""
        pictures, measured = np.array(generator.painter(z)), snapshot(generator)
        of_the_batch = np.array(generator.painter(z, training=True))
        put_back(generator, measured)
        return abs(pictures - of_the_batch).mean()

    assert difference() < 0.02
    assert [layer.momentum for layer in normalisations(generator)] == momenta == [0.9] * len(momenta)
    for layer in normalisations(generator):                  # were they those of other weights, one would see it
        layer.moving_mean.assign(layer.moving_mean + 0.3)
    assert difference() > 0.02


def normalisations(generator):
    return [layer for layer in generator.parts() if isinstance(layer, keras.layers.BatchNormalization)]


def test_a_trained_gan_draws_all_ten_digits():
    """Mode collapse would leave digits out; a thousand even draws hold 100 of each."""
    images = load_member("digits/gan").generate(1000, seed=0)
    labels = load_classifier("digits").labels(to_pixels(images, 17))
    counts = np.bincount(labels, minlength=10)
    assert counts.min() >= 40, counts
    assert len(np.unique(images, axis=0)) == 1000
