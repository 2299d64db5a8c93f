"""``flask.sansio.scaffold``: what extensions take from there, wherever it lies here."""

from __future__ import annotations

import typing as t

from ... import scaffold
from ...paths import find_package
from ...scaffold import Scaffold, _endpoint_from_view_func, setupmethod
from ...templating import _default_template_ctx_processor

__all__ = [
    "Scaffold",
    "_default_template_ctx_processor",
    "_endpoint_from_view_func",
    "find_package",
    "setupmethod",
]


def __getattr__(name: str) -> t.Any:
    return getattr(scaffold, name)
