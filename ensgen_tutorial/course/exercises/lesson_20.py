"""Exercises of lesson 20: list scheduling, Amdahl's law with a start-up, seeds of shards, the last useful worker."""

import heapq
import math

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_list_scheduling(answer, random):
    for workers in (2, 3, 4):
        seconds = random.exponential(size=12) + 0.1
        wanted, found = list_scheduling(seconds, workers), call(answer, seconds, workers)
        if np.ndim(found) == 0 and not np.isclose(found, wanted):      # a schedule may reach the bound
            if np.isclose(found, seconds.sum() / workers) or np.isclose(found, max(seconds.sum() / workers, seconds.max())):
                raise Wrong("this is the bound, which no schedule beats: one job cannot be shared among workers.")
            if np.isclose(found, max(seconds[k::workers].sum() for k in range(workers))):
                raise Wrong("these jobs are dealt out in turn: the next job goes to the worker that is free "
                            "first, and that need not be the next one.")
            if np.isclose(found, list_scheduling(np.sort(seconds)[::-1], workers)):
                raise Wrong("the jobs were sorted: hand them out in their own order.")
            if np.isclose(found, seconds.sum()):
                raise Wrong("this is the time of a single worker.")
            if np.isclose(found, list_scheduling([*seconds, 1e6], workers) - 1e6):     # when one more job would begin
                raise Wrong("at this moment the first worker is free for good; the last job is done when the last worker is.")
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
            if np.isclose(found, [(serial + parallel) / (serial + (start_up + parallel) / workers),
                                  (serial + parallel) * workers / (start_up + serial + parallel)]).any():
                raise Wrong("the start-up is not shared: each worker waits for all of it.")
            if np.isclose(found, time):
                raise Wrong("this is the time: the speed-up is the time here over the time there.")
            if np.isclose(found, time / (serial + parallel)):
                raise Wrong("upside down: the speed-up is the time here over the time there, larger than 1 where workers help.")
            if np.isclose(found, (serial + parallel) / (start_up + parallel / workers)):
                raise Wrong("the serial part is missing in the time with workers: it is not shared, but it must be done.")
            if np.isclose(found, (start_up + serial + parallel) / time):
                raise Wrong("the work without a cluster needs no start-up.")
        expect_close(found, wanted, "compare two times. Here it is serial + parallel; there, what comes "
                     "one after the other, and what is divided?")


def speed_up(serial, parallel, start_up, workers):
    return (serial + parallel) / (start_up + serial + parallel / workers)


def check_seeds(answer, random):
    seed, count = int(random.integers(1, 1000)), int(random.integers(5, 20))
    found, again = call(answer, seed, count), call(answer, seed, count)
    try:
        shards, repeated = [int(each) for each in found], [int(each) for each in again]
        whole = all(each == int(each) for each in found)
    except (TypeError, ValueError):
        raise Wrong(f"a list of {count} whole numbers is wanted, and this is {found!r:.60}.") from None
    if not whole or min(shards, default=0) < 0:
        raise Wrong("seeds are whole numbers from 0 on: NumPy refuses others.")
    if len(shards) != count:
        raise Wrong(f"there are {len(shards)} seeds for {count} shards.")
    if shards != repeated:
        raise Wrong("called twice with the same seed, this gives other seeds: nobody could repeat the drawing.")
    if len(set(shards)) < count:
        raise Wrong("some shards have the same seed, and would draw the same pictures.")
    # Neighbours in steps that somebody may take, the answer's own among them; far jumps look like a hash.
    own = {abs(later - earlier) for earlier, later in zip(shards, shards[1:])}
    steps = sorted({-1, *range(1, 21), 100, 1000, 10_000} | {step for step in own if 0 < step < 10**6 or len(own) == 1} - {0})
    near = {step: {int(each) for each in call(answer, seed + step, count)} for step in steps}
    shared = next((step for step, others in near.items() if others & set(shards)), None)
    many, next_many = (set(map(int, call(answer, each, 5000))) for each in (seed, seed + 1))
    # Among so many 32-bit numbers a pair or two may be equal by chance.
    if shared or len(many & next_many) > 2:
        raise Wrong(f"seeds {seed} and {seed + (shared or 1)} share shards' seeds: whoever draws a second time with another "
                    "seed gets the same pictures again.")
    for other in (int(f"{seed}1"), int(f"1{seed}")):        # shard 0 of 121 looks like shard 10 of 12
        if many & {int(each) for each in call(answer, other, count)}:
            raise Wrong(f"seeds {seed} and {other} have a shard's seed in common: digits glued together can be cut in two ways.")
    more = [int(each) for each in call(answer, seed, count + 1)]
    if more[:count] != shards:
        raise Wrong("with one shard more, the first shards have other seeds: what is drawn would be lost.")


def seeds_of_shards(seed, count):
    return [int(each.generate_state(1)[0]) for each in np.random.SeedSequence(seed).spawn(count)]


def check_limits(answer, random):
    whole, third = np.array([5.0, 5, 5]), np.array([10.0, 7, 6, 5, 4, 1])     # Σt/max t is 3, and 3.3
    harder = np.array([10.0, 6, 6, 6, 1])                    # 3 workers by the bound, 4 by any schedule
    for seconds in (third, whole, harder, *(random.exponential(10, count) + 1 for count in (5, 12, 30))):
        start_up = float(random.uniform(12, 16))             # in the first case, Σt/max t with and without it are 5 and 4 workers
        (most, workers), found = limits(seconds, start_up), call(answer, seconds, start_up)
        try:
            speed_up, enough = (float(each) for each in found)
        except (TypeError, ValueError):
            raise Wrong("two numbers are wanted: the largest speed-up, and how many workers.") from None
        total, longest = seconds.sum(), seconds.max()
        if np.allclose((enough, speed_up), (most, workers)):
            raise Wrong("the two numbers are swapped: first the speed-up, then the workers.")
        for wrong, message in (
            (total / longest, "this speed-up forgets the start-up: even the longest job begins only after it."),
            ((total + start_up) / (start_up + longest), "one computer that is already there needs no start-up."),
            (len(seconds), "one worker for each job is not enough for this: all wait for the longest job."),
        ):
            if np.isclose(speed_up, wrong) and not np.isclose(speed_up, most):
                raise Wrong(message)
        expect_close(speed_up, most, "the speed-up: with workers without end, what is left of the bound?")
        if enough != workers and enough in (math.ceil(most), math.floor(most)):
            raise Wrong("the largest speed-up is smaller than the number of workers that it needs, since workers are idle during the start-up.")
        if enough != workers and np.isclose(enough, total / longest):
            raise Wrong("workers are whole: with fewer of them than this number, the work itself takes longer than the longest job.")
        if enough != workers and enough == math.ceil((total + start_up) / longest):
            raise Wrong("the start-up is the same for every number of workers, so it does not decide which number is the smallest.")
        if enough != workers and enough == len(seconds):
            raise Wrong("one worker for each job is enough, but not the smallest number: who has done a short job can do another one.")
        if enough == workers - 1:
            raise Wrong("one worker too few: with so many, the work itself takes longer than the longest job.")
        if enough == workers + 1:
            if np.isclose(total / longest, workers):
                raise Wrong("one worker too many: a whole quotient leaves nothing for another worker.")
            raise Wrong("one worker too many: this is asked of the bound, and a schedule is not the bound.")
        expect_close(enough, workers, "the workers: from how many on is the work, divided evenly, done before the longest job?")


def limits(seconds, start_up):
    total, longest = seconds.sum(), seconds.max()
    return total / (start_up + longest), math.ceil(total / longest)


EXERCISES = (
    Exercise(
        "20.1", "each job goes to the worker that is free first", check_list_scheduling,
        ("Keep one number for each worker: when it is free.",
         "For each job, find the smallest of these numbers and add the job's seconds to it."),
        list_scheduling,
        {"cannot be shared": lambda seconds, workers: seconds.sum() / workers,
         "dealt out in turn": lambda seconds, workers: max(seconds[k::workers].sum() for k in range(workers)),
         "were sorted": lambda seconds, workers: list_scheduling(np.sort(seconds)[::-1], workers),
         "single worker": lambda seconds, workers: seconds.sum(),
         "free for good": lambda seconds, workers: list_scheduling([*seconds, 1e6], workers) - 1e6},
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
         "start-up is not shared": lambda serial, parallel, start_up, workers: (serial + parallel) / (
             serial + (start_up + parallel) / workers),
         "each worker waits": lambda serial, parallel, start_up, workers: (serial + parallel) * workers / (
             start_up + serial + parallel),
         "this is the time": lambda serial, parallel, start_up, workers: start_up + serial + parallel / workers,
         "upside down": lambda serial, parallel, start_up, workers: (start_up + serial + parallel / workers) / (
             serial + parallel),
         "part is missing": lambda serial, parallel, start_up, workers: (serial + parallel) / (
             start_up + parallel / workers),
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
         "share shards' seeds": lambda seed, count: [seed * 1000 + k for k in range(count)],
         "whoever draws a second time": lambda seed, count: [seed + 2 * k for k in range(count)],
         "with another seed": lambda seed, count: [seed + 7 * k for k in range(count)],
         "share shards": lambda seed, count: [seed + 10_000 * k for k in range(count)],
         "gets the same pictures": lambda seed, count: [seed + 10**6 * k for k in range(count)],
         "whole numbers from 0 on": lambda seed, count: [-(seed * 1000 + k) for k in range(count)],
         "cut in two ways": lambda seed, count: [int(f"{seed}{k}") for k in range(count)],
         "nobody could repeat": lambda seed, count: np.random.default_rng().integers(2**32, size=count),
         "would be lost": lambda seed, count: seeds_of_shards(seed * 1000 + count, count)},
    ),
    Exercise(
        "20.4", "where more workers are of no use", check_limits,
        ("The bound with a start-up is start_up + max(Σt/m, max t). What remains as m grows?",
         "The maximum stops falling where Σt/m is no longer larger than max t."),
        limits,
        {"forgets the start-up": lambda seconds, start_up: (seconds.sum() / seconds.max(), math.ceil(seconds.sum() / seconds.max())),
         "needs no start-up": lambda seconds, start_up: (
             (seconds.sum() + start_up) / (start_up + seconds.max()), math.ceil(seconds.sum() / seconds.max())),
         "one worker for each job": lambda seconds, start_up: (len(seconds), len(seconds)),
         "does not decide": lambda seconds, start_up: (
             limits(seconds, start_up)[0], math.ceil((seconds.sum() + start_up) / seconds.max())),
         "not the smallest number": lambda seconds, start_up: (limits(seconds, start_up)[0], len(seconds)),
         "idle during the start-up": lambda seconds, start_up: (
             limits(seconds, start_up)[0], math.ceil(limits(seconds, start_up)[0])),
         "too many": lambda seconds, start_up: (limits(seconds, start_up)[0], int(seconds.sum() / seconds.max()) + 1),
         "a schedule is not the bound": lambda seconds, start_up: (limits(seconds, start_up)[0], next(
             m for m in range(1, 99) if list_scheduling(np.sort(seconds)[::-1], m) <= seconds.max() + 1e-9)),
         "too few": lambda seconds, start_up: (limits(seconds, start_up)[0], round(seconds.sum() / seconds.max())),
         "workers are whole": lambda seconds, start_up: (limits(seconds, start_up)[0], seconds.sum() / seconds.max()),
         "are swapped": lambda seconds, start_up: limits(seconds, start_up)[::-1],
         "two numbers": lambda seconds, start_up: limits(seconds, start_up)[0]},
    ),
)
