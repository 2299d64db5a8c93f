"""Set-up at the first request, and after it."""

from __future__ import annotations

import threading
import typing as t
import warnings

from ...app import Flask
from ...blueprints import Blueprint
from .giving import _distance, tell


class FirstRequestFunctions(list[t.Any]):
    """The functions to call before an app's first request.

    The first one that is added puts ``run`` before everything else of a request, and ``run``
    takes itself out again: later requests do not know of it.
    """

    def __init__(self, app: t.Any) -> None:
        super().__init__()
        self.app = app
        self.lock = threading.RLock()
        self.waiting = False
        self.running = False

    def append(self, f: t.Any) -> None:
        """Add a function."""
        super().append(f)
        if not self.waiting and not self.app._got_first_request:
            self.waiting = True
            self.app.url_value_preprocessors[None].insert(0, self.run)

    def run(self, endpoint: str | None = None, values: t.Any = None) -> None:
        """Call them, unless that was done; a second request waits until it is."""
        with self.lock:
            # One of them may send a request to the app itself.
            if not self.waiting or self.running:
                return
            self.running = True
            try:
                for f in self:
                    self.app.ensure_sync(f)()
            finally:
                self.running = False
            self.waiting = False
            first = self.app.url_value_preprocessors[None]
            if self.run in first:
                first.remove(self.run)


def _functions(app: t.Any) -> FirstRequestFunctions:
    found: FirstRequestFunctions | None = vars(app).get("before_first_request_funcs")
    if found is None:
        found = vars(app)["before_first_request_funcs"] = FirstRequestFunctions(app)
    return found


class Functions:
    """The attribute ``before_first_request_funcs`` of an app."""

    def __get__(self, app: t.Any, kind: type | None = None) -> t.Any:
        if app is None:
            return self
        tell("flask.Flask.before_first_request_funcs")
        return _functions(app)

    def __set__(self, app: t.Any, functions: t.Iterable[t.Any]) -> None:
        tell("flask.Flask.before_first_request_funcs")
        own = _functions(app)
        added = list(functions)
        own.clear()
        for f in added:
            own.append(f)


def _before_first_request(app: t.Any, f: t.Any) -> t.Any:
    tell("flask.Flask.before_first_request")
    app._check_setup_finished("before_first_request")
    _functions(app).append(f)
    return f


def _before_app_first_request(blueprint: t.Any, f: t.Any) -> t.Any:
    tell("flask.Blueprint.before_app_first_request")
    blueprint.record_once(lambda state: _functions(state.app).append(f))
    return f


def _trigger(app: t.Any) -> None:
    tell("flask.Flask.try_trigger_before_first_request_functions")
    _functions(app).run()
    app._got_first_request = True


_late: set[tuple[str, str, str]] = set()


def _tell_of_late(kind: str, method: str, name: str, effect: str) -> None:
    if (kind, method, name) in _late:
        return
    _late.add((kind, method, name))
    warnings.warn(
        f"The set-up method '{method}' was called on {kind} '{name}' {effect}"
        " Since Flask 2.3 this is an error, and works only by legacy=True. Make sure that all"
        " set-up is done before.",
        DeprecationWarning,
        stacklevel=_distance(),
    )


def _check_app(app: t.Any, f_name: str) -> None:
    if app._got_first_request:
        effect = "after its first request, which was served without it."
        _tell_of_late("app", f_name, app.name, effect)


def _check_blueprint(blueprint: t.Any, f_name: str) -> None:
    if blueprint._got_registered_once:
        effect = "after it was registered. Apps that have it already do not get this."
        _tell_of_late("blueprint", f_name, blueprint.name, effect)


def install() -> None:
    """Give the functions of the first request back, and let late set-up pass with a warning."""
    app, blueprint = t.cast(t.Any, (Flask, Blueprint))
    app.before_first_request_funcs = Functions()
    app.before_first_request = _before_first_request
    app.try_trigger_before_first_request_functions = _trigger
    app._check_setup_finished = _check_app
    blueprint.before_app_first_request = _before_app_first_request
    blueprint._check_setup_finished = _check_blueprint
