"""Secret keys: which are weak, and what is said of them."""

import secrets

import pytest

from bolthead.keys import find_weakness


@pytest.mark.parametrize(
    "key",
    [
        "dev",
        b"dev",
        "secret!",
        "Secret-Key",
        "development key",
        "you-will-never-guess",
        "hard to guess string",
        b'_5#y2L"F4Q8z\n\xec]/',
        '_5#y2L"F4Q8z\\n\\xec]/',
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "A0Zr98j/3yX R~XHH!jmN]LWX/,?RT",
        "pf9Wkove4IKEAXvy-cQkeDPhv9Cb3Ag-wyJILbq_dFw",
        "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET",
        "django-insecure-x%3k2l#x0c9z8v7b6n5m4",
        "\\2\\1thisismyscretkey\\1\\2\\e\\y\\y\\h",
        "\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h",
    ],
)
def test_known_keys(key):
    """A key from documentation, or one that asks to be replaced, is weak however it is spelled."""
    assert find_weakness(key) is not None


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("x7Gq0", "5 bytes long, fewer than 16"),
        (b"0123456789abcde", "15 bytes"),
        ("ab" * 20, "2 different bytes"),
        (12345678901234567890, "type 'int'"),
        (None, "type 'NoneType'"),
        ("\ud800", "3 bytes"),
    ],
)
def test_other_weaknesses(key, reason):
    """What is wrong is said in words, with the figures."""
    assert reason in find_weakness(key)


@pytest.mark.parametrize("key", ["x7Gq0", "hunter2-changeme", "sosecret"])
def test_says_nothing_of_the_key(key):
    """The reason may be logged, so the key is not in it."""
    assert key not in find_weakness(key)


@pytest.mark.parametrize(
    "make",
    [
        secrets.token_hex,
        secrets.token_bytes,
        secrets.token_urlsafe,
        lambda: secrets.token_bytes(16),
    ],
)
def test_random_keys(make):
    """Random keys of 16 bytes and more are fine, in any alphabet."""
    assert [find_weakness(make()) for _ in range(2_000)] == [None] * 2_000
