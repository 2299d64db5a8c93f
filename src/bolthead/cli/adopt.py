"""The ``adopt`` command: make ``import flask`` give Bolthead in a whole virtual environment."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from importlib import resources
from pathlib import Path

import click

PTH_NAME = "bolthead-adopt.pth"
MODULE_NAME = "_bolthead_adopt"


@click.command("adopt", short_help="Let Bolthead answer to 'import flask' here.")
@click.option("--undo", is_flag=True, help="Take it back: 'import flask' gives Flask again.")
@click.option("--force", is_flag=True, help="Also outside of a virtual environment.")
@click.option("--legacy", is_flag=True, help="With the names that Flask and Werkzeug removed.")
def adopt_command(undo: bool, force: bool, legacy: bool) -> None:
    """Let 'import flask' give Bolthead in this virtual environment.

    Every program of the environment follows: pytest, gunicorn, 'python
    app.py'. Two small files are written into site-packages. They cost
    nothing until Flask is imported, and nothing happens if Bolthead is
    uninstalled. With BOLTHEAD_ADOPT=0 in the environment a program gets
    Flask nevertheless.

    With --legacy, names that Flask and Werkzeug have removed work again;
    the first use of each warns. Without it, a second 'adopt' ends this.
    """
    if sys.prefix == sys.base_prefix and not force:
        raise click.ClickException(
            "This Python is not in a virtual environment, so all programs that use it would"
            f" be changed: {sys.prefix}. Activate a virtual environment and run the command"
            " there, or pass --force."
        )
    folder = Path(sysconfig.get_path("purelib"))
    try:
        told = _undo(folder) if undo else _adopt(folder, legacy=legacy)
    except OSError as error:
        raise click.ClickException(f"The files in {folder} could not be changed: {error}") from None
    click.echo(told)


def _files(folder: Path, *, legacy: bool = False) -> dict[Path, str]:
    """Return what is written where: the finder first, then the line which imports it."""
    finder = resources.files("bolthead.compat").joinpath("adopted.py").read_text(encoding="utf-8")
    return {
        folder / f"{MODULE_NAME}.py": finder.replace("LEGACY = False", f"LEGACY = {legacy}", 1),
        folder / PTH_NAME: f"import {MODULE_NAME}\n",
    }


def _adopt(folder: Path, *, legacy: bool) -> str:
    files = _files(folder, legacy=legacy)
    if all(
        path.is_file() and path.read_text(encoding="utf-8") == text for path, text in files.items()
    ):
        return f"Nothing to do: 'import flask' already gives Bolthead in {sys.prefix}."
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    names = ", with the names that were removed" if legacy else ""
    return (
        f"From now on 'import flask' gives Bolthead in {sys.prefix}{names}.\n"
        "To take it back: bolthead adopt --undo"
    )


def _undo(folder: Path) -> str:
    # The line before the module it imports, so that no start of Python finds half of them.
    written = [path for path in reversed(_files(folder)) if path.is_file()]
    if not written:
        return f"Nothing to do: 'import flask' is not changed in {sys.prefix}."
    for path in written:
        path.unlink()
    cached = Path(importlib.util.cache_from_source(str(folder / f"{MODULE_NAME}.py")))
    cached.unlink(missing_ok=True)
    return f"From now on 'import flask' gives Flask again in {sys.prefix}, where it is installed."
