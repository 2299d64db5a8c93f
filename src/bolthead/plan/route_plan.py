"""A route's plan: everything its requests need, decided before the first one."""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import HTTPException

from ..frozen import Frozen

Function = t.Callable[..., t.Any]

Ready = tuple[str, list[tuple[str, str]], list[bytes]]
"""An answer as it is sent: status line, headers, body."""

Quick = t.Mapping[type, t.Callable[[t.Any], Ready]]

Messages = t.Mapping[type, t.Callable[[t.Any], tuple[dict[str, t.Any], bytes]]]
"""How answers become the message that ASGI starts an answer with, and the body, by type."""


class Steps(Frozen):
    """How each step of the request's way is taken: the runner's own, or a replaced method.

    Each takes the plan and the context, then what it works on.
    """

    run: Function
    check: Function
    call: Function
    missed: Function
    recover: Function
    recover_http: Function
    recover_last: Function
    finish: Function
    respond: Function
    after: Function
    save: Function


class RoutePlan(Frozen):
    """What the requests of one endpoint need; endpoint None is the plan of a miss."""

    endpoint: str | None
    steps: Steps

    view: Function | None
    """The view, callable as a plain function; None where the endpoint has none.

    In a plan to be awaited, this and all other functions are ``async def``.
    """

    url_values: tuple[Function, ...]
    """``url_value_preprocessor`` functions, the application's first."""

    before: tuple[Function, ...]
    """``before_request`` functions, the application's first."""

    after: tuple[Function, ...]
    """``after_request`` functions, the innermost blueprint's first, each list from its end."""

    teardown: tuple[Function, ...]
    """``teardown_request`` functions, in the order of ``after``."""

    handlers: Handlers

    context_processors: tuple[Function, ...]
    """What adds to the names of a template, the application's first."""

    quick: Quick | None
    """How answers become bytes at once, by type; None where something must see a response."""

    session_cookie: str
    """The name of the cookie that a permanent session may have to be sent again for."""

    session_waits: bool
    """Whether the session is opened when it is first looked at, not before."""

    is_checked: bool
    """Whether anything comes before the view."""

    leaves_quietly: bool
    """Whether nothing has to be called, and nobody told, when the request ends."""

    adapt: t.Callable[[Function], Function]
    """What makes a function that was not known before one like those of the plan."""

    describe: t.Callable[[RoutePlan], str]

    guard: Function | None = None
    """What looks at a request that may change something, where that is only reported."""

    awaited: RoutePlan | None = None
    """The same plan to be awaited, where a function of it is ``async def`` and ASGI serves it."""

    begun: RoutePlan | None = None
    """``awaited`` for a request whose view is begun before all steps; None where that shows."""

    messages: Messages | None = None
    """``quick`` for ASGI, where the headers of all answers are those of the views."""

    streams_body: bool = False
    """Whether the view takes the request's body while it arrives (ASGI)."""

    def explain(self) -> str:
        """Return the plan as text: its steps, and which were put back and why."""
        return self.describe(self)


class Handlers:
    """The error handlers in reach of a route, found by code, then scope, then class.

    ``tables`` are, in the order in which they are asked, the code a table is for (None for any)
    and its handlers by class.
    """

    __slots__ = ("_adapt", "_found", "_tables")

    def __init__(
        self,
        tables: t.Sequence[tuple[int | None, t.Mapping[type[BaseException], Function]]],
        adapt: t.Callable[[Function], Function],
    ) -> None:
        self._tables = tuple(tables)
        self._adapt = adapt
        # What was found for a class and code: the tables do not change.
        self._found: dict[tuple[type, int | None], Function | None] = {}

    def find(self, error: BaseException) -> Function | None:
        """Return the handler of an error, callable as a plain function, or None."""
        code = error.code if isinstance(error, HTTPException) else None
        key = (type(error), code)
        if key not in self._found:
            self._found[key] = self._search(*key)
        return self._found[key]

    def _search(self, kind: type, code: int | None) -> Function | None:
        # Handlers of the very code come before those of any, in every scope.
        for wanted in dict.fromkeys((code, None)):
            for of_code, by_class in self._tables:
                if of_code != wanted:
                    continue
                for base in kind.__mro__:
                    handler = by_class.get(base)
                    if handler is not None:
                        return self._adapt(handler)
        return None
