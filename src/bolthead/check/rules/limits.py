"""How much one client may send, and how often."""

from __future__ import annotations

import re
import typing as t

from ..finding import Found, Severity, rule
from ..place import Place
from ..subject import Subject

# Options of Gunicorn and ``bolthead serve``, and lines of a Gunicorn's and an uWSGI's file.
WORKERS = re.compile(
    r"(?:--workers|\s-w|^\s*workers|^\s*processes|WEB_CONCURRENCY)[\s=:\"',]+(\d+)"
)

# Limits that are on unless somebody switches them off.
LIMITS = (
    "MAX_BOUNDARY_LENGTH",
    "MAX_COOKIES",
    "MAX_FORM_FIELDS",
    "MAX_FORM_MEMORY_SIZE",
    "MAX_FORM_PARTS",
    "MAX_FORM_TEXT_SIZE",
    "MAX_PART_HEADERS",
    "MAX_PART_HEADER_SIZE",
    "MAX_PATH_LENGTH",
    "MAX_QUERY_FIELDS",
    "MAX_SESSION_SIZE",
)


@rule(
    "B006",
    "The size of requests is not limited",
    Severity.WARNING,
    why="One client can fill the memory or the disk with a single request.",
    fix="Set MAX_CONTENT_LENGTH to the most bytes a request may have: 16 * 1024 * 1024 is plenty"
    " for forms. A view that takes more can set request.max_content_length for itself.",
)
def no_body_limit(subject: Subject) -> t.Iterator[Found]:
    """Look at the limits of an app that takes bodies."""
    # Where it is deployed, also for GET, which may have a body that a view reads.
    takes_bodies = subject.deploy or subject.takes_bodies
    if takes_bodies and subject.setting("MAX_CONTENT_LENGTH") is None:
        where = subject.place_of("MAX_CONTENT_LENGTH")
        yield where, "MAX_CONTENT_LENGTH is not set: a request may be of any size."
    for key in LIMITS:
        if subject.setting(key, ...) is None:
            yield subject.place_of(key), f"{key} is None: there is no limit."


@rule(
    "B020",
    "Limits of rates are counted in each process by itself",
    Severity.WARNING,
    why="Every worker counts for itself and forgets when it restarts: with four workers a client"
    " may try four passwords where one was meant.",
    fix="Give Flask-Limiter a store that workers share: RATELIMIT_STORAGE_URI ="
    " 'redis://localhost:6379'.",
)
def limits_per_process(subject: Subject) -> t.Iterator[Found]:
    """Look at the store of Flask-Limiter, where there are several workers or may be."""
    workers = known_workers(subject)
    if workers == 1 or (workers is None and not subject.deploy):
        return
    calls = list(subject.sources.calls("Limiter"))
    for limiter in _limiters(subject):
        if not getattr(limiter, "enabled", True):
            continue
        try:
            store = type(limiter.storage).__name__
        except Exception:  # noqa: S112  # a store that cannot be asked is not in the process
            continue
        if store == "MemoryStorage":
            where = calls[0][0].at(calls[0][1], "RATELIMIT_STORAGE_URI") if calls else None
            where = where or Place(setting="RATELIMIT_STORAGE_URI")
            yield where, "Flask-Limiter counts in the memory of each worker (memory://)."


def _limiters(subject: Subject) -> list[t.Any]:
    found = subject.app.extensions.get("limiter", ())
    return list(found) if isinstance(found, set | list | tuple) else [found]


def known_workers(subject: Subject) -> int | None:
    """Return how many processes serve the app by the environment or the files; None if unsaid."""
    given = subject.environ.get("WEB_CONCURRENCY", "")
    if given.isdecimal():
        return int(given)
    numbers = [int(number) for line in subject.served_by for number in WORKERS.findall(line.text)]
    return max(numbers, default=None)
