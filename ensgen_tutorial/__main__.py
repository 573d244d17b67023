"""python -m ensgen_tutorial run | lessons | super-resolve | export | doctor | zoo"""

import sys

# Nothing in the working directory may hide one of Python's own modules.
if __name__ == "__main__" and not getattr(sys.flags, "safe_path", False):
    sys.path.append(sys.path.pop(0))

import argparse
import json
import os
from pathlib import Path

from .machine.output import say
from .machine.quiet import ADVICE


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="ensgen", description="Ensemble learning for image generation, hands on."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="from nothing to an ensemble's images")
    run.add_argument("--dataset", default="digits", help="digits, glyphs, patches, colour_patches, fashion_mnist, mnist, or a "
                     "folder of pictures")
    run.add_argument("--output", default="output", metavar="DIR", help="where to write to")
    run.add_argument("--seed", type=int, default=0, metavar="N", help="of everything random")
    run.add_argument("--retrain", action="store_true", help="train again, whatever is stored")
    run.add_argument("--json", action="store_true", help="print the report alone")
    resolve = commands.add_parser("super-resolve", help="a picture of your own, enlarged by networks")
    resolve.add_argument("picture", help="a picture file")
    resolve.add_argument("--scale", type=int, default=2, metavar="N", help="how many times larger")
    resolve.add_argument("--output", metavar="FILE", help="where to write to; else NAME-x2.png")
    lessons = commands.add_parser("lessons", help="copy the lessons into a folder")
    lessons.add_argument("folder", metavar="DIR", help="where to; what you changed there stays")
    lessons.add_argument("--language", default="en", metavar="NAME", help="of their text: en, or zh (Chinese)")
    export = commands.add_parser("export", help="for teachers: the exercises, to hand out and to grade")
    export.add_argument("--nbgrader", metavar="DIR", required=True, help="a course for nbgrader, written into DIR")
    commands.add_parser("doctor", help="what is there, what is missing, what to do")
    zoo = commands.add_parser("zoo", help="the trained members that ship with the package")
    zoo.add_argument("--verify", action="store_true", help="compute every score again")
    zoo.add_argument("--retrain", metavar="NAME", help="train one from nothing, by its recipe")
    zoo.add_argument("--pictures", action="store_true", help="let every member draw, a PNG per data set")
    zoo.add_argument("--output", default="output/zoo", metavar="DIR",
                     help="where --retrain and --pictures write")
    options = parser.parse_args(arguments)
    try:
        return {"run": run_quickstart, "lessons": run_lessons, "super-resolve": run_super_resolve,
                "export": run_export, "doctor": run_doctor, "zoo": run_zoo}[options.command](options)
    except (ValueError, TypeError, OSError, ImportError) as error:
        if os.environ.get("ENSGEN_DEBUG"):
            raise
        advice = isinstance(error, ImportError) and ADVICE not in str(error)
        say(f"ensgen: {error}" + f". {ADVICE}" * advice, "stderr")
        return 2
    except KeyboardInterrupt:
        say("Stopped; nothing trained so far is lost, the same command goes on.", "stderr")
        return 130


def run_quickstart(options):
    if options.seed < 0:
        raise ValueError(f"--seed must be 0 or more, not {options.seed}.")
    from .course.quickstart import quickstart

    def report(line):
        say(line, "stderr" if options.json else "stdout")

    result = quickstart(options.dataset, options.output, options.seed, options.retrain, report)
    if options.json:
        say(json.dumps(result, indent=2))
    return 0


def run_super_resolve(options):
    from .course.super_resolve import super_resolve

    super_resolve(options.picture, options.scale, options.output)
    return 0


def run_export(options):
    from .course.nbgrader import export_course

    export_course(options.nbgrader)
    return 0


def run_doctor(options):
    from .machine.doctor import print_doctor

    return print_doctor()


def run_zoo(options):
    from .zoo.box import manifest

    records = manifest()
    if options.retrain:
        from .zoo.build import build
        from .zoo.recipes import BOX

        if options.retrain not in BOX:
            raise ValueError(f"--retrain takes one of: {', '.join(BOX)}.")
        record = build(options.retrain, Path(options.output), retrain=True)
        say(f"{options.retrain}: {record['scores']}, written to {options.output}")
        return 0
    if options.pictures:
        from .zoo.build import draw_pictures

        draw_pictures(Path(options.output))
        say(f"digits.png and fashion_mnist.png are in {options.output}")
        return 0
    failed = False
    for name, record in records.items():
        line = (f"{name:<26}{record['parameters']:>9,} parameters {record['seconds']:>6} s  "
                f"{score_text(record['scores'])}")
        device = (record.get("device") or "").split(" · ")[2:3]         # as device_report writes it
        line += "".join(f", trained on {each}" for each in device if not each.startswith("CPU"))
        if options.verify:
            from .zoo.build import verify

            scores, right = verify(name, record)
            failed |= not right
            line += "  right" if right else f"  WRONG: {score_text(scores)} now"
        say(line)
    return 1 if failed else 0


def score_text(scores):
    """A member's scores in words."""
    if "test_accuracy" in scores:
        return f"{scores['test_accuracy']:.1%} of test images right"
    if "test_error" in scores:
        return f"1000 · squared error {scores['test_error']:.2f}"
    if scores["test_nats"] is None:
        return "no likelihood"
    return f"{scores['test_nats']:.2f} nats/image" + ("" if scores["exact"] else " (a bound)")


def run_lessons(options):
    from .course.lessons import copy_lessons

    copy_lessons(options.folder, language=options.language)
    return 0


if __name__ == "__main__":
    sys.exit(main())
