"""Extensions that no longer run, and settings that nothing reads any more."""

from __future__ import annotations

import importlib.metadata
import sys
import typing as t

from ..finding import Found, Severity, rule
from ..pins import find_pins, normalise, release
from ..place import Place
from ..subject import Subject


class Broken(t.NamedTuple):
    """Releases of an extension that fail: all before ``works``, or all of them."""

    distribution: str
    modules: tuple[str, ...]
    works: str | None
    ended_by: str
    instead: str
    legacy: bool = True
    """Whether the removed names, given back, make it run."""


BROKEN = (
    Broken("Flask-JWT", ("flask_jwt",), None, "Flask 3.0", "Flask-JWT-Extended"),
    Broken("Flask-Script", ("flask_script",), None, "Flask 2.0", "app.cli and Click"),
    Broken("Flask-And-Redis", ("flask_redis",), None, "Flask 3.0", "redis-py itself"),
    Broken("flask-mongoengine", ("flask_mongoengine",), None, "Flask 2.3", "mongoengine itself"),
    Broken("Flask-OAuthlib", ("flask_oauthlib",), None, "Werkzeug 3.0", "Authlib"),
    Broken("Flask-Markdown", ("flaskext.markdown",), None, "Flask 3.0", "a filter of your own"),
    Broken("Flask-Uploads", ("flask_uploads",), None, "Werkzeug 1.0", "Flask-Reuploaded"),
    Broken("Flask-Login", ("flask_login",), "0.6.3", "Flask 3.0", "Flask-Login 0.6.3"),
    Broken("Flask-SQLAlchemy", ("flask_sqlalchemy",), "3.0.0", "Flask 3.0", "Flask-SQLAlchemy 3.1"),
    Broken("Flask-WTF", ("flask_wtf",), "1.1.2", "Flask 3.0", "Flask-WTF 1.2"),
    Broken(
        "Flask-DebugToolbar",
        ("flask_debugtoolbar",),
        "0.14.0",
        "Flask 3.0",
        "Flask-DebugToolbar 0.16",
    ),
    Broken("Flask-Bcrypt", ("flask_bcrypt",), "1.0.0", "Werkzeug 2.1", "Flask-Bcrypt 1.0"),
    Broken("flask-restplus", ("flask_restplus",), None, "Werkzeug 1.0", "Flask-RESTX"),
    Broken("Flask-BabelEx", ("flask_babelex",), None, "Flask 3.0", "Flask-Babel"),
    Broken("Flask-OpenID", ("flask_openid",), "1.3.1", "Werkzeug 3.0", "Flask-OpenID 1.3.1"),
    Broken("Flask-Cache", ("flask_cache",), None, "Werkzeug 1.0", "Flask-Caching", legacy=False),
    Broken("Flask-Sockets", ("flask_sockets",), None, "Werkzeug 2.0", "app.websocket", False),
)

# Flask's settings of former releases (its change log).
REMOVED_SETTINGS = {
    "ENV": "DEBUG",
    "JSON_AS_ASCII": "app.json.ensure_ascii",
    "JSON_SORT_KEYS": "app.json.sort_keys",
    "JSONIFY_MIMETYPE": "app.json.mimetype",
    "JSONIFY_PRETTYPRINT_REGULAR": "app.json.compact",
    "PRESERVE_CONTEXT_ON_EXCEPTION": "'with client:' in tests",
    "LOGGER_NAME": "app.name",
    "LOGGER_HANDLER_POLICY": "the logging module",
}


@rule(
    "B023",
    "An extension is known to break",
    Severity.ERROR,
    why="It uses names that Flask or Werkzeug has removed: it fails when it is imported, or in the"
    " first request.",
    fix="Take what the finding names in its place; or have the removed names given back:"
    " 'bolthead adopt --legacy', or install_as_flask(legacy=True).",
)
def broken_extension(subject: Subject) -> t.Iterator[Found]:
    """Look at what is pinned, and at what the code imports and is installed."""
    for pin in find_pins(subject.project):
        for row in BROKEN:
            if normalise(row.distribution) == pin.name and fails(row, pin.version):
                yield pin.place, tell(row, pin.version)
    for module in subject.sources.modules:
        imported = {*module.names.values(), *module.stars}
        for row in BROKEN:
            uses = any(
                name == known or name.startswith(f"{known}.")
                for name in imported
                for known in row.modules
            )
            version = installed_version(row.distribution) if uses else None
            if version is not None and fails(row, version):
                yield Place(module.file, line_of_import(module.text, row)), tell(row, version)


def fails(row: Broken, version: str) -> bool:
    """Tell whether a release of an extension fails here."""
    if row.legacy and has_removed_names():
        return False
    return row.works is None or release(version) < release(row.works)


def has_removed_names() -> bool:
    """Tell whether removed names have been given back: ``install_as_flask(legacy=True)``."""
    return bool(getattr(sys.modules.get("bolthead.compat.legacy"), "_installed", False))


def tell(row: Broken, version: str) -> str:
    """Return the sentence about an extension."""
    return f"{row.distribution} {version} was ended by {row.ended_by}. Use {row.instead}."


def installed_version(distribution: str) -> str | None:
    """Return the installed version of a distribution, None where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def line_of_import(text: str, row: Broken) -> int | None:
    """Return the first line of a module that imports an extension."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if words[:1] in (["import"], ["from"]) and any(name in line for name in row.modules):
            return number
    return None


def blame(error: BaseException) -> Broken | None:
    """Return the broken extension in which an error was raised while an app was loaded."""
    seen: BaseException | None = error
    while seen is not None:
        trace = seen.__traceback__
        while trace is not None:
            name = str(trace.tb_frame.f_globals.get("__name__", ""))
            for row in BROKEN:
                inside = any(name == known or name.startswith(f"{known}.") for known in row.modules)
                if inside and fails(row, installed_version(row.distribution) or "0"):
                    return row
            trace = trace.tb_next
        seen = seen.__cause__ or seen.__context__
    return None


@rule(
    "B033",
    "A setting is set that nothing reads",
    Severity.WARNING,
    why="Flask has removed the setting. What it was set for does not happen, and nothing says so.",
    fix="Use what the finding names in its place.",
)
def removed_setting(subject: Subject) -> t.Iterator[Found]:
    """Look for settings of former releases."""
    if has_removed_names():
        return
    for key, instead in REMOVED_SETTINGS.items():
        if key in subject.config:
            yield subject.place_of(key), f"{key} has no effect. Use {instead}."
