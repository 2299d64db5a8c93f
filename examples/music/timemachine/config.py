"""Typed settings, read once from the environment: MUSIC_DATABASE_URL and so on."""

import os
import typing as t
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from . import keys

PREFIX = "MUSIC_"
HERE = Path(__file__).resolve().parent.parent
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


class BadSetting(Exception):
    """A variable of the environment holds what its setting cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that may be set from outside. What has no default here is made in `load`."""

    data_folder: Path
    """Holds the database, uploads, outbox and keys, unless they are set otherwise."""
    secret_key: str
    database_url: str
    redis_url: str = ""
    """Caches and limits are kept there; in each process's memory if it is empty."""
    base_url: str = ""
    """Where the app is seen from outside, for links in mails; the request's own if empty."""
    upload_limit: int = 600_000_000
    """Bytes of one uploaded file."""
    unpacked_limit: int = 3_000_000_000
    """Bytes of all that one zip file unpacks to."""
    lease_seconds: float = 15.0
    """How long a worker that says nothing keeps its import before another takes it over."""
    pause_seconds: float = 0.002
    """Between two transactions in the background, so that requests get their turn."""
    live_progress: bool = True
    """Whether progress comes by server-sent events; it is polled otherwise."""
    rate_limits: bool = True
    api_limit: str = "600 per minute"
    """What each token may call."""
    password_method: str = "scrypt"  # noqa: S105 - a method
    """How passwords are hashed, as Werkzeug names it."""
    trusted_proxies: int = 0
    """How many proxies stand before the app and set X-Forwarded-For, -Proto and -Host."""
    log_level: str = "INFO"
    token_key: str = ""
    """A Fernet key for tokens of connected accounts; derived from the secret key if empty."""
    webhook_secret: str = ""
    """What signs the provider's webhooks; without one they are refused."""
    oauth_name: str = "Stand-in Music"
    oauth_client_id: str = ""
    """Accounts can be connected when this is set."""
    oauth_client_secret: str = ""
    oauth_authorize_url: str = "https://accounts.spotify.com/authorize"
    oauth_token_url: str = "https://accounts.spotify.com/api/token"  # noqa: S105 - an address
    oauth_revoke_url: str = ""
    oauth_jwks_url: str = ""
    oauth_issuer: str = ""
    oauth_api_url: str = "https://api.spotify.com/v1/"
    oauth_scope: str = (
        "user-read-email user-read-recently-played playlist-modify-private playlist-modify-public"
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read the settings. BadSetting names the variable that is wrong."""
        environ = os.environ if environ is None else environ
        given = {}
        types = t.get_type_hints(cls)
        for field in fields(cls):
            name = PREFIX + field.name.upper()
            if name in environ:
                given[field.name] = read(name, environ[name], types[field.name])
            elif field.default is MISSING:
                given[field.name] = default(field.name, given)
        return cls(**given)

    def to_mapping(self) -> dict[str, t.Any]:
        """Return what Flask and the extensions look for, beside our own settings."""
        storage = self.redis_url or "memory://"
        return {
            "MUSIC": self,
            "SECRET_KEY": self.secret_key,
            "MAX_CONTENT_LENGTH": 1_000_000,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_NAME": "music_session",
            "SESSION_COOKIE_SECURE": self.base_url.startswith("https://"),
            "REMEMBER_COOKIE_NAME": "music_remember",
            "REMEMBER_COOKIE_HTTPONLY": True,
            "REMEMBER_COOKIE_SAMESITE": "Lax",
            "REMEMBER_COOKIE_SECURE": self.base_url.startswith("https://"),
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": engine_options(self.database_url),
            "WTF_CSRF_TIME_LIMIT": None,
            "CACHE_TYPE": "RedisCache" if self.redis_url else "SimpleCache",
            "CACHE_REDIS_URL": self.redis_url,
            "CACHE_KEY_PREFIX": "music:",
            "CACHE_DEFAULT_TIMEOUT": 600,
            "RATELIMIT_STORAGE_URI": storage,
            "RATELIMIT_ENABLED": self.rate_limits,
            "RATELIMIT_HEADERS_ENABLED": True,
        }


def read(name: str, text: str, kind: type) -> t.Any:
    """Return a variable's text as the type of its setting."""
    try:
        if kind is bool:
            if text.lower() not in TRUE | FALSE:
                raise ValueError("neither true nor false")
            return text.lower() in TRUE
        return kind(text)
    except ValueError as error:
        raise BadSetting(f"{name} must be of type {kind.__name__}, not {text!r}.") from error


def default(name: str, given: dict[str, t.Any]) -> t.Any:
    if name == "data_folder":
        return HERE / "instance"
    if name == "secret_key":
        return keys.kept_key(given["data_folder"])
    return f"sqlite:///{given['data_folder'] / 'music.sqlite'}"


def engine_options(url: str) -> dict[str, t.Any]:
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 20}}
    # A connection that the database dropped, at its restart, is noticed before it is used.
    return {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 30}
