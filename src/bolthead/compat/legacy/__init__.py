"""Names that Flask and its libraries have removed, given back by ``legacy=True``.

One file per area, each with an ``install``; ``table.py`` lists the names. Nothing of this is
imported without ``legacy=True``.
"""

from __future__ import annotations

_installed = False


def install() -> None:
    """Give all of them back in this process; once is enough, and again does no harm."""
    global _installed
    if _installed:
        return
    _installed = True
    from . import (
        attributes,
        authorization,
        contexts,
        encoders,
        helpers,
        jinja,
        modules,
        python3,
        setup,
        werkzeug,
    )

    flasks = (modules, contexts, encoders, attributes, helpers, setup)
    for area in (*flasks, werkzeug, authorization, jinja, python3):
        area.install()
