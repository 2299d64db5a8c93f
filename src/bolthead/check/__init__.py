"""Reads an app's configuration, code, templates and files, and names what is dangerous.

``bolthead check`` prints it. Rules stand in families below ``rules``; each has an id, a severity,
why it matters and what to do.
"""

from __future__ import annotations

import fnmatch
import os
import re
import tomllib
import typing as t
from pathlib import Path

from ..app import Flask
from .finding import Finding as Finding
from .finding import Rule as Rule
from .finding import Severity as Severity
from .markup import Template
from .place import Place as Place
from .place import shorten
from .rules import RULES, extensions
from .source import Module
from .subject import Subject


class CheckOptionError(ValueError):
    """What a check was told to leave out cannot be understood; the text says where it stands."""


class UnknownRule(CheckOptionError):
    """An id was named that no finding has."""

    def __init__(self, id: str, where: str) -> None:
        known = f"{RULES[0].id} to {RULES[-1].id}"
        super().__init__(f"{where}: there is no finding {id!r}. The ids are {known}.")


def check_app(
    app: Flask,
    *,
    deploy: bool = False,
    ignore: t.Iterable[str] = (),
    environ: t.Mapping[str, str] = os.environ,
) -> list[Finding]:
    """Return what is wrong with an app, errors first.

    ``deploy`` adds what matters in a deployment only. ``ignore`` leaves ids out, such as "B010", or
    what is in some files only, such as "B010:shop/notes/*"; so do the setting ``CHECK_IGNORE``,
    ``ignore`` under ``[tool.bolthead.check]`` in pyproject.toml, and a comment
    ``# bolthead: ignore B010`` on the line. Raises UnknownRule for an id that no finding has, and
    CheckOptionError for what else cannot be understood.
    """
    subject = Subject(app, deploy, environ)
    ignored = _find_ignored(subject, ignore)
    found = [
        finding
        for rule in RULES
        if "*" not in ignored.get(rule.id, ()) and (deploy or not rule.only_deploy)
        for finding in rule.findings(subject)
        if not _matches(finding, ignored) and not _is_ignored_there(subject, finding)
    ]
    return sorted(found, key=lambda finding: (finding.severity is not Severity.ERROR, finding.id))


def _find_ignored(subject: Subject, given: t.Iterable[str]) -> dict[str, list[str]]:
    """Return the ids that are left out, each with patterns of the places where; "*" is everywhere.

    The caller, the app's setting and the project's file say which.
    """
    sources = {
        "--ignore": given,
        "CHECK_IGNORE": _as_list(subject.setting("CHECK_IGNORE")),
        "[tool.bolthead.check] in pyproject.toml": _as_list(_ignored_by_project(subject.project)),
    }
    known = {rule.id for rule in RULES}
    found: dict[str, list[str]] = {}
    for where, ids in sources.items():
        for text in re.findall(r"[^\s,]+", ids) if isinstance(ids, str) else map(str, ids):
            id, _, pattern = text.partition(":")
            if id.upper() not in known:
                raise UnknownRule(id, where)
            found.setdefault(id.upper(), []).append(pattern or "*")
    return found


def _matches(finding: Finding, ignored: t.Mapping[str, list[str]]) -> bool:
    """Tell whether a finding is in a file, or of a setting, for which its id is left out."""
    place = finding.place
    name = place.setting or "" if place.file is None else shorten(place.file)
    return any(fnmatch.fnmatch(name, pattern) for pattern in ignored.get(finding.id, ()))


def _as_list(value: t.Any) -> t.Iterable[t.Any]:
    return value if isinstance(value, str | list | tuple | set) else [value] if value else ()


def _ignored_by_project(project: Path) -> t.Any:
    try:
        with open(project / "pyproject.toml", "rb") as file:
            table: t.Any = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError):
        return ()
    for key in ("tool", "bolthead", "check"):
        table = table.get(key, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        return ()
    unknown = [key for key in table if key != "ignore"]
    if unknown:
        raise CheckOptionError(
            f"[tool.bolthead.check] in pyproject.toml has {unknown[0]!r}. Its only key is 'ignore',"
            " a list of ids."
        )
    return table.get("ignore", ())


def _is_ignored_there(subject: Subject, finding: Finding) -> bool:
    """Tell whether a comment on the finding's line says to ignore it."""
    place = finding.place
    if place.file is None or place.line is None:
        return False
    read: list[Module | Template] = [*subject.sources.modules, *subject.templates]
    return any(
        file.file == place.file and finding.id in file.ignored.get(place.line, ()) for file in read
    )


def load_failure(error: BaseException) -> list[Finding]:
    """Return what is known of why an app could not be loaded: an extension that breaks."""
    row = extensions.blame(error)
    if row is None:
        return []
    version = extensions.installed_version(row.distribution) or ""
    rule = extensions.broken_extension
    what = f"The app cannot be loaded. {extensions.tell(row, version)}"
    return [Finding(rule.id, rule.severity, Place(setting="app"), what, rule.why, rule.fix)]
