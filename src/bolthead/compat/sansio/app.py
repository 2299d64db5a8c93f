"""``flask.sansio.app``: the app's class under its other name."""

from __future__ import annotations

import typing as t

from ... import app
from ...app import Flask as App

__all__ = ["App"]


def __getattr__(name: str) -> t.Any:
    return getattr(app, name)
