"""Exercises of lesson 20: list scheduling, Amdahl's law with a start-up, seeds of shards, which job first."""

import heapq

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_list_scheduling(answer, random):
    for workers in (2, 3, 4):
        seconds = random.exponential(size=12) + 0.1
        wanted, found = list_scheduling(seconds, workers), call(answer, seconds, workers)
        if np.ndim(found) == 0:
            if np.isclose(found, seconds.sum() / workers) or np.isclose(found, max(seconds.sum() / workers, seconds.max())):
                raise Wrong("this is the bound, which no schedule beats: a job cannot be cut in pieces.")
            if np.isclose(found, max(seconds[k::workers].sum() for k in range(workers))):
                raise Wrong("these jobs are dealt out in turn: the next job goes to the worker that is free "
                            "first, and that need not be the next one.")
            if np.isclose(found, list_scheduling(np.sort(seconds)[::-1], workers)):
                raise Wrong("the jobs were sorted: hand them out in their own order.")
            if np.isclose(found, seconds.sum()):
                raise Wrong("this is the time of a single worker.")
        expect_close(found, wanted, "keep a list of when each worker is free; each job goes to the smallest, and "
                     "adds to it. The largest is the answer.")


def list_scheduling(seconds, workers):
    free = [0.0] * workers
    for each in seconds:
        heapq.heappush(free, heapq.heappop(free) + each)
    return max(free)


def check_speed_up(answer, random):
    for workers in (2, 8, 64, 500):
        serial, parallel, start_up = map(float, random.uniform((0.1, 50, 1), (5, 100, 5)))
        arguments = (serial, parallel, start_up, workers)
        found, wanted = call(answer, *arguments), speed_up(*arguments)
        time = start_up + serial + parallel / workers
        if np.ndim(found) == 0 and not np.isclose(found, wanted):
            if np.isclose(found, (serial + parallel) / (serial + parallel / workers)):
                raise Wrong("this is Amdahl's law without the start-up, which comes before everything else.")
            if np.isclose(found, (serial + parallel) / (start_up + (serial + parallel) / workers)):
                raise Wrong("the serial part is shared here too: only `parallel` can be divided.")
            if np.isclose(found, (serial + parallel) / (serial + parallel / workers + start_up * workers)):
                raise Wrong("the workers start at the same time: one start-up, however many they are.")
            if np.isclose(found, time):
                raise Wrong("this is the time: the speed-up is the time here over the time there.")
            if np.isclose(found, (start_up + serial + parallel) / time):
                raise Wrong("the work without a cluster needs no start-up.")
        expect_close(found, wanted, "(serial + parallel) / (start_up + serial + parallel/workers).")


def speed_up(serial, parallel, start_up, workers):
    return (serial + parallel) / (start_up + serial + parallel / workers)


def check_seeds(answer, random):
    seed, count = int(random.integers(1, 1000)), int(random.integers(5, 20))
    found, again = call(answer, seed, count), call(answer, seed, count)
    try:
        shards, repeated = [int(each) for each in found], [int(each) for each in again]
    except (TypeError, ValueError):
        raise Wrong(f"a list of {count} whole numbers is wanted, and this is {found!r:.60}.") from None
    if len(shards) != count:
        raise Wrong(f"there are {len(shards)} seeds for {count} shards.")
    if shards != repeated:
        raise Wrong("called twice with the same seed, this gives other seeds: nobody could repeat the drawing.")
    if len(set(shards)) < count:
        raise Wrong("some shards have the same seed, and would draw the same pictures.")
    others = {int(each) for near in (seed - 1, seed + 1) for each in call(answer, near, count)}
    if len(others & set(shards)) > 1:
        raise Wrong(f"seeds {seed} and {seed + 1} share shards' seeds: whoever draws a second time with the next "
                    "seed gets the same pictures again.")
    more = [int(each) for each in call(answer, seed, count + 1)]
    if more[:count] != shards:
        raise Wrong("with one shard more, the first shards have other seeds: what is drawn would be lost.")


def seeds_of_shards(seed, count):
    return [int(each.generate_state(1)[0]) for each in np.random.SeedSequence(seed).spawn(count)]


def check_order(answer, random):
    seconds = random.permutation(np.arange(1, 10) + random.uniform(0, 0.5, 9))
    found = np.asarray(call(answer, seconds))
    if found.shape == seconds.shape:
        if np.allclose(np.sort(found), np.sort(seconds)):
            raise Wrong("these are the times themselves: the jobs' numbers are wanted.")
        if sorted(found.tolist()) == list(range(9)):
            times = seconds[found.astype(int)]
            if (np.diff(times) > 0).all():
                raise Wrong("the shortest comes first here, so the longest starts last, and all wait for it.")
            if (found == np.arange(9)).all():
                raise Wrong("this is the order in which they came.")
            if np.array_equal(found, np.argsort(np.argsort(-seconds))):
                raise Wrong("this says each job's rank; what is wanted is which job comes first, which second, …")
    expect_close(found, longest_first(seconds), "np.argsort sorts upwards; the longest job must come first.")


def longest_first(seconds):
    return np.argsort(-seconds)


EXERCISES = (
    Exercise(
        "20.1", "each job goes to the worker that is free first", check_list_scheduling,
        ("Keep one number for each worker: when it is free.",
         "For each job, find the smallest of these numbers and add the job's seconds to it."),
        list_scheduling,
        {"a job cannot be cut": lambda seconds, workers: seconds.sum() / workers,
         "dealt out in turn": lambda seconds, workers: max(seconds[k::workers].sum() for k in range(workers)),
         "were sorted": lambda seconds, workers: list_scheduling(np.sort(seconds)[::-1], workers),
         "single worker": lambda seconds, workers: seconds.sum()},
    ),
    Exercise(
        "20.2", "Amdahl's law, with the start-up that he left out", check_speed_up,
        ("How long does the work take here? How long there?",
         "There, the start-up and the serial part come one after the other, and only the rest is divided."),
        speed_up,
        {"without the start-up": lambda serial, parallel, start_up, workers: (serial + parallel) / (
            serial + parallel / workers),
         "shared here too": lambda serial, parallel, start_up, workers: (serial + parallel) / (
             start_up + (serial + parallel) / workers),
         "start at the same time": lambda serial, parallel, start_up, workers: (serial + parallel) / (
             serial + parallel / workers + start_up * workers),
         "this is the time": lambda serial, parallel, start_up, workers: start_up + serial + parallel / workers,
         "needs no start-up": lambda serial, parallel, start_up, workers: (start_up + serial + parallel) / (
             start_up + serial + parallel / workers)},
    ),
    Exercise(
        "20.3", "a seed for each shard, and none twice", check_seeds,
        ("Adding 0, 1, 2, … to the seed is not enough: think of who takes the next seed.",
         "np.random.SeedSequence(seed).spawn(count) makes independent children; "
         "child.generate_state(1)[0] is a number."),
        seeds_of_shards,
        {"the same seed": lambda seed, count: [seed] * count,
         "gets the same pictures again": lambda seed, count: [seed + k for k in range(count)],
         "nobody could repeat": lambda seed, count: np.random.default_rng().integers(2**32, size=count),
         "would be lost": lambda seed, count: seeds_of_shards(seed * 1000 + count, count)},
    ),
    Exercise(
        "20.4", "the longest job first", check_order,
        ("Which job may not start last?", "np.argsort gives the numbers of the jobs, from the smallest time on."),
        longest_first,
        {"shortest comes first": lambda seconds: np.argsort(seconds),
         "times themselves": lambda seconds: np.sort(seconds)[::-1],
         "in which they came": lambda seconds: np.arange(len(seconds)),
         "each job's rank": lambda seconds: np.argsort(np.argsort(-seconds))},
    ),
)
