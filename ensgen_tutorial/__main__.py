"""python -m ensgen_tutorial run | doctor"""

import argparse
import json
import os
import sys


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="ensgen", description="Ensemble learning for image generation, hands on."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="from nothing to an ensemble's images")
    run.add_argument("--dataset", default="digits", help="digits, fashion_mnist or mnist")
    run.add_argument("--output", default="output", metavar="DIR", help="where to write to")
    run.add_argument("--seed", type=int, default=0, metavar="N", help="of everything random")
    run.add_argument("--retrain", action="store_true", help="train anew, whatever is stored")
    run.add_argument("--json", action="store_true", help="print the report alone")
    commands.add_parser("doctor", help="what is there, what is missing, what to do")
    options = parser.parse_args(arguments)
    try:
        return {"run": run_quickstart, "doctor": run_doctor}[options.command](options)
    except (ValueError, TypeError, OSError) as error:
        if os.environ.get("ENSGEN_DEBUG"):
            raise
        print(f"ensgen: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped; nothing trained so far is lost, the same command goes on.", file=sys.stderr)
        return 130


def run_quickstart(options):
    if options.seed < 0:
        raise ValueError(f"--seed must be 0 or more, not {options.seed}.")
    from .quickstart import quickstart

    def report(line):
        print(line, file=sys.stderr if options.json else sys.stdout, flush=True)

    result = quickstart(options.dataset, options.output, options.seed, options.retrain, report)
    if options.json:
        print(json.dumps(result, indent=2))
    return 0


def run_doctor(options):
    from .devices import print_doctor
    from .store import store_folder

    return print_doctor(store_folder())


if __name__ == "__main__":
    sys.exit(main())
