"""Apps written with types are accepted by mypy --strict, and their mistakes are found."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "tests" / "types").glob("*.py"))


def mypy(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """Run mypy with the project's settings."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_there_are_samples():
    """The samples are found."""
    assert {"answers", "hooks", "parts", "state"} <= {sample.stem for sample in SAMPLES}


def test_samples_are_accepted():
    """Every sample passes mypy --strict; an ignored mistake that is none is an error, too."""
    done = mypy("--strict", "--warn-unused-ignores", *SAMPLES)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_each_mistake_is_found(sample, tmp_path):
    """Without its comments, each line that ignores a mistake is reported with that code."""
    text = sample.read_text()
    mistake = re.compile(r"# type: ignore\[([\w-]+)\]")
    expected = {
        (number, match.group(1))
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := mistake.search(line))
    }
    bare = tmp_path / sample.name
    bare.write_text(mistake.sub("#", text))
    done = mypy("--strict", "--cache-dir", tmp_path / "cache", bare)
    reported = re.findall(r":(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert expected
    assert expected <= {(int(number), code) for number, code in reported}
