"""How long will it take? List scheduling: every job goes to the worker that is free first (lesson 20)."""

import heapq
from dataclasses import dataclass

import numpy as np

from ..checks import check_number, check_whole


@dataclass(frozen=True)
class Schedule:
    """Which worker does which job when: arrays (N,) in the order of the jobs.

    workers: whole numbers from 0. starts, ends: seconds since the workers were asked for.
    """

    workers: np.ndarray
    starts: np.ndarray
    ends: np.ndarray

    @property
    def seconds(self):
        """When the last job is done."""
        return float(self.ends.max())


def schedule(seconds, workers, start_up=0.0, transfer=0.0, longest_first=False):
    """The schedule of jobs on equal workers.

    seconds: (N,), how long each job takes. workers: how many. start_up: seconds until they can begin.
    transfer: seconds for which a job keeps the client busy, which serves one worker at a time (all of
    them before the job begins, for simplicity). longest_first: the longest job is handed out first,
    else the first of ``seconds``. Returns a Schedule. Raises ValueError for other numbers.

    Source: Graham 1969, SIAM Journal on Applied Mathematics 17(2): without costs at most 2 − 1/workers times
    as long as the best schedule, and 4/3 − 1/(3 workers) times with the longest first.
    """
    seconds = np.asarray(seconds, float)
    if seconds.ndim != 1 or not len(seconds) or not (np.isfinite(seconds) & (seconds >= 0)).all():
        raise ValueError(f"seconds must be numbers of at least 0, (N,), not of shape {seconds.shape}.")
    check_whole(workers, "workers"), check_number(start_up, "start_up", 0), check_number(transfer, "transfer", 0)
    chosen, starts = np.empty(len(seconds), int), np.empty(len(seconds))
    free, client = [(float(start_up), worker) for worker in range(workers)], 0.0
    for job in np.argsort(-seconds, kind="stable") if longest_first else range(len(seconds)):
        now, chosen[job] = heapq.heappop(free)
        client = starts[job] = max(now, client) + transfer
        heapq.heappush(free, (starts[job] + seconds[job], chosen[job]))
    return Schedule(chosen, starts, starts + seconds)
