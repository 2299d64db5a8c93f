"""The settings that cannot be what they are: found where an app is loaded, before any request."""

from __future__ import annotations

import typing as t

from .. import cross_origin, security_headers
from ..wrappers import lenient
from ..wrappers.limits import FLASKS, LIMITS

Config = t.Mapping[str, t.Any]

# What reads a setting, and raises a ValueError that says what it may be.
_READERS: dict[str, t.Callable[[Config], object]] = {
    "ALLOW_UNDERSCORE_HEADERS": lenient.allowed_underscores,
    "CROSS_ORIGIN_PROTECTION": cross_origin.mode,
    "SECURITY_HEADERS": security_headers.chosen,
    "TRUSTED_ORIGINS": cross_origin.trusted_origins,
}


def find_invalid(config: Config) -> t.Iterator[tuple[str, str]]:
    """Yield each setting that no request could be answered with, and what it may be."""
    for setting, read in _READERS.items():
        try:
            read(config)
        except ValueError as error:
            yield setting, str(error)
    for setting in (*FLASKS, *(limit.setting for limit in LIMITS)):
        most = config.get(setting)
        if most is not None and not (isinstance(most, int | float) and most >= 0):
            yield setting, f"{setting} is {most!r}. It is a number, or None for no limit."
