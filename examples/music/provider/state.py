"""What the stand-in remembers, all in memory: codes, tokens, plays, playlists, limits."""

import secrets
import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Grant:
    """A user's consent to a client, with the tokens that come of it."""

    user: str
    scope: str
    access: str = ""
    refresh: str = ""
    access_until: float = 0.0
    revoked: bool = False


@dataclass(slots=True)
class Code:
    user: str
    scope: str
    redirect_uri: str
    challenge: str
    nonce: str
    until: float


@dataclass(slots=True)
class State:
    token_seconds: float = 3600.0
    limit: int = 60
    """Calls of one token within `window` seconds."""
    window: float = 30.0
    codes: dict[str, Code] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    playlists: dict[str, dict] = field(default_factory=dict)
    extra_plays: list[dict] = field(default_factory=list)
    calls: dict[str, list[float]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    """Statuses that the next calls of the API are answered with."""
    wrong_nonce: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def renew(self, grant: Grant) -> dict:
        """Give a grant new tokens; those before are worth nothing any more."""
        grant.access = secrets.token_urlsafe(24)
        grant.refresh = secrets.token_urlsafe(24)
        grant.access_until = time.time() + self.token_seconds
        return {
            "access_token": grant.access,
            "refresh_token": grant.refresh,
            "token_type": "Bearer",
            "expires_in": int(self.token_seconds),
            "scope": grant.scope,
        }

    def find_grant(self, access: str) -> Grant | None:
        for grant in self.grants:
            if grant.access == access and access:
                live = not grant.revoked and time.time() < grant.access_until
                return grant if live else None
        return None

    def wait(self, access: str) -> float:
        """Count a call; return for how many seconds the caller must wait, 0 if not at all."""
        now = time.time()
        recent = [moment for moment in self.calls.get(access, []) if moment > now - self.window]
        if len(recent) >= self.limit:
            return recent[0] + self.window - now
        self.calls[access] = [*recent, now]
        return 0.0
