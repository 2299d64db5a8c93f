"""The settings in which ``Bolthead`` differs from ``Flask``, one row each, and nothing else does.

``Flask`` takes what is here as ``in_flask`` where a setting is absent from the configuration, which
is what Flask 3.1.3 does; ``Bolthead.default_config`` holds what is here as ``in_bolthead``. Either
class can be set either way. The documentation's table is made from this one.
"""

from __future__ import annotations

import typing as t


class SafeDefault(t.NamedTuple):
    """A setting, its value in either class, and what the safer value is for."""

    setting: str
    in_flask: t.Any
    in_bolthead: t.Any
    why: str


SAFE_DEFAULTS = (
    SafeDefault(
        "CROSS_ORIGIN_PROTECTION",
        "report",
        "enforce",
        "A page of another site cannot send a form as the user who looks at it.",
    ),
    SafeDefault(
        "EXPLAIN_LIMITS",
        False,
        True,
        "The answer to a body that is too large names the limit, for whoever may raise it.",
    ),
    SafeDefault(
        "MAX_CONTENT_LENGTH",
        None,
        16_000_000,
        "One request cannot fill the memory or the disk.",
    ),
    SafeDefault(
        "MAX_FORM_FIELDS",
        10_000,
        1_000,
        "A form of thousands of fields costs time that nobody needs.",
    ),
    SafeDefault(
        "MAX_FORM_TEXT_SIZE",
        16_000_000,
        2_000_000,
        "The fields of a form are held in memory all at once.",
    ),
    SafeDefault(
        "MAX_JSON_DEPTH",
        None,
        200,
        "Code that walks through nested data is not led into a RecursionError.",
    ),
    SafeDefault(
        "MAX_PATH_LENGTH",
        65_536,
        8_192,
        "Views and logs are spared paths that no page links to.",
    ),
    SafeDefault(
        "SECURITY_HEADERS",
        None,
        "basic",
        "Browsers take an answer for what it says it is, and tell other sites no whole addresses.",
    ),
    SafeDefault(
        "SESSION_COOKIE_SAMESITE",
        None,
        "Lax",
        "The session is not sent along with what other sites send.",
    ),
    SafeDefault(
        "SESSION_COOKIE_SECURE",
        False,
        "auto",
        "A session begun over HTTPS is never sent in the clear.",
    ),
    SafeDefault(
        "STRICT_COOKIE_SIZE",
        False,
        True,
        "A cookie that browsers drop is an error in debug mode, and a line in the log otherwise.",
    ),
)
"""The table; ``bolthead check`` and the documentation read it, too."""

_IN_FLASK = {row.setting: row.in_flask for row in SAFE_DEFAULTS}

IN_BOLTHEAD: dict[str, t.Any] = {row.setting: row.in_bolthead for row in SAFE_DEFAULTS}
"""The settings that ``Bolthead`` begins with in place of Flask's."""


def setting(config: t.Mapping[str, t.Any], name: str) -> t.Any:
    """Return a setting of the table; what ``Flask`` does where the configuration has none."""
    return config.get(name, _IN_FLASK[name])
