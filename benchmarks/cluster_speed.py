"""How much quicker are two workers, what does a killed one cost, and what a job? Writes cluster_speed.json (lesson 20).

    python benchmarks/cluster_speed.py [--repeats 5] [--kills 5] [--epochs 6] [--workers 1 2] [--out cluster_speed]
    python benchmarks/cluster_speed.py --client     only what a call and a job cost the client (processor seconds; minutes)

Eight networks for the digits are trained by one worker process, by two, each with one thread, and by their rival,
one process with two threads, in turns: one, two, rival, rival, two, one, … Then, in turns too, two networks are
trained in peace, and while a worker is killed at a random moment; both must end with the same weights. Last, jobs
that train nothing show what the client spends once for a call, and what for each job. About three quarters of an
hour on two idle cores; on busy ones the numbers mean nothing.
"""

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path

from machine import machine, write                      # first: it keeps TensorFlow quiet

import numpy as np
import psutil

import ensgen_tutorial as eg


def networks(count):
    """CNNs and RNNs in turn, a dict name -> network."""
    kinds = (eg.PixelCNN, eg.PixelRNN)
    return {f"{kinds[seed % 2].__name__} {seed}": kinds[seed % 2]((8, 8, 1), 17, seed=seed) for seed in range(count)}


def train(cluster, members, images, epochs, folder):
    """Train on a cluster; returns wall-clock seconds and, from Dask's task stream, who did what when."""
    cluster.get_task_stream()                               # from here on the scheduler takes notes
    began = time.time()
    eg.train_members(members, images, epochs, cluster=cluster, folder=Path(folder), report=lambda line: None,
                     progress="quiet")
    wall = time.time() - began
    jobs = [(task["worker"], step["start"] - began, step["stop"] - began) for task in cluster.get_task_stream()
            if task["key"].startswith("train_task") for step in task["startstops"] if step["action"] == "compute"]
    rows = {worker: row for row, worker in enumerate(sorted({worker for worker, *_ in jobs}))}
    return wall, [[rows[worker], round(start, 3), round(end, 3)] for worker, start, end in jobs if start > 0]


def warm(cluster):
    """Wait until every worker has imported Keras and can train."""
    cluster.run(eg.device_report)


def measure(workers, threads, images, epochs):
    """One run with fresh workers and an empty store: the trained networks, and what it took."""
    members, began = networks(8), time.time()
    with eg.local_cluster(workers, threads) as cluster, tempfile.TemporaryDirectory() as folder:
        warm(cluster)
        start_up = time.time() - began
        wall, jobs = train(cluster, members, images, epochs, folder)
    return members, {"workers": workers, "threads": threads, "start_up": round(start_up, 2), "seconds": round(wall, 3), "jobs": jobs}


def apart(members, others):
    """The largest difference between two trainings of the same networks in any weight; 0 if they are the same to the last bit."""
    learnt = {name: member.learnt() for name, member in members.items()}
    return float(np.max([abs(array - learnt[name][key]).max() for name, other in others.items() for key, array in other.learnt().items()]))


def kill(images, epochs, moment):
    """Two members on two workers, one of which is killed after ``moment`` seconds, unless it is None."""
    members = networks(2)
    with eg.local_cluster(2) as cluster, tempfile.TemporaryDirectory() as folder:
        warm(cluster)
        victim = psutil.Process(min(cluster.run(os.getpid).values()))
        killer = threading.Timer(moment or 1e6, victim.kill)
        killer.daemon = True
        killer.start()
        wall, _ = train(cluster, members, images, epochs, folder)
        killer.cancel()
        killed = not victim.is_running()
    return members, wall, killed


def kills(images, epochs, count):
    """In turns, the same two networks in peace and with a kill."""
    wanted, peace, rows = None, [], []
    for share in np.random.default_rng(0).uniform(0.1, 0.9, count):
        members, seconds, _ = kill(images, epochs, None)
        wanted = wanted or members
        peace.append(round(seconds, 2))
        moment = float(share) * seconds
        members, wall, killed = kill(images, epochs, moment)
        rows.append({"moment": round(moment, 2), "seconds": round(wall, 2), "killed": killed, "same": apart(wanted, members) == 0})
    return {"seconds_in_peace": peace, "epochs": epochs, "runs": rows}


def idling(seconds=10):
    """Processor seconds per second of this process, client and scheduler, while nothing is asked of them."""
    began = time.process_time()
    time.sleep(seconds)
    return (time.process_time() - began) / seconds


def spent(cluster, images, count, folder, idle=0.0):
    """The client's processor seconds for ``count`` equal jobs: the first one that ever runs trains, the others find it in the store."""
    members = {f"twin {k}": eg.PixelCNN((8, 8, 1), 17, seed=0) for k in range(count)}
    began = time.process_time()                             # of this process alone, without the workers'
    wall, _ = train(cluster, members, images, 1, folder)
    return time.process_time() - began - idle * wall


def client(images, repeats, few=8, many=64):
    """What a call costs the client: seconds that come once, and seconds for each job.

    The cost of n jobs is a straight line in n: two sizes give its slope, and what comes once.
    """
    with eg.local_cluster(1) as cluster, tempfile.TemporaryDirectory() as folder:
        spent(cluster, images, 1, folder)
        idle = idling()
        pairs = [[spent(cluster, images, count, folder, idle) for count in (few, many)] for _ in range(repeats)]
    slopes = [(larger - smaller) / (many - few) for smaller, larger in pairs]
    return {"jobs": [few, many], "seconds_each": [round(slope, 5) for slope in slopes],
            "seconds_once": [round(smaller - few * slope, 4) for (smaller, _), slope in zip(pairs, slopes)]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("repeats", 5), ("kills", 5), ("epochs", 6)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--out", default="cluster_speed", help="the JSON file's name, without .json: the lesson reads cluster_speed")
    parser.add_argument("--client", action="store_true", help="only what a call and a job cost the client; the rest of the file stays")
    options = parser.parse_args()
    if min(options.repeats, options.kills) < 3:
        parser.error("--repeats and --kills must be 3 or more: one run says nothing about the next.")
    digits = eg.load_images("digits")
    if options.client:
        known = json.loads(Path(__file__).with_name(f"{options.out}.json").read_text())
        write(options.out, known | {"client": client(digits, options.repeats) | {"machine": machine()}})
        raise SystemExit
    cases = [*((workers, 1) for workers in options.workers), (1, 2)]         # the last is the rival
    runs, first = [], None
    for turn in range(options.repeats):                     # what comes first changes, since a machine warms up
        for workers, threads in cases[::(-1) ** turn]:
            members, run = measure(workers, threads, digits, options.epochs)
            first = first or members                        # with one thread: all others with one should be the same
            runs.append({"turn": turn + 1, **run, "apart": apart(first, members)})
    write(options.out, {"machine": machine(), "members": list(networks(8)), "epochs": options.epochs, "runs": runs,
                        "kills": kills(digits, options.epochs, options.kills), "client": client(digits, options.repeats)})
