"""The ``secret-key`` command, and the refusal of apps whose key is weak."""

from __future__ import annotations

import secrets
import typing as t

import click

from ..keys import find_weak_key


@click.command("secret-key", short_help="Print a new secret key.")
def secret_key_command() -> None:
    """Print a new secret key: 32 random bytes in hexadecimal.

    Set SECRET_KEY to it, by the environment or a file that is not in the
    repository. To change a key, put the old one into SECRET_KEY_FALLBACKS.
    """
    click.echo(secrets.token_hex(32))


def _is_ours() -> bool:
    outermost = click.get_current_context().find_root()
    called = (outermost.info_name or "").removesuffix(".exe")
    return outermost.command.name == "bolthead" and not called.endswith("flask")


def refuse_weak_key(app: t.Any) -> None:
    """Leave ``bolthead run`` where it would serve with a weak key, but to develop or to test.

    ``flask run`` and a program's own commands go on serving what they served before; the app warns.
    """
    config = getattr(app, "config", None)
    if config is None or app.debug or app.testing or not _is_ours():
        return
    weak = find_weak_key(config)
    if weak is not None:
        raise click.ClickException(f"{weak} To develop, use '--debug'.")
