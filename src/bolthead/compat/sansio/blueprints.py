"""``flask.sansio.blueprints``: the blueprint's classes in their other place."""

from __future__ import annotations

import typing as t

from ... import blueprints
from ...blueprints import Blueprint, BlueprintSetupState

__all__ = ["Blueprint", "BlueprintSetupState"]


def __getattr__(name: str) -> t.Any:
    return getattr(blueprints, name)
