"""Tests without a server: a client that calls the app, and a runner for its commands."""

from __future__ import annotations

import typing as t

from .client import EnvironBuilder as EnvironBuilder
from .client import FlaskClient as FlaskClient

if t.TYPE_CHECKING:
    from .async_client import AsyncClient as AsyncClient
    from .async_client import AsyncWebsocket as AsyncWebsocket
    from .async_client import Stream as Stream
    from .async_client import WebsocketClosed as WebsocketClosed
    from .async_client import WebsocketRefused as WebsocketRefused
    from .commands import FlaskCliRunner as FlaskCliRunner


# Of asynchronous tests only.
_ASYNC = {"AsyncClient", "AsyncWebsocket", "Stream", "WebsocketClosed", "WebsocketRefused"}


def __getattr__(name: str) -> t.Any:
    # The client needs no Click; whoever asks for the runner does.
    if name == "FlaskCliRunner":
        from .commands import FlaskCliRunner

        return FlaskCliRunner
    if name in _ASYNC:
        from . import async_client

        return getattr(async_client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
