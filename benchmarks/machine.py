"""What a benchmark ran on, and where its results go."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

from ensgen_tutorial.machine.devices import count_cores, device_report
from ensgen_tutorial.machine.doctor import find_memory


def machine():
    """Versions and size of this machine, without anything that names it."""
    return {"report": device_report(), "numpy": version("numpy"), "system": platform.system(),
            "processor": platform.machine(), "cores": count_cores(),
            "memory_gb": round((find_memory() or 0) / 1e9, 1)}


def write(name, results):
    """Print the results and keep them beside the benchmark as JSON."""
    text = json.dumps(results, indent=2)
    Path(__file__).with_name(f"{name}.json").write_text(text + "\n")
    print(text)
