"""Imports go down through the layers that pyproject.toml draws."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def contracts():
    """Return the import contracts of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_imports_keep_the_layers():
    """No module imports one above it, or beside it in another part, type-only imports included."""
    done = subprocess.run(
        [str(LINT_IMPORTS), "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_every_module_has_a_layer():
    """A new module must be given its place: the contract is exhaustive."""
    assert any(contract.get("exhaustive") for contract in contracts())


def test_few_imports_are_excepted():
    """At most five imports go up, as the design says."""
    assert sum(len(contract.get("ignore_imports", ())) for contract in contracts()) <= 5
