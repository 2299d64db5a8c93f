"""Environment variables from .env and .flaskenv files, read when python-dotenv is installed."""

from __future__ import annotations

import os
from pathlib import Path

import click

# The later a file, the more it counts.
DEFAULT_FILES = (".flaskenv", ".env")


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Add the variables of dotenv files to the environment, and tell whether there were any.

    What the environment already holds stays. Otherwise ``path`` counts before ``.env``, and that
    before ``.flaskenv``; the latter two are looked for from the working directory upwards, and
    only with ``load_defaults``. Without python-dotenv a tip is printed and nothing is read.
    See https://flask.palletsprojects.com/en/stable/cli/#environment-variables-from-dotenv.
    """
    try:
        import dotenv
    except ImportError:
        if path is not None or any(Path(name).is_file() for name in DEFAULT_FILES):
            click.secho(
                " * Tip: There are .env files present. Install python-dotenv to use them."
                " Run: pip install 'bolthead[dotenv]'",
                fg="yellow",
                err=True,
            )
        return False

    files: list[str | os.PathLike[str]] = []
    if load_defaults:
        files += [dotenv.find_dotenv(name, usecwd=True) for name in DEFAULT_FILES]
    if path is not None:
        files.append(path)

    variables: dict[str, str | None] = {}
    for file in files:
        if os.path.isfile(file):
            variables |= dotenv.dotenv_values(file, encoding="utf-8")

    for name, value in variables.items():
        if value is not None:
            os.environ.setdefault(name, value)
    return bool(variables)
