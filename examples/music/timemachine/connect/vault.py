"""Tokens of connected accounts, encrypted (Fernet) before they reach the database."""

import base64
import json
import typing as t

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


def box() -> Fernet:
    config = current_app.config["MUSIC"]
    if config.token_key:
        return Fernet(config.token_key)
    derive = HKDF(SHA256(), 32, salt=None, info=b"tokens of connected accounts")
    return Fernet(base64.urlsafe_b64encode(derive.derive(config.secret_key.encode())))


def lock(token: dict[str, t.Any]) -> bytes:
    return box().encrypt(json.dumps(token).encode())


def unlock(locked: bytes) -> dict[str, t.Any] | None:
    """Return the token; None if the key has changed since."""
    try:
        return json.loads(box().decrypt(bytes(locked)))
    except InvalidToken:
        return None
