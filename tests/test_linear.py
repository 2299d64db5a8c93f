"""Rules of several arguments match what they match in Werkzeug's map, but in linear time."""

from __future__ import annotations

import random
import re

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from bolthead.routing import CountedMap
from bolthead.routing.linear import linear

RULES = [
    "/<path:a>/<path:b>",
    "/<path:a>/x/<path:b>",
    "/<path:a>/x/<path:b>/",
    "/<path:a>/x/<path:b>/y",
    "/<path:a>x<path:b>y",
    "/<path:a><path:b>",
    "/<path:a>/<int:n>/<path:b>",
    "/<path:a>/<int:n>/<path:b>/<int:m>",
    "/<path:a>/<c>/<path:b>/y",
    "/<path:a>/x/<path:b>/y/<path:c>",
    "/<path:a>/x/<path:b>/x/<path:c>/x",
    "/<c>/<path:a>/x/<path:b>.html",
    "/<c>-<path:a>/x/<path:b>",
    "/<path:a>/<c>-<path:b>.html",
    "/<path:a>/x-<c>/<path:b>",
    "/<path:a>/<any(x,y):c>/<path:b>/x",
    "/<path:a>/<float:f>/<path:b>",
    "/<c>-<d>",
    "/<c>-<d>.html",
    "/<c>x<d>y<e>",
    "/<int:n>-<int:m>/<path:a>",
]
PIECES = ["a", "x", "y", "x", "y", "5", "1.5", "-", ".html", "/", "/", "/", "é", "x-", "//", "z\nz"]


ARGUMENT = re.compile(r"<[^>]*>")


def answer(url_map, path):
    """Return the arguments of a path, or what is raised in their place."""
    try:
        return url_map.bind("localhost").match(path)
    except HTTPException as error:
        return type(error).__name__, getattr(error, "new_url", None)


def filled(dice, argument):
    """Return text for an argument, mostly some that fits."""
    if argument.startswith("<int") and dice.random() < 0.8:
        return str(dice.randint(0, 99))
    return "".join(dice.choices(PIECES, k=dice.randint(1, 4)))


@pytest.mark.parametrize("rule", RULES)
def test_matches_are_those_of_werkzeug(rule):
    """Random paths have the same arguments, or the same redirect, or none."""
    ours, theirs = (
        made([Rule(rule, endpoint="e"), Rule("/", endpoint="f")]) for made in (CountedMap, Map)
    )
    dice = random.Random(rule)
    matched = 0
    for number in range(1500):
        path = "/" + "".join(dice.choices(PIECES, k=dice.randint(1, 12)))
        if number % 2:  # one that nearly fits
            path = ARGUMENT.sub(lambda argument: filled(dice, argument[0]), rule)
        expected = answer(theirs, path)
        assert answer(ours, path) == expected, path
        matched += expected[0] == "e"
    assert matched > 3


def test_expressions_are_changed_where_they_must_be():
    """One argument needs no change, two paths take no other place than the first."""
    url_map = CountedMap([Rule("/a/<path:x>/b", endpoint="one")])
    (rule,) = url_map.iter_rules()
    assert all(linear(part) is part for part in rule._parts)
    url_map = CountedMap([Rule("/<path:x>/b/<path:y>", endpoint="two")])
    (rule,) = url_map.iter_rules()
    assert any("(?>" in part.content for part in rule._parts)


def test_long_segment_of_several_arguments_is_no_match():
    """Where the expression has to go back, a segment that would take too long is refused."""
    url_map = CountedMap(
        [Rule("/<a>-<b>", endpoint="two"), Rule("/x/<a>-<b>-<c>", endpoint="three")]
    )
    assert answer(url_map, "/" + "a" * 1000 + "-" + "b" * 1000)[0] == "two"
    assert answer(url_map, "/" + "a" * 1100 + "-" + "b" * 1000)[0] == "NotFound"
    assert answer(url_map, "/x/" + "-".join(["a" * 160] * 3))[0] == "three"
    assert answer(url_map, "/x/" + "-".join(["a" * 180] * 3))[0] == "NotFound"
