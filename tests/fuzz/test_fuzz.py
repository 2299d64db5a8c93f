"""The fuzzer and the search for leaks work, and find what they are for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile.doors import Ask, Reply
from hostile.everything import SECRET_KEY

from fuzz.__main__ import Tally
from fuzz.mutate import variation

HERE = Path(__file__).resolve().parent


def run(*arguments):
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        env=environ,
        timeout=300,
        check=False,
    )


def test_some_variations_find_nothing():
    """A few hundred variations of a fixed seed are answered as they should be."""
    done = run(HERE, "--requests", 400, "--seconds", 120, "--seed", 1)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "400 requests" in done.stdout


def test_leaks_are_looked_for():
    """A short run of the search for leaks tells its figures; no context is left."""
    done = run(HERE / "leaks.py", "--requests", 3000)
    assert "requests" in done.stdout, done.stderr[-3000:]
    grown = done.stdout.splitlines()[-1]
    assert grown.startswith("grown:"), done.stdout + done.stderr[-2000:]
    # Worker threads and caches are still on their way up.
    assert "contexts" not in grown, done.stdout
    assert len(done.stdout.splitlines()) == 12


def test_variations_depend_on_the_seed_alone():
    """The same seed makes the same request, so that a finding can be seen again."""
    asks = [variation(5, number) for number in range(80)]
    assert asks == [variation(5, number) for number in reversed(range(80))][::-1]
    assert len(set(map(str, asks))) > 75


@pytest.mark.parametrize(
    ("reply", "spent", "kind"),
    [
        (Reply(status=500), 0, "5xx"),
        (Reply(escaped=ValueError("x")), 0, "escaped"),
        (Reply(status=200, broke=ValueError("x")), 0, "broken"),
        (Reply(status=200), 0.6, "slow"),
        (Reply(status=200, body=SECRET_KEY.encode()), 0, "leaked secrets"),
        (Reply(status=200, headers=[("X", SECRET_KEY)]), 0, "leaked secrets"),
    ],
)
def test_what_is_wrong_is_counted(reply, spent, kind, capsys):
    """Each kind of finding is counted and shown."""
    tally = Tally()
    tally.judge(1, Ask(), reply, spent)
    assert tally.found == {kind: 1}
    assert f"FOUND {kind}" in capsys.readouterr().out


def test_right_answers_are_no_findings():
    """An answer below 500, in time and without secrets, is none."""
    tally = Tally()
    tally.judge(1, Ask(), Reply(status=404), 0.1)
    assert not tally.found
