"""Tokens of the API: shown once, kept as a digest."""

import hashlib
import secrets

from sqlalchemy import select

from ..extensions import db
from ..models import ApiToken, User, now

USED_EVERY = 60
"""Seconds after which the time of the last use is written anew."""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def create(user: User, name: str) -> str:
    text = "mtm_" + secrets.token_urlsafe(32)
    db.session.add(ApiToken(user_id=user.id, name=name, digest=digest(text), start=text[:9]))
    db.session.commit()
    return text


def find_user(text: str) -> User | None:
    """Return whose token this is."""
    found = db.session.execute(
        select(ApiToken, User)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.digest == digest(text), User.active)
    ).first()
    if found is None:
        return None
    token, user = found
    if token.used_at is None or now() - token.used_at > USED_EVERY:
        token.used_at = now()
        db.session.commit()
    return user
