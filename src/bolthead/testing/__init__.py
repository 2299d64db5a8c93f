"""Tests without a server: a client that calls the app, and a runner for its commands."""

from __future__ import annotations

import typing as t

from .client import EnvironBuilder as EnvironBuilder
from .client import FlaskClient as FlaskClient

if t.TYPE_CHECKING:
    from .commands import FlaskCliRunner as FlaskCliRunner


def __getattr__(name: str) -> t.Any:
    # The client needs no Click; whoever asks for the runner does.
    if name == "FlaskCliRunner":
        from .commands import FlaskCliRunner

        return FlaskCliRunner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
