"""Why a secret key is weak: known from documentation, a placeholder, short, or monotonous."""

from __future__ import annotations

import typing as t

SHORTEST = 16
"""The fewest bytes of a key: 128 bits where they are random."""

FEWEST_DIFFERENT = 5
"""The fewest different bytes of a key, as in Django's check ``security.W009``."""

# Words that anybody would try.
_COMMON = """
0 0123456789 0123456789abcdef 1 123 1234 12345 123456 1234567 12345678 123456789 1234567890 abc
abc123 abcdef admin app apple asdf asdfasdf bolthead cookie debug default demo dev develop
developer development devkey example fallback flask flaskapp flasksecret flasksecretkey foo
foobar hello helloworld jwt jwtsecret jwtsecretkey key letmein local localhost myapp mykey
mysecret mysecretkey none notasecret notsecret null pass passw0rd password prod production
qwerty random randomkey randomstring root salt salty seckey secret secret123 secretkey
secretkey123 secrets secretstring server session sessionkey shh shhh somekey somesecret
somesecretkey something somethingsecret sosecret string temp temporary test testing testkey
testsecret testsecretkey thekey thesecret thisisasecret thisisasecretkey thisismysecret
thisismysecretkey thisissecret token topsecret true verysecret verysecretkey web xxx
"""

# As `_simple` leaves them: small letters and digits only. Each stands in the documentation, the
# tutorial or the default settings of a widely used program, so whoever guesses tries it first.
KNOWN_KEYS = frozenset(
    {
        *_COMMON.split(),
        # Flask's documentation, its tutorial, and those of its extensions.
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "5y2lf4q8znxec",  # typed with the backslashes in text
        "5y2lf4q8z",  # as bytes
        "a0zr98j3yxrxhhjmnlwxrt",
        "developmentkey",
        "pf9wkove4ikeaxvycqkedphv9cb3agwyjilbqdfw",
        "146585145368132386173505678016728509634",
        # Tutorials that very many apps began as.
        "5791628bb0b13ce0c676dfde280ba245",
        "9olwxnd4o83j4k4iuopo",
        "hjshjhdjahkjshkjdhjs",
        "mypreciouskey",
        "myprecious",
        "mypreciousonetwothree",
        "thisisasupposedtobesecret",
        "thisissupposedtobesecret",
        "keepitsecretkeepitsafe",
        # Programs that were broken into by their default: CVE-2023-27524, CVE-2020-17526.
        "21thisismyscretkey12eyyh",
        "thisismyscretkeyeyyh",
        "thisismyscretkey",
        "temporarykey",
        "testnondevsecret",
    }
)

# Parts of a text that stands for a key which somebody was to put in. None is so short that it
# would be met by chance in a random key.
PLACEHOLDERS = (
    "changeme",
    "changethis",
    "changeit",
    "changeinprod",
    "tobechanged",
    "replaceme",
    "replacethis",
    "placeholder",
    "yoursecret",
    "yourkeyhere",
    "yourrandom",
    "yourownrandom",
    "yoursuper",
    "keygoeshere",
    "keyhere",
    "insecure",
    "notsecure",
    "donotuse",
    "devsecret",
    "secretdev",
    "supersecret",
    "reallysecret",
    "verysecret",
    "willneverguess",
    "neverguess",
    "hardtoguess",
    "randomstring",
    "somerandom",
    "loremipsum",
)


def find_weakness(key: object) -> str | None:
    """Say why a secret key is weak, as the end of "the key ..."; None for one that is not.

    A key is text or bytes; text counts in UTF-8. The answer never contains the key.
    """
    if isinstance(key, str):
        # A lone surrogate cannot be encoded otherwise, and may stand in a key from the environment.
        octets = key.encode("utf-8", "surrogatepass")
    elif isinstance(key, bytes | bytearray):
        octets = bytes(key)
    else:
        return f"is neither text nor bytes, but of type {type(key).__name__!r}"
    simple = _simple(octets)
    if not octets.strip():
        return "is empty"
    # Random bytes have few letters and digits, which may by chance be the number 1.
    if simple in KNOWN_KEYS and 2 * len(simple) >= len(octets):
        return "is known from documentation, tutorials or lists of common keys"
    if any(part in simple for part in PLACEHOLDERS):
        return "reads like a placeholder that was to be replaced"
    if len(octets) < SHORTEST:
        return f"is {len(octets)} bytes long, fewer than {SHORTEST}"
    different = len(set(octets))
    if different < FEWEST_DIFFERENT:
        return f"has {different} different bytes, fewer than {FEWEST_DIFFERENT}"
    return None


def find_weak_key(config: t.Mapping[str, t.Any]) -> str | None:
    """Say which key of a configuration is weak, why, and what to do; None where none is.

    ``SECRET_KEY_FALLBACKS`` count, too: what is signed with one is accepted. No key at all is not
    a weak one: the app cannot sign then.
    """
    keys = [("SECRET_KEY", config.get("SECRET_KEY"))]
    fallbacks = config.get("SECRET_KEY_FALLBACKS") or ()
    keys += [(f"SECRET_KEY_FALLBACKS[{index}]", key) for index, key in enumerate(fallbacks)]
    for name, key in keys:
        weakness = None if key is None else find_weakness(key)
        if weakness is not None:
            return (
                f"{name} {weakness}. Whoever guesses it can sign sessions as the app does. Set it"
                " to what 'bolthead secret-key' prints, and keep that out of the source."
            )
    return None


def _simple(octets: bytes) -> str:
    """Return a key's letters and digits, as ``change-me!`` is no better than ``ChangeMe``."""
    text = octets.decode("latin-1").lower()
    return "".join(sign for sign in text if sign.isascii() and sign.isalnum())
