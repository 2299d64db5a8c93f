"""What a case is made of: bytes, and the outcomes that are right."""

from __future__ import annotations

from dataclasses import dataclass

from rawhttp.wire import Step

OPEN, CLOSED, ANY = "open", "closed", "any"
"""What becomes of the connection: the next request is answered, or it ends, or either."""


@dataclass(frozen=True)
class Seen:
    """A request as the app must see it."""

    method: str
    target: str
    body: bytes = b""
    headers: tuple[tuple[str, str | None], ...] = ()
    """Headers that are there with this value, or, with None, are not."""


@dataclass(frozen=True)
class Outcome:
    """What comes back, what becomes of the connection, and what the app sees."""

    statuses: tuple[int, ...]
    seen: tuple[Seen, ...] | None = ()
    """None where it is not known whether the app has seen it before the connection ended."""
    then: str = CLOSED


@dataclass(frozen=True)
class Case:
    """Steps of a client, and each outcome that is right."""

    name: str
    rule: str
    """What says so: a section of RFC 9110 or 9112, or `bolthead serve`."""
    steps: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]
    methods: tuple[str, ...] = ("GET",)
    """Of the requests, for reading the answers; the last one goes on for further ones."""


BAD = Outcome((400,))
"""Refused, and closed: what follows may be anything."""

DROPPED = Outcome(())
"""Closed without a word; nothing is seen."""


def refused(*statuses: int) -> tuple[Outcome, ...]:
    """Return the outcomes of a refusal: one of these answers, then the end."""
    return tuple(Outcome((status,)) for status in statuses)


def taken(*seen: Seen, then: str = OPEN, status: int = 200) -> Outcome:
    """Return the outcome of requests that are answered one by one."""
    return Outcome((status,) * len(seen), seen, then)
