"""The examples are clean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

# What only where it is deployed can say: its hosts, HTTPS, its user, its stores.
OF_THE_PLACE = {"B003", "B004", "B005", "B017", "B020"}


def apps():
    """Yield what ``--app`` takes for each example."""
    for folder in sorted(path for path in EXAMPLES.iterdir() if path.is_dir()):
        for name in ("wsgi.py", "app.py"):
            if (folder / name).is_file():
                yield folder / name
                break
        else:
            if (folder / "__init__.py").is_file():
                yield folder


def check(app, *args):
    names = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "BOLTHEAD_"))}
    command = [sys.executable, "-m", "bolthead", "--app", app, "check", "--json", *args]
    done = subprocess.run(
        command, cwd=EXAMPLES.parent, env=names, capture_output=True, text=True, timeout=120
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["findings"]


@pytest.mark.parametrize("app", list(apps()), ids=lambda app: app.relative_to(EXAMPLES).parts[0])
def test_example_is_clean(app):
    """An example has no findings; with --deploy only what depends on where it is deployed."""
    assert check(app) == (0, [])
    status, findings = check(app, "--deploy")
    assert status == 0
    assert {finding["id"] for finding in findings} <= OF_THE_PLACE
