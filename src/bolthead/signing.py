"""Signatures by ItsDangerous with the derived keys kept: the same bytes, in less time."""

from __future__ import annotations

import functools
import hmac
import typing as t
import zlib
from binascii import a2b_base64, b2a_base64

from itsdangerous import BadPayload, Signer, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode, int_to_bytes, want_bytes
from itsdangerous.signer import SigningAlgorithm

from .light import lazy_sha1

Key = str | bytes


class _Sha1(SigningAlgorithm):
    """HMAC with SHA-1, begun once for each key."""

    def __init__(self) -> None:
        self._begun: dict[bytes, tuple[t.Any, t.Any]] = {}

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        # PERF: copies of the two hashes begun with the key (RFC 2104, section 4) take a fifth of
        # the time of beginning them.
        begun = self._begun.get(key)
        if begun is None:
            begun = self._begun[key] = _begun(key)
        inner, outer = begun[0].copy(), begun[1].copy()
        inner.update(value)
        outer.update(inner.digest())
        signature: bytes = outer.digest()
        return signature


def _begun(key: bytes) -> tuple[t.Any, t.Any]:
    """Return the inner and the outer hash of an HMAC by a key, before any value."""
    block = (lazy_sha1(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return (
        lazy_sha1(bytes(byte ^ 0x36 for byte in block)),
        lazy_sha1(bytes(byte ^ 0x5C for byte in block)),
    )


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_STANDARD = bytes.maketrans(b"-_", b"+/")


def _encoded(raw: bytes) -> bytes:
    """Return bytes in base 64 for URLs without padding (RFC 4648, section 5)."""
    return b2a_base64(raw, newline=False).rstrip(b"=\n").translate(_URL_SAFE)


def _decoded(text: bytes) -> bytes:
    return a2b_base64(text.translate(_STANDARD) + b"=" * (-len(text) % 4))


class _KeptSigner(TimestampSigner):
    """A signer that derives each key once."""

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._derived: dict[bytes | None, bytes] = {}
        # The second that was last signed in, and how it is written.
        self._stamp = (-1, b"")

    def get_signature(self, value: str | bytes) -> bytes:
        """Return the signature of a value by the newest key."""
        signature = self.algorithm.get_signature(self.derive_key(), want_bytes(value))
        return _encoded(signature)

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
                age = self.get_timestamp() - int.from_bytes(_decoded(stamp), "big")
            except ValueError:
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

    most_inflated: int | None = 65_536
    """How many bytes compressed data may become: a few bytes can say a great many."""

    def loads(  # type: ignore[override]  # as in the base class, which says so too
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> t.Any:
        """Return what was signed; ItsDangerous' errors where it was not, or too long ago."""
        if not return_timestamp and salt is None:
            signer: t.Any = self.make_signer()
            payload = signer.unsigned(want_bytes(s), max_age)
            if payload is not None:
                return self.load_payload(payload)
        # An older key, or an error: told by ItsDangerous.
        return super().loads(s, max_age, return_timestamp, salt)

    def dumps(self, obj: t.Any, salt: str | bytes | None = None) -> str:
        """Return data as signed text, compressed where that makes it shorter."""
        if salt is not None:
            return super().dumps(obj, salt)
        return self.make_signer().sign(self.dump_payload(obj)).decode("ascii")

    def dump_payload(self, obj: t.Any) -> bytes:
        """Return data as bytes that are safe in URLs; a dot before them says compressed."""
        text = want_bytes(self.serializer.dumps(obj, **self.serializer_kwargs))
        compressed = zlib.compress(text)
        if len(compressed) < len(text) - 1:
            return b"." + _encoded(compressed)
        return _encoded(text)

    def load_payload(self, payload: bytes, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Return the data of such bytes; BadPayload where they hold none."""
        if payload.startswith(b"."):
            try:
                return self.serializer.loads(self._inflated(payload))
            except BadPayload:
                raise
            except Exception as error:
                raise BadPayload("The payload holds no data.", error) from error
        try:
            text = _decoded(payload).decode()
            return self.serializer.loads(text)
        except Exception:
            # It is told what is wrong by ItsDangerous.
            return super().load_payload(payload, *args, **kwargs)

    def _inflated(self, payload: bytes) -> str:
        """Return what was compressed; BadPayload where that is nothing, or too much."""
        inflater, most = zlib.decompressobj(), self.most_inflated
        try:
            text = inflater.decompress(_decoded(payload[1:]), 0 if most is None else most + 1)
            if most is not None and len(text) > most:
                raise BadPayload(f"The payload has more than {most:,} bytes inflated.")
            if not inflater.eof:
                raise BadPayload("The compressed payload is cut short.")
            return text.decode()
        except (ValueError, zlib.error) as error:
            raise BadPayload("The payload cannot be decompressed.", error) from error

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
    most_inflated: int | None = KeptSerializer.most_inflated,
) -> KeptSerializer:
    """Return the serializer for keys, the last of which signs; the same one for the same keys."""
    kept = KeptSerializer(
        list(keys),  # type: ignore[arg-type]  # it takes text and bytes mixed
        salt=salt,
        serializer=serializer,
        signer_kwargs={"key_derivation": key_derivation, "digest_method": digest_method},
    )
    kept.most_inflated = most_inflated
    return kept
