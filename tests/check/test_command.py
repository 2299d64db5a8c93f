"""``bolthead check``: what it prints, its status, and what leaves findings out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

import bolthead
from bolthead.check import RULES, Severity, UnknownRule, check_app
from bolthead.check.report import rules_as_markdown

KEY = "8c1f0e1c4f7a4a6e9f3b8d2c5a7e6b90"

APP = """
from bolthead import Flask, redirect, request

app = Flask(__name__)
app.config.from_prefixed_env()
app.config["TESTING"] = True


@app.get("/login")
def log_in():
    return redirect(request.args["next"])
"""


@pytest.fixture
def folder(tmp_path):
    """A project with one app in it."""
    (tmp_path / "setup.cfg").write_text("")
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


@pytest.fixture
def check(folder):
    """Run the command as a program, in the project."""

    def run(*args, **environ):
        names = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "BOLTHEAD_"))}
        command = [sys.executable, "-m", "bolthead", "check", *args]
        environment = {**names, "FLASK_SECRET_KEY": KEY, **environ}
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
        )

    return run


def test_text(check):
    """Each finding has its place, severity, id and text; why and fix follow; then the counts."""
    done = check()
    assert done.returncode == 1
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "app.py:6: error B014: TESTING is on."
    assert lines[1].startswith("    Why: With TESTING, errors go past the handlers")
    assert any(line.startswith("    Fix: Set TESTING in the tests only") for line in lines)
    leads = "redirect(request.args['next']) leads anywhere."
    assert f"app.py:11: warning B031: {leads}" in lines
    assert lines[-1] == "1 error and 1 warning."
    assert max(map(len, lines)) <= 100


def test_json(check):
    """With --json each finding is an object, with the place in parts."""
    done = check("--json")
    assert done.returncode == 1
    printed = json.loads(done.stdout)
    assert (printed["app"], printed["deploy"]) == ("app", False)
    first, second = printed["findings"]
    assert {key: first[key] for key in ("id", "severity", "file", "line", "setting", "what")} == {
        "id": "B014",
        "severity": "error",
        "file": "app.py",
        "line": 6,
        "setting": "TESTING",
        "what": "TESTING is on.",
    }
    assert first["why"]
    assert first["fix"]
    assert (second["id"], second["severity"]) == ("B031", "warning")


def test_warnings_alone_are_status_0(check):
    """Without an error among the findings the status is 0."""
    done = check("--ignore", "B014")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "1 warning."


def test_ignore_several(check):
    """--ignore is given once for each id; with all of them left out nothing is found."""
    done = check("-i", "b014", "--ignore", "B031")
    assert (done.returncode, done.stdout) == (0, "No findings.\n")


def test_ignore_what_is_no_id(check):
    """An id that no finding has is a mistake of the caller, and is told."""
    done = check("--ignore", "B999")
    assert done.returncode == 2
    assert "there is no finding 'B999'" in done.stderr


def test_ignored_by_setting_and_project(check, folder):
    """The setting CHECK_IGNORE and the project's file leave ids out as well."""
    (folder / "pyproject.toml").write_text('[tool.bolthead.check]\nignore = ["B014"]\n')
    with (folder / "app.py").open("a") as file:
        file.write('\n\napp.config["CHECK_IGNORE"] = ["B031"]\n')
    assert check().stdout == "No findings.\n"


def test_ignored_by_the_environment(check):
    """FLASK_CHECK_IGNORE lists ids, as the option would."""
    assert check(FLASK_CHECK_IGNORE="B014 B031").stdout == "No findings.\n"


def test_unknown_id_in_the_project(check, folder):
    """A wrong id in the project's file is told with the file's name."""
    (folder / "pyproject.toml").write_text('[tool.bolthead.check]\nignore = ["X1"]\n')
    done = check()
    assert done.returncode == 2
    assert "pyproject.toml: there is no finding 'X1'" in done.stderr


def test_deploy_adds(check):
    """--deploy finds what it finds without, and more."""
    plain = {finding["id"] for finding in json.loads(check("--json").stdout)["findings"]}
    more = {finding["id"] for finding in json.loads(check("--json", "--deploy").stdout)["findings"]}
    assert plain < more
    assert {"B003", "B004", "B005"} <= more


def test_debug_flag_is_no_finding(check):
    """Debug mode that was asked for from outside is a finding with --deploy only."""
    ids = [
        finding["id"] for finding in json.loads(check("--json", FLASK_DEBUG="1").stdout)["findings"]
    ]
    assert "B001" not in ids
    deployed = json.loads(check("--json", "--deploy", FLASK_DEBUG="1").stdout)["findings"]
    assert "B001" in [finding["id"] for finding in deployed]


def test_settings(check):
    """--settings shows every safe setting: Flask's value, Bolthead's, and the app's."""
    done = check("--settings", FLASK_SESSION_COOKIE_SAMESITE="Strict")
    head, _, *rows = done.stdout.splitlines()
    assert head.split() == ["Setting", "Flask", "Bolthead", "This", "app"]
    table = {row.split()[0]: row.split()[1:] for row in rows}
    assert set(table) == set(bolthead.Bolthead.defaults)
    assert table["SESSION_COOKIE_SAMESITE"] == ["None", "'Lax'", "'Strict'"]
    assert table["CROSS_ORIGIN_PROTECTION"] == ["'report'", "'enforce'", "'report'"]


def test_settings_as_json(check):
    """--settings --json has the same rows, each with what it is for."""
    rows = json.loads(check("--settings", "--json").stdout)["settings"]
    assert {row["setting"] for row in rows} == set(bolthead.Bolthead.defaults)
    for row in rows:
        assert set(row) == {"setting", "flask", "bolthead", "app", "why"}


def test_no_app(check, folder):
    """Without an app the command says how to name one."""
    (folder / "app.py").unlink()
    done = check()
    assert done.returncode == 2
    assert "Could not locate a Flask application" in done.stderr


def test_app_that_fails(check, folder):
    """An app that fails for a reason of its own is not said to be clean."""
    (folder / "app.py").write_text("1 / 0\n")
    done = check()
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr


def test_rules_are_complete():
    """Every rule says why and what to do, in whole sentences, under an id of its own."""
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.severity in Severity
        for text in (rule.why, rule.fix):
            assert text[0].isupper() or "(" in text.split()[0]
            assert text.endswith(".")


def test_reference_has_every_rule():
    """The page that is made from the rules has each of them."""
    text = rules_as_markdown(RULES)
    for rule in RULES:
        assert f"## {rule.id}\n" in text


def test_from_code(tmp_path):
    """check_app() gives the findings to a program, such as a test of the app's own."""
    app = bolthead.Flask("checked_app", root_path=str(tmp_path), instance_path=str(tmp_path / "i"))
    app.config.update(SECRET_KEY=KEY, TESTING=True)
    assert [finding.id for finding in check_app(app)] == ["B014"]
    assert check_app(app, ignore=["B014"]) == []
    with pytest.raises(UnknownRule, match="B999"):
        check_app(app, ignore=["B999"])


def test_broken_files_do_not_end_it(tmp_path):
    """A file that Python or Jinja cannot read is passed over, or told of; the rest is checked."""
    package = tmp_path / "brokenshop"
    (package / "templates").mkdir(parents=True)
    (package / "__init__.py").write_text(
        "from bolthead import Flask\napp = Flask(__name__)\napp.testing = True\n"
    )
    (package / "syntax.py").write_text("def (:\n")
    (package / "bytes.py").write_bytes(b"x = '\xff'\n")
    (package / "escapes.py").write_text("x = '\\d'\n")
    (package / "templates" / "picture.html").write_bytes(b"\x89PNG\xff\xfe")
    (package / "templates" / "broken.html").write_text("{{ x | nosuchfilter }}{% endif %}")
    code = textwrap.dedent(
        """
        from brokenshop import app
        from bolthead.check import check_app
        print([finding.id for finding in check_app(app)])
        """
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "['B014', 'B032']", done.stderr


PRINTED = {
    "dockerfile": "Dockerfile",
    "procfile": "Procfile",
    "systemd": "shop.service",
    "nginx": "nginx.conf",
    "gunicorn": "gunicorn.conf.py",
    "uwsgi": "uwsgi.ini",
}


def test_printed_files_are_clean(check, folder):
    """What `bolthead deploy-files` prints passes with --deploy, next to an app that is set up."""
    (folder / "app.py").write_text(
        "from bolthead import Bolthead\napp = Bolthead(__name__)\napp.config.from_prefixed_env()\n"
    )
    for kind, name in PRINTED.items():
        command = [sys.executable, "-m", "bolthead", "deploy-files", kind]
        (folder / name).write_text(subprocess.check_output(command, text=True, timeout=60))
    done = check(
        "--deploy", FLASK_TRUSTED_HOSTS='["shop.example"]', FLASK_SECURITY_HEADERS="strict"
    )
    assert (done.returncode, done.stdout) == (0, "No findings.\n")


def test_secrets_are_not_printed(check, folder):
    """What is found of a secret is where it is and why it is weak, never the secret."""
    secret = "hunter2-changeme"
    (folder / "app.py").write_text(
        "from bolthead import Flask\n"
        "app = Flask(__name__)\n"
        f"app.config['SECRET_KEY'] = '{secret}'\n"
        f"app.config['SECRET_KEY_FALLBACKS'] = ['{secret}']\n"
        f"app.config['MAIL_PASSWORD'] = '{secret}'\n"
        f"app.config['CELERY_BROKER_URL'] = 'redis://user:{secret}@redis.example.org'\n"
    )
    for args in ((), ("--json",), ("--deploy", "--settings", "--json")):
        done = check(*args)
        assert done.returncode == 1
        assert secret not in done.stdout + done.stderr
    ids = [finding["id"] for finding in json.loads(check("--json").stdout)["findings"]]
    assert ids == ["B002", "B002", "B025", "B025", "B025"]


def test_misspelt_key_of_the_project(check, folder):
    """A key of the project's file that does nothing is not passed over in silence."""
    (folder / "pyproject.toml").write_text('[tool.bolthead.check]\nignored = ["B014"]\n')
    done = check()
    assert done.returncode == 2
    assert "'ignored'" in done.stderr
