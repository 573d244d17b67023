"""What does an ensemble cost, and what can be had at one network's price? Lesson 14 reads the result.

    python benchmarks/efficient_ensembles.py            everything (an hour; trainings are kept)
    python benchmarks/efficient_ensembles.py --times    measure the times again, on idle cores
    python benchmarks/efficient_ensembles.py --epochs   only an epoch of eight networks against one's
    python benchmarks/efficient_ensembles.py --tuned    only how fast lesson 13's tuned CNN draws, against one network
    python benchmarks/efficient_ensembles.py --control  only the students' pictures, with hard targets (half an hour)

Digits, three training seeds; the three students have one teacher. Each method with its test nats per
image and its parameters; and, in one run on the same cores, the seconds of an epoch of each kind of
training and of 64 drawings. Nothing is chosen on test images. Writes efficient_ensembles.json beside
this file.

The control, "same pictures, hard targets", tells what soft targets give: the student's network,
pictures, epochs and seeds, without dropout, but each pixel's target is its value. Half of the pictures
are the teacher's drawings, so it does not tell what the teacher gives.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import machine                             # first: it keeps TensorFlow quiet
from members import digit_members, train, tuned_members

import keras

import ensgen_tutorial as eg

SEEDS, MEMBERS = 3, 4
SPLITS = "train", "validation", "test"
TRAINING = {"epochs": 36, "learning_rate": 5e-3}
LATE = (21, 26, 31, 36)                                 # epochs of the snapshots
DRAWN, SHIFTED = 3_000, 2_000                           # pictures that a student learns from, besides the real ones
ROUNDS = 3                                              # of training together and apart
ANSWERS = Path(__file__).parents[1] / "output" / "efficient_ensembles" / f"teacher_{DRAWN}_{SHIFTED}.npz"
STUDENT = {"epochs": 36, "learning_rate": 5e-3, "batch_size": 64}


class Averaged(eg.PixelCNN):
    """A PixelCNN that ends with the moving average of its last hundred or so steps."""

    keep_best = False

    def make_optimizer(self, learning_rate):
        return keras.optimizers.Adam(learning_rate, clipnorm=1.0, use_ema=True, ema_momentum=0.99)


def study(images, seed, report):
    """All methods of one seed: a dict name -> (generator, {kind of training: epochs})."""
    shape, found = (images.image_shape, images.levels), {}

    def trained(generator, name, **options):
        train(generator, images, f"seed {seed} {name}", report,
              **TRAINING | {"seed": generator.seed} | options)
        return generator

    own = [100 * seed + j for j in range(MEMBERS)]
    networks = [trained(eg.PixelCNN(*shape, seed=s), f"network {s}") for s in own]
    epochs = TRAINING["epochs"]
    found["one network"] = networks[0], {"network": epochs}
    found["four networks"] = eg.PixelPool(networks), {"network": MEMBERS * epochs}
    found["soup of two runs"] = eg.average_weights(networks[:2]), {"network": 2 * epochs}

    snapshots = eg.Snapshots(LATE)
    eg.train_generator(eg.PixelCNN(*shape, seed=own[0]), images, keep="last", progress=snapshots,
                       retrain=True, report=lambda line: None, **TRAINING | {"seed": own[0]})
    late = snapshots.generators
    for name, generator in {
            "last epoch": late[-1], "snapshots": eg.PixelPool(late),
            "log pool of snapshots": eg.PixelPool(late, kind="log"),
            "soup of snapshots": eg.average_weights(late),
            "moving average": trained(Averaged(*shape, seed=own[0]), "moving average"),
            "dropout, 8 answers": eg.DroppedOut(networks[0], 8)}.items():
        found[name] = generator, {"network": epochs}
    for share in ("trunk", "kernels"):
        found[f"shared {share}"] = trained(eg.SharedCNN(*shape, MEMBERS, share, seed=own[0]),
                                           f"shared {share}"), {f"shared {share}": epochs}
    return found


def teach(images, report):
    """A teacher, the study's ensemble of eight, and SEEDS students, which all learn its answers.

    Its answers take as long as a training, so they are kept in output. Returns the teacher, what it was
    trained for (a dict kind of training -> epochs), and the students.
    """
    made = [(generator, options) for name, (generator, options) in digit_members(images, 0).items()
            if name.startswith("member")]
    for j, (generator, options) in enumerate(made):
        train(generator, images, f"teacher's member {j}", report, **options)
    members = [generator for generator, _ in made]
    teacher = eg.PixelPool(members, eg.best_weights(eg.score_members(members, images.validation)))
    if not ANSWERS.exists():
        ANSWERS.parent.mkdir(parents=True, exist_ok=True)
        pairs = eg.lessons_of(teacher, images, drawn=DRAWN, shifted=SHIFTED, seed=0)
        np.savez_compressed(ANSWERS, **{f"{split} {k}": getattr(pairs, split)[k] for split in SPLITS for k in range(2)})
        report("the teacher has answered")
    pairs, students = teacher_answers(), []
    for seed in range(SEEDS):
        student = eg.Student(images.image_shape, images.levels, dropout=0.0, seed=100 * seed)
        train(student, pairs, f"student {seed}", report, seed=student.seed, **STUDENT)
        students.append(student)
    taught = {"teacher's CNN": 4 * made[0][1]["epochs"], "teacher's RNN": 3 * made[1][1]["epochs"], "teacher's forest": 1}
    return teacher, taught, students


def control(images, report):
    """The students' rivals: as many networks that learn the values of the students' pictures.

    Like the students, each keeps its best epoch on validation, by its own loss.
    """
    pictures, networks = students_pictures(images), []
    for seed in range(SEEDS):
        network = eg.PixelCNN(images.image_shape, images.levels, dropout=0.0, seed=100 * seed)
        train(network, pictures, f"hard targets {seed}", report, seed=network.seed, **STUDENT)
        networks.append(network)
    return networks


def students_pictures(images):
    """What the students see, without the teacher's answers; validation and test as ever."""
    return eg.ImageSet("digits, the students' pictures", images.levels,
                       images.to_pixels(teacher_answers().train[0]), images.validation, images.test)


def add_control(methods, networks, images):
    """The control's row, as every method's: networks, nats and what was trained."""
    methods["same pictures, hard targets"] = {
        "nats": [eg.mean_nats(network, images.test) for network in networks],
        "parameters": eg.count_parameters(networks[0]), "trained": {"hard targets": STUDENT["epochs"]}}


def teacher_answers():
    """The PairSet that the teacher's answers were kept in."""
    with np.load(ANSWERS) as kept:
        return eg.PairSet("digits, as the teacher sees them", **{
            split: (kept[f"{split} 0"], kept[f"{split} 1"]) for split in SPLITS})


class Epochs(keras.callbacks.Callback):
    """The seconds of the shortest epoch; the first one builds the graph, and does not count."""

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        taken = time.perf_counter() - self.started
        self.seconds = min(getattr(self, "seconds", taken), taken) if epoch else np.inf


def measure_times(images, methods, report):
    """Seconds of an epoch by kind of training, and of 64 drawings by method: two dicts."""
    shape, training = (images.image_shape, images.levels), {}
    made = digit_members(images, 0)
    teacher = methods["teacher, eight members"][0]
    kinds = {"network": (eg.PixelCNN(*shape), images, TRAINING),
             "shared trunk": (eg.SharedCNN(*shape, MEMBERS, "trunk"), images, TRAINING),
             "shared kernels": (eg.SharedCNN(*shape, MEMBERS, "kernels"), images, TRAINING),
             "teacher's CNN": (made["member 0"][0], images, made["member 0"][1]),
             "teacher's RNN": (made["member 1"][0], images, made["member 1"][1]),
             "student": (eg.Student(*shape, dropout=0.0), teacher_answers(), STUDENT),
             "hard targets": (eg.PixelCNN(*shape, dropout=0.0), students_pictures(images), STUDENT)}
    for kind, (generator, data, options) in kinds.items():
        watch = Epochs()
        with tempfile.TemporaryDirectory() as folder:
            eg.train_generator(generator, data, folder=Path(folder), progress=watch,
                               report=lambda line: None, **options | {"epochs": 4})
        training[kind] = watch.seconds
    forest, _ = made["member 7"]
    started = time.perf_counter()
    forest.learn(images)
    training["teacher's forest"] = time.perf_counter() - started
    few = images.take(100, 20, 20)                          # a tenth of what is asked, roughly
    started = time.perf_counter()
    eg.lessons_of(teacher, few, drawn=300, shifted=200, seed=1)
    training["teacher's answers"] = (time.perf_counter() - started) * 10
    drawing = {}
    for name, (generator, _) in methods.items():
        generator.generate(64, seed=0)                  # the first time builds
        rounds = []
        for seed in range(3):
            started = time.perf_counter()
            generator.generate(64, seed=seed)
            rounds.append(time.perf_counter() - started)
        drawing[name] = min(rounds)
        report(f"  {name}: 64 drawings in {drawing[name]:.3f} s")
    return training, drawing


def measure_tuned(images, report):
    """Lesson 13's single CNN: its epochs, and by how many times one network's seconds it draws, alone and in a
    pool of four. Alone it draws class by class; a pool has to read every picture once for each class.
    """
    networks = [made for made in tuned_members(images, 0).values() if isinstance(made[0], eg.PixelCNN)]
    one = eg.PixelCNN(images.image_shape, images.levels)
    for generator in (one, *(network for network, _ in networks)):      # what is drawn does not matter for the time
        with tempfile.TemporaryDirectory() as folder:
            eg.train_generator(generator, images, 1, folder=Path(folder), progress="quiet", report=lambda line: None)
    pool = eg.PixelPool([network for network, _ in networks])
    found = {"epochs": networks[0][1]["epochs"], "drawing by one network's": times_as_long(networks[0][0], one, 101),
             "four in a pool, drawing by one network's": times_as_long(pool, one, 11)}
    report(f"  the tuned CNN: {found}")
    return found


def times_as_long(generator, other, rounds):
    """The seconds of 64 drawings by another's, in turns: median and quartiles, which other work on the cores
    hardly moves.
    """
    ratios = []
    for seed in range(rounds + 1):
        seconds = []
        for each in (generator, other):
            started = time.perf_counter()
            each.generate(64, seed=seed)
            seconds.append(time.perf_counter() - started)
        ratios.append(seconds[0] / seconds[1])
    return np.quantile(ratios[1:], [0.25, 0.5, 0.75]).tolist()          # the first time builds


def measure_together(images, report):
    """Seconds of eight networks trained in one graph and one after the other, in turns: small and full size."""
    found, rates = {}, np.linspace(2e-3, 9e-3, 8)
    for size, options, epochs in (("small", {"filters": 8, "blocks": 1}, 20), ("full size", {}, 3)):
        def made():
            return [eg.PixelCNN(images.image_shape, images.levels, seed=j, **options) for j in range(8)]

        rounds = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            eg.train_together(made(), images, epochs, learning_rates=rates, report=lambda line: None)
            together, started = time.perf_counter() - started, time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                for j, network in enumerate(made()):
                    eg.train_generator(network, images, epochs, learning_rate=rates[j], seed=j, progress="quiet",
                                       folder=Path(folder), report=lambda line: None)
            rounds.append({"together": together, "apart": time.perf_counter() - started})
        found[size] = rounds
        report(f"  eight networks, {size}: together {[round(each['together'] / each['apart'], 2) for each in rounds]} "
               "of the time apart")
    return found


def measure_epochs(images, report):
    """Seconds of an epoch, the shortest but for the first, of one network and of eight in one graph: on a
    GPU this says how many networks fit beside each other. A dict size -> {"one": …, "eight": …}.
    """
    found = {}
    for size, options in (("small", {"filters": 8, "blocks": 1}), ("full size", {})):
        members = [eg.PixelCNN(images.image_shape, images.levels, seed=j, **options) for j in range(8)]
        found[size] = {name: min(eg.train_together(some, images, 12, report=report)[0]["epoch_seconds"][1:])
                       for name, some in (("one", members[:1]), ("eight", members))}
        report(f"  an epoch, {size}: {found[size]['eight'] / found[size]['one']:.2f} times one network's")
    return found


if __name__ == "__main__":
    def report(line):
        print(time.strftime("%H:%M:%S"), line, flush=True)

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", action="store_true", help="only the times, the rest from the store")
    parser.add_argument("--epochs", action="store_true", help="only an epoch of eight networks and of one")
    parser.add_argument("--tuned", action="store_true", help="only how fast lesson 13's tuned CNN draws")
    parser.add_argument("--control", action="store_true", help="only the students' pictures with hard targets")
    arguments = parser.parse_args()
    only_times = arguments.times
    file = Path(__file__).with_name("efficient_ensembles.json")
    images = eg.load_images("digits")
    results = json.loads(file.read_text()) if file.exists() else {}
    if arguments.epochs:
        results.setdefault("an epoch of eight", {})[eg.device_report()] = measure_epochs(images, report)
        file.write_text(json.dumps(results, indent=1) + "\n")
        raise SystemExit
    if arguments.tuned:
        results["tuned CNN"] = measure_tuned(images, report)
        file.write_text(json.dumps(results, indent=1) + "\n")
        raise SystemExit
    if arguments.control:
        if not ANSWERS.exists():
            teach(images, report)
        add_control(results["methods"], control(images, report), images)
        file.write_text(json.dumps(results, indent=1) + "\n")
        raise SystemExit
    found = [study(images, seed, report) for seed in range(1 if only_times else SEEDS)]
    teacher, taught, students = teach(images, report)
    for each, student in zip(found, students):
        each["student"] = student, {"student": STUDENT["epochs"]}
    found[0]["teacher, eight members"] = teacher, taught
    if not only_times:
        keras.utils.set_random_seed(0)                  # of the dropout
        results["methods"] = {name: {
            "nats": [eg.mean_nats(each[name][0], images.test) for each in found if name in each],
            "parameters": eg.count_parameters(found[0][name][0]), "trained": found[0][name][1]}
            for name in found[0]}
        add_control(results["methods"], control(images, report), images)
        for name, each in results["methods"].items():
            report(f"{name:<24}{np.mean(each['nats']):.2f} nats")
        file.write_text(json.dumps(results, indent=1) + "\n")     # kept if the rest is interrupted
    training, drawing = measure_times(images, found[0], report)
    results["eight networks"] = measure_together(images, report)
    results["tuned CNN"] = measure_tuned(images, report)
    results |= {"machine": machine(), "command": "python benchmarks/efficient_ensembles.py",
                "seconds of an epoch": training, "seconds of 64 drawings": drawing}
    file.write_text(json.dumps(results, indent=1) + "\n")
