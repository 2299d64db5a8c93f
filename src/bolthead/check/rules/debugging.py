"""Debug mode, testing mode, and settings that are made to find errors."""

from __future__ import annotations

import re
import typing as t

from ..deployment import read_lines
from ..finding import Found, Severity, rule
from ..place import Place
from ..source import argument
from ..subject import Subject

DEBUG_VARIABLES = ("BOLTHEAD_DEBUG", "FLASK_DEBUG")
# As shells, dotenv files, Dockerfiles and compose files write it.
VARIABLE_SET = re.compile(r"(?<!\w)(BOLTHEAD_DEBUG|FLASK_DEBUG)[\s\"']*[=:\s][\s\"']*(\w+)")
OFF = frozenset({"", "0", "false", "no"})

# Their ``run`` is not a server's.
OTHER_RUNS = frozenset({"asyncio", "anyio", "trio", "subprocess"})


@rule(
    "B001",
    "Debug mode is on",
    Severity.ERROR,
    why="In debug mode an error shows the source, the variables and a console that runs code as"
    " the app. Whoever reaches it owns the machine.",
    fix="Leave debug mode to the command line: 'bolthead run --debug' on your own machine. Take it"
    " out of the code, the configuration and the files that deploy the app.",
)
def debug_is_on(subject: Subject) -> t.Iterator[Found]:
    """Look at the setting, at calls that start a server or a debugger, and at dotenv files."""
    asked_by = [name for name in DEBUG_VARIABLES if is_on(subject.environ.get(name))]
    if subject.app.debug and not asked_by:
        yield subject.place_of("DEBUG"), "DEBUG is set by the app itself."
    for module, node, called in subject.sources.calls("run", "run_simple", "DebuggedApplication"):
        name = called.rpartition(".")[2]
        if called.partition(".")[0] in OTHER_RUNS:
            continue
        if name == "DebuggedApplication":
            yield module.at(node), "The app is wrapped in the debugger, whatever server runs it."
            continue
        for option in ("debug", "use_debugger"):
            if subject.sources.value(module, argument(node, None, option)) is True:
                yield module.at(node), f"{name}({option}=True) starts the debugger."
    if subject.deploy:
        yield from _debug_where_deployed(subject, asked_by)


def _debug_where_deployed(subject: Subject, asked_by: list[str]) -> t.Iterator[Found]:
    # The second is set by the command that reads the first.
    for name in asked_by[:1]:
        value = subject.environ[name]
        yield Place(setting=name), f"{name}={value} in the environment turns debug mode on."
    files = [subject.project / name for name in (".flaskenv", ".env")]
    dotenv = [line for file in files if file.is_file() for line in read_lines(file)]
    for line in [*dotenv, *subject.served_by]:
        found = VARIABLE_SET.search(line.text)
        if found and is_on(found[2]):
            yield line.place, f"{found[1]} turns debug mode on."


def is_on(value: str | None) -> bool:
    """Tell whether an environment variable's text switches debug mode on."""
    return value is not None and value.lower() not in OFF


@rule(
    "B014",
    "Testing mode is on",
    Severity.ERROR,
    why="With TESTING, errors go past the handlers to the server, and extensions switch parts of"
    " themselves off: mails are not sent, logins are not asked for, weak keys are taken.",
    fix="Set TESTING in the tests only: create_app({'TESTING': True}).",
)
def testing_is_on(subject: Subject) -> t.Iterator[Found]:
    """Look at the setting."""
    if subject.setting("TESTING"):
        yield subject.place_of("TESTING"), "TESTING is on."


@rule(
    "B027",
    "Errors go past their handlers",
    Severity.WARNING,
    why="Such errors reach the server instead of the app's handlers: clients get the server's"
    " answer, or a closed connection, and HTTP errors such as a 404 become a 500.",
    fix="Take the setting out. It is made to find an error while developing.",
)
def errors_propagate(subject: Subject) -> t.Iterator[Found]:
    """Look at the settings that let errors through."""
    for key in ("PROPAGATE_EXCEPTIONS", "TRAP_HTTP_EXCEPTIONS", "TRAP_BAD_REQUEST_ERRORS"):
        if subject.setting(key):
            yield subject.place_of(key), f"{key} is on."
