"""List scheduling: nobody idles while there is work, and the bounds of Graham 1969 hold."""

import itertools

import numpy as np
import pytest

import ensgen_tutorial as eg


def best(seconds, workers):
    """The shortest possible time, by trying every assignment."""
    return min(np.bincount(each, weights=seconds, minlength=workers).max()
               for each in itertools.product(range(workers), repeat=len(seconds)))


@pytest.mark.parametrize("seed", range(5))
def test_graham_s_bounds(seed):
    seconds = np.random.default_rng(seed).exponential(size=7)
    for workers in (1, 2, 3):
        optimum = best(seconds, workers)
        assert optimum <= eg.schedule(seconds, workers).seconds <= (2 - 1 / workers) * optimum + 1e-12
        longest_first = eg.schedule(seconds, workers, longest_first=True).seconds
        assert longest_first <= (4 / 3 - 1 / (3 * workers)) * optimum + 1e-12


def test_every_job_runs_once_and_no_worker_does_two_at_a_time():
    seconds = np.random.default_rng(0).exponential(size=50)
    made = eg.schedule(seconds, 4, start_up=2.0, transfer=0.1)
    np.testing.assert_allclose(made.ends - made.starts, seconds)
    assert made.starts.min() == pytest.approx(2.1) and set(made.workers) == set(range(4))
    for worker in range(4):
        own = np.argsort(made.starts[made.workers == worker])
        starts, ends = made.starts[made.workers == worker][own], made.ends[made.workers == worker][own]
        assert (starts[1:] >= ends[:-1]).all()
    assert np.diff(np.sort(made.starts)).min() >= 0.1 - 1e-12          # one client serves all


def test_costs_are_a_floor_that_no_number_of_workers_breaks():
    seconds = np.ones(100)
    assert eg.schedule(seconds, 1, start_up=3, transfer=0.5).seconds == pytest.approx(3 + 150)
    assert eg.schedule(seconds, 1000, transfer=0.5).seconds == pytest.approx(51)
    assert eg.schedule(seconds, 1000).seconds == 1
    assert eg.schedule(np.arange(5.0), 2).seconds <= eg.schedule(np.arange(5.0), 1).seconds == 10


@pytest.mark.parametrize("arguments, message", [
    (([],  2), "seconds must be"), (([-1.0], 2), "seconds must be"), (([1.0], 0), "workers must be"),
    (([1.0], 1, -1), "start_up must be"), (([1.0], 1, 0, -1), "transfer must be")])
def test_other_numbers_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        eg.schedule(*arguments)


def test_a_schedule_is_a_picture_with_a_row_for_each_worker():
    made = eg.schedule([3.0, 1.0, 2.0], 2)
    figure = eg.show_schedule(made, ["CNN", "RNN", "CNN"], "Two workers")
    assert figure.alt == "Two workers. 3 jobs on 2 workers; the last ends after 3 s."
    assert figure.to_png().startswith(b"\x89PNG") and len(figure.axes[0].patches) == 3
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["CNN", "RNN"]
    real = eg.Schedule(np.array(["b", "a"]), np.array([0.0, 1.0]), np.array([1.0, 2.0]))     # as Dask names them
    assert "2 workers" in eg.show_schedule(real).alt
    with pytest.raises(ValueError, match="not before the start"):
        eg.show_schedule(eg.Schedule(np.zeros(1), np.ones(1), np.zeros(1)))
