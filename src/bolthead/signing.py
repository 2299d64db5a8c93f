"""Signatures by ItsDangerous with the derived keys kept: the same bytes, in less time."""

from __future__ import annotations

import functools
import hashlib
import hmac
import typing as t

from itsdangerous import Signer, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import (
    base64_decode,
    base64_encode,
    bytes_to_int,
    int_to_bytes,
    want_bytes,
)
from itsdangerous.signer import SigningAlgorithm

Key = str | bytes


def lazy_sha1(string: bytes = b"") -> t.Any:
    """Return a SHA-1 hash; named only when used, as some builds of Python lack it."""
    return hashlib.sha1(string)  # noqa: S324  # an HMAC's digest, and Flask's format


class _Sha1(SigningAlgorithm):
    """HMAC with SHA-1, in one call of the hash library."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        # PERF: hmac.new with a Python function as digest takes four times as long.
        return hmac.digest(key, value, "sha1")


class _KeptSigner(TimestampSigner):
    """A signer that derives each key once."""

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._derived: dict[bytes | None, bytes] = {}

        # The second that was last signed in, and how it is written.
        self._stamp = (-1, b"")

    def sign(self, value: str | bytes) -> bytes:
        """Return the value with the time and a signature."""
        seconds = self.get_timestamp()
        second, written = self._stamp
        if second != seconds:
            written = self.sep + base64_encode(int_to_bytes(seconds))
            self._stamp = (seconds, written)
        stamped = want_bytes(value) + written
        return stamped + self.sep + self.get_signature(stamped)

    def unsigned(self, signed: bytes, max_age: int | None) -> bytes | None:
        """Return what a good and recent signature by the newest key is of, or None."""
        stamped, sep, signature = signed.rpartition(self.sep)
        value, also_sep, stamp = stamped.rpartition(self.sep)
        if not (sep and also_sep):
            return None
        if not hmac.compare_digest(self.get_signature(stamped), signature):
            return None
        if max_age is not None:
            try:
                age = self.get_timestamp() - bytes_to_int(base64_decode(stamp))
            except Exception:
                return None
            if not 0 <= age <= max_age:
                return None
        return value

    def derive_key(self, secret_key: Key | None = None) -> bytes:
        """Return the key that signs, of the newest secret key unless one is given."""
        key = secret_key.encode() if isinstance(secret_key, str) else secret_key
        derived = self._derived.get(key)
        if derived is None:
            derived = self._derived[key] = super().derive_key(key)
        return derived


class KeptSerializer(URLSafeTimedSerializer):
    """A serializer that keeps its signer; make it by ``kept_serializer``."""

    _kept: _KeptSigner | None = None

    def loads(  # type: ignore[override]  # as in the base class, which says so too
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> t.Any:
        """Return what was signed; ItsDangerous' errors where it was not, or too long ago."""
        if not return_timestamp and salt is None:
            signer = t.cast(_KeptSigner, self.make_signer())
            payload = signer.unsigned(want_bytes(s), max_age)
            if payload is not None:
                return self.load_payload(payload)
        # An older key, or an error: told by ItsDangerous.
        return super().loads(s, max_age, return_timestamp, salt)

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        """Return the signer; the same one each time for the serializer's own salt."""
        if salt is not None and salt != self.salt:
            return super().make_signer(salt)
        if self._kept is None:
            kwargs = dict(self.signer_kwargs)
            if kwargs.get("digest_method") is lazy_sha1:
                kwargs["algorithm"] = _Sha1()
            self._kept = _KeptSigner(self.secret_keys, salt=self.salt, **kwargs)
        return self._kept


@functools.lru_cache(maxsize=64)
def kept_serializer(
    keys: tuple[Key, ...],
    salt: str | bytes,
    serializer: t.Any,
    key_derivation: str,
    digest_method: t.Any,
) -> KeptSerializer:
    """Return the serializer for keys, the last of which signs; the same one for the same keys."""
    return KeptSerializer(
        list(keys),  # type: ignore[arg-type]  # it takes text and bytes mixed
        salt=salt,
        serializer=serializer,
        signer_kwargs={"key_derivation": key_derivation, "digest_method": digest_method},
    )
