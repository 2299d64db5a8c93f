"""The ``serve`` command: serve the app in production."""

from __future__ import annotations

import os
import socket
import sys
import traceback
import typing as t

import click

from .find_app import NoAppException
from .group import ScriptInfo, pass_script_info
from .tracebacks import keep_own_frames

F = t.TypeVar("F", bound=t.Callable[..., t.Any])


def _option(*names: str, **attributes: t.Any) -> t.Callable[[F], F]:
    """Return a Click option that can also be set as ``BOLTHEAD_SERVE_<NAME>``."""
    long = next(name for name in names if name.startswith("--")).partition("/")[0]
    variable = f"BOLTHEAD_SERVE_{long.removeprefix('--').upper().replace('-', '_')}"
    attributes.setdefault("show_default", True)
    return click.option(*names, envvar=variable, show_envvar=True, **attributes)


def _limit(name: str, first: int, what: str, most: int | None = None) -> t.Callable[[F], F]:
    """Return an option of a limit; the server's modules and workers read it as a variable."""
    variable = f"BOLTHEAD_SERVE_{name.removeprefix('--').upper().replace('-', '_')}"

    def pass_on(ctx: click.Context, option: click.Parameter, value: int) -> None:
        os.environ[variable] = str(value)

    return _option(
        name,
        default=first,
        type=click.IntRange(1, most),
        callback=pass_on,
        expose_value=False,
        help=f"The most {what}",
    )


_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True)


@click.command("serve", short_help="Serve the app in production.")
@_option("--host", "-h", default="127.0.0.1", help="The address to listen on.")
@_option(
    "--port",
    "-p",
    default=8000,
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0 takes a free one.",
)
@_option("--uds", type=click.Path(), help="Listen at this Unix socket instead.")
@_option("--workers", default=1, type=click.IntRange(1), help="How many processes serve.")
@_option(
    "--threads",
    type=click.IntRange(1),
    help="How many plain functions run at a time in each worker: WORKER_THREADS, or 40.",
)
@_option(
    "--concurrency",
    default=1000,
    type=click.IntRange(1),
    help="How many requests may run in each worker; those beyond get 503.",
)
@_option(
    "--engine",
    default="auto",
    type=click.Choice(["auto", "granian", "uvicorn"]),
    help="What speaks HTTP. 'auto' is Granian, and uvicorn for apps with WebSockets.",
)
@_option(
    "--interface",
    default="auto",
    type=click.Choice(["auto", "rsgi", "asgi", "wsgi"]),
    help="How the engine calls the app. 'auto' is what measured best.",
)
@_option("--tls-cert", type=_FILE, help="The certificate, with its chain (PEM).")
@_option("--tls-key", type=_FILE, help="The certificate's key (PEM, no password).")
@_option("--http2/--no-http2", default=False, help="Speak HTTP/2, too.")
@_option("--log-format", default="text", type=click.Choice(["text", "json"]), help="Of all logs.")
@_option("--access-log/--no-access-log", default=True, help="Write a line for each request.")
@_option(
    "--trust-proxy",
    multiple=True,
    metavar="CIDR",
    help=(
        "A network whose X-Forwarded-* and X-Request-ID headers count, or 'unix'."
        " Several times for several; with spaces between them in the variable."
    ),
)
@_option(
    "--health-path",
    help=(
        "The path that tells whether the worker serves: 200, or 503 while it drains. Without it,"
        " /healthz if the app has no such route; '' for none."
    ),
)
@_option(
    "--static-offload/--no-static-offload",
    default=False,
    help="Let Granian send static files by itself, without the app's hooks and the log.",
)
@_option(
    "--max-requests",
    type=click.IntRange(1),
    help="Replace a worker after so many requests (up to a tenth more).",
)
@_option(
    "--timeout-graceful",
    default=30.0,
    type=click.FloatRange(0),
    help="For how many seconds requests may finish when a worker stops.",
)
@_option(
    "--drain-delay",
    default=0.0,
    type=click.FloatRange(0),
    help="For how many seconds a worker that stops goes on, with 503 at the health path.",
)
@_option(
    "--timeout-headers",
    default=10.0,
    type=click.FloatRange(0.1, 60),
    help="Within how many seconds the headers of a request must be there.",
)
@_option(
    "--timeout-body",
    default=10.0,
    type=click.FloatRange(0.1),
    help="After how many seconds a body that comes slower than 500 bytes a second is cut.",
)
@_limit("--max-target", 8 * 1024, "bytes of path and query: 414 above it.")
@_limit("--max-header", 16 * 1024, "bytes of one header: 431 above it.")
@_limit("--max-headers", 64 * 1024, "bytes of all headers together: 431 above it.")
@_limit("--max-header-count", 100, "headers: 431 above it. Granian takes no more than 100.", 100)
@_option(
    "--timeout-queue",
    default=0.5,
    type=click.FloatRange(0),
    help="For how many seconds a request may wait for a thread or the loop; beyond it gets 503.",
)
@_option("--reload/--no-reload", default=False, help="Reload when a file of the app changes.")
@_option("--pid-file", type=click.Path(dir_okay=False), help="Where to write the process id.")
@pass_script_info
def serve_command(info: ScriptInfo, /, **options: t.Any) -> None:
    """Serve the app in production, with workers that are replaced when they fail.

    SIGTERM drains and ends it, SIGHUP reloads it without losing a request.
    Debug mode is refused, and so is an app that uses sessions without a secret
    key.
    """
    from ..serve import supervisor
    from ..serve.settings import Settings

    options["trust_proxy"] = tuple(options["trust_proxy"])
    settings = Settings(**options)
    _check(settings)
    place = os.environ.pop(supervisor.WORKER, None)
    if place is not None:
        _work(info, settings, place)

    from ..serve.logs import server_logger

    server_logger(settings.log_format)
    try:
        listener = supervisor.listen(settings)
        code = supervisor.Supervisor(settings, listener).run()
    except (supervisor.CannotListen, supervisor.CannotWrite) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(code)


def _check(settings: t.Any) -> None:
    """Refuse options that do not go together."""
    from ..serve.proxies import Proxies

    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise click.UsageError("'--tls-cert' and '--tls-key' come together.")
    if settings.health_path and not settings.health_path.startswith("/"):
        raise click.BadParameter(
            f"{settings.health_path!r} does not begin with a slash.", param_hint="--health-path"
        )
    try:
        Proxies(settings.trust_proxy)
    except ValueError as error:
        raise click.BadParameter(
            f"{error}. It takes a network such as 10.0.0.0/8, or 'unix'.",
            param_hint="--trust-proxy",
        ) from error


def _work(info: ScriptInfo, settings: t.Any, place: str) -> t.NoReturn:
    """Be a worker of the supervisor that has started this process."""
    from ..serve import worker
    from ..serve.report import Reporter

    def load() -> t.Any:
        try:
            return info.load_app()
        except NoAppException as error:
            raise worker.Refused(error.format_message().strip()) from None
        except Exception as error:
            keep_own_frames(error)
            raise worker.NotLoaded(str(error)) from error

    listener, line = (socket.socket(fileno=int(number)) for number in place.split(","))
    for inherited in (listener, line):
        inherited.set_inheritable(False)
    code = 1
    try:
        code = worker.main(load, settings, listener, Reporter(line))
    except BaseException:
        traceback.print_exc()
    finally:
        worker.end(code)
