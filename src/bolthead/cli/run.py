"""The ``run`` command: serve the app while developing it."""

from __future__ import annotations

import errno
import os
import traceback
import typing as t

import click

from ..helpers import get_debug_flag
from .env import debug_option
from .group import ScriptInfo, pass_script_info
from .secret_key import refuse_weak_key
from .tracebacks import keep_own_frames

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class CertParamType(click.ParamType):  # type: ignore[type-arg]  # generic since Click 8.5
    """What ``--cert`` takes: a file, "adhoc", or the import path of an SSLContext."""

    name = "path"

    def __init__(self) -> None:
        self.path_type = click.Path(exists=True, dir_okay=False, resolve_path=True)

    def convert(
        self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> t.Any:
        """Return the file's full path, the word "adhoc" or the SSLContext."""
        try:
            import ssl
        except ImportError:
            self.fail('Using "--cert" requires Python to be compiled with SSL support.', param, ctx)
        try:
            return self.path_type(value, param, ctx)
        except click.BadParameter as error:
            no_such_file = error

        if value == "adhoc":
            try:
                import cryptography  # noqa: F401  # Werkzeug makes the certificate with it
            except ImportError:
                self.fail(
                    "Using ad-hoc certificates requires the cryptography library."
                    " Run: pip install 'bolthead[adhoc]'",
                    param,
                    ctx,
                )
            return value

        found = _import_or_none(str(value))
        if isinstance(found, ssl.SSLContext):
            return found
        raise no_such_file


def _import_or_none(path: str) -> t.Any:
    from werkzeug.utils import import_string

    try:
        return import_string(path, silent=True)
    except ValueError:
        # A path such as "./cert.pem" is no import path.
        return None


def _pair_with_cert(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Make ``cert`` a pair of files, after checking that it needs a key exactly if there is one."""
    cert = ctx.params.get("cert")
    needs_key = isinstance(cert, str) and cert != "adhoc"
    if needs_key and value is None:
        raise click.BadParameter('Required when using "--cert".', ctx, param)
    if needs_key:
        ctx.params["cert"] = (cert, value)
    elif value is not None:
        problem = '"--cert" must also be specified.'
        if cert is not None:
            kind = '"adhoc"' if cert == "adhoc" else "an SSLContext object"
            problem = f'When "--cert" is {kind}, "--key" is not used.'
        raise click.BadParameter(problem, ctx, param)
    return value


class SeparatedPathType(click.Path):
    """Several paths in one option, separated as in PATH; gives a list."""

    def convert(
        self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> t.Any:
        """Check each of the paths as click.Path does."""
        convert_one = super().convert
        return [convert_one(path, param, ctx) for path in self.split_envvar_value(value)]


@click.command(
    "run",
    short_help="Run a development server.",
    params=[debug_option()],
)
@click.option(
    "--host",
    "-h",
    default="127.0.0.1",
    help="The address to listen on; 0.0.0.0 is all of this machine's.",
)
@click.option(
    "--port",
    "-p",
    default=5000,
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0 takes a free one.",
)
@click.option(
    "--cert",
    type=CertParamType(),
    # Before --key, whichever is given first.
    is_eager=True,
    help="Use HTTPS with this certificate: a file, an import path, or 'adhoc' to make one.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=_pair_with_cert,
    expose_value=False,
    help="The file with the certificate's key.",
)
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Start again when a file changes, or do not. The default follows debug mode.",
)
@click.option(
    "--debugger/--no-debugger",
    default=None,
    help="Show errors in the browser, or do not. The default follows debug mode.",
)
@click.option(
    "--debugger-token",
    is_flag=True,
    help="In a container: let one browser into the debugger by a token that is printed.",
)
@click.option(
    "--with-threads/--without-threads",
    default=True,
    help="Answer several requests at a time, or one after the other.",
)
@click.option(
    "--extra-files",
    type=SeparatedPathType(),
    help=(
        "More files which make the server start again when they change, with"
        f" {os.pathsep!r} between them."
    ),
)
@click.option(
    "--exclude-patterns",
    type=SeparatedPathType(),
    help=(
        "Files which do not make the server start again: fnmatch patterns, with"
        f" {os.pathsep!r} between them."
    ),
)
@pass_script_info
def run_command(
    info: ScriptInfo,
    host: str,
    port: int,
    reload: bool | None,
    debugger: bool | None,
    debugger_token: bool,
    with_threads: bool,
    cert: t.Any,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
) -> None:
    """Serve the app on this machine, to develop it.

    With '--debug' the server starts again when a file changes, and shows
    errors in the browser, with a console in them. It is not made for
    production: it is slow there, and its debugger is a way in. The debugger
    answers this machine only, so that it and a '--host' that others can reach
    do not go together.
    """
    from .. import devserver

    use_debugger = get_debug_flag() if debugger is None else debugger
    if use_debugger and not debugger_token:
        _refuse_debugger_for_others(host)
    app = _load_or_stand_in(info)
    refuse_weak_key(app)
    _refuse_invalid_settings(app)
    _refuse_address_and_files(host, port, cert)
    debug = get_debug_flag()
    devserver.show_server_banner(debug, info.app_import_path)
    devserver.run(
        app,
        host,
        port,
        use_reloader=debug if reload is None else reload,
        use_debugger=use_debugger,
        debugger_token=debugger_token,
        threaded=with_threads,
        ssl_context=cert,
        extra_files=extra_files,
        exclude_patterns=exclude_patterns,
    )


def _refuse_invalid_settings(app: t.Any) -> None:
    """Leave the command where an app has a setting with which it could answer no request."""
    from ..devserver.banner import is_reloader_child
    from ..plan.settings import find_invalid

    if is_reloader_child():
        return  # a mistake made while the server runs is shown, and served away once it is mended
    for _, invalid in find_invalid(getattr(app, "config", {})):
        raise click.ClickException(invalid)


def _refuse_address_and_files(host: str, port: int, cert: t.Any) -> None:
    """Leave the command where it could not listen, with more than the system says of it."""
    from ..devserver.banner import is_reloader_child
    from ..serve.supervisor import CannotListen, check_address
    from ..serve.tls import find_fault

    if is_reloader_child():
        return  # it takes the socket of the process that has started it
    fault = find_fault(*cert) if isinstance(cert, tuple) else None
    if fault is not None:
        raise click.UsageError(f"'--cert' and '--key': {fault}")
    if host.startswith("unix://"):
        return
    try:
        check_address(host, port)
    except CannotListen as error:
        # Of a port that is taken Werkzeug tells, as in Flask: on macOS it knows by whom.
        if getattr(error.__cause__, "errno", None) != errno.EADDRINUSE:
            raise click.ClickException(str(error)) from None


def _refuse_debugger_for_others(host: str) -> None:
    from ..devserver.debugger import is_loopback

    if not is_loopback(host):
        raise click.UsageError(
            f"The debugger runs any code that it is given, and '--host {host}' lets other machines"
            " reach it. Leave '--host' out; or, in a container, add '--debugger-token', which"
            " lets one browser in by a token that is printed; or add '--no-debugger'."
        )


def _load_or_stand_in(info: ScriptInfo) -> WSGIApplication:
    """Load the app; in the reloader's child, put one which shows the error in a broken one's place.

    So a mistake made while the server runs is shown, and served away once it is mended.
    """
    from ..devserver.banner import is_reloader_child
    from ..devserver.failed_app import failed_app

    try:
        return info.load_app()
    except Exception as error:
        if not is_reloader_child():
            # The traceback of this function adds nothing for the app's developer.
            raise error from None
        keep_own_frames(error)
        traceback.print_exception(error)
        return failed_app(error)
