"""Everything that is looked for, in the order of the ids."""

from __future__ import annotations

from ..finding import Rule
from . import (
    addresses,
    async_views,
    cookies,
    cors,
    debugging,
    dependencies,
    endpoints,
    escaping,
    extensions,
    files,
    invalid,
    keys,
    limits,
    logs,
    redirects,
    server,
    stores,
)

FAMILIES = (
    addresses,
    async_views,
    cookies,
    cors,
    debugging,
    dependencies,
    endpoints,
    escaping,
    extensions,
    files,
    invalid,
    keys,
    limits,
    logs,
    redirects,
    server,
    stores,
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            value
            for family in FAMILIES
            for value in vars(family).values()
            if isinstance(value, Rule)
        ),
        key=lambda rule: rule.id,
    )
)
"""Every rule of the families."""
