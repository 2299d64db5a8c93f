"""Writes docs/reference/extensions.md: which extensions run, and what to know of each."""

import re
from collections.abc import Mapping
from pathlib import Path

import legacy
from table import Suite

TARGET = Path(__file__).resolve().parents[2] / "docs" / "reference" / "extensions.md"

HEAD = """\
# Extensions

Extensions whose own tests run on Bolthead. Written by `make conformance`, which runs the tests of
each release on Flask and then on Bolthead: a test counts that passes on Flask, and is kept if it
passes on Bolthead, too. An extension that is not listed is likely to work all the same:
[tests/conformance](../../tests/conformance/README.md) tells how to add one in one line.

| extension | version | tests kept | what to know |
|---|---|---|---|
"""

ENDED = """
## Ended by a release of Flask

These no longer run on Flask 3.1. They do on Bolthead, with the
[removed names](legacy-names.md) given back: after `bolthead adopt --legacy`, or
`install_as_flask(legacy=True)`. `python tests/conformance/legacy.py` installs each from its own
distribution and asks a small app that uses it over HTTP.

| extension | version | ended by | what to know |
|---|---|---|---|
"""


def build_page(suites: Mapping[str, Suite], kept: Mapping[str, tuple[int, int]]) -> str:
    """The page, from the tables and how many tests of each suite were kept, of how many."""
    rows = "".join(row_of(suite, *kept[name]) for name, suite in suites.items())
    ended = "".join(
        f"| {each.dist} | {each.version} | {each.died} | {each.note} |\n"
        for each in legacy.load().values()
    )
    return HEAD + rows + ENDED + ended


def read_kept(page: Path = TARGET) -> dict[str, tuple[int, int]]:
    """What the page says of each suite: how many tests were kept, of how many."""
    rows = re.findall(
        r"^\| (\S+) \| \S+ \| (\d+) of (\d+) \|", page.read_text("utf-8"), re.MULTILINE
    )
    return {name: (int(kept), int(passing)) for name, kept, passing in rows}


def row_of(suite: Suite, kept: int, passing: int) -> str:
    return f"| {suite.name} | {suite.version} | {kept} of {passing} | {suite.note} |\n"
