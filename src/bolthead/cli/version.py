"""The ``--version`` option: what to name in a report of an error."""

from __future__ import annotations

import typing as t

import click

# The release of Flask that Bolthead answers as, told where Flask itself is not installed.
FLASK_VERSION = "3.1.3"


def get_version(ctx: click.Context, param: click.Parameter, value: t.Any) -> None:
    """Print the versions of Python, Bolthead and Werkzeug, then leave the command."""
    if not value or ctx.resilient_parsing:
        return
    import platform

    click.echo(
        f"Python {platform.python_version()}\n"
        f"Bolthead {_version_of('bolthead', default='(not installed)')}"
        f" (as Flask {_version_of('flask', default=FLASK_VERSION)})\n"
        f"Werkzeug {_version_of('werkzeug', default='(not installed)')}",
        color=ctx.color,
    )
    ctx.exit()


def _version_of(distribution: str, *, default: str) -> str:
    import importlib.metadata

    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return default


version_option = click.Option(
    ["--version"],
    help="Show the Bolthead version.",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=get_version,
)
