"""The guard of speed that needs no clock: how many calls a request of each workload makes.

The workloads are those of ``benchmarks/workloads.py``. The numbers are in ``call_counts.json``, by
Python version; a change may lower them. After one that did, or that has a good reason to raise
them, record them anew, with each Python that you have:

    python tests/test_call_counts.py --record
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORDED = Path(__file__).with_name("call_counts.json")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# Whose code is counted along with ours.
COUNTED_WITH = ["werkzeug", "jinja2", "markupsafe", "itsdangerous", "blinker"]


def count():
    """Count the calls of each workload, in this process: see ``count_apart``."""
    import gc
    import importlib.metadata

    sys.path.insert(0, str(ROOT / "benchmarks"))
    from calling import Client
    from workloads import WORKLOADS

    import bolthead

    # A collection calls finalizers, at a moment that nobody chooses.
    gc.disable()
    calls = {}
    for workload in WORKLOADS:
        client = Client(workload.build(bolthead), workload)
        client.send(20)
        # What is done once in a while (a new second, a full cache) is not what a request costs.
        calls[workload.name] = min(calls_of(client) for _ in range(10))
    versions = {name: importlib.metadata.version(name) for name in COUNTED_WITH}
    return {"counted_with": versions, "calls": calls}


def calls_of(client):
    """Return how many Python and C functions one request calls."""
    counted = {"call": 0, "c_call": 0}

    def note(frame, event, argument):
        if event in counted:
            counted[event] += 1

    sys.setprofile(note)
    try:
        client.send(1)
    finally:
        sys.setprofile(None)
    # One is that of setprofile itself.
    return [counted["call"], counted["c_call"] - 1]


def count_apart():
    """Count in a process of its own, where no test and no plugin has changed anything."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-W", "error", __file__, "--count"],
        env=environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def recorded():
    """Return what was recorded, by Python version."""
    return json.loads(RECORDED.read_text("utf-8"))


@pytest.fixture(scope="module")
def counted():
    """What this Python and this source count."""
    return count_apart()


@pytest.mark.skipif(PYTHON not in recorded(), reason=f"no calls are recorded for Python {PYTHON}")
@pytest.mark.parametrize("workload", recorded().get(PYTHON, {}).get("calls", {}))
def test_calls_do_not_rise(counted, workload):
    """A request of each workload calls no more Python functions, nor C ones, than recorded."""
    known = recorded()[PYTHON]
    python_calls, c_calls = counted["calls"][workload]
    most_python, most_c = known["calls"][workload]
    hint = (
        f"{workload}: {python_calls} Python and {c_calls} C calls, recorded {most_python} and"
        f" {most_c}. Recorded with {known['counted_with']}, counted with"
        f" {counted['counted_with']}. If the rise has a good reason, run:"
        " python tests/test_call_counts.py --record"
    )
    assert python_calls <= most_python, hint
    assert c_calls <= most_c, hint


@pytest.mark.skipif(PYTHON not in recorded(), reason=f"no calls are recorded for Python {PYTHON}")
def test_every_workload_is_recorded(counted):
    """The table has each workload, and no other."""
    assert set(recorded()[PYTHON]["calls"]) == set(counted["calls"])


def record():
    """Write what this Python counts into the table; leave that of the others."""
    table = recorded() if RECORDED.exists() else {}
    table[PYTHON] = count_apart()
    text = json.dumps(dict(sorted(table.items())), indent=2)
    # A pair of numbers stays on its line.
    for name, pair in table[PYTHON]["calls"].items():
        print(f"{name:<12} {pair[0]:>5} Python  {pair[1]:>5} C")
    RECORDED.write_text(_pairs_on_a_line(text) + "\n", "utf-8")


def _pairs_on_a_line(text):
    import re

    return re.sub(r"\[\s+(\d+),\s+(\d+)\s+\]", r"[\1, \2]", text)


if __name__ == "__main__":
    if sys.argv[1:] == ["--count"]:
        print(json.dumps(count()))
    elif sys.argv[1:] == ["--record"]:
        record()
    else:
        sys.exit(__doc__)
