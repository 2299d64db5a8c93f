"""The session: a dictionary kept in a signed cookie, or wherever an interface keeps it."""

from __future__ import annotations

import functools
import re
import typing as t
from collections.abc import MutableMapping
from datetime import UTC, datetime

from werkzeug.datastructures import CallbackDict
from werkzeug.exceptions import RequestHeaderFieldsTooLarge
from werkzeug.http import dump_cookie

from . import current
from .json.tag import TaggedJSONSerializer
from .light import lazy_sha1 as _lazy_sha1
from .registry import Watched, note_for_all
from .wrappers.limits import SESSION_SIZE

if t.TYPE_CHECKING:
    import secrets

    import itsdangerous

    from . import signing
else:
    # An app without sessions signs nothing.
    from .light import itsdangerous, secrets, signing

if t.TYPE_CHECKING:
    from .app import Flask
    from .wrappers import Request, Response


class SessionMixin(MutableMapping[str, t.Any]):
    """What a session has beside its items; an interface's session class derives from it."""

    @property
    def permanent(self) -> bool:
        """Whether the cookie outlives the browser; kept among the items."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)

    new = False
    """Whether the session was begun by this request, where the interface can tell."""

    modified = True
    """Whether it must be saved; True where the session cannot tell."""

    accessed = True
    """Whether the answer depends on it; True where the session cannot tell."""

    def rotate(self) -> None:
        """Give the session a new identity, as when a user logs in; the items stay.

        What somebody planted or saw before is then worth nothing: the old identifier of a session
        that the server keeps, the CSRF token of Flask-WTF. Asks ``regenerate(session)`` of the
        app's session interface; RuntimeError where it has none.
        """
        regenerate = getattr(current.app().session_interface, "regenerate", None)
        if regenerate is None:
            raise RuntimeError(
                f"A {type(self).__name__} cannot be given a new identity: its interface has no"
                " method 'regenerate(session)'. Give it one, or clear the session and begin anew."
            )
        regenerate(self)
        self._forget_csrf_token()

    def _forget_csrf_token(self) -> None:
        """Let Flask-WTF make a new token: whoever planted a session knows the one in it."""
        ctx = current.app_context()
        name = ctx.app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
        ctx.g.pop(name, None)
        self.pop(name, None)


class SecureCookieSession(CallbackDict[str, t.Any], SessionMixin):
    """The session of the signed cookie; notes changes of its items, not inside of them."""

    modified = False
    accessed = False

    def __init__(
        self,
        initial: t.Mapping[str, t.Any] | t.Iterable[tuple[str, t.Any]] | None = None,
    ) -> None:
        super().__init__(initial, _note_change)

    def rotate(self) -> None:
        """Give the session a new cookie, as when a user logs in; the items stay.

        The old cookie still opens the session as it was before. Take what must not be known from
        before the login out by ``clear()``.
        """
        self._forget_csrf_token()
        # Another cookie in any case, though nothing else changes within the second.
        self["_rotated"] = secrets.token_urlsafe(9)


def _note_change(session: t.Any) -> None:
    session.modified = True


class NullSession(SecureCookieSession):
    """The session of an app without a secret key: it can be read, and says why not written."""

    def _fail(self, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        error = RuntimeError(
            "The session is unavailable because no secret "
            "key was set.  Set the secret_key on the "
            "application to something unique and secret."
        )
        error.add_note("Set SECRET_KEY to what 'bolthead secret-key' prints.")
        raise error

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _fail
    del _fail


# PERF: most apps do not have the setting, and are asked no more than that.
_PREFIX = "SESSION_COOKIE_HOST_PREFIX"


class SessionInterface(metaclass=Watched):
    """Opens a session for a request and saves it with the response.

    A subclass gives ``open_session`` and ``save_session``; assign an instance to
    ``app.session_interface`` (Flask API, "Session Interface").
    """

    null_session_class: type[t.Any] = NullSession
    """Made where ``open_session`` returns None."""

    pickle_based = False
    """Whether the sessions are pickled; for extensions that want to know."""

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        # An interface may serve several apps, whose plans know how Bolthead's own works. Another
        # one is called in any case, and may keep on itself what it likes.
        if type(self) is SecureCookieSessionInterface:
            note_for_all()

    def make_null_session(self, app: Flask) -> NullSession:
        """Return the session of an app whose own cannot be opened."""
        return t.cast(NullSession, self.null_session_class())

    def is_null_session(self, obj: object) -> bool:
        """Tell whether a session is one that ``make_null_session`` made: it is not saved."""
        return isinstance(obj, self.null_session_class)

    def get_cookie_name(self, app: Flask) -> str:
        """Return ``SESSION_COOKIE_NAME``; after ``__Host-`` with ``SESSION_COOKIE_HOST_PREFIX``.

        Browsers take a cookie with that prefix from HTTPS only (RFC 6265bis, 4.1.3.2), so that
        it stands where the cookie is Secure.
        """
        value: str = app.config["SESSION_COOKIE_NAME"]
        if _PREFIX in app.config and app.config[_PREFIX] and self.get_cookie_secure(app):
            return f"__Host-{value}"
        return value

    def get_cookie_domain(self, app: Flask) -> str | None:
        """Return ``SESSION_COOKIE_DOMAIN``; None is the host that was asked, and no other."""
        value: str | None = app.config["SESSION_COOKIE_DOMAIN"]
        if value and _PREFIX in app.config and app.config[_PREFIX]:
            raise RuntimeError(
                "A cookie with the prefix '__Host-' goes to one host and has no domain. Set"
                " SESSION_COOKIE_DOMAIN to None, or SESSION_COOKIE_HOST_PREFIX to False."
            )
        return value

    def get_cookie_path(self, app: Flask) -> str:
        """Return ``SESSION_COOKIE_PATH``, or else ``APPLICATION_ROOT``.

        With ``SESSION_COOKIE_HOST_PREFIX`` it is the root, as the prefix demands.
        """
        # PERF: an operator where get() would be a call; see tests/call_counts.json.
        if _PREFIX in app.config and app.config[_PREFIX]:  # noqa: RUF019  # as above
            return "/"
        path: str = app.config["SESSION_COOKIE_PATH"] or app.config["APPLICATION_ROOT"]
        return path

    def get_cookie_httponly(self, app: Flask) -> bool:
        """Return ``SESSION_COOKIE_HTTPONLY``: hide the cookie from scripts."""
        value: bool = app.config["SESSION_COOKIE_HTTPONLY"]
        return value

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return ``SESSION_COOKIE_SECURE``: send the cookie over HTTPS only.

        With ``"auto"`` it is so for a request that came over HTTPS.
        """
        value: bool | str = app.config["SESSION_COOKIE_SECURE"]
        if value == "auto":
            ctx = current._cv_request.get(None)
            return ctx is not None and ctx.environ.get("wsgi.url_scheme") == "https"
        return value  # type: ignore[return-value]  # any other value is the app's own

    def get_cookie_samesite(self, app: Flask) -> str | None:
        """Return ``SESSION_COOKIE_SAMESITE``: "Lax", "Strict", "None" or None for no attribute."""
        value: str | None = app.config["SESSION_COOKIE_SAMESITE"]
        return value

    def get_cookie_partitioned(self, app: Flask) -> bool:
        """Return ``SESSION_COOKIE_PARTITIONED``: a cookie jar for each embedding site."""
        value: bool = app.config["SESSION_COOKIE_PARTITIONED"]
        return value

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """Return when the cookie expires, or None for a session that ends with the browser."""
        if not session.permanent:
            return None
        return datetime.now(UTC) + app.permanent_session_lifetime

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Tell whether to send the cookie: it changed, or is permanent and refreshed each time."""
        if session.modified:
            return True
        return session.permanent and bool(app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """Return the request's session, or None where it cannot be opened."""
        raise NotImplementedError

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Put the session into the response; called after all ``after_request`` functions."""
        raise NotImplementedError


session_json_serializer = TaggedJSONSerializer()


class SecureCookieSessionInterface(SessionInterface):
    """Keeps the session in a cookie signed by ItsDangerous: readable, but not to be changed.

    Salt, digest and format are Flask's, so that each framework reads the other's cookies.
    """

    salt = "cookie-session"
    """Keeps these signatures apart from others made with the same key."""

    digest_method = staticmethod(_lazy_sha1)
    """The hash of the signature."""

    key_derivation = "hmac"
    """How ItsDangerous derives the signing key."""

    serializer = session_json_serializer
    """Turns the session to text and back: compact JSON with tags for more types."""

    session_class = SecureCookieSession

    def get_signing_serializer(self, app: Flask) -> itsdangerous.URLSafeTimedSerializer | None:
        """Return what signs the cookie, or None for an app without a secret key.

        ``SECRET_KEY`` signs; it and ``SECRET_KEY_FALLBACKS`` are accepted.
        """
        if not app.secret_key:
            return None
        config, most = app.config, SESSION_SIZE.first
        if SESSION_SIZE.setting in config:
            most = config[SESSION_SIZE.setting]
        # ItsDangerous signs with the last key of the list.
        return signing.kept_serializer(
            (*(app.config["SECRET_KEY_FALLBACKS"] or ()), app.secret_key),
            self.salt,
            self.serializer,
            self.key_derivation,
            self.digest_method,
            most,
        )

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie holds; empty where it is missing, forged, too old or broken."""
        try:
            cookie = request.cookies.get(self.get_cookie_name(app))
        except RequestHeaderFieldsTooLarge:
            cookie = None  # refused where the view reads cookies
        return self._opened(app, cookie)

    def open_from_environ(self, app: Flask, ctx: t.Any) -> SecureCookieSession | None:
        """Open a session as ``open_session`` does, if possible without a request object."""
        header = ctx.environ.get("HTTP_COOKIE", "")
        name = self.get_cookie_name(app)
        if name not in header:
            return self._opened(app, None)
        # PERF: most headers are plain; any other is read by Werkzeug's parser.
        match = None if '"' in header else _plain_cookie(name).search(header)
        if match is None:
            return self.open_session(app, ctx.request)
        return self._opened(app, match[1])

    def _opened(self, app: Flask, cookie: str | None) -> SecureCookieSession | None:
        signer = self.get_signing_serializer(app)
        if signer is None:
            return None
        if not cookie:
            return self.session_class()
        max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            return self.session_class(signer.loads(cookie, max_age=max_age))
        except itsdangerous.BadSignature:
            return self.session_class()
        except Exception as error:
            # Signed with our key, but not by us or not for this: it would fail on each request.
            _log_unreadable(app, error)
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie where it changed or is due, delete it where the session was emptied."""
        is_due = self.should_set_cookie(app, session) if session else session.modified
        if session.accessed:
            _vary_by_cookie(response)
        if is_due:
            self._set_cookie(app, session, response)
            if not session.accessed:
                _vary_by_cookie(response)

    def _set_cookie(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not session:
            response.delete_cookie(self.get_cookie_name(app), **self._attributes(app))
            return
        signer = self.get_signing_serializer(app)
        assert signer is not None  # noqa: S101  # a session was opened, so there is a key
        name = self.get_cookie_name(app)
        text = signer.dumps(dict(session))
        expires = self.get_expiration_time(app, session)
        if expires is None and len(text) < _SURELY_SMALL:
            tail = _cookie_tail(
                name,
                self.get_cookie_domain(app),
                self.get_cookie_path(app),
                self.get_cookie_secure(app),
                self.get_cookie_partitioned(app),
                self.get_cookie_samesite(app),
                self.get_cookie_httponly(app),
            )
            response.headers.add("Set-Cookie", f"{name}={text}{tail}")
        else:
            # Werkzeug warns of a cookie that is too large for browsers.
            response.set_cookie(name, text, expires=expires, **self._attributes(app))

    def _attributes(self, app: Flask) -> dict[str, t.Any]:
        return {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "partitioned": self.get_cookie_partitioned(app),
            "samesite": self.get_cookie_samesite(app),
            "httponly": self.get_cookie_httponly(app),
        }


# Below this length of the value a cookie is never too large for a browser.
_SURELY_SMALL = 2048


@functools.lru_cache(maxsize=64)
def _cookie_tail(
    name: str,
    domain: str | None,
    path: str,
    secure: bool,
    partitioned: bool,
    samesite: str | None,
    httponly: bool,
) -> str:
    """Return what comes after the value in a Set-Cookie header."""
    header = dump_cookie(
        name,
        "0",
        domain=domain,
        path=path,
        secure=secure,
        partitioned=partitioned,
        samesite=samesite,
        httponly=httponly,
        max_size=0,
    )
    return header.removeprefix(f"{name}=0")


@functools.lru_cache(maxsize=64)
def _plain_cookie(name: str) -> re.Pattern[str]:
    """Return what finds a cookie with a signed value in a header that quotes nothing."""
    return re.compile(rf"(?:^|; ){re.escape(name)}=([A-Za-z0-9_.-]+)(?:;|$)")


# The kinds of error that were logged.
_told: set[type[Exception]] = set()


def _log_unreadable(app: Flask, error: Exception) -> None:
    """Log, once for each kind of error, that a signed cookie holds no session."""
    if type(error) not in _told:
        _told.add(type(error))
        app.logger.warning(
            "A session cookie has a good signature and holds no session (%s: %s). It is taken as"
            " empty, and so is each further one; is the secret key used for something else?",
            type(error).__name__,
            error,
        )


def _vary_by_cookie(response: Response) -> None:
    for name, _ in response.headers:
        if len(name) == 4 and name.lower() == "vary":
            response.vary.add("Cookie")
            return
    response.headers.add("Vary", "Cookie")


# How Bolthead's own interface works; where one of these is replaced, it is called in its turn.
_METHODS = (
    "open_session",
    "save_session",
    "make_null_session",
    "is_null_session",
    "null_session_class",
    "get_cookie_name",
    "get_signing_serializer",
    "session_class",
)


def _methods() -> list[t.Any]:
    return [getattr(SecureCookieSessionInterface, name) for name in _METHODS]


_OWN = _methods()


def is_own(interface: object) -> bool:
    """Tell whether an interface is Bolthead's own, with nothing of it replaced."""
    return (
        type(interface) is SecureCookieSessionInterface
        and not vars(interface)
        and _methods() == _OWN
    )
