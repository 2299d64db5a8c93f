"""What an engine does otherwise than the RFCs say where nobody behind it can mend it: all harmless.

Each is pinned to what happens, and a case that comes out right after all must leave this list.
docs/how-to/serve.md, "What the engines cannot do", says the same in words.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace

from rawhttp.case import ANY, CLOSED, OPEN, Case, Outcome, Seen


class Deviation(t.NamedTuple):
    """Why a case comes out otherwise, and how."""

    reason: str
    outcomes: tuple[Outcome, ...]
    is_certain: bool = True
    """Whether it happens each time."""


_X = Seen("GET", "/x")
_ABC = Seen("POST", "/x", b"abc")

_HOST_OF_TARGET = Deviation(
    "Granian takes the host of an absolute target for a Host that is not there.",
    (Outcome((200,), (Seen("GET", "/x", headers=(("Host", "a"),)),), OPEN),),
)
_HOST_COUNTS = Deviation(
    "Granian tells only the path of an absolute target, so that the Host header counts.",
    (Outcome((200,), (Seen("GET", "/x", headers=(("Host", "a"),)),), OPEN),),
)
_LOST = "Granian drops a connection when the client closes its sending side, and what it answers."


def _lost(*answers: int) -> Deviation:
    statuses = [answers[:count] for count in range(len(answers) + 1)]
    return Deviation(_LOST, tuple(Outcome(some, None, CLOSED) for some in statuses), False)


_OF_GRANIAN = {
    "no Host, but one in the target": _HOST_OF_TARGET,
    "target absolute, of another host": _HOST_COUNTS,
    "target absolute, of another scheme": _HOST_COUNTS,
    "chunks: a NUL in an extension": Deviation(
        "Granian skips extensions of chunks without a look at their characters.",
        (Outcome((200,), (_ABC,), OPEN),),
    ),
    "half-close: after a request": _lost(200),
    "half-close: a moment after a request": _lost(200),
    "half-close: while a slow one runs": _lost(200),
    "half-close: after a body": _lost(200),
    "half-close: after chunks": _lost(200),
    "half-close: after two requests": _lost(200, 200),
    "half-close: after Connection: close": _lost(200),
    "half-close: within the second request": _lost(200),
}

_NOT_ASCII = Deviation(
    "Granian's RSGI leaves such values out; the request is refused, and the connection goes on.",
    (Outcome((400,), (), ANY),),
)
_TRAILERS = Deviation(
    "Granian's RSGI tells trailers as it tells an end that is none; so both are refused.",
    (Outcome((400,)),),
)


def _underscore(value: str) -> Deviation:
    return Deviation(
        "Granian's WSGI makes one key of names with underscores and with hyphens.",
        (Outcome((200,), (Seen("GET", "/x", headers=(("X-User", value),)),), OPEN),),
    )


DEVIATIONS: dict[str, dict[str, Deviation]] = {
    "granian asgi": _OF_GRANIAN,
    "granian rsgi": {
        **_OF_GRANIAN,
        "Host in UTF-8": _NOT_ASCII,
        "Host in Latin-1": _NOT_ASCII,
        "header: with bytes of Latin-1": _NOT_ASCII,
        "connection: Keep-Alive of nonsense": _NOT_ASCII,
        "trailers: one": _TRAILERS,
        "trailers: two and the next request": _TRAILERS,
    },
    "granian wsgi": {
        **{name: found for name, found in _OF_GRANIAN.items() if "chunks" not in name},
        "half-close: after chunks": Deviation(
            _LOST, (Outcome((), None), Outcome((411,), ())), False
        ),
        "header: with bytes of Latin-1": Deviation(
            "Granian's WSGI makes an empty value of one with bytes beyond ASCII.",
            (Outcome((200,), (Seen("GET", "/x", headers=(("X", ""),)),), OPEN),),
        ),
        "header: an underscore in the name": _underscore("evil"),
        "header: an underscore that shadows a hyphen": _underscore("evil"),
        "header: 72 kB": Deviation(
            "By WSGI the sizes are not added up; Granian's own bound is 80 kB.",
            (Outcome((200,), (_X,), OPEN),),
        ),
    },
    "uvicorn asgi": {
        "Transfer-Encoding with blanks around it": Deviation(
            "llhttp refuses a tab around the coding.", (Outcome((400,)),)
        ),
    },
}

_CODING = re.compile(rb"transfer[-_]encoding", re.IGNORECASE)


def right_outcomes(way: str, case: Case) -> tuple[Outcome, ...]:
    """Return what may come of a case by a way."""
    deviation = DEVIATIONS[way].get(case.name)
    outcomes = deviation.outcomes if deviation is not None else case.outcomes
    sent = b"".join(step for step in case.steps if isinstance(step, bytes))
    if way == "granian wsgi" and _CODING.search(sent):
        # Chunks that are broken look whole by WSGI: bodies must say their length.
        refusals = [
            replace(outcome, statuses=(*outcome.statuses[:-1], 411))
            for outcome in outcomes
            if outcome.statuses[-1:] == (400,)
        ]
        outcomes = (*outcomes, *refusals, Outcome((411,)))
    return outcomes
