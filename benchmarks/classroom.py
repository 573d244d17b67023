"""How much memory a student's kernel takes, for a class on one machine: benchmarks/classroom.json.

    python benchmarks/classroom.py [--lessons 00 07 …]

Linux only. Each lesson runs whole, on a store without trained members, which is the most that it can
need. Results of other lessons are kept.
"""

import argparse
import json
import os
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import nbformat
from machine import machine
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).with_suffix(".json")
NOTHING = "pass"
EXERCISES = """
import ensgen_tutorial as eg
for number in ("10.1", "10.2", "10.3"):
    eg.exercise(number).check(eg.exercise(number).answer)
"""
MEMBER = """
import ensgen_tutorial as eg
eg.load_member("digits/pixel_cnn").generate(4, seed=0)
"""


def book_of(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def own_memory(process):
    """MB that a process has for itself, without what is read from files: libraries' code is shared."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) // 1000


def whole_memory(process):
    """MB of a process, each shared page divided by the number of those who share it."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    return int(rollup.partition("Pss:")[2].split()[0]) // 1000


def watch(process, most, stop):
    """Write down the most that a process has for itself, twenty times a second."""
    while not stop.wait(0.05):
        most.append(max(most.pop(), own_memory(process)))


def measure(books):
    """Run notebooks, each in a kernel of its own that stays; the memory of each.

    own_mb: its own at the end of all. most_mb: its own at most. whole_mb: with its part of what is shared.
    """
    clients = [NotebookClient(book, timeout=1800, kernel_name="python3",
                              resources={"metadata": {"path": str(ROOT / "notebooks")}}) for book in books]
    found = []
    with ExitStack() as kernels:
        for client in clients:
            kernels.enter_context(client.setup_kernel())
            most, stop = [0], threading.Event()
            watcher = threading.Thread(target=watch, args=(client.km.provisioner.pid, most, stop))
            watcher.start()
            try:
                for number, cell in enumerate(client.nb.cells):
                    if cell.cell_type == "code":
                        client.execute_cell(cell, number)
            finally:
                stop.set()
                watcher.join()
            found.append({"most_mb": max(most[0], own_memory(client.km.provisioner.pid))})
        for client, each in zip(clients, found):
            process = client.km.provisioner.pid
            each |= {"own_mb": own_memory(process), "whole_mb": whole_memory(process)}
    return found


def main(lessons):
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"lessons": {}}
    found["machine"] = machine()
    if not lessons:
        for name, source in (("an empty notebook", NOTHING), ("exercises alone", EXERCISES),
                             ("one member drawing", MEMBER)):
            found[name] = measure([book_of(source)])[0]
        eight = measure([book_of(MEMBER) for _ in range(8)])
        found["one member drawing, eight kernels"] = {
            name: round(sum(each[name] for each in eight) / 8) for name in eight[0]}
    for lesson in lessons:
        path = next((ROOT / "notebooks").glob(f"{lesson}_*.ipynb"))
        found["lessons"][lesson] = measure([nbformat.read(path, 4)])[0]
        print(lesson, found["lessons"][lesson], flush=True)
        keep(found)
    keep(found)


def keep(found):
    RESULTS.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lessons", nargs="*", default=[], metavar="NN",
                        help="run these whole; without, measure kernels outside lessons")
    with tempfile.TemporaryDirectory() as store:
        os.environ["ENSGEN_STORE"] = store
        main(parser.parse_args().lessons)
