"""Makes and keeps a virtual environment for each program; in it Flask's name is Bolthead's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache" / "programs" / f"py{sys.version_info.major}.{sys.version_info.minor}"
APPS = Path(__file__).with_name("apps")
PIP_TIMEOUT = 900

# Settings of the caller's shell that would change what a program sees.
FOREIGN = ("PYTHON", "PYTEST_", "FLASK_", "BOLTHEAD_", "VIRTUAL_ENV", "SENTRY_", "OTEL_", "AWS_")


@dataclass(frozen=True)
class Environment:
    """A program's virtual environment."""

    folder: Path

    def command(self, name: str) -> str:
        """The path of one of its commands."""
        return str(self.folder / "venv" / "bin" / name)

    def environ(self, *, on_flask: bool = False) -> dict[str, str]:
        """The variables to run it with: on Bolthead, or on the Flask that is beside it."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
        path = f"{self.folder / 'venv' / 'bin'}{os.pathsep}{kept.get('PATH', os.defpath)}"
        return kept | {"PATH": path, "BOLTHEAD_ADOPT": "0" if on_flask else "1"}

    def run(
        self, *arguments: str | Path, on_flask: bool = False, timeout: float = 120, cwd: Path = APPS
    ) -> str:
        """Run Python here; return what it printed."""
        done = subprocess.run(
            [self.command("python"), *arguments],
            cwd=cwd,
            env=self.environ(on_flask=on_flask),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout


def environment(name: str, *requirements: str) -> Environment:
    """The environment of that name with these packages; made anew where they changed."""
    made = Environment(CACHE / name)
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    recipe = json.dumps(
        [sys.version, requirements, project["dependencies"], project["optional-dependencies"]]
    )
    stamp = made.folder / "made.stamp"
    if stamp.exists() and stamp.read_text("utf-8") == recipe:
        return made
    made.folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    venv = made.folder / "venv"
    must(made, sys.executable, "-m", "venv", "--clear", str(venv))
    pip = (made.command("python"), "-m", "pip", "install", "--disable-pip-version-check")
    must(made, *pip, *requirements, "--editable", f"{CHECKOUT}[serve]")
    must(made, made.command("python"), "-m", "bolthead", "adopt")
    stamp.write_text(recipe, "utf-8")
    return made


def sources(made: Environment, requirement: str) -> Path:
    """The unpacked source distribution of a release."""
    folder = made.folder / "sources"
    if not folder.exists():
        pip = (made.command("python"), "-m", "pip", "download", "--no-deps")
        name = requirement.partition("==")[0]
        must(made, *pip, "--no-binary", name, "--dest", str(made.folder), requirement)
        (archive,) = made.folder.glob("*.tar.gz")
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    return root


def must(made: Environment, *command: str) -> None:
    """Run a command; its output is the error's where it fails."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=PIP_TIMEOUT,
        env=made.environ(on_flask=True),
        check=False,
    )
    if done.returncode:
        words = " ".join(command)
        raise RuntimeError(f"{words} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
