"""Attribution adds up: to 1, to the gain, to the ambiguity; and Shapley's axioms hold."""

import itertools
import math
import time

import numpy as np
import pytest

import ensgen_tutorial as eg

random = np.random.default_rng(0)
SCORES = np.log(random.uniform(0.01, 1, (20, 6, 4)))
WEIGHTS = np.array([0.1, 0.2, 0.3, 0.4])


def test_responsibilities_sum_to_one_and_are_the_e_step():
    shares = eg.responsibilities(SCORES, WEIGHTS)
    np.testing.assert_allclose(shares.sum(axis=-1), 1, atol=1e-12)
    mixed = np.exp(SCORES) * WEIGHTS
    np.testing.assert_allclose(shares, mixed / mixed.sum(axis=-1, keepdims=True), atol=1e-12)
    far = eg.responsibilities(SCORES - 5000, WEIGHTS)
    np.testing.assert_allclose(far, shares, atol=1e-9)


def test_the_ambiguity_of_pixels_adds_up_to_that_of_images():
    found = eg.ambiguity_map(SCORES, WEIGHTS)
    assert found.shape == (20, 6) and found.min() >= 0
    assert found.sum(axis=1).mean() == pytest.approx(eg.ambiguity(SCORES, WEIGHTS), abs=1e-12)
    same = np.repeat(SCORES[..., :1], 4, axis=-1)
    np.testing.assert_allclose(eg.ambiguity_map(same, WEIGHTS), 0, atol=1e-12)


def coalition_nats(scores, members):
    return -np.log(np.exp(scores[..., list(members)]).mean(axis=-1)).sum(axis=1).mean()


def test_every_coalition_gains_what_its_pool_scores():
    gains = eg.pool_gains(SCORES, nothing=10.0)
    assert len(gains) == 16 and gains[0] == 0
    for size in range(1, 5):
        for members in itertools.combinations(range(4), size):
            assert gains[sum(1 << j for j in members)] == pytest.approx(
                10 - coalition_nats(SCORES, members), abs=1e-9)


def test_shapley_values_add_up_to_1e_9_and_are_the_mean_over_all_orders():
    gains = eg.pool_gains(SCORES, nothing=10.0)
    values = eg.shapley_values(gains)
    assert abs(values.sum() - gains[-1]) < 1e-9
    by_orders = np.zeros(4)
    for order in itertools.permutations(range(4)):
        coalition = 0
        for j in order:
            by_orders[j] += (gains[coalition | 1 << j] - gains[coalition]) / math.factorial(4)
            coalition |= 1 << j
    np.testing.assert_allclose(values, by_orders, atol=1e-9)


def test_twins_share_alike_and_who_adds_nothing_gets_nothing():
    twins = SCORES[..., [0, 1, 1, 2]]
    values = eg.shapley_values(eg.pool_gains(twins, nothing=10.0))
    assert values[1] == pytest.approx(values[2], abs=1e-12)
    gains = np.zeros(8)
    for number in range(8):                         # the third one never changes anything
        gains[number] = {0: 0, 1: 2.0, 2: 3.0, 3: 7.0}[number & 3]
    np.testing.assert_allclose(eg.shapley_values(gains), [3.0, 4.0, 0.0], atol=1e-12)


def test_sampled_values_add_up_and_their_error_is_honest():
    gains = eg.pool_gains(SCORES, nothing=10.0)
    exact = eg.shapley_values(gains)

    def gain(members):
        return gains[sum(1 << j for j in members)]

    far = []
    for seed in range(40):
        values, errors = eg.sampled_shapley(gain, 4, orders=30, seed=seed)
        assert values.sum() == pytest.approx(gains[-1], abs=1e-9)
        far.append((values - exact) / errors)
    assert 0.8 < np.std(far) < 1.25                         # as many standard errors as they say


def test_ten_members_take_two_seconds():
    scores = np.log(random.uniform(0.01, 1, (447, 64, 10)))
    started = time.perf_counter()
    values = eg.shapley_values(eg.pool_gains(scores, nothing=64 * math.log(17)))
    assert len(values) == 10 and time.perf_counter() - started < 6       # two, on an idle machine
    with pytest.raises(ValueError, match="2,048 coalitions"):
        eg.pool_gains(np.zeros((2, 3, 11)), 1.0)
    for bad in (np.zeros(3), np.zeros((2, 2)), np.zeros(1)):
        with pytest.raises(ValueError, match="one number for each coalition"):
            eg.shapley_values(bad)


def test_a_changed_pixel_changes_only_what_is_read_later():
    images = eg.load_images("digits")
    cnn = eg.load_member("digits/pixel_cnn")
    pixels = images.test[0]
    position = (3, 4, 0)
    found = eg.changed_by(cnn, pixels, position)
    assert found.shape == pixels.shape and found.min() >= 0 == found[:3].max() == found[3, :5].max()
    assert found[3, 5] > 0
    value = (int(pixels[position]) + 8) % 17
    other = pixels.copy()
    other[position] = value
    p, q = (cnn.pixel_probabilities(each[None])[0].astype(float) for each in (pixels, other))
    wanted = (p * np.log(p / q)).sum(axis=-1)
    one = eg.changed_by(cnn, pixels, position, value)
    np.testing.assert_allclose(one[3, 5:], wanted[3, 5:], atol=1e-4)
    # Not exactly 0: on some processors a sum's last digit depends on the row's place in the batch.
    np.testing.assert_allclose(eg.changed_by(cnn, pixels, position, int(pixels[position])), 0, atol=1e-6)


def test_nearest_images_and_their_distances():
    others = random.random((30, 4, 4, 1))
    pictures = others[[7, 3]] + 1e-3
    places, distances = eg.nearest_images(pictures, others, 2)
    assert places.shape == distances.shape == (2, 2) and places[:, 0].tolist() == [7, 3]
    np.testing.assert_allclose(distances[:, 0], 4e-3, rtol=1e-3)
    by_hand = np.sort(np.linalg.norm((pictures[0] - others).reshape(30, -1), axis=1))[:2]
    np.testing.assert_allclose(distances[0], by_hand, rtol=1e-6)
