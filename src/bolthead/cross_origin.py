"""Refuses, or reports, what a page of another origin sends: as Go 1.25's ``CrossOriginProtection``.

Browsers say where a request comes from, in ``Sec-Fetch-Site`` (W3C Fetch Metadata) or at least in
``Origin`` (RFC 6454), and no page can change either. So a request that might change something
needs no token: it is refused where the browser says that a page of another origin has made it.
What sends neither header is no browser, and has no user's cookies to misuse.
"""

from __future__ import annotations

import re
import typing as t
import weakref

from werkzeug.exceptions import Forbidden

from . import current
from .made import Pattern
from .safe_defaults import setting

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

Guard = t.Callable[[t.Any], None]
"""Takes a request's context; raises where the request is refused."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that change nothing, and are never refused."""

MODES = ("enforce", "report", "off")
"""The values of ``CROSS_ORIGIN_PROTECTION``."""

_ORIGIN = Pattern(r"([a-z][a-z0-9+.-]*)://([^/?#@\s]+)", re.IGNORECASE)

# What a browser sends by itself, from any page, once its user has signed in (RFC 7235).
_SENT_BY_BROWSERS = frozenset({"basic", "digest", "negotiate", "ntlm"})

_PORTS = {"http": ":80", "https": ":443", "ws": ":80", "wss": ":443"}


class CrossOriginRequest(Forbidden):
    """A page of another origin sent a request that might change something: 403."""

    description = (
        "A page of another site sent this request. If you sent it yourself, go to this site's own"
        " page and try again."
    )


def cross_origin_exempt(view: F) -> F:
    """Let pages of any origin send requests to a view, or open a WebSocket to it.

    For a form that stands on other sites, or the answer of a payment or sign-in service; such a
    view must not rely on the session to tell who asks. Takes a view or a class of views.
    """
    view.cross_origin_exempt = True  # type: ignore[attr-defined]  # a mark for the plan
    return view


def is_exempt(view: object) -> bool:
    """Tell whether a view, or the class it is made of, is marked by ``cross_origin_exempt``."""
    return any(
        getattr(marked, "cross_origin_exempt", False)
        for marked in (view, getattr(view, "view_class", None))
    )


def is_cross_origin(environ: WSGIEnvironment, trusted: t.Container[str] = frozenset()) -> bool:
    """Tell whether a page of another origin sent a request, whatever its method."""
    site = environ.get("HTTP_SEC_FETCH_SITE")
    origin = environ.get("HTTP_ORIGIN")
    if site:
        if site in {"same-origin", "none"}:
            return False
    elif not origin or _is_origin_of(environ, origin):
        return False
    return origin is None or origin.lower() not in trusted


def is_foreign_websocket(environ: WSGIEnvironment, trusted: t.Container[str] = frozenset()) -> bool:
    """Tell whether a page of another origin opens a WebSocket (RFC 6455, 10.2)."""
    origin: str = environ.get("HTTP_ORIGIN", "")
    return bool(origin) and not _is_origin_of(environ, origin) and origin.lower() not in trusted


def _is_origin_of(environ: WSGIEnvironment, origin: str) -> bool:
    """Tell whether an origin's host and port are those that the request was sent to."""
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        return False  # "null": a page without an origin of its own
    port = _PORTS.get(match[1].lower(), "")
    asked = environ.get("HTTP_HOST")
    if asked is None:
        asked = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return asked.lower().removesuffix(port) == match[2].lower().removesuffix(port)


def trusted_origins(config: t.Mapping[str, t.Any]) -> frozenset[str]:
    """Return ``TRUSTED_ORIGINS``; ValueError for one that is no origin."""
    origins = config.get("TRUSTED_ORIGINS") or ()
    is_list = isinstance(origins, list | tuple | set | frozenset)
    for origin in origins if is_list else [origins]:
        if not is_list or not isinstance(origin, str) or not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"TRUSTED_ORIGINS has {origin!r}. It is a list of origins such as"
                " 'https://shop.example' or 'http://localhost:3000': a scheme and a host, with a"
                " port if there is one, without a path or a slash at the end."
            )
    return frozenset(origin.lower() for origin in origins)


def mode(config: t.Mapping[str, t.Any]) -> str:
    """Return ``CROSS_ORIGIN_PROTECTION``; ValueError for what is none of its values."""
    value: str = setting(config, "CROSS_ORIGIN_PROTECTION")
    if not isinstance(value, str) or value not in MODES:
        raise ValueError(
            f"CROSS_ORIGIN_PROTECTION is {value!r}. It is one of 'enforce' (refuse), 'report' (log"
            " once for each endpoint) and 'off'."
        )
    return value


def make_guard(app: t.Any) -> Guard | None:
    """Return what looks at the unsafe requests of an app, or None where nothing is to be done."""
    how = mode(app.config)
    trusted = trusted_origins(app.config)
    if how == "off":
        return None
    handle = _refuse if how == "enforce" else _report

    def guard(ctx: t.Any) -> None:
        environ = ctx.environ
        # PERF: no browser sent it, or one that has nothing to say; see tests/test_call_counts.py.
        if "HTTP_SEC_FETCH_SITE" not in environ and "HTTP_ORIGIN" not in environ:
            return
        method = environ["REQUEST_METHOD"].upper()
        if method in SAFE_METHODS or not is_cross_origin(environ, trusted):
            return
        if not _has_credentials_of_its_own(environ) and not _is_checked_by_wtf(app, method):
            handle(app, ctx, method)

    return guard


def as_check(guard: Guard) -> t.Callable[[], None]:
    """Return a guard as the first of a request's checks."""

    def refuse_cross_origin() -> None:
        ctx = current._cv_request.get()
        if ctx.environ["REQUEST_METHOD"] != "GET":
            guard(ctx)

    refuse_cross_origin.__qualname__ = "refuse_cross_origin"
    return refuse_cross_origin


def as_awaited_check(guard: Guard) -> t.Callable[[], t.Awaitable[None]]:
    """Return a guard as the first check where checks are awaited: it waits for nothing."""
    check = as_check(guard)

    async def refuse_cross_origin() -> None:
        check()

    return refuse_cross_origin


def check_websocket(app: t.Any, ctx: t.Any, view: object) -> None:
    """Refuse a handshake that a page of another origin begins, in every mode."""
    foreign = is_foreign_websocket(ctx.environ, trusted_origins(app.config))
    if foreign and not is_exempt(view):
        _refuse(app, ctx, "WebSocket")


def _has_credentials_of_its_own(environ: WSGIEnvironment) -> bool:
    """Tell whether a program says who asks, by a header that no browser adds by itself."""
    scheme, _, rest = environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return bool(scheme and rest) and scheme.lower() not in _SENT_BY_BROWSERS


def _is_checked_by_wtf(app: t.Any, method: str) -> bool:
    """Tell whether Flask-WTF asks for a token in a request (its docs, "Configuration")."""
    config = app.config
    return (
        "csrf" in app.extensions
        and bool(config.get("WTF_CSRF_ENABLED", True))
        and bool(config.get("WTF_CSRF_CHECK_DEFAULT", True))
        and method in config.get("WTF_CSRF_METHODS", {"POST", "PUT", "PATCH", "DELETE"})
    )


def _refuse(app: t.Any, ctx: t.Any, what: str) -> t.NoReturn:
    _tell(app, ctx, what, "was refused")
    raise CrossOriginRequest()


def _report(app: t.Any, ctx: t.Any, what: str) -> None:
    _tell(app, ctx, what, "is answered; CROSS_ORIGIN_PROTECTION = 'enforce' refuses it")


# The endpoints of each app that a line was written for.
_told: weakref.WeakKeyDictionary[t.Any, set[str | None]] = weakref.WeakKeyDictionary()


def _tell(app: t.Any, ctx: t.Any, what: str, outcome: str) -> None:
    """Log a request of another origin, once for each endpoint."""
    rule = ctx.url_rule
    endpoint = None if rule is None else rule.endpoint
    told = _told.setdefault(app, set())
    if endpoint in told:
        return
    told.add(endpoint)
    origin = ctx.environ.get("HTTP_ORIGIN")
    app.logger.warning(
        "A page of another origin (%r) sent a %s request to the endpoint %r. It %s. Further ones"
        " of this endpoint are not logged. To allow it, list the origin in TRUSTED_ORIGINS or"
        " mark the view by @cross_origin_exempt.",
        origin if origin is None else origin[:200],
        what,
        endpoint,
        outcome,
    )
