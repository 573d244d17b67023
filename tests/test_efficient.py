"""Ensembles at one network's price: averages of parameters, shared parts, dropout, a student."""

import numpy as np
import pytest

import ensgen_tutorial as eg
from ensgen_tutorial.ensembles.distillation import moved

SHAPE, LEVELS = (4, 4, 1), 4
random = np.random.default_rng(0)


def shaken(generator, seed=0):
    shake = np.random.default_rng(seed)
    for weight in generator.weights:
        weight.assign(weight + 0.3 * shake.normal(size=weight.shape))
    generator.trained = True
    return generator


def cnn(seed=0, **options):
    return shaken(eg.PixelCNN(SHAPE, LEVELS, filters=6, blocks=1, seed=seed, **options), seed)


PIXELS = random.integers(0, LEVELS, (5, *SHAPE))


def test_the_ends_of_an_average_are_the_networks_themselves():
    one, other = cnn(0), cnn(1)
    for weights, wanted in (((1, 0), one), ((0, 1), other)):
        soup = eg.average_weights([one, other], weights)
        np.testing.assert_array_equal(soup.pixel_probabilities(PIXELS), wanted.pixel_probabilities(PIXELS))
    half = eg.average_weights([one, other]).learnt()
    for name, array in half.items():
        np.testing.assert_allclose(array, (one.learnt()[name] + other.learnt()[name]) / 2, atol=1e-6)


def test_only_networks_that_fit_are_averaged():
    with pytest.raises(ValueError, match="these differ"):
        eg.average_weights([cnn(), shaken(eg.PixelCNN(SHAPE, LEVELS, filters=7, blocks=1))])
    with pytest.raises(ValueError, match="sum to 1"):
        eg.average_weights([cnn(), cnn(1)], [0.5, 0.6])
    with pytest.raises(TypeError, match="KerasLearner"):
        eg.average_weights([eg.IndependentPixels(SHAPE, LEVELS)])


def test_near_one_network_an_average_is_the_log_pool(tiny_images):
    """To first order in how far parameters are apart, averaged parameters average the logits."""
    far = []
    for size in (0.02, 0.01):
        one, other = cnn(0), cnn(0)
        shake = np.random.default_rng(3)
        for weight in other.weights:
            weight.assign(weight + size * shake.normal(size=weight.shape))
        soup = eg.average_weights([one, other]).pixel_probabilities(PIXELS)
        pool = eg.PixelPool([one, other], kind="log").pixel_probabilities(PIXELS)
        far.append(abs(np.log(soup) - np.log(pool)).max())
    assert far[1] < 0.4 * far[0] < 0.01                             # second order: a quarter


def test_snapshots_are_the_network_after_each_epoch(tiny_images, tmp_path):
    snapshots = eg.Snapshots((1, 3))
    network = eg.PixelCNN(SHAPE, LEVELS, filters=6, blocks=1)
    eg.train_generator(network, tiny_images, 3, keep="last", progress=snapshots, folder=tmp_path,
                       report=lambda line: None)
    first, last = snapshots.generators
    np.testing.assert_array_equal(last.pixel_probabilities(PIXELS), network.pixel_probabilities(PIXELS))
    assert (first.pixel_probabilities(PIXELS) != last.pixel_probabilities(PIXELS)).any()


@pytest.mark.parametrize("share", ["trunk", "kernels"])
def test_members_in_one_network_are_causal_and_pooled(share):
    shared = shaken(eg.SharedCNN(SHAPE, LEVELS, networks=3, share=share, filters=6, blocks=1))
    each = shared.member_probabilities(PIXELS)
    assert each.shape == (3, 5, *SHAPE, LEVELS) and (each[0] != each[1]).any()
    np.testing.assert_allclose(each.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(shared.pixel_probabilities(PIXELS), each.mean(axis=0), atol=1e-6)
    changed = PIXELS.copy()
    changed[:, 2, 1] = (changed[:, 2, 1] + 1) % LEVELS
    before = shared.pixel_probabilities(changed).reshape(5, 16, LEVELS)[:, :10]
    np.testing.assert_allclose(before, shared.pixel_probabilities(PIXELS).reshape(5, 16, LEVELS)[:, :10], atol=1e-6)
    assert shared.generate(2, seed=0).shape == (2, *SHAPE)
    loss = np.array(shared.image_losses(PIXELS))
    chosen = np.take_along_axis(each, PIXELS[None, ..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(loss, -np.log(chosen).sum(axis=(2, 3, 4)).mean(axis=0), rtol=1e-4)


def test_sharing_costs_few_parameters():
    alone = eg.PixelCNN((8, 8, 1), 17).count_params()
    kernels = eg.SharedCNN((8, 8, 1), 17, 4, "kernels").count_params()
    trunk = eg.SharedCNN((8, 8, 1), 17, 4, "trunk").count_params()
    assert alone < kernels < 1.25 * alone and trunk < 1.5 * alone


def test_shared_networks_learn_and_come_back(tiny_images, tmp_path):
    networks = [eg.SharedCNN(SHAPE, LEVELS, 2, "kernels", filters=6, blocks=1) for _ in range(2)]
    records = [eg.train_generator(network, tiny_images, 2, progress="quiet", folder=tmp_path,
                                  report=lambda line: None) for network in networks]
    assert records[1]["loaded"]
    np.testing.assert_array_equal(*(each.pixel_probabilities(PIXELS) for each in networks))
    with pytest.raises(ValueError, match="share must be"):
        eg.SharedCNN(SHAPE, LEVELS, share="all")


def test_dropout_that_goes_on_averages_other_answers_each_time():
    network = cnn(dropout=0.5)
    one = eg.DroppedOut(network, samples=1).pixel_probabilities(PIXELS)
    many = eg.DroppedOut(network, samples=64).pixel_probabilities(PIXELS)
    np.testing.assert_allclose(many.sum(axis=-1), 1, atol=1e-5)
    assert abs(one - many).mean() > 0.01
    still = cnn(dropout=0.0)
    np.testing.assert_allclose(eg.DroppedOut(still, 3).pixel_probabilities(PIXELS),
                               still.pixel_probabilities(PIXELS), atol=1e-5)


def test_a_student_learns_what_the_teacher_says(tiny_images, tmp_path):
    teacher = eg.PixelPool([cnn(0), cnn(1)])
    pairs = eg.lessons_of(teacher, tiny_images, drawn=40, shifted=10)
    assert len(pairs.train[0]) == len(tiny_images.train) + 50 and pairs.target_shape == (4, 4, LEVELS)
    wanted = teacher.pixel_probabilities(tiny_images.train)
    np.testing.assert_allclose(pairs.train[1][:len(wanted)].reshape(wanted.shape), wanted, atol=1e-6)
    student = eg.Student(SHAPE, LEVELS, filters=6, blocks=1, dropout=0.0)
    eg.train_generator(student, pairs, 60, batch_size=16, learning_rate=0.02, progress="quiet", folder=tmp_path,
                       report=lambda line: None)
    p, q = (each.pixel_probabilities(tiny_images.test) for each in (teacher, student))
    divergence = (p * np.log(p / q)).sum(axis=-1).mean()
    start = eg.Student(SHAPE, LEVELS, filters=6, blocks=1, dropout=0.0)
    start.trained = True
    assert divergence < 0.3 * (p * np.log(p / start.pixel_probabilities(tiny_images.test))).sum(axis=-1).mean()
    assert student.generate(3, seed=0).shape == (3, *SHAPE) and student.count_params() > 0
    with pytest.raises(TypeError, match="PairSet"):
        eg.train_generator(student, tiny_images, 1)


def test_moving_a_picture_leaves_a_dark_rim():
    picture = np.arange(1, 10).reshape(3, 3, 1)
    np.testing.assert_array_equal(moved(picture, 1, 0)[..., 0], [[0, 0, 0], [1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(moved(picture, 0, -1)[..., 0], [[2, 3, 0], [5, 6, 0], [8, 9, 0]])
    np.testing.assert_array_equal(moved(picture, 0, 0), picture)
