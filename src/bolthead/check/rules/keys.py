"""Secret keys: weak ones, missing ones, and secrets that are written into the source."""

from __future__ import annotations

import ast
import re
import subprocess
import typing as t
from pathlib import Path

from ...keys import find_weakness
from ...sessions import SecureCookieSessionInterface
from ..assigned import Assigned
from ..finding import Found, Severity, rule
from ..place import Place
from ..source import argument
from ..subject import Subject

KEYS = ("SECRET_KEY", "JWT_SECRET_KEY", "WTF_CSRF_SECRET_KEY", "SECURITY_PASSWORD_SALT")

SECRET_NAME = re.compile(
    r"(.*_)?(SECRET_KEY|SECRET|PASSWORD|PASSWORD_SALT|API_KEY|ACCESS_TOKEN|AUTH_TOKEN|PRIVATE_KEY)"
)
ADDRESS_NAME = re.compile(r".*(URI|URL|DSN|DATABASE|BROKER)")
PASSWORD_IN_ADDRESS = re.compile(r"\w[\w+.-]*://[^/\s:@]*:[^/\s@]+@(?!localhost\b|127\.)")

# Files of a repository that hold secrets; what is an example of them does not.
SECRET_FILE = re.compile(
    r"(.*/)?(\.env(\..+)?|\.flaskenv|.*\.(pem|key|p12|pfx)|id_rsa|id_ed25519|\.htpasswd|\.pgpass|\.netrc)"
    r"|(.*/)?instance/.+\.(py|cfg|toml|json|ini|key)"
)
EXAMPLE_FILE = re.compile(r"(?i)(example|sample|template|dist|tests?/|fixtures/|docs/|\.pub$)")
SECRET_LINE = re.compile(
    r"(?im)^\s*(export\s+)?\w*(SECRET|PASSWORD|TOKEN|API_KEY|PRIVATE_KEY)\w*\s*[=:]\s*['\"]?\w"
    r"|PRIVATE KEY-----|^[^:#\s]+:\$"
)


@rule(
    "B002",
    "A key is weak",
    Severity.ERROR,
    why="Who guesses the key can sign any session, and be any user. Known and short"
    " keys are guessed in seconds, from one cookie and without asking the app.",
    fix="Make a key with 'bolthead secret-key' and give it to the app from outside of the source:"
    " an environment variable read by app.config.from_prefixed_env(), or a file in the instance"
    " folder. Keep the old one in SECRET_KEY_FALLBACKS until sessions have ended.",
)
def key_is_weak(subject: Subject) -> t.Iterator[Found]:
    """Look at each key that is set."""
    for key in KEYS:
        value = subject.setting(key)
        weakness = None if value is None else find_weakness(value)
        if weakness:
            yield subject.place_of(key), f"{key} {weakness}."
    fallbacks = subject.setting("SECRET_KEY_FALLBACKS") or ()
    if not isinstance(fallbacks, list | tuple):
        where = subject.place_of("SECRET_KEY_FALLBACKS")
        yield where, "SECRET_KEY_FALLBACKS is no list. Of a text, each letter would be a key."
        return
    for number, value in enumerate(fallbacks, start=1):
        weakness = find_weakness(value)
        if weakness:
            where = subject.place_of("SECRET_KEY_FALLBACKS")
            yield where, f"Key {number} of SECRET_KEY_FALLBACKS {weakness}."


@rule(
    "B024",
    "There is no secret key, but sessions are used",
    Severity.ERROR,
    why="Without SECRET_KEY the session cannot be signed: the first request that writes to it, or"
    " flashes a message, is answered with a 500.",
    fix="Make a key with 'bolthead secret-key' and set SECRET_KEY from the environment or from a"
    " file in the instance folder.",
)
def key_is_missing(subject: Subject) -> t.Iterator[Found]:
    """Look for uses of the session where no key is set."""
    if subject.app.secret_key or not keeps_sessions_in_cookies(subject):
        return
    for module in subject.sources.modules:
        for node in module.nodes:
            if isinstance(node, ast.Name | ast.Attribute):
                name = module.resolve(node)
                if name in _SESSION_NAMES:
                    what = f"{name.rpartition('.')[2]} is used, but SECRET_KEY is not set."
                    yield module.at(node, "SECRET_KEY"), what
                    return
    for extension, found in (
        ("Flask-Login", hasattr(subject.app, "login_manager")),
        ("Flask-WTF", "csrf" in subject.app.extensions),
    ):
        if found:
            yield Place(setting="SECRET_KEY"), f"{extension} is used, but SECRET_KEY is not set."
            return


_SESSION_NAMES = frozenset({"flask.session", "flask.flash", "flask.globals.session"})


def keeps_sessions_in_cookies(subject: Subject) -> bool:
    """Tell whether the app's sessions are signed cookies."""
    return isinstance(subject.app.session_interface, SecureCookieSessionInterface)


@rule(
    "B025",
    "A secret is in the source",
    Severity.ERROR,
    why="Source is copied: into repositories, images, backups, laptops. Everybody who has a copy"
    " has the secret, and a default that stands beside os.environ.get() is used in the deployment"
    " that forgets the variable.",
    fix="Read it from the environment (app.config.from_prefixed_env()) or from a file in the"
    " instance folder, and fail where it is missing: os.environ['SECRET_KEY']. Replace a secret"
    " that was committed; it stays in the history.",
)
def secret_in_source(subject: Subject) -> t.Iterator[Found]:
    """Look at what the source sets settings of secret names, and addresses, to."""
    instance = Path(subject.app.instance_path)
    for key, places in subject.assigned.items():
        for found in places:
            if not found.is_for_deployment or found.module.file.is_relative_to(instance):
                continue
            if key not in subject.config and not found.is_setting:
                continue
            text, is_default = written_text(subject, found)
            if not text:
                continue
            if SECRET_NAME.fullmatch(key):
                what = "has a default in the source" if is_default else "is written in the source"
                yield found.place, f"{key} {what}."
            elif ADDRESS_NAME.fullmatch(key) and PASSWORD_IN_ADDRESS.match(text):
                yield found.place, f"{key} has a password in it."


def written_text(subject: Subject, found: Assigned) -> tuple[str, bool]:
    """Return the text that a setting is given in the source, and whether only as a default."""
    node: ast.expr | None = found.value
    is_default = False
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        node, is_default = node.values[-1], True
    if isinstance(node, ast.Call):
        called = found.module.resolve(node.func)
        if not called.endswith(("environ.get", "getenv", "config.get")):
            return "", False
        node, is_default = argument(node, 1, "default"), True
    value = subject.sources.value(found.module, node)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return (value, is_default) if isinstance(value, str) else ("", False)


@rule(
    "B026",
    "A file with secrets is in the repository",
    Severity.ERROR,
    why="Everybody who has a copy of the repository has the secrets in it, of all times.",
    fix="Take it out with 'git rm --cached', add it to .gitignore, and replace the secrets. Commit"
    " an example without values, such as .env.example.",
)
def secret_in_repository(subject: Subject) -> t.Iterator[Found]:
    """Ask git which files it tracks, and look into those whose names promise secrets."""
    for name in _tracked(subject.project):
        if not SECRET_FILE.fullmatch(name) or EXAMPLE_FILE.search(name):
            continue
        file = subject.project / name
        try:
            text = file.read_text(encoding="utf-8", errors="replace")[:100_000]
        except OSError:
            continue
        found = SECRET_LINE.search(text)
        if found:
            line = text.count("\n", 0, found.start()) + 1
            yield Place(file, line), f"git tracks {name}, which holds a secret."


def _tracked(project: Path) -> list[str]:
    if not any((folder / ".git").exists() for folder in (project, *project.parents)):
        return []
    command = ["git", "-C", str(project), "ls-files", "-z"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, check=True)  # noqa: S603  # fixed words
    except (OSError, subprocess.SubprocessError):
        # No git here, or a repository that it does not trust.
        return []
    return done.stdout.decode("utf-8", "replace").split("\0")
