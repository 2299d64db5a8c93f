"""The benchmarks' own virtual environment, with the peers in it: ``.cache/bench``."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
ENVIRONMENT = CHECKOUT / ".cache" / "bench"
STAMP = ENVIRONMENT / ".made-of"


def enter() -> None:
    """Run this program again with the environment's Python, if it is run by another one."""
    python = ENVIRONMENT / "bin" / "python"
    if Path(sys.prefix).resolve() == ENVIRONMENT.resolve():
        return
    if not STAMP.is_file() or STAMP.read_text("utf-8") != _made_of():
        _make(python)
    # Settings of the caller's Python are not the environment's.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    os.execve(python, [str(python), *sys.argv], kept)  # noqa: S606  # our own arguments


def _made_of() -> str:
    """Return what the environment depends on: Python, the peers, Bolthead's own requirements."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    depends = [project["version"], *project["dependencies"], REQUIREMENTS.read_text("utf-8")]
    return "\n".join([sys.version, *depends])


def _make(python: Path) -> None:
    print(f"Making {ENVIRONMENT} with the peers; this happens once.", flush=True)
    venv.create(ENVIRONMENT, with_pip=True, clear=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.check_call(  # noqa: S603  # our own requirements
        [*command, "--requirement", REQUIREMENTS, "--editable", CHECKOUT]
    )
    STAMP.write_text(_made_of(), "utf-8")
