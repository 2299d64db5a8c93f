"""Run an app on Werkzeug's development server."""

from __future__ import annotations

import importlib.util
import logging
import os
import secrets
import typing as t
from urllib.parse import urlsplit

import click

from ..errors import MissingExtra
from ..helpers import _environment_flag, get_debug_flag, get_load_dotenv
from .banner import is_reloader_child, show_server_banner
from .dotenv import load_dotenv as load_dotenv_files

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ..app import Flask

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5000

NO_DEBUGGER = (
    "The debugger is off: it runs any code that it is given, and {host} can be reached from other"
    " machines. Listen on 127.0.0.1; or set BOLTHEAD_RUN_DEBUGGER_TOKEN=1, as for a container, to"
    " let one browser in by a token that is printed here."
)


def run(app: WSGIApplication, host: str, port: int, **options: t.Any) -> None:
    """Serve a WSGI app until it is interrupted; ``options`` are those of Werkzeug's run_simple.

    The debugger answers this machine only; with ``debugger_token=True`` also one browser from
    elsewhere, which has the token that is printed. For developing only: see https://werkzeug.palletsprojects.com/en/stable/serving/.
    """
    # Looked up when called: tools and tests replace the function in Werkzeug's module.
    from werkzeug import serving

    if options.get("ssl_context") == "adhoc" and importlib.util.find_spec("cryptography") is None:
        raise MissingExtra("adhoc", "pip install 'bolthead[adhoc]'")
    _mask_log(getattr(app, "config", {}))
    token = options.pop("debugger_token", None)
    if token is None:
        token = _environment_flag("RUN_DEBUGGER_TOKEN")
    if options.get("use_debugger"):
        # In place of Werkzeug's own, which answers more than this machine.
        options["use_debugger"] = False
        serves = is_reloader_child() or not options.get("use_reloader")
        app = _with_debugger(app, host, token=bool(token), serves=serves)
    serving.run_simple(host, port, app, **options)


def _with_debugger(
    app: WSGIApplication, host: str, *, token: bool, serves: bool
) -> WSGIApplication:
    """Put the debugger around an app where only this machine, or who has the token, sees it."""
    from .debugger import TOKEN, LocalDebugger, is_loopback

    if is_loopback(host):
        return LocalDebugger(app, listens_on_loopback=True)
    if not token:
        if serves:
            click.secho(f" * {NO_DEBUGGER.format(host=host)}", fg="yellow", err=True)
        return app
    made = secrets.token_urlsafe(24)
    if serves:
        click.echo(f" * Debugger: add this to an address, once: ?{TOKEN}={made}")
    return LocalDebugger(app, listens_on_loopback=False, token=made)


class _MaskingFilter(logging.Filter):
    """Takes secrets out of the lines of Werkzeug's server, such as those of its requests."""

    def __init__(self, config: t.Mapping[str, t.Any]) -> None:
        super().__init__()
        self._config = config

    def filter(self, record: logging.LogRecord) -> bool:
        from ..redaction import find_secrets, mask

        text = record.getMessage()
        masked = mask(text, find_secrets(self._config))
        if masked != text:
            record.msg, record.args = masked, None
        return True


def _mask_log(config: t.Mapping[str, t.Any]) -> None:
    logger = logging.getLogger("werkzeug")
    for old in [found for found in logger.filters if isinstance(found, _MaskingFilter)]:
        logger.removeFilter(old)
    logger.addFilter(_MaskingFilter(config))


def run_app(
    app: Flask,
    host: str | None = None,
    port: int | None = None,
    debug: bool | None = None,
    load_dotenv: bool = True,
    **options: t.Any,
) -> None:
    """Do what ``app.run()`` promises: serve the app, with reloader and debugger in debug mode.

    Host and port default to those of SERVER_NAME, else to 127.0.0.1:5000. Debug mode is
    ``debug``, else FLASK_DEBUG, else what the app has. Below a command such as ``bolthead run``
    the call is ignored, with a warning, as it would never return to the command.
    See https://flask.palletsprojects.com/en/stable/api/#flask.Flask.run.
    """
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        if not is_reloader_child():
            _warn_of_ignored_call()
        return

    if get_load_dotenv(load_dotenv):
        load_dotenv_files()
        if "FLASK_DEBUG" in os.environ or "BOLTHEAD_DEBUG" in os.environ:
            app.debug = get_debug_flag()
    if debug is not None:
        app.debug = bool(debug)

    named_host, named_port = _split_server_name(app.config.get("SERVER_NAME"))
    if not host:
        host = named_host or DEFAULT_HOST
    if port is None:
        port = DEFAULT_PORT if named_port is None else named_port

    options.setdefault("use_reloader", app.debug)
    options.setdefault("use_debugger", app.debug)
    options.setdefault("threaded", True)

    show_server_banner(app.debug, app.name)
    try:
        run(app, host, int(port), **options)
    finally:
        # Setup is open again after the server has stopped, say in an interactive shell.
        app._got_first_request = False


def _warn_of_ignored_call() -> None:
    click.secho(
        " * Ignoring a call to 'app.run()' that would block the current 'bolthead' CLI command.\n"
        "   Only call 'app.run()' in an 'if __name__ == \"__main__\"' guard.",
        fg="red",
    )


def _split_server_name(server_name: str | None) -> tuple[str | None, int | None]:
    """Return host and port of a SERVER_NAME such as "localhost:8000", None for what it lacks."""
    parts = urlsplit(f"//{server_name or ''}")
    return parts.hostname or None, parts.port
