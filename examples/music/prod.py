"""Serve the music app as in production: PostgreSQL, Redis, two workers, nginx before them.

python examples/music/prod.py --port 5000

All of them run as the user who calls this, on this machine only, with their data below
examples/music/instance/prod. They come from Debian: apt install postgresql redis-server nginx.
"""

import argparse
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import demo

HERE = Path(__file__).resolve().parent

NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  gzip on;
  gzip_types text/css text/javascript application/javascript application/json image/svg+xml;
  types {{ text/css css; text/javascript js; image/svg+xml svg; }}
  upstream app {{ server 127.0.0.1:{app_port}; keepalive 32; }}
  server {{
    listen {host}:{port};
    # The app has its own limit for uploads, and streams them.
    client_max_body_size 600m;
    proxy_request_buffering off;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    location /static/ {{ alias {static}/; expires 1h; }}
    location / {{ proxy_pass http://app; proxy_read_timeout 180s; }}
  }}
}}
"""


def find_program(name: str, package: str) -> str:
    """Return a program's path; the end of this one with the cure if it is not there."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), "/usr/sbin"]
    found = shutil.which(name) or next(
        (str(Path(place) / name) for place in places if (Path(place) / name).exists()), None
    )
    if found is None:
        sys.exit(f"{name} is not installed. Install it: apt install {package}")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit(f"{process.args[0]} ended with {process.returncode}.")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"{process.args[0]} does not answer on port {port}.")


class Stage:
    """The processes that run together; all of them end together, the last begun first."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack

    def start(self, command: list, port: int, **options) -> subprocess.Popen:
        # The commands are this file's own.
        process = subprocess.Popen([str(part) for part in command], **options)  # noqa: S603
        self.stack.callback(end, process)
        wait_for_port(port, process)
        return process


def end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        # PostgreSQL waits for its clients at SIGTERM; at SIGINT it sends them away.
        is_database = str(process.args[0]).endswith("postgres")
        process.send_signal(signal.SIGINT if is_database else signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def start_database(stage: Stage, folder: Path) -> str:
    """Start a private PostgreSQL; return its address."""
    initdb = find_program("initdb", "postgresql")
    postgres = find_program("postgres", "postgresql")
    data, port = folder / "postgres", free_port()
    as_user = {}
    if os.geteuid() == 0:
        # It refuses to run as root, and its user may not enter our folder.
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        name = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
        data = Path(f"/var/tmp/music-time-machine-{name}")  # noqa: S108 - its mode is 700
        data.mkdir(mode=0o700, exist_ok=True)
        shutil.chown(data, "postgres")
    if not (data / "PG_VERSION").exists():
        command = [initdb, "-D", data, "-U", "music", "-A", "trust", "-E", "UTF8"]
        quiet = {"cwd": "/", "stdout": subprocess.DEVNULL, **as_user}
        subprocess.run(command, check=True, **quiet)  # noqa: S603
    command = [postgres, "-D", data, "-p", port, "-h", "127.0.0.1", "-k", data]
    log = (folder / "postgres.log").open("ab")
    stage.stack.callback(log.close)
    stage.start(command, port, cwd="/", stdout=log, stderr=log, **as_user)
    return f"postgresql+psycopg://music@127.0.0.1:{port}/postgres"


def start_redis(stage: Stage, folder: Path) -> str:
    port = free_port()
    command = [find_program("redis-server", "redis-server"), "--port", port, "--bind", "127.0.0.1"]
    command += ["--save", "", "--dir", folder, "--logfile", folder / "redis.log"]
    stage.start(command, port)
    return f"redis://127.0.0.1:{port}/0"


def start_nginx(stage: Stage, folder: Path, host: str, port: int, app_port: int) -> None:
    settings = folder / "nginx.conf"
    static = HERE / "timemachine" / "static"
    settings.write_text(
        NGINX.format(folder=folder, host=host, port=port, app_port=app_port, static=static)
    )
    command = [find_program("nginx", "nginx"), "-c", settings, "-p", folder]
    stage.start([*command, "-e", folder / "nginx.log"], port)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=5000)
    options.add_argument("--plays", type=int, default=200_000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--folder", type=Path, default=HERE / "instance" / "prod")
    chosen = options.parse_args()
    folder = chosen.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ExitStack() as stack:
        stage = Stage(stack)
        provider_port, app_port = chosen.port + 1, free_port()
        environment = os.environ | demo.provider_settings(f"http://127.0.0.1:{provider_port}")
        environment |= {
            "MUSIC_DATA_FOLDER": str(folder),
            "MUSIC_DATABASE_URL": start_database(stage, folder),
            "MUSIC_REDIS_URL": start_redis(stage, folder),
            "MUSIC_WEBHOOK_SECRET": secrets.token_hex(),
        }
        where = {"cwd": HERE, "env": environment}
        bolthead = [sys.executable, "-m", "bolthead", "--app"]
        seed = [*bolthead, "wsgi.py", "seed", "--email", demo.EMAIL, "--password", demo.PASSWORD]
        subprocess.run([*seed, "--plays", str(chosen.plays)], check=True, **where)  # noqa: S603
        serve = ["serve", "--no-access-log", "--port"]
        stage.start([*bolthead, "provider/app.py", *serve, provider_port], provider_port, **where)
        behind = ["--workers", chosen.workers, "--trust-proxy", "127.0.0.1/32"]
        app = stage.start([*bolthead, "wsgi.py", *serve, app_port, *behind], app_port, **where)
        start_nginx(stage, folder, chosen.host, chosen.port, app_port)
        print(
            f"\n  Music Time Machine   http://{chosen.host}:{chosen.port}/\n"
            f"  Log in as            {demo.EMAIL}\n"
            f"  with the password    {demo.PASSWORD}\n"
            f"  PostgreSQL, Redis, {chosen.workers} workers and nginx are running.\n",
            flush=True,
        )
        try:
            return app.wait()
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
