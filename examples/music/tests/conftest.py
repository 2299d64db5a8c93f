"""The app as it is deployed: real servers, real databases; each test is one more visitor.

Every test that uses `visitor` runs on Bolthead with SQLite, on Bolthead with PostgreSQL, and on
Flask itself (Gunicorn): the same answers are expected of all. What is not installed is skipped.
"""

import base64
import contextlib
import hmac
import html
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

MUSIC = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
# What a server is started with so that it ends when the tests are killed (util-linux).
WITH_US = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
WEBHOOK_SECRET = "webhook secret of the tests"
PASSWORD = "a long password"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that serves, with what is needed to start it again."""

    def __init__(self, command, environment, port, log, ready="/health"):
        self.command, self.environment, self.port = command, environment, port
        self.log, self.ready = log, ready
        self.url = f"http://127.0.0.1:{port}"
        self.process = None

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*WITH_US, *self.command],
                cwd=MUSIC,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                pytest.fail(f"{self.command} ended:\n{self.text()[-3000:]}")
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(self.url + self.ready, timeout=5).status_code < 500:
                    return self
            time.sleep(0.1)
        self.stop(signal.SIGKILL)
        pytest.fail(f"{self.command} is not ready:\n{self.text()[-3000:]}")

    def text(self):
        return self.log.read_text(errors="replace")

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        self.process = None


def load_demo():
    """Return the module demo.py, which knows how the stand-in is connected."""
    spec = importlib.util.spec_from_file_location("music_demo", MUSIC / "demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Deployment:
    """The app on one framework with one database, its folder and its commands."""

    def __init__(self, kind, folder, database_url, provider):
        self.kind, self.folder = kind, folder
        self.framework = "flask" if kind == "flask" else "bolthead"
        self.provider = provider
        self.environment = os.environ | {
            "MUSIC_FRAMEWORK": self.framework,
            "MUSIC_DATA_FOLDER": str(folder),
            "MUSIC_SECRET_KEY": secrets.token_hex(),
            "MUSIC_LEASE_SECONDS": "2",
            "MUSIC_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "MUSIC_RATE_LIMITS": "0",
            # How slow a password is to check is Werkzeug's; each test registers somebody.
            "MUSIC_PASSWORD_METHOD": "scrypt:1024:8:1",
        }
        if database_url:
            self.environment["MUSIC_DATABASE_URL"] = database_url
        if redis := os.environ.get("MUSIC_TEST_REDIS_URL"):
            self.environment["MUSIC_REDIS_URL"] = redis
        if provider:
            settings = load_demo().provider_settings(provider.url)
            del settings["MUSIC_WEBHOOK_SECRET"]
            self.environment |= settings

    def command(self, *arguments, check=True, environment=None):
        """Run one of the app's commands and return what it did."""
        module = "flask" if self.framework == "flask" else "bolthead"
        done = subprocess.run(
            [sys.executable, "-m", module, "--app", "wsgi.py", *map(str, arguments)],
            cwd=MUSIC,
            env=self.environment | (environment or {}),
            capture_output=True,
            text=True,
            timeout=120,
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def server(self, name="server", workers=1, environment=None):
        port = free_port()
        if self.framework == "flask":
            command = ["-m", "gunicorn", "wsgi:app", "--threads", "12", "--bind"]
            command += [f"127.0.0.1:{port}", "--workers", str(workers), "--timeout", "60"]
        else:
            command = ["-m", "bolthead", "--app", "wsgi.py", "serve", "--port", str(port)]
            command += ["--workers", str(workers), "--no-access-log"]
        log = self.folder / f"{name}.log"
        environment = self.environment | (environment or {})
        return Server([sys.executable, *command], environment, port, log)


class Visitor:
    """A browser's session without the browser: cookies, and the token of forms."""

    def __init__(self, url, deployment=None):
        self.url, self.deployment = url, deployment
        self.http = httpx.Client(base_url=url, timeout=60)
        self.email = self.token = None

    def close(self):
        self.http.close()

    def get(self, path, **options):
        return self.http.get(path, **options)

    def follow(self, path, **options):
        return self.http.get(path, follow_redirects=True, **options)

    def csrf(self):
        page = self.http.get("/account/forgot").text
        return re.search(r'name="csrf-token" content="([^"]+)"', page)[1]

    def post(self, path, data=None, *, follow=True, **options):
        """Send a form with its token, as a page of the app would."""
        headers = {"X-CSRFToken": self.csrf()} | options.pop("headers", {})
        return self.http.post(
            path, data=data or {}, headers=headers, follow_redirects=follow, **options
        )

    def send(self, path, value):
        """Send JSON, as a page's script does."""
        headers = {"X-CSRFToken": self.csrf(), "Accept": "application/json"}
        return self.http.post(path, json=value, headers=headers)

    def register(self, **more):
        self.email = f"{secrets.token_hex(6)}@example.org"
        form = {"email": self.email, "name": "Vera", "password": PASSWORD, "timezone": "UTC"}
        answer = self.post("/account/register", form | more)
        assert answer.status_code == 200, words(answer)
        return self

    def login(self, email, password=PASSWORD, **more):
        self.email = email
        return self.post("/account/login", {"email": email, "password": password, **more})

    def upload(self, name, content):
        """Send one file as the page's script does; return the import."""
        answer = self.http.post(
            "/imports/files",
            params={"name": name},
            content=content,
            headers={"X-CSRFToken": self.csrf(), "Accept": "application/json"},
        )
        assert answer.status_code == 202, answer.text
        return answer.json()

    def wait_for(self, job, seconds=60):
        """Return an import when it is over."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            state = self.get(f"/imports/{job['id']}/status").json()
            if state["over"]:
                return state
            time.sleep(0.02)
        raise AssertionError(f"The import is not over: {state}")

    def choose_zone(self, zone, seconds=60):
        """Choose a time zone, and wait until all plays are told in it."""
        self.post("/settings/profile", {"name": "Vera", "timezone": zone, "theme": "system"})
        self.wait_for_zone(zone, seconds)

    def wait_for_zone(self, zone, seconds=60):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            state = self.get("/settings/zone").json()
            if state["wanted"] is None:
                assert state["timezone"] == zone
                return
            time.sleep(0.05)
        raise AssertionError(f"The zone is not changed: {state}")

    def take_in(self, name, content):
        return self.wait_for(self.upload(name, content))

    def api_token(self):
        if self.token is None:
            page = self.post("/settings/tokens", {"token_name": "test"})
            self.token = re.search(r'id="new-token">([^<]+)', page.text)[1]
        return self.token

    def api(self, path, **headers):
        return httpx.get(
            f"{self.url}/api/v1{path}",
            headers={"Authorization": f"Bearer {self.api_token()}", **headers},
            timeout=60,
        )


def words(answer):
    """Return the words of a page, without its marks."""
    page = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(page).split())


def one_play(number=0, **more):
    """Return an entry of an export; each number is another minute."""
    moment = time.gmtime(1_700_000_000 + 60 * number)
    return {
        "ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment),
        "platform": "iOS 17.0 (iPhone15,2)",
        "ms_played": 200_000,
        "master_metadata_track_name": f"Song {number % 7}",
        "master_metadata_album_artist_name": f"Artist {number % 3}",
        "master_metadata_album_album_name": f"Album {number % 3}",
        "spotify_track_uri": f"spotify:track:test{number % 21:018}",
        "reason_start": "clickrow",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        **more,
    }


def export_of(count, first=0):
    return json.dumps([one_play(number) for number in range(first, first + count)], indent=2)


def send_webhook(visitor, message, *, number=None, moment=None, secret=WEBHOOK_SECRET, body=None):
    """Send a webhook as the provider would."""
    signed = json.dumps(message).encode()
    number = number or secrets.token_hex(8)
    moment = str(int(time.time())) if moment is None else str(moment)
    text = b".".join((number.encode(), moment.encode(), signed))
    digest = base64.b64encode(hmac.digest(secret.encode(), text, "sha256")).decode()
    return httpx.post(
        f"{visitor.url}/api/v1/webhooks/provider",
        content=signed if body is None else body,
        headers={
            "Content-Type": "application/json",
            "webhook-id": number,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,bm9uZQ== v1,{digest}",
        },
    )


# --- databases and servers, once for a run -------------------------------------------------------


class Postgres:
    """A private PostgreSQL on a port of its own."""

    def __init__(self, folder):
        found = shutil.which("initdb")
        places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        self.programs = Path(found).parent if found else (places[0] if places else None)
        if self.programs is None or not (self.programs / "initdb").exists():
            pytest.skip("PostgreSQL is not installed")
        self.folder, self.port = folder / "data", free_port()
        self.user = {}
        if os.geteuid() == 0:
            # It refuses to run as root.
            self.user = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(folder, "postgres")
        self.run("initdb", "-D", self.folder, "-U", "music", "-A", "trust", "-N", "-E", "UTF8")
        self.start()

    def make_database(self):
        """Return the URL of a new database."""
        name = f"music_{secrets.token_hex(4)}"
        url = f"postgresql+psycopg://music@127.0.0.1:{self.port}/"
        engine = sa.create_engine(url + "postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return url + name

    def run(self, program, *arguments, check=True):
        return subprocess.run(
            [self.programs / program, *map(str, arguments)],
            check=check,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            **self.user,
        )

    def start(self):
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -F"
        log = self.folder / "log"
        self.run("pg_ctl", "-D", self.folder, "-o", options, "-l", log, "-w", "start")

    def stop(self, mode="fast"):
        self.run("pg_ctl", "-D", self.folder, "-m", mode, "-w", "stop", check=False)


@pytest.fixture(scope="session")
def postgres():
    # Not below pytest's own folder, which nobody but its owner may enter.
    with tempfile.TemporaryDirectory(prefix="music-postgres-") as folder:
        database = Postgres(Path(folder))
        yield database
        database.stop("immediate")


@pytest.fixture(scope="session")
def provider(tmp_path_factory):
    """The stand-in provider, which tests may tell how to behave."""
    port = free_port()
    command = [sys.executable, "-m", "bolthead", "--app", "provider/app.py", "serve"]
    environment = os.environ | {"PROVIDER_CONTROL": "1"}
    log = tmp_path_factory.mktemp("provider") / "log"
    server = Server([*command, "--port", str(port)], environment, port, log, ready="/jwks").start()
    yield server
    server.stop()


@pytest.fixture
def control(provider):
    """Return what tells the provider how to behave; all is as usual again after the test."""

    def tell(**orders):
        return httpx.post(f"{provider.url}/control", json=orders, timeout=10).json()

    usual = {
        "failures": [],
        "token_seconds": 3600,
        "limit": 10_000,
        "wrong_nonce": False,
        "extra_plays": [],
        "forget": True,
    }
    tell(**usual)
    yield tell
    tell(**usual)


def deploy(kind, request):
    """Make a folder and a database for the app, on Bolthead or on Flask."""
    if kind not in os.environ.get("MUSIC_TEST_ON", "sqlite postgresql flask").split():
        pytest.skip("MUSIC_TEST_ON names other deployments")
    if kind == "flask" and importlib.util.find_spec("gunicorn") is None:
        pytest.skip("gunicorn is not installed")
    url = request.getfixturevalue("postgres").make_database() if kind == "postgresql" else None
    folder = request.getfixturevalue("tmp_path_factory").mktemp(kind)
    deployment = Deployment(kind, folder, url, request.getfixturevalue("provider"))
    deployment.command("db", "upgrade")
    return deployment


@pytest.fixture(scope="session", params=["sqlite", "postgresql", "flask"])
def deployment(request):
    """The app, ready to be served: on Bolthead with either database, and on Flask."""
    return deploy(request.param, request)


@pytest.fixture(scope="module")
def own_deployment(request, deployment):
    """One more of the same kind, which no server of other tests serves."""
    return deploy(deployment.kind, request)


@pytest.fixture(scope="session")
def served(deployment):
    server = deployment.server().start()
    yield server
    server.stop()
    # What was not expected would stand here.
    assert "Traceback" not in server.text()


@pytest.fixture
def visitor(served, deployment):
    """Somebody who has not registered yet."""
    with contextlib.closing(Visitor(served.url, deployment)) as visitor:
        yield visitor


@pytest.fixture
def listener(visitor):
    """Somebody who is registered and has 100 plays."""
    visitor.register()
    state = visitor.take_in("history.json", export_of(100))
    assert state["status"] == "done", state
    return visitor


@pytest.fixture(scope="session")
def demo(deployment, served):
    """Somebody with a made history of ten years; tests look at it only."""
    email = "demo@example.org"
    deployment.command("seed", "--plays", "8000", "--password", PASSWORD)
    with contextlib.closing(Visitor(served.url, deployment)) as visitor:
        assert visitor.login(email).status_code == 200
        yield visitor


@pytest.fixture(scope="session")
def reader(visit, served):
    """Somebody who is registered and has 100 plays; tests look at them only."""
    reader = visit(served).register()
    state = reader.take_in("history.json", export_of(100))
    assert state["status"] == "done", state
    return reader


@pytest.fixture(scope="session")
def visit(deployment):
    """Return what makes a visitor of a server, until all tests of the deployment end."""
    with contextlib.ExitStack() as stack:
        yield lambda server: stack.enter_context(
            contextlib.closing(Visitor(server.url, deployment))
        )


@pytest.fixture(scope="session")
def make_play():
    return one_play


@pytest.fixture(scope="session")
def make_export():
    return export_of


@pytest.fixture(scope="session")
def text_of():
    return words


@pytest.fixture(scope="session")
def password():
    """The password of whoever registers."""
    return PASSWORD


@pytest.fixture(scope="session")
def deliver():
    """Return what sends a webhook as the provider would."""
    return send_webhook
