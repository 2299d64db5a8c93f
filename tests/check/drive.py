"""Check many apps by the command in one process: ``python drive.py jobs.json`` prints the results.

One process is enough, as long as an app's modules and variables are forgotten before the next.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path

from click.testing import CliRunner

import bolthead

bolthead.install_as_flask()

from bolthead.cli import cli  # noqa: E402  # after Bolthead is in Flask's place

warnings.simplefilter("ignore")


def check(job: dict) -> dict:
    """Run ``bolthead check`` for one app; return its status and what it prints."""
    folder = Path(job["folder"]).resolve()
    modules, path, environ = set(sys.modules), list(sys.path), dict(os.environ)
    os.chdir(folder)
    os.environ.update(job["environ"])
    try:
        done = CliRunner().invoke(cli, ["--app", job["load"], "check", *job["args"]])
    finally:
        os.environ.clear()
        os.environ.update(environ)
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", "") or "").startswith(
                f"{folder}{os.sep}"
            ):
                del sys.modules[name]
    return {
        "status": done.exit_code,
        "stdout": done.stdout,
        "stderr": f"{done.stderr}{done.exception}",
    }


if __name__ == "__main__":
    jobs = json.loads(Path(sys.argv[1]).read_text())
    print(json.dumps([check(job) for job in jobs]))
