"""Puts the parity tables to a server of each kind: ``python tests/run_servers.py [KIND...]``.

Two kinds at a time. A kind that is not installed is skipped aloud. What pytest printed of a kind
is in ``.cache/servers``. Exit status 0 if nothing failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import servers

ROOT = Path(__file__).parents[1]
LOGS = ROOT / ".cache" / "servers"
AT_A_TIME = 2
LIMIT = 900  # seconds for one kind


def main(names: Sequence[str]) -> int:
    unknown = set(names) - set(servers.KINDS)
    if unknown:
        sys.exit(f"No such kind: {', '.join(sorted(unknown))}. Take {', '.join(servers.KINDS)}.")
    LOGS.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        results = list(pool.map(run, names or servers.KINDS))
    return int(not all(results))


def run(name: str) -> bool:
    """Run the tables on one kind and tell how it went; True if nothing failed."""
    if why := servers.missing(name):
        tell(f"SKIPPED: {why}")
        return True
    log = LOGS / f"{name}.log"
    command = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "tests/parity"]
    with log.open("wb") as output:
        try:
            status = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, "PARITY_PROTOCOL": f"http:{name}"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=LIMIT,
            ).returncode
        except subprocess.TimeoutExpired:
            status = None
    lines = log.read_text("utf-8", "replace").splitlines()
    if status == 0:
        tell(f"{name}: {lines[-1]}")
        return True
    ending = "was not done in time" if status is None else "failed"
    tell("\n".join([f"{name} {ending}; see {log}", *lines[-40:]]))
    return False


def tell(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
