"""A real scheduler and two worker processes on loopback: the same numbers, and what happens when they die."""

import ast
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

import ensgen_tutorial as eg

Client = pytest.importorskip("distributed", reason="Dask is not part of the default install").Client
ROOT = Path(__file__).parents[1]
QUIETLY = {"batch_size": 4, "progress": "quiet", "report": lambda line: None}


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


@pytest.fixture(scope="module")
def alone(images, tmp_path_factory):
    """Two networks, trained in a process of its own with one thread, as a worker has."""
    members = networks()
    with eg.local_cluster(1, threads=1) as process:
        eg.train_members(members, images, 2, cluster=process, folder=tmp_path_factory.mktemp("alone"), **QUIETLY)
    return members


def assert_equal(wanted, found):
    for name in wanted:
        for key, array in wanted[name].learnt().items():
            np.testing.assert_array_equal(array, found[name].learnt()[key])


def test_a_cluster_trains_what_one_process_trains_to_the_last_bit(cluster, images, alone, tmp_path):
    there, lines = networks(), []
    records = eg.train_members(there, images, 2, cluster=cluster, folder=tmp_path, **QUIETLY | {"report": lines.append})
    assert list(records) == list(there) and len(lines) == 2 and "trained in" in lines[0]
    assert_equal(alone, there)
    for name in there:
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


def train_and_kill(members, images, cluster, folder, choose):
    """Train two epochs; after the first, kill the worker whose process ``choose()`` gives, and return that."""
    killed = []

    def kill():
        deadline = time.monotonic() + 60
        while not any(folder.glob("*.training.npz")) and time.monotonic() < deadline:
            time.sleep(0.02)
        killed.append(choose())
        os.kill(killed[0], signal.SIGKILL)

    cluster.wait_for_workers(2)
    killer = threading.Thread(target=kill)
    killer.start()
    eg.train_members(members, images, 2, cluster=cluster, folder=folder, **QUIETLY)
    killer.join()
    return killed[0]


def test_a_killed_worker_loses_nothing(cluster, images, alone, tmp_path):
    """Its members go on elsewhere from the last epoch, and end with the weights they would have had."""
    found, pids = networks(), list(cluster.run(os.getpid).values())
    killed = train_and_kill(found, images, cluster, tmp_path, lambda: pids[0])
    assert killed not in cluster.run(os.getpid).values()
    assert_equal(alone, found)


def test_the_only_worker_that_held_the_images_may_die(cluster, images, alone, tmp_path):
    """Dask keeps one copy of what few tasks need; a busy worker takes it with it, and it is made again."""
    found, only = networks(1), []

    def busy_one():
        holders = {address for key, held in cluster.who_has().items() if key not in before for address in held}
        busy = next(address for address, tasks in cluster.processing().items() if tasks)
        only.append(holders == {busy})
        return pids[busy]

    cluster.wait_for_workers(2)
    pids, before = cluster.run(os.getpid), set(cluster.who_has())
    train_and_kill(found, images, cluster, tmp_path, busy_one)
    assert only == [True]
    assert_equal({"network 0": alone["network 0"]}, found)


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
    for other in ({"seed": 5}, {"shard": 10}, {"generator": eg.load_member("digits/independent_pixels")}):
        arguments = {"generator": templates, "count": 50, "seed": 4, "shard": 20, "folder": tmp_path} | other
        with pytest.raises(ValueError, match="take a new folder for each"):
            eg.draw_many(**arguments)


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


@contextlib.contextmanager
def started(folder, broken=0):
    """A scheduler and two worker processes by their own commands: (client, scheduler's process).

    ``broken``: how many of the workers lack TensorFlow.
    """
    file, fake = folder / "scheduler.json", folder / "fake" / "tensorflow"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'tensorflow'\", name='tensorflow')")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    processes = []

    def start(what, *options, first=()):
        processes.append(subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file", str(file), "--no-dashboard",
             *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, **threads, "PYTHONPATH": os.pathsep.join([*first, *paths])}))

    start("scheduler", "--host", "127.0.0.1", "--port", "0")
    for worker in range(2):
        start("worker", "--nthreads", "1", "--no-nanny", first=[str(fake.parent)] * (worker < broken))
    try:
        with Client(scheduler_file=str(file)) as client:
            client.wait_for_workers(2, timeout=60)
            yield client, processes[0]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


def test_a_worker_without_tensorflow_is_named_and_not_used(images, tmp_path):
    lines, members = [], {name: eg.Templates((8, 8, 1), 17) for name in "abc"}
    with started(tmp_path, broken=1) as (client, _):
        records = eg.train_members(members, images, None, cluster=client, folder=tmp_path / "store",
                                   report=lines.append, progress="quiet")
    assert len(records) == 3 and all(member.generate(1, seed=0).any() for member in members.values())
    unused = [line for line in lines if "not used" in line]
    assert len(unused) == 1 and unused[0].endswith("is not used: it lacks tensorflow (install this course there).")


def test_where_no_worker_has_tensorflow_one_sentence_says_so(images, tmp_path):
    with started(tmp_path, broken=2) as (client, _):
        with pytest.raises(eg.ClusterError, match="^no member could be trained: a worker lacks tensorflow .install"):
            eg.train_members(networks(2), images, 1, cluster=client, folder=tmp_path / "store",
                             report=lambda line: None, progress="quiet")


def test_a_scheduler_that_goes_away_leaves_what_is_finished(images, tmp_path):
    members = {"templates": eg.Templates((8, 8, 1), 17), **networks(2)}
    finished = threading.Event()

    def report(line):
        finished.set()

    with started(tmp_path) as (client, scheduler):
        killer = threading.Thread(target=lambda: (finished.wait(120), scheduler.kill()))
        killer.start()
        with pytest.raises(eg.ClusterError, match="network 1 could not be trained: the scheduler went away.* templates"):
            eg.train_members(members, images, {"templates": None, "network 0": 500, "network 1": 500}, cluster=client,
                             folder=tmp_path / "store", report=report, progress="quiet")
        killer.join()
    assert members["templates"].generate(2, seed=0).shape == (2, 8, 8, 1) and not members["network 1"].trained


def test_an_interrupted_client_goes_on_where_it_was(cluster, tmp_path):
    """Ctrl-C stops the workers after their epoch; the same call ends with the weights it would have had.

    Six epochs of 160 steps: on a busy machine, too, the training still runs when the key is pressed.
    """
    images = eg.load_images("digits").take(320, 16, 16)
    wanted, found, lines = networks(1), networks(1), []
    options = {"cluster": cluster, "batch_size": 2, "progress": "quiet", "report": lines.append}
    eg.train_members(wanted, images, 6, folder=tmp_path / "alone", **options)

    def interrupt():
        while not any((tmp_path / "shared").glob("*.training.npz")):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    # Tests that a shell runs in the background ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    killer = threading.Thread(target=interrupt, daemon=True)
    killer.start()
    with pytest.raises(KeyboardInterrupt):
        eg.train_members(found, images, 6, folder=tmp_path / "shared", **options)
    signal.signal(signal.SIGINT, before)
    assert "interrupted: no member finished" in lines[-1]
    eg.train_members(found, images, 6, folder=tmp_path / "shared", **options)
    assert_equal(wanted, found)


def test_a_member_that_raises_is_tried_once(cluster, images, tmp_path):
    class Fails(eg.Templates):
        def learn(self, images):
            with open(tmp_path / "tries", "a") as file:
                file.write("x")
            raise ArithmeticError("a loss of NaN\nin line 2")

    members = {"fails": Fails((8, 8, 1), 17), "templates": eg.Templates((8, 8, 1), 17)}
    with pytest.raises(eg.ClusterError, match="^fails could not be trained: a loss of NaN in line 2. templates learnt"):
        eg.train_members(members, images, None, cluster=cluster, folder=tmp_path, report=lambda line: None)
    assert (tmp_path / "tries").read_text() == "x" and members["templates"].generate(1, seed=0).any()


@pytest.mark.skipif(os.name == "nt", reason="SLURM knows no Windows")
def test_the_slurm_script_of_the_lesson_runs(tmp_path):
    """With stand-ins: srun starts its command twice, and train.py asks the workers for their threads."""
    book = nbformat.read(ROOT / "notebooks" / "20_scaling_up.ipynb", as_version=4)
    source = next(cell.source for cell in book.cells if cell.source.startswith("script = "))
    (tmp_path / "job.sh").write_text(ast.literal_eval(source.removeprefix("script = ").rpartition("print(")[0].strip()))
    (tmp_path / "srun").write_text('#!/bin/bash\nshift\n"$@" & "$@" & wait\n')
    (tmp_path / "srun").chmod(0o755)
    (tmp_path / "train.py").write_text("""
import os
from distributed import Client
with Client(scheduler_file="scheduler.json") as cluster:
    cluster.wait_for_workers(2, timeout=60)
    print(sorted(cluster.run(lambda: (os.environ["OMP_NUM_THREADS"], os.environ["ENSGEN_STORE"])).values()))
""")
    path = os.pathsep.join([str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(["bash", "job.sh"], cwd=tmp_path, capture_output=True, text=True, timeout=120, env={
        **os.environ, "PATH": path, "SLURM_SUBMIT_DIR": str(tmp_path), "SLURM_CPUS_PER_TASK": "3"})
    assert done.stdout.strip().endswith(str([("3", str(tmp_path / "store"))] * 2)), done.stderr[-2000:]


def test_every_reason_is_one_sentence(cluster):
    from distributed import KilledWorker

    from ensgen_tutorial.training.cluster import reason

    assert "killed, or out of memory" in reason(KilledWorker("task", None, 3), cluster)
    assert reason(ModuleNotFoundError("No module named 'ensgen_tutorial.x'"), cluster) == (
        "a worker lacks ensgen_tutorial.x (install this course there)")
    assert reason(ValueError(), cluster) == "ValueError"
