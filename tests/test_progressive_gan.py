"""The progressive GAN: exact at both ends of a fade, and stages that follow the epochs."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from ensgen_tutorial import load_images
from ensgen_tutorial.generators.progressive_gan import ProgressiveGAN, doubled, halved, stage_of

RANDOM = np.random.default_rng(0)


def close(one, other):
    np.testing.assert_allclose(ops.convert_to_numpy(one), ops.convert_to_numpy(other), atol=1e-6)


@pytest.fixture(scope="module")
def gan():
    return ProgressiveGAN((16, 16, 1), 17, latents=4, filters=32, smallest=4)


@pytest.mark.parametrize("stage", [1, 2])
def test_at_alpha_0_both_networks_are_the_small_ones_and_at_1_the_large_ones(gan, stage):
    z = RANDOM.standard_normal((3, 4)).astype(np.float32)
    side = 4 * 2**stage
    images = RANDOM.uniform(-1, 1, (3, side, side, 1)).astype(np.float32)

    gan.stage = stage - 1
    gan.alpha.assign(1.0)
    small, judged_small = gan.painter(z), gan.discriminator(halved(images))
    gan.stage = stage
    large = gan.first_layers(z)
    for grown in gan.growth[:stage]:
        large = grown(large)
    read = gan.from_image[stage](images)
    for shrink in gan.shrinkage[stage - 1 :: -1]:
        read = shrink(read)

    gan.alpha.assign(0.0)
    close(gan.painter(z), doubled(small))
    close(gan.discriminator(images), judged_small)
    gan.alpha.assign(1.0)
    close(gan.painter(z), gan.to_image[stage](large))
    close(gan.discriminator(images), gan.last_layers(read))
    gan.alpha.assign(0.25)
    close(gan.painter(z), 0.75 * doubled(small) + 0.25 * gan.to_image[stage](large))


def test_sizes_double_from_the_smallest_to_the_data_s():
    assert ProgressiveGAN((32, 32, 1), 4, filters=16).sizes == [(4, 4), (8, 8), (16, 16), (32, 32)]
    assert ProgressiveGAN((28, 28, 1), 4, filters=16).sizes == [(7, 7), (14, 14), (28, 28)]


def test_real_images_fade_like_painted_ones_and_halving_keeps_the_mean(gan):
    pixels = RANDOM.integers(0, 17, (3, 16, 16, 1)).astype(np.uint8)
    gan.stage = 2
    gan.alpha.assign(1.0)
    close(gan.shrunk(pixels), pixels.astype(np.float32))
    gan.alpha.assign(0.0)
    close(gan.shrunk(pixels), doubled(halved(pixels.astype(np.float32))))
    gan.stage = 0
    small = ops.convert_to_numpy(gan.shrunk(pixels))
    assert small.shape == (3, 4, 4, 1) and small.mean() == pytest.approx(pixels.mean(), rel=1e-5)


def test_stages_follow_the_epochs_and_the_last_epoch_is_the_last_stage_s():
    assert [stage_of(epoch, 6, 3) for epoch in range(6)] == [0, 0, 1, 1, 2, 2]
    assert stage_of(0, 1, 3) == 2
    gan = ProgressiveGAN((8, 8, 1), 17, latents=4, filters=16, smallest=4)
    gan.compile(optimizer=gan.make_optimizer(1e-3))
    pixels = load_images("digits").train[:64]
    gan.fit(pixels, epochs=2, initial_epoch=0, batch_size=16, verbose=0)
    assert gan.stage == 1 and float(gan.alpha) == 1.0
    assert gan.generate(2, seed=0).shape == (2, 8, 8, 1)


TRAINING = """
import pathlib, sys
import ensgen_tutorial as eg
import keras
import numpy as np
pixels = np.random.default_rng(0).integers(0, 4, (20, 8, 8, 1)).astype(np.uint8)
images = eg.ImageSet("tiny", 4, pixels[:12], pixels[12:16], pixels[16:])
eg.train_generator(eg.ProgressiveGAN((8, 8, 1), 4, latents=2, filters=16), images, 2, batch_size=8,
                   folder=pathlib.Path(sys.argv[1]), progress="quiet")
"""


def test_training_writes_nothing_to_standard_error(tmp_path):
    """The gradient of ops.repeat made TensorFlow write a red line on many processors."""
    done = subprocess.run([sys.executable, "-c", TRAINING, str(tmp_path)], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == "" and "trained in" in done.stdout


def test_a_long_fade_rises_in_half_precision_too():
    """In bfloat16, 0.5 + 0.001 is 0.5."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = ProgressiveGAN((8, 8, 1), 4, latents=2, filters=16)
    finally:
        keras.config.set_dtype_policy("float32")
    half.stage, half.fade_steps = 1, 1000
    half.alpha.assign(0.5)
    half(RANDOM.integers(0, 4, (2, 8, 8, 1)), training=True)
    assert float(half.alpha) == pytest.approx(0.501)
