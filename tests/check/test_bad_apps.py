"""Every bad app is caught by its id, at its line, and for nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from check.bad_apps import BAD_APPS, DEPLOYED
from check.good_apps import GOOD_APPS

from bolthead.check import RULES

HERE = Path(__file__).parent
EXTENSIONS = ("flask_caching", "flask_cors", "flask_limiter", "flask_login", "flask_session")

# Whether this is run as root is no fault of the apps.
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def write(app, folder):
    """Write an app's files, and make a repository of them where it has a secret file."""
    folder.mkdir()
    (folder / "setup.cfg").write_text("")
    for path, text in app.texts().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for path, mode in app.modes.items():
        (folder / path).mkdir(exist_ok=True)
        (folder / path).chmod(mode)
    if ".env" in app.files:
        for words in (["init", "-q"], ["add", "-f", "."]):
            subprocess.run(["git", *words], cwd=folder, check=True)


def job(app, folder, *more):
    args = ["--json", *more]
    if app.deploy:
        args += ["--deploy"]
        names_user = any(id == "B017" for id, _ in app.expected()) or "Dockerfile" in app.files
        args += [] if names_user or not AS_ROOT else ["--ignore", "B017"]
    environ = {
        "FLASK_SECRET_KEY": "8c1f0e1c4f7a4a6e9f3b8d2c5a7e6b90",
        **(DEPLOYED if app.deploy else {}),
        **app.environ,
    }
    return {"folder": str(folder), "load": app.load, "environ": environ, "args": args}


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """What the command says of every app by its name: first all, then without what is expected."""
    for name in EXTENSIONS:
        pytest.importorskip(name)
    if shutil.which("git") is None:
        pytest.skip("git is not installed; one app is a repository")
    top = tmp_path_factory.mktemp("apps")
    apps = [*BAD_APPS, *GOOD_APPS]
    jobs = []
    for number, app in enumerate(apps):
        folder = top / f"app{number}"
        write(app, folder)
        jobs.append(job(app, folder))
        ignore = [word for id, _ in sorted(app.expected()) for word in ("--ignore", id)]
        jobs.append(job(app, folder, *ignore))
    (top / "jobs.json").write_text(json.dumps(jobs))
    command = [sys.executable, HERE / "drive.py", top / "jobs.json"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "BOLTHEAD_"))}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=clean)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    pairs = zip(printed[::2], printed[1::2], strict=True)
    return dict(zip([app.name for app in apps], pairs, strict=True))


def found(result):
    assert result["stdout"], result["stderr"]
    findings = json.loads(result["stdout"])["findings"]
    places = set()
    for finding in findings:
        where = finding["file"] or finding["setting"]
        line = f":{finding['line']}" if finding["line"] else ""
        places.add((finding["id"], f"{where}{line}"))
    return places


@pytest.mark.parametrize("app", BAD_APPS, ids=lambda app: app.name)
def test_bad_app_is_caught(results, app):
    """What is wrong is found by its id where it stands, and nothing else is."""
    assert found(results[app.name][0]) == app.expected()


@pytest.mark.parametrize("app", BAD_APPS, ids=lambda app: app.name)
def test_status_tells_of_errors(results, app):
    """The status is 1 if an error is among the findings, else 0."""
    severities = {rule.id: rule.severity for rule in RULES}
    is_error = any(severities[id] == "error" for id, _ in app.expected())
    assert results[app.name][0]["status"] == int(is_error)


@pytest.mark.parametrize("app", BAD_APPS, ids=lambda app: app.name)
def test_ignored_ids_are_not_found(results, app):
    """With --ignore for each of its ids an app passes, unless it cannot even be loaded."""
    if app.name == "an extension that is gone":
        assert results[app.name][1]["status"] == 1
        return
    assert found(results[app.name][1]) == set()
    assert results[app.name][1]["status"] == 0


def test_every_rule_has_a_bad_app():
    """No id goes without an app that it catches."""
    caught = {id for app in BAD_APPS for id, _ in app.expected()}
    assert caught == {rule.id for rule in RULES}
    assert len(BAD_APPS) >= 30


@pytest.mark.parametrize("app", GOOD_APPS, ids=lambda app: app.name)
def test_good_app_is_clean(results, app):
    """An app with nothing wrong in it has no findings, though it looks much like a bad one."""
    assert found(results[app.name][0]) == set()
    assert results[app.name][0]["status"] == 0
