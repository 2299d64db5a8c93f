"""Whether a browser that is sent to a target stays on the site, read by the WHATWG URL standard.

Text that looks like a path may lead elsewhere: browsers take a backslash for a slash, drop tabs and
line breaks anywhere and control characters at the ends, and need no slashes after a scheme.
"""

from __future__ import annotations

import re

from .made import Pattern

# What stands before the path is a scheme (URL standard, "scheme state").
_SCHEME = Pattern(r"[A-Za-z][A-Za-z0-9+.-]*:")

# Dot segments, plain or encoded, and then an empty one: "/.//host" is a path, until something
# takes the dots out.
_DOTS_THEN_SLASH = Pattern(r"/?(?:(?:\.|%2e){1,2}/)+/", re.IGNORECASE)


def is_local(target: str, origin: str | None = None) -> bool:
    """Tell whether a target is on the site, or of an origin such as ``https://shop.example``.

    It is where it is a path, a query or a fragment, or a whole URL that begins with the origin.
    """
    # Not printable: control characters, line separators, lone surrogates, what changes direction.
    if not target or not target.isprintable() or target != target.strip() or "\\" in target:
        return False
    if _SCHEME.match(target):
        return origin is not None and _begins_with(target, origin)
    return not target.startswith("//") and not _DOTS_THEN_SLASH.match(target)


def _begins_with(target: str, origin: str) -> bool:
    """Tell whether a URL is of an origin, and not of a host whose name begins like it."""
    length = len(origin)
    rest = target[length : length + 1]
    return target[:length].lower() == origin.lower() and rest in {"", "/", "?", "#"}
