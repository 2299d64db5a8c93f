"""What is wrong with a certificate and its key, told before an engine stumbles over them."""

from __future__ import annotations

import ssl
import typing as t
from pathlib import Path

# What OpenSSL calls a key that is another's: of the certificate's kind, or of another kind.
_OTHER_KEY = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}


def find_fault(cert: str, key: str) -> str | None:
    """Return why TLS cannot be spoken with these two PEM files and what to do; None if it can."""
    try:
        if "-----BEGIN CERTIFICATE-----" not in _text(cert):
            return f"{cert} holds no certificate in PEM ('-----BEGIN CERTIFICATE-----')."
        text = _text(key)
        if "PRIVATE KEY-----" not in text:
            return f"{key} holds no private key in PEM ('-----BEGIN PRIVATE KEY-----')."
        if "ENCRYPTED" in text:
            return (
                f"{key} is locked by a password, which nobody types when a server starts."
                f" Unlock it: openssl pkey -in {key} -out unlocked.pem"
            )
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=_refuse)
    except ssl.SSLError as error:
        if error.reason in _OTHER_KEY:
            return f"{key} is not the key of the certificate in {cert}."
        return f"{cert} and {key} cannot be used: {error.reason or error}."
    except (OSError, ValueError) as error:
        return f"{cert} and {key} cannot be read: {error}."
    return None


def _text(path: str) -> str:
    return Path(path).read_text(encoding="latin-1")


def _refuse() -> t.NoReturn:
    raise ValueError("the key is locked by a password")
