"""How fast is drawing pixel by pixel? Ratios taken in one run; writes drawing_speed.json.

    python benchmarks/drawing_speed.py                  everything, on idle cores
    python benchmarks/drawing_speed.py --only threads   one thread against all, the rest as it was
"""

import argparse
import json
import multiprocessing
import time
from pathlib import Path

import numpy as np
from machine import machine, write

from ensgen_tutorial import PixelCNN, PixelPool, PixelRNN, TemplateMixture
from ensgen_tutorial.generators import base
from ensgen_tutorial.generators.base import PixelGenerator, PixelReader

COUNT = 64


def seconds(action, repetitions):
    """The median of some runs, after one to warm up."""
    action()
    times = []
    for _ in range(repetitions):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return sorted(times)[repetitions // 2]


def measure(generator, plain_positions):
    """Seconds for 64 images: fast, plain (extrapolated from some positions), one forward pass."""
    generator.trained = True
    fast = seconds(lambda: generator.generate(COUNT, seed=0), 5)
    pixels = (generator.generate(COUNT, seed=0) * (generator.levels - 1)).round().astype("uint8")
    forward = seconds(lambda: generator.pixel_probabilities(pixels), 5)
    reader = PixelReader(generator, COUNT)
    positions = pixels[0].size

    def plain():
        reader.position = 0
        for values in pixels.reshape(COUNT, -1).T[:plain_positions]:
            reader.probabilities()
            reader.write(values)

    slow = seconds(plain, 1) * positions / plain_positions
    return {
        "generator": type(generator).__name__, "image_shape": generator.image_shape,
        "levels": generator.levels, "parameters": generator.count_params(), "images": COUNT,
        "fast_seconds": round(fast, 4), "plain_seconds": round(slow, 2),
        "plain_positions_timed": plain_positions, "forward_pass_seconds": round(forward, 4),
        "plain_over_fast": round(slow / fast, 1), "fast_over_forward_pass": round(fast / forward, 2),
    }


def measure_pool(members, rounds=9):
    """A pool against its members one after the other, in pairs: the median ratio of their times.

    Every member draws pixel by pixel, as in the pool; alone, templates know a shorter way.
    """
    for member in members:
        member.trained = True
    nothing = np.zeros((COUNT, *members[0].image_shape), np.float32)

    def alone(member):
        return seconds(lambda: PixelGenerator.complete(member, nothing, False, seed=0), 1)

    found = {}
    for kind in ("linear", "log"):
        pool, ratios = PixelPool(members, kind=kind), []
        for _ in range(rounds):
            together = seconds(lambda: pool.generate(COUNT, seed=0), 1)
            apart = sum(map(alone, members))
            ratios.append(together / apart)
        found[f"{kind}_pool_over_members"] = round(sorted(ratios)[rounds // 2], 3)
    return {"members": [type(member).__name__ for member in members],
            "image_shape": members[0].image_shape, "images": COUNT, **found}


def spin():
    while True:
        pass


def measure_threads(generator, rounds=7):
    """All threads of linear algebra against one, in turns: the ratio of the median times of 64 images,
    alone and beside a busy process for each core.
    """
    generator.trained = True

    def ratio():
        times = {0: [], base.FEW: []}
        for _ in range(rounds):
            for few in times:
                base.FEW, before = few, base.FEW
                times[few].append(seconds(lambda: generator.generate(COUNT, seed=0), 1))
                base.FEW = before
        return round(np.median(times[0]) / np.median(times[base.FEW]), 2)

    found = {"generator": type(generator).__name__, "images": COUNT, "all_threads_over_one_alone": ratio()}
    neighbours = [multiprocessing.Process(target=spin, daemon=True) for _ in range(multiprocessing.cpu_count())]
    for each in neighbours:
        each.start()
    found["all_threads_over_one_beside_other_work"] = ratio()
    for each in neighbours:
        each.kill()
    return found


def measure_all():
    shape, levels, random = (8, 8, 1), 17, np.random.default_rng(0)
    templates = random.dirichlet(np.ones(levels), size=(1024, *shape))
    return {"results": [measure(PixelCNN((8, 8, 1), 17), 64), measure(PixelRNN((8, 8, 1), 17), 64),
                        measure(PixelCNN((28, 28, 1), 16, filters=128, blocks=5), 8)],
            "pools": [
                measure_pool([PixelCNN(shape, levels, classes=10), PixelRNN(shape, levels, classes=10)]),
                measure_pool([PixelCNN(shape, levels), PixelRNN(shape, levels), TemplateMixture(templates)])]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["threads"])
    only = parser.parse_args().only
    found = json.loads(Path(__file__).with_suffix(".json").read_text()) if only else measure_all()
    threads = [measure_threads(kind((8, 8, 1), 17)) for kind in (PixelRNN, PixelCNN)]
    write("drawing_speed", found | {"machine": machine(), "threads": threads})
