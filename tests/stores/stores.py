"""Private PostgreSQL, MariaDB and Redis servers: started, killed, started again, thrown away.

Each has its data in a folder of its own and listens on a free loopback port. Debian's packages have
the programs. Those that refuse to run as root run as another user.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from servers import find_program, free_port

START = 60  # seconds


class Store:
    """A server of one kind; ``url`` is for SQLAlchemy, or for Redis's client."""

    program: str
    package: str
    users: tuple[str, ...] = ()
    """Who runs it in root's place; the first who exists."""
    url: str

    def __init__(self, folder: Path, program: Path) -> None:
        self.folder = folder
        self.program_path = program
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def initialise(self) -> None:
        """Make the data."""

    def command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def ping(self) -> None:
        """Raise an exception as long as the server does not answer."""
        raise NotImplementedError

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*self.as_user(), *self.command()],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START
        while True:
            try:
                self.ping()
            except Exception as error:
                told = f"{error}\n{self.log.read_text('utf-8', 'replace')}"
                assert self.process.poll() is None, told
                assert time.monotonic() < deadline, told
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        """End all its processes at once, as a crash does: none can write anything more."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def run(self, *command: str | Path) -> None:
        """Run a program to its end as the server's user."""
        done = subprocess.run(
            [*self.as_user(), *command], cwd=self.folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def as_user(self) -> list[str]:
        user = self.user()
        if user is None:
            return []
        return ["setpriv", f"--reuid={user}", f"--regid={group_of(user)}", "--clear-groups"]

    @classmethod
    def user(cls) -> str | None:
        if os.geteuid() != 0 or not cls.users:
            return None
        return next(name for name in cls.users if exists(name))

    @property
    def log(self) -> Path:
        return self.folder / "log"


class Redis(Store):
    """Redis that writes each change to its file before it answers."""

    program = "redis-server"
    package = "redis-server"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str | Path]:
        options = f"--port {self.port} --bind 127.0.0.1 --dir {self.folder}"
        durable = "--appendonly yes --appendfsync always"
        return [self.program_path, *options.split(), *durable.split(), "--save", ""]

    def ping(self) -> None:
        import redis

        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            client.ping()


class Postgres(Store):
    """PostgreSQL with its defaults: a commit that is answered is on the disk."""

    program = "postgres"
    package = "postgresql"
    users = ("postgres", "nobody")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://shop:hush@127.0.0.1:{self.port}/postgres"

    def initialise(self) -> None:
        password = self.folder / "password"
        password.write_text("hush")
        give(password, self.user())
        options = "--username=shop --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync"
        initdb = self.program_path.with_name("initdb")
        self.run(initdb, *options.split(), f"--pwfile={password}", self.folder / "data")

    def command(self) -> Sequence[str | Path]:
        places = f"-D {self.folder}/data -k {self.folder} -h 127.0.0.1 -p {self.port}"
        return [self.program_path, *places.split()]

    def ping(self) -> None:
        connect(self.url)


class MariaDB(Store):
    """MariaDB with its defaults: InnoDB flushes its log at each commit."""

    program = "mariadbd"
    package = "mariadb-server"
    users = ("mysql", "nobody")

    @property
    def url(self) -> str:
        return f"mysql+pymysql://shop:hush@127.0.0.1:{self.port}/shop?charset=utf8mb4"

    def initialise(self) -> None:
        install = find_program("mariadb-install-db")
        assert install, "mariadb-install-db comes with mariadb-server"
        options = "--no-defaults --auth-root-authentication-method=normal --skip-test-db"
        self.run(install, *options.split(), f"--datadir={self.folder}/data")
        (self.folder / "init.sql").write_text(
            "CREATE DATABASE IF NOT EXISTS shop;\n"
            "CREATE USER IF NOT EXISTS shop@'127.0.0.1' IDENTIFIED BY 'hush';\n"
            "GRANT ALL ON shop.* TO shop@'127.0.0.1';\n"
        )

    def command(self) -> Sequence[str | Path]:
        options = (
            f"--no-defaults --datadir={self.folder}/data --socket={self.folder}/sock"
            f" --pid-file={self.folder}/pid --port={self.port} --bind-address=127.0.0.1"
            f" --init-file={self.folder}/init.sql --innodb-buffer-pool-size=32M"
            " --skip-name-resolve --character-set-server=utf8mb4"
        )
        return [self.program_path, *options.split()]

    def ping(self) -> None:
        connect(self.url)


def connect(url: str) -> None:
    """Make a connection and leave it."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT 1"))


def exists(user: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(user))
    return False


def group_of(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def give(path: Path, user: str | None) -> None:
    if user is not None:
        shutil.chown(path, user, group_of(user))


@contextlib.contextmanager
def started(kind: type[Store]) -> Iterator[Store]:
    """A server with fresh data; skips the test where the program is missing."""
    program = find_server(kind.program)
    if program is None:
        pytest.skip(f"{kind.program} is not installed: apt-get install {kind.package}")
    with tempfile.TemporaryDirectory(prefix="store-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        give(folder, kind.user())
        store = kind(folder, program)
        store.initialise()
        store.start()
        try:
            yield store
        finally:
            store.kill()


def find_server(program: str) -> Path | None:
    """The program, also where Debian keeps those of PostgreSQL; the newest of several."""
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{program}")
    if found := sorted(versions, key=lambda path: int(path.parts[-3])):
        return found[-1]
    path = find_program(program)
    return Path(path) if path else None
