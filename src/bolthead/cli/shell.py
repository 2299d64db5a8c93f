"""The ``shell`` command: Python's prompt, within the app's context."""

from __future__ import annotations

import os
import sys
import typing as t
from pathlib import Path

import click

from ..globals import current_app
from .group import with_appcontext


@click.command("shell", short_help="Run a shell in the app context.")
@with_appcontext
def shell_command() -> None:
    """Open Python's prompt with the app at hand.

    A context of the app is current, so that its database and configuration
    can be used at once. The app decides which names are there besides 'app'
    and 'g': see its shell_context_processor().
    """
    import code

    names: dict[str, t.Any] = {}
    _run_startup_file(names)
    names |= current_app.make_shell_context()
    _complete_from(names)
    code.interact(
        banner=(
            f"Python {sys.version} on {sys.platform}\n"
            f"App: {current_app.import_name}\n"
            f"Instance: {current_app.instance_path}"
        ),
        local=names,
    )


def _run_startup_file(names: dict[str, t.Any]) -> None:
    """Run the file that PYTHONSTARTUP names, as Python's own prompt does."""
    startup = os.environ.get("PYTHONSTARTUP")
    if startup and os.path.isfile(startup):
        source = compile(Path(startup).read_bytes(), startup, "exec")
        exec(source, names)  # noqa: S102  # the user's own file, as Python runs it


def _complete_from(names: dict[str, t.Any]) -> None:
    """Set up completion and history as the interactive interpreter would, with these names."""
    set_up = getattr(sys, "__interactivehook__", None)
    if set_up is None:
        return
    try:
        import readline
        from rlcompleter import Completer
    except ImportError:
        pass
    else:
        readline.set_completer(Completer(names).complete)
    set_up()
