"""Tells whether an app uses the session, so that it needs a secret key."""

from __future__ import annotations

import sys
import types
import typing as t

_NAMES = frozenset({"session", "flash", "get_flashed_messages"})
_OURS = ("bolthead", "flask")


def uses_sessions(app: t.Any) -> bool:
    """Tell whether a module has imported the session, or a function of the app asks for it.

    What only comes to light when a request is served (``import_module`` within a view) is not
    seen; such a request fails with the error that says so.
    """
    from .. import helpers
    from ..globals import session

    wanted = (session, helpers.flash, helpers.get_flashed_messages)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _OURS or module is None:
            continue
        for value in list(vars(module).values()):
            if any(value is one for one in wanted):
                return True
    return any(map(_asks_for_session, _functions(app)))


def _functions(app: t.Any) -> t.Iterator[t.Any]:
    yield from app.view_functions.values()
    yield from app.websocket_functions.values()
    for table in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs):
        for functions in table.values():
            yield from functions


def _asks_for_session(function: t.Any) -> bool:
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    return isinstance(code, types.CodeType) and _names_session(code)


def _names_session(code: types.CodeType) -> bool:
    """Tell whether code says ``flask.session`` or imports one of the names."""
    names = set(code.co_names)
    if names & _NAMES and names & {"flask", "bolthead"}:
        return True
    return any(isinstance(part, types.CodeType) and _names_session(part) for part in code.co_consts)
