"""Starts an app on a real server of each kind, on a free loopback port, and stops it again."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
START = 60  # seconds until a server must listen; several may start at a time


@dataclass(frozen=True)
class Kind:
    """A server and the way it works; ``line`` takes ``app``, ``module``, ``name``, ``port``."""

    line: str
    module: str
    install: str
    asgi: bool = False
    refuses_root: bool = False
    program: str | None = None


def gunicorn(options: str, install: str = "gunicorn") -> Kind:
    module = "gevent" if "gevent" in options else "gunicorn"
    # Its limits on a request line and on fields are below those that cases go to.
    limits = "--limit-request-line 0 --limit-request-field_size 0"
    line = f"gunicorn {options} {limits} --bind 127.0.0.1:{{port}} {{app}}"
    return Kind(line, module, install)


KINDS: dict[str, Kind] = {
    "gunicorn-sync": gunicorn("--worker-class sync"),
    "gunicorn-gthread": gunicorn("--worker-class gthread --threads 4"),
    "gunicorn-gevent": gunicorn("--worker-class gevent", "gunicorn gevent"),
    "uwsgi": Kind(
        "uwsgi --http-socket 127.0.0.1:{port} --module {module} --callable {name} --need-app"
        " --master --die-on-term --buffer-size 65535 --threads 2 --disable-logging",
        "pyuwsgi",
        "pyuwsgi",
    ),
    "mod_wsgi": Kind(
        "mod_wsgi-express start-server --application-type module {module} --callable-object {name}"
        " --host 127.0.0.1 --port {port} --server-root {folder}/apache --log-to-terminal"
        " --python-path {path} --processes 1 --threads 3 --limit-request-body 0",
        "mod_wsgi",
        "mod_wsgi, which needs Debian's apache2 and apache2-dev",
        refuses_root=True,
        program="apache2",
    ),
    # What it would clear is a proxy's to set, and ProxyFix's to read.
    "waitress": Kind(
        "waitress-serve --no-clear-untrusted-proxy-headers --listen 127.0.0.1:{port} {app}",
        "waitress",
        "waitress",
    ),
    "granian-wsgi": Kind(
        "granian --interface wsgi --host 127.0.0.1 --port {port} {app}", "granian", "granian"
    ),
    "granian-asgi": Kind(
        "granian --interface asgi --host 127.0.0.1 --port {port} {app}",
        "granian",
        "granian",
        asgi=True,
    ),
    "uvicorn-h11": Kind(
        "uvicorn --http h11 --h11-max-incomplete-event-size 200000"
        " --port {port} --no-proxy-headers --no-access-log --log-level warning {app}",
        "uvicorn",
        "uvicorn",
        asgi=True,
    ),
    "uvicorn-httptools": Kind(
        "uvicorn --http httptools --port {port} --no-proxy-headers --no-access-log"
        " --log-level warning {app}",
        "httptools",
        "uvicorn httptools",
        asgi=True,
    ),
    "hypercorn": Kind(
        "hypercorn --bind 127.0.0.1:{port} --log-level warning {app}",
        "hypercorn",
        "hypercorn",
        asgi=True,
    ),
}


def missing(name: str) -> str | None:
    """Why a kind cannot be started here, and what to do."""
    kind = KINDS[name]
    if importlib.util.find_spec(kind.module) is None:
        return f"{name} is not installed: pip install {kind.install}"
    if kind.program and not find_program(kind.program):
        return f"{name} needs the program {kind.program}: apt-get install {kind.program}"
    if kind.refuses_root and os.geteuid() == 0 and not can_unshare():
        return f"{name} refuses to run as root, and no user namespace is to be had"
    return None


def find_program(name: str) -> str | None:
    """The path of a program, also of one that only administrators have in their PATH."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


AS_NOBODY = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]


@functools.cache
def can_unshare() -> bool:
    """Tell whether root may take another name without losing the right to read its files."""
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*AS_NOBODY, "true"], capture_output=True).returncode == 0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(
    name: str, app: str, folder: Path, path: Path, environ: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Serve ``module:name``, imported from ``path``; the port. What it prints is in folder/log."""
    kind = KINDS[name]
    port = free_port()
    module, _, attribute = app.partition(":")
    values = {"app": app, "module": module, "name": attribute, "port": port}
    command, *arguments = kind.line.format(**values, folder=folder, path=path).split()
    before = AS_NOBODY if kind.refuses_root and os.geteuid() == 0 else []
    variables = {**os.environ, **(environ or {}), "PYTHONPATH": str(path)}
    with running([*before, BIN / command, *arguments], folder, port, variables):
        yield port


@contextlib.contextmanager
def running(
    command: t.Sequence[str | Path], folder: Path, port: int, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that listens on a port, in a process group that ends with it."""
    log = folder / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for(port, process, log)
            yield process
        finally:
            end(process)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        text = log.read_text("utf-8", "replace")
        assert process.poll() is None, f"the server has ended:\n{text}"
        assert time.monotonic() < deadline, f"the server does not listen:\n{text}"
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to stop; what does not is killed."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
