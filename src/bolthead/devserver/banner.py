"""What is printed before the development server starts."""

from __future__ import annotations

import os

import click


def show_server_banner(debug: bool | None, app_import_path: str | None) -> None:
    """Print which app is served and whether debug mode is on; None leaves the line out.

    The reloader's child prints nothing, as its parent already did.
    """
    if is_reloader_child():
        return
    if app_import_path is not None:
        click.echo(f" * Serving Bolthead app '{app_import_path}'")
    if debug is not None:
        click.echo(f" * Debug mode: {'on' if debug else 'off'}")


def is_reloader_child() -> bool:
    """Tell whether this process was started by Werkzeug's reloader."""
    return os.environ.get("WERKZEUG_RUN_MAIN") == "true"
