"""What the app stands on: releases with known holes."""

from __future__ import annotations

import importlib.metadata
import typing as t

from ..advisories import ADVISORIES, advisories_of
from ..finding import Found, Severity, rule
from ..pins import find_pins, release
from ..place import Place
from ..subject import Subject


@rule(
    "B013",
    "A dependency has a known vulnerability",
    Severity.ERROR,
    why="The input that breaks it is published, and is tried on every site.",
    fix="Ask for the release that the finding names, or a later one, and install again. The list"
    " is small and ages; run pip-audit in your CI beside it.",
)
def vulnerable(subject: Subject) -> t.Iterator[Found]:
    """Look at what requirements and lock files pin; with --deploy at what is installed, too."""
    pinned = set()
    for pin in find_pins(subject.project):
        pinned.add(pin.name)
        what = _what(pin.name, pin.version)
        if what:
            yield pin.place, what
    if not subject.deploy:
        return
    for name in dict.fromkeys(advisory.distribution for advisory in ADVISORIES):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        what = _what(name, version)
        if what and name not in pinned:
            yield Place(setting="installed"), what


def _what(name: str, version: str) -> str:
    found = advisories_of(name, version)
    if not found:
        return ""
    known = ", ".join(f"{advisory.id} ({advisory.what})" for advisory in found)
    fixed = max((advisory.fixed for advisory in found), key=release)
    return f"{name} {version}: {known}. Fixed in {fixed}."
