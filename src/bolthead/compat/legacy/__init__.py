"""Names that Flask and its libraries have removed, given back by ``legacy=True``.

One file per area, each with an ``install``. Nothing of this is imported without ``legacy=True``.
"""

from __future__ import annotations

from . import attributes, contexts, encoders, helpers, jinja, modules, setup, werkzeug

_installed = False


def install() -> None:
    """Give all of them back in this process; once is enough, and again does no harm."""
    global _installed
    if _installed:
        return
    _installed = True
    for area in (modules, contexts, encoders, attributes, helpers, setup, werkzeug, jinja):
        area.install()
