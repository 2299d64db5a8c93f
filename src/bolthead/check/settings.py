"""The settings in which ``Bolthead`` differs from ``Flask``, with what an app has."""

from __future__ import annotations

import typing as t

from ..app import Flask
from ..safe_defaults import SAFE_DEFAULTS, setting


class SafeSetting(t.NamedTuple):
    """A setting of the table: its value in either class and in the app at hand."""

    setting: str
    in_flask: t.Any
    in_bolthead: t.Any
    in_app: t.Any
    why: str

    @property
    def is_safe(self) -> bool:
        """Whether the app has something else than Flask's value."""
        return bool(self.in_app != self.in_flask)


def compare_settings(app: Flask) -> list[SafeSetting]:
    """Return each safe setting with Flask's value, Bolthead's, and the app's."""
    return [
        SafeSetting(
            row.setting, row.in_flask, row.in_bolthead, setting(app.config, row.setting), row.why
        )
        for row in SAFE_DEFAULTS
    ]
