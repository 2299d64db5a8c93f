"""Kept serializers sign and read as ItsDangerous does."""

from __future__ import annotations

import pytest
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from bolthead.sessions import session_json_serializer
from bolthead.signing import kept_serializer, lazy_sha1

KEYS = {
    "short": "k",
    "a block": "k" * 64,
    "longer than a block": "k" * 65,
    "bytes": b"\x00\xff",
    "unicode": "ключ",
}
VALUES = [{}, {"a": 1}, {"a": "x" * 500}, {"a": "é", "b": None, "c": [1, {"d": (2,)}]}]


def pair(*keys: str | bytes) -> tuple[URLSafeTimedSerializer, URLSafeTimedSerializer]:
    """Return a serializer of ItsDangerous and a kept one, set alike."""
    theirs = URLSafeTimedSerializer(
        list(keys),
        salt="cookie-session",
        serializer=session_json_serializer,
        signer_kwargs={"key_derivation": "hmac", "digest_method": lazy_sha1},
    )
    ours = kept_serializer(keys, "cookie-session", session_json_serializer, "hmac", lazy_sha1)
    return theirs, ours


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("value", VALUES, ids=["empty", "small", "compressed", "mixed"])
def test_bytes_are_those_of_itsdangerous(key, value, monkeypatch):
    """The same data, key and second give the same text, and each reads the other's."""
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.5)
    theirs, ours = pair(key)
    signed = ours.dumps(value)
    assert signed == theirs.dumps(value)
    assert ours.loads(signed, max_age=10) == theirs.loads(signed, max_age=10) == value


def test_older_keys_are_read_and_never_sign():
    """What an older key signed is read; the last key signs."""
    theirs_old, _ = pair("old")
    theirs_new, _ = pair("new")
    _, ours = pair("old", "new")
    assert ours.loads(theirs_old.dumps({"a": 1})) == {"a": 1}
    assert theirs_new.loads(ours.dumps({"a": 2})) == {"a": 2}
    with pytest.raises(BadSignature):
        theirs_old.loads(ours.dumps({"a": 2}))


@pytest.mark.parametrize("bad", ["", ".", "a.b.c", "é", "..", "eyJhIjoxfQ.aaaa.bbbb", "x" * 5000])
def test_forged_text_is_refused(bad):
    """Whatever was not signed raises BadSignature."""
    _, ours = pair("key")
    with pytest.raises(BadSignature):
        ours.loads(bad, max_age=10)


def test_old_text_is_refused(monkeypatch):
    """A signature older than max_age seconds, or of the future, is expired."""
    _, ours = pair("key")
    monkeypatch.setattr("time.time", lambda: 1_800_000_000)
    signed = ours.dumps({"a": 1})
    for now in (1_800_000_011, 1_799_999_999):
        monkeypatch.setattr("time.time", lambda now=now: now)
        with pytest.raises(SignatureExpired):
            ours.loads(signed, max_age=10)
