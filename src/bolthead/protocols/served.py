"""All that a protocol asks of an app."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Served(t.Protocol):
    """An app, as the protocols see it."""

    _changes: t.Any

    @property
    def logger(self) -> t.Any: ...

    def request_context(self, environ: WSGIEnvironment) -> t.Any: ...
    def _current_plans(self) -> t.Any: ...
    def full_dispatch_request(self) -> t.Any: ...
    def handle_exception(self, e: Exception) -> t.Any: ...
    def should_ignore_error(self, error: BaseException | None) -> bool: ...
