"""Run the fault scripts one after the other, short, or as long as the figures are stated for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

# Each script, and its options where it runs long.
SCRIPTS = {
    "reload": ["--seconds", "30"],
    "drain": ["--seconds", "10"],
    "kill": ["--seconds", "15"],
    "idle_connections": ["--connections", "10000", "--seconds", "20"],
    "idle_websockets": ["--sockets", "10000", "--seconds", "20"],
    "drip": ["--cut-after", "10"],
    "overload": ["--seconds", "60"],
    "endurance": ["--requests", "1000000", "--warm", "100000"],
    "disconnect": ["--clients", "2000"],
}


def main() -> int:
    """Return how many scripts have failed."""
    is_long = "--long" in sys.argv
    engines = [name for name in ("granian", "uvicorn") if f"--{name}" in sys.argv]
    failures = 0
    for name, long in SCRIPTS.items():
        command = [sys.executable, str(HERE / f"{name}.py"), *(long if is_long else [])]
        for engine in engines:
            command += ["--engine", engine]
        failures += subprocess.call(command) != 0  # noqa: S603  # our own scripts
    return failures


if __name__ == "__main__":
    sys.exit(main())
