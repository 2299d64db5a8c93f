"""How the app is served: by which server, with which flags, as which user."""

from __future__ import annotations

import os
import re
import typing as t
from pathlib import Path

from ..deployment import Line
from ..finding import Found, Severity, rule
from ..place import Place
from ..subject import Subject

# Lines that start something, in a Dockerfile, a unit, or a compose file.
STARTS = re.compile(r"^\s*(CMD|ENTRYPOINT|ExecStart\s*=|command\s*:|exec\b|-\s)")

# Their command is the first word after them that is no option.
COMMANDS = frozenset({"flask", "bolthead"})
WITH_VALUE = frozenset({"--app", "-A", "--env-file", "-e"})
SCRIPT = re.compile(r"\bpython[\d.]*[\s\"',]+([\w./-]+\.py)\b")

FLAGS = (
    (
        r"\b(gunicorn|uvicorn|granian|hypercorn|bolthead)\b.*--reload\b",
        "--reload watches files and restarts",
    ),
    (r"^\s*reload\s*=\s*True\b", "reload = True watches files and restarts"),
    (r"\bgunicorn\b.*(--timeout[\s=]+0\b|\s-t\s+0\b)", "Without a timeout a stuck worker stays"),
    (r"^\s*timeout\s*=\s*0\b", "Without a timeout a stuck worker stays"),
    (
        r"\bgranian\b(?!.*--respawn-failed-workers)",
        "Without --respawn-failed-workers one worker that dies ends the whole service",
    ),
)


@rule(
    "B016",
    "The server is not set up for production",
    Severity.ERROR,
    only_deploy=True,
    why="The development server answers few requests at a time, has no limits of time, and does"
    " not come back when it dies. Wrong flags do the same to a good server.",
    fix="Serve with 'bolthead serve', or with Gunicorn, uWSGI or another WSGI or ASGI server with"
    " several workers, a timeout, and without a reloader.",
)
def server_flags(subject: Subject) -> t.Iterator[Found]:
    """Look at the commands in the files that say how the app is served."""
    for line in subject.served_by:
        commands_only = line.file.name == "Procfile" or line.file.suffix in {".sh", ".py"}
        starts = commands_only or bool(STARTS.match(line.text))
        if not starts or "pip install" in line.text:
            continue
        if subcommand(line.text) == "run" or _runs_itself(subject, line):
            yield line.place, "This starts the development server."
        for pattern, what in FLAGS:
            if re.search(pattern, line.text):
                yield line.place, f"{what}."


def subcommand(text: str) -> str | None:
    """Return the command of ``flask`` or ``bolthead`` that a line runs; None if it runs neither."""
    words: t.Iterator[str] = iter(re.findall(r"[^\s\"',\[\]]+", text))
    for word in words:
        if word.rpartition("/")[2] in COMMANDS:
            break
    for word in words:
        if word in WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def _runs_itself(subject: Subject, line: Line) -> bool:
    """Tell whether a command runs a script of the app that calls ``app.run``."""
    found = SCRIPT.search(line.text)
    if found is None:
        return False
    names = {Path(found[1]).name}
    return any(module.file.name in names for module, _, _ in subject.sources.calls("app.run"))


@rule(
    "B017",
    "The app runs as root",
    Severity.WARNING,
    only_deploy=True,
    why="Whatever goes wrong in the app then goes wrong as root: a path too far reads any file, and"
    " a container is left more easily.",
    fix="Give the app a user of its own: 'USER app' at the end of the Dockerfile, 'User=app' in the"
    " unit. A port below 1024 is the proxy's, or the socket's of systemd.",
)
def runs_as_root(subject: Subject) -> t.Iterator[Found]:
    """Look at the user of this process, of containers and of units."""
    files: dict[Path, list[Line]] = {}
    for line in subject.served_by:
        files.setdefault(line.file, []).append(line)
    names_user = False
    for file, lines in files.items():
        user = user_of(file, lines)
        if user in {"root", "0"}:
            yield Place(file), f"{file.name} runs the app as root."
        names_user = names_user or user is not None
    if not names_user and hasattr(os, "geteuid") and os.geteuid() == 0:
        yield Place(setting="user"), "This check runs as root, as the app will if it is run so."


def user_of(file: Path, lines: list[Line]) -> str | None:
    """Return the user that a file runs the app as; None for a file that does not say."""
    texts = [line.text.strip() for line in lines]
    if "dockerfile" in file.name.lower():
        return _user_of_image(texts)
    if file.suffix == ".service" and any(text.startswith("ExecStart") for text in texts):
        if any(re.match(r"(?i)DynamicUser\s*=\s*(yes|true|1|on)", text) for text in texts):
            return "dynamic"
        users = [text.partition("=")[2].strip() for text in texts if text.startswith("User")]
        return users[-1] if users else "root"
    users = [found[1] for text in texts if (found := re.match(r"user\s*[:=]\s*['\"]?(\w+)", text))]
    return users[-1] if users and file.suffix in {".yml", ".yaml"} else None


def _user_of_image(texts: list[str]) -> str:
    """Return the user of a Dockerfile's last stage; a stage begins as that which it is from."""
    user = "root"
    stages: dict[str, str] = {}
    name = ""
    for text in texts:
        begins = re.match(r"(?i)FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", text)
        if begins:
            first = "nonroot" if "nonroot" in begins[1] else "root"
            user = stages.get(begins[1].lower(), first)
            name = (begins[2] or "").lower()
        found = re.match(r"(?i)USER\s+([^\s:]+)", text)
        user = found[1] if found else user
        stages[name] = user
    return user
