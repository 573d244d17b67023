"""A real scheduler and two worker processes on loopback: the same numbers, and what happens when they die."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import ensgen_tutorial as eg

pytest.importorskip("distributed", reason="Dask is not part of the default install")


@pytest.fixture(scope="module")
def cluster():
    with eg.local_cluster(2, threads=1) as client:
        yield client


@pytest.fixture(scope="module")
def images():
    return eg.load_images("digits").take(64, 16, 16)


def networks(count=2, **options):
    return {f"network {seed}": eg.PixelCNN((8, 8, 1), 17, filters=6, blocks=1, seed=seed, **options)
            for seed in range(count)}


def here(images, members, **options):
    """The same training in a process of its own with one thread, as a worker has."""
    with eg.local_cluster(1, threads=1) as alone:
        return eg.train_members(members, images, 2, cluster=alone, report=lambda line: None, **options)


def test_a_cluster_trains_what_one_process_trains_to_the_last_bit(cluster, images, tmp_path):
    there, alone = networks(), networks()
    lines = []
    records = eg.train_members(there, images, 2, cluster=cluster, folder=tmp_path / "there",
                               report=lines.append, progress="quiet")
    here(images, alone, folder=tmp_path / "alone", progress="quiet")
    assert list(records) == list(there) and len(lines) == 2 and "trained in" in lines[0]
    for name in there:
        for key, array in there[name].learnt().items():
            np.testing.assert_array_equal(array, alone[name].learnt()[key])
        assert records[name]["epochs"] == 2 and there[name].generate(1, seed=0).shape == (1, 8, 8, 1)


def test_options_may_differ_and_a_learner_travels_too(cluster, images, tmp_path):
    members = {"net": networks(1)["network 0"], "templates": eg.Templates((8, 8, 1), 17)}
    records = eg.train_members(members, images, {"net": 1, "templates": None}, cluster=cluster, folder=tmp_path,
                               report=lambda line: None, seed={"net": 3, "templates": 0}, progress="quiet")
    assert records["net"]["epochs"] == 1 and records["templates"]["epochs"] is None
    assert members["templates"].generate(2, seed=0).shape == (2, 8, 8, 1)


def test_who_fails_is_named_and_the_others_keep_their_result(cluster, images, tmp_path):
    members = networks(2) | {"wrong": eg.PixelCNN((8, 8, 1), 16, filters=6, blocks=1)}
    with pytest.raises(eg.ClusterError, match=r"wrong could not be trained: .*knows 16 levels.*network 0.*learnt"):
        eg.train_members(members, images, 1, cluster=cluster, folder=tmp_path, report=lambda line: None, progress="quiet")
    assert members["network 0"].trained and members["network 1"].trained and not members["wrong"].trained


def test_a_killed_worker_loses_nothing(images, tmp_path):
    """Its members go on elsewhere from the last epoch, and end with the weights they would have had."""
    wanted, found = networks(2), networks(2)
    here(images, wanted, folder=tmp_path / "alone", batch_size=4, progress="quiet")
    with eg.local_cluster(2, threads=1) as client:
        pids = list(client.run(os.getpid).values())

        def kill():
            deadline = time.monotonic() + 60
            while not any(tmp_path.glob("shared/*.training.npz")) and time.monotonic() < deadline:
                time.sleep(0.02)
            os.kill(pids[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        eg.train_members(found, images, 2, cluster=client, folder=tmp_path / "shared", batch_size=4,
                         report=lambda line: None, progress="quiet")
        killer.join()
        assert pids[0] not in client.run(os.getpid).values()
    for name in wanted:
        for key, array in wanted[name].learnt().items():
            np.testing.assert_array_equal(array, found[name].learnt()[key])


def test_drawing_in_shards_does_not_depend_on_who_draws(cluster, tmp_path):
    templates = eg.load_member("digits/templates")
    alone = eg.draw_many(templates, 50, seed=4, shard=20)
    np.testing.assert_array_equal(eg.draw_many(templates, 50, seed=4, shard=20, cluster=cluster), alone)
    assert (alone[:20] != alone[20:40]).any() and (eg.draw_many(templates, 50, seed=5, shard=20) != alone).any()
    paths = eg.draw_many(templates, 50, seed=4, shard=20, cluster=cluster, folder=tmp_path)
    np.testing.assert_array_equal(np.concatenate([np.load(path) for path in paths]), alone)
    changed = np.zeros_like(np.load(paths[1]))
    np.save(paths[1], changed)                          # what is there is not drawn again
    eg.draw_many(templates, 50, seed=4, shard=20, folder=tmp_path)
    assert not np.load(paths[1]).any()


def test_scores_from_a_cluster_are_those_from_here(cluster, images):
    members = [eg.load_member("digits/templates"), eg.load_member("digits/independent_pixels")]
    np.testing.assert_allclose(eg.score_members(members, images.test, cluster=cluster),
                               eg.score_members(members, images.test), atol=1e-6)


def test_epochs_are_shown_on_one_board(cluster, images, tmp_path):
    from ensgen_tutorial.training.progress import Board

    class Silent(Board):
        def draw(self):
            self.shown = True

    board = Silent()
    eg.train_members(networks(2), images, 3, cluster=cluster, folder=tmp_path, progress=board,
                     report=lambda line: None)
    time.sleep(0.5)
    assert set(board.histories) == {"network 0", "network 1"}
    assert all(len(history["val_loss"]) == 3 for history in board.histories.values())
