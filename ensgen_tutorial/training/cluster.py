"""Members on other processes and machines, by Dask: recipes and seeds travel, arrays come back (lesson 20).

A ``cluster`` is a ``dask.distributed.Client``, whoever runs its workers: ``local_cluster`` on this
machine, SLURM, Kubernetes. A worker needs this package; Keras is imported inside a task, on the worker.
"""

import contextlib
import re
from concurrent.futures import CancelledError

import keras
import numpy as np

from ..checks import check_count, check_whole
from ..machine.output import say
from ..machine.workers import on_cluster
from .progress import Board, choose_place
from .train import generate, train_generator

TOPIC = "ensgen-epochs"         # what workers tell while they train
ADVICE = "run 'pip install \"dask[distributed]\"' (or install this course with its extra 'cluster')"


class ClusterError(RuntimeError):
    """Some members could not be trained; the others were, and have what they learnt."""


@contextlib.contextmanager
def local_cluster(workers=2, threads=1):
    """Worker processes on this machine: ``with local_cluster(2) as cluster: …``

    workers: processes. threads: of each one's arithmetic; with as many as here, a worker computes the
    same numbers to the last bit.
    """
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise ImportError(f"a cluster needs {error.name}: {ADVICE}.", name=error.name) from error
    limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
                                              "TF_NUM_INTEROP_THREADS")}
    with LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0",
                      env=limits, silence_logs="CRITICAL") as made, Client(made) as client:
        yield client


def train_on_cluster(members, images, options, cluster, progress="auto", report=say):
    """Train a dict name -> generator, each on a worker: a dict name -> record, as ``train_members``.

    options: a dict name -> dict of ``train_generator``'s options. A worker that dies is replaced by
    another one, which goes on from the last epoch where both see one store, and else begins again.
    Workers that lack what training needs are named and left out. Raises ClusterError, naming them, where
    members could not be trained; the others keep their result.
    """
    from distributed import as_completed

    cluster.wait_for_workers(1)                             # a queue may be long
    able = able_workers(cluster, report)
    data = on_cluster(cluster, images, able)
    futures = {cluster.submit(train_task, name, type(member), member.hyperparameters, data, options[name],
                              pure=False, workers=able): name for name, member in members.items()}
    records, failed = {}, {}
    with shown(cluster, {name: options[name].get("epochs") for name in members}, progress):
        try:
            for future in as_completed(list(futures)):
                name = futures[future]
                try:
                    arrays, record, lines = future.result()
                except Exception as error:
                    failed[name] = reason(error, cluster)
                else:
                    members[name].restore(arrays)
                    records[name] = record
                    for line in lines:
                        report(line)
        except KeyboardInterrupt:
            cluster.cancel(list(futures))
            report(f"interrupted: {', '.join(records) or 'no member'} finished. The others stop after this "
                   "epoch, and the same call goes on from there where the workers' store is still there.")
            raise
    if failed:
        raise ClusterError("; ".join(f"{name} could not be trained: {why}" for name, why in failed.items())
                           + (f". {', '.join(records)} learnt, and can be used." if records else "."))
    return {name: records[name] for name in members}


def able_workers(cluster, report):
    """The addresses of those that can train, None for all. Names the others; ClusterError where none can."""
    answers = cluster.run(ready, on_error="return")
    unable = {address: answer for address, answer in answers.items()
              if isinstance(answer, Exception) and lacking(answer)}
    for address, error in unable.items():
        report(f"the worker at {address} is not used: it lacks {lacking(error)} (install this course there).")
    if unable and len(unable) == len(answers):
        raise ClusterError(f"no member could be trained: {reason(error, cluster)}.")
    return [address for address in answers if address not in unable] if unable else None


def ready():
    """Nothing; but a worker that is to call it must be able to import this file, and Keras."""


def train_task(name, kind, hyperparameters, images, options):
    """What a worker does: make the member, train it, send back what it learnt, its record and its lines."""
    lines, generator = [], kind(**hyperparameters)
    record = train_generator(generator, images, name=name, progress=Sent(name), report=lines.append, **options)
    return generator.learnt(), record, lines


class Sent(keras.callbacks.Callback):
    """Tells the client each epoch's losses, and stops where the client no longer wants the result."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def on_epoch_end(self, epoch, logs=None):
        from distributed import get_worker

        worker = get_worker()
        worker.log_event(TOPIC, {"name": self.name, "epoch": epoch + 1,
                                 **{key: float(value) for key, value in logs.items()}})
        task = worker.state.tasks.get(worker.get_current_task())
        if task is not None and task.state == "cancelled":
            raise CancelledError(f"{self.name}: stopped after epoch {epoch + 1}.")


@contextlib.contextmanager
def shown(cluster, epochs, progress):
    """Show what workers tell: one board or one bar for all members, or nothing."""
    place = choose_place(progress)
    if not isinstance(place, Board) and place != "bar":
        yield
        return
    from tqdm import tqdm

    histories = {name: {"loss": [], "val_loss": []} for name in epochs}
    bar = None if isinstance(place, Board) else tqdm(
        total=sum(filter(None, epochs.values())), desc="epochs of all members", leave=False)

    def hear(event):
        _, message = event
        if message["name"] not in histories or message["epoch"] <= len(histories[message["name"]]["loss"]):
            return
        for key, losses in histories[message["name"]].items():
            losses.append(message[key])
        if bar is None:
            place.follow(message["name"], epochs[message["name"]], histories[message["name"]]).on_epoch_end(0)
        else:
            bar.update()

    cluster.subscribe_topic(TOPIC, hear)
    try:
        yield
    finally:
        with contextlib.suppress(Exception):                # the scheduler may be gone
            cluster.unsubscribe_topic(TOPIC)
        place.on_train_end() if bar is None and place.histories else bar and bar.close()


def lacking(error):
    """What a worker could not import; None for another error. Dask hands some errors on as text."""
    found = re.search(r"No module named '([^']+)'|(\w+) cannot be imported", str(error))
    return found and (found[1] or found[2])


def reason(error, cluster):
    """Why a task failed, in one sentence."""
    if type(error).__name__ == "KilledWorker":
        return "every worker that tried it stopped (killed, or out of memory)"
    if lacking(error):
        return f"a worker lacks {lacking(error)} (install this course there)"
    if isinstance(error, CancelledError):
        return ("the scheduler went away" if cluster.status != "running" else
                "it was cancelled")
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def draw_many(generator, count, seed=0, shard=1000, cluster=None, folder=None):
    """Draw many images in shards, each with a seed of its own: the same pictures on any number of workers.

    generator: anything that draws. count: how many. seed: of all shards. shard: images in each. cluster: a
    Dask client, or None for here. folder: where each shard is written as NNNNNN.npy as soon as it is
    there; then only their paths are returned, and shards that are there are not drawn again.

    Returns float32 (count, H, W, C), or the paths. Raises ValueError for a folder that holds what another
    generator, seed or shard size has drawn.
    """
    check_count(count), check_whole(shard, "shard"), check_whole(seed, "seed", 0)
    sizes = [min(shard, count - first) for first in range(0, count, shard)]
    seeds = [int(each.generate_state(1)[0]) for each in np.random.SeedSequence(seed).spawn(len(sizes))]
    paths = [None if folder is None else folder / f"{number:06d}.npy" for number in range(len(sizes))]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        check_same_drawing(folder, generate(generator, 1, seeds[0]), seed, shard)
    wanted = [k for k, path in enumerate(paths) if path is None or not path.exists()]
    drawn = {}

    def keep(k, images):
        if paths[k] is None:
            drawn[k] = images
        else:
            part = paths[k].with_suffix(".part")
            with open(part, "wb") as file:
                np.save(file, images)
            part.replace(paths[k])

    if cluster is None:
        for k in wanted:
            keep(k, generate(generator, sizes[k], seeds[k]))
    else:
        from distributed import as_completed

        there = on_cluster(cluster, generator)
        futures = {cluster.submit(generate, there, sizes[k], seeds[k], pure=False): k for k in wanted}
        for future in as_completed(list(futures)):
            keep(futures[future], future.result())
    return paths if folder is not None else np.concatenate([drawn[k] for k in range(len(sizes))])


def check_same_drawing(folder, first, seed, shard):
    """Raise ValueError if the folder was begun with another generator, seed or shard size, else note these.

    A generator is known by what it draws first. Floats may differ in their last bits between machines.
    """
    note = folder / "drawing.npz"
    if note.exists():
        with np.load(note, allow_pickle=False) as known:
            same = (known["seed"], known["shard"]) == (seed, shard) and known["first"].shape == first.shape \
                and np.allclose(known["first"], first, atol=1e-3)
        if not same:
            raise ValueError(f"the folder {folder} holds what another generator, seed or shard size has drawn: take "
                             "a new folder for each.")
    else:
        with open(note.with_suffix(".part"), "wb") as file:
            np.savez(file, first=first, seed=seed, shard=shard)
        note.with_suffix(".part").replace(note)
