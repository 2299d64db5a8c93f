"""Rules of several arguments match what they match in Werkzeug's map, but in linear time."""

from __future__ import annotations

import random
import re

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Map, Rule, ValidationError

from bolthead.routing import CountedMap
from bolthead.routing.linear import LinearMatcher
from bolthead.routing.split import read

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
    "/<c>-<d>/",
    "/<c>-<d>.html",
    "/<c>x<d>y<e>",
    "/<c><d><e>",
    "/x<c>-<d>x/<e>y<f>",
    "/<int:n>-<int:m>/<path:a>",
    "/<int:n><int:m>",
    "/<int(signed=True):n><float(signed=True):f>x",
    "/<string(length=2):c><d>",
    "/<string(maxlength=3):c><string(minlength=2,maxlength=4):d>x<string(minlength=3):e>",
    "/<any(x,xy,'.html',y):c><any(y,x):d><e>",
    "/<any(x,xx,xxx):c><any(xx,x):d>",
    "/<words:c>-<d>",
    "/<lazy:c><d>x",
    "/<odd:c>-<d>",
]
PIECES = ["a", "x", "y", "x", "y", "5", "1.5", "-", ".html", "/", "/", "/", "é", "x-", "//", "z\nz"]


class Words(BaseConverter):
    """Of kinds of characters; some values are none."""

    regex = r"[a-z.]{1,3}\w*-?"

    def to_python(self, value):
        if value.startswith("y"):
            raise ValidationError
        return value.upper()


class Lazy(BaseConverter):
    regex = r"[^/]{1,4}?"


class Odd(BaseConverter):
    """What is not understood."""

    regex = r"(?=[xy])[xya]+|5"


CONVERTERS = {"words": Words, "lazy": Lazy, "odd": Odd}
ARGUMENT = re.compile(r"<[^>]*>")


def answer(url_map, path, **options):
    """Return the arguments of a path, or what is raised in their place."""
    try:
        return url_map.bind("localhost").match(path, **options)
    except HTTPException as error:
        methods = sorted(getattr(error, "valid_methods", None) or ())
        return type(error).__name__, getattr(error, "new_url", None), methods


def filled(dice, argument):
    """Return text for an argument, mostly some that fits."""
    if argument.startswith("<int") and dice.random() < 0.8:
        return str(dice.randint(0, 99))
    if argument.startswith(("<any", "<odd")) and dice.random() < 0.8:
        return dice.choice(["x", "xx", "xy", "y", "xxx"])
    return "".join(dice.choices(PIECES, k=dice.randint(1, 4)))


def long_text(dice, argument):
    """Return text for an argument that may be long."""
    return "".join(filled(dice, argument) for _ in range(dice.choice([1, 1, 30, 120])))


@pytest.fixture(params=["short", "any"])
def lengths(request, monkeypatch):
    """Paths are read by the table however short they are, or where they are long."""
    if request.param == "any":
        monkeypatch.setattr(LinearMatcher, "few", 0)


@pytest.mark.usefixtures("lengths")
@pytest.mark.parametrize("rule", RULES)
def test_matches_are_those_of_werkzeug(rule):
    """Random paths have the same arguments, or the same redirect, or none."""
    ours, theirs = (
        made([Rule(rule, endpoint="e"), Rule("/", endpoint="f")], converters=CONVERTERS)
        for made in (CountedMap, Map)
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


@pytest.mark.usefixtures("lengths")
@pytest.mark.parametrize("seed", range(30))
def test_rules_in_each_others_way(seed):
    """Of many rules the same one is found, with hosts, methods, redirects and WebSockets."""
    dice = random.Random(seed)
    rules = []
    for number in range(dice.randint(2, 8)):
        options = {}
        if dice.random() < 0.3:
            options["methods"] = [dice.choice(["GET", "POST"])]
        elif dice.random() < 0.2:
            options["websocket"] = True
        if dice.random() < 0.3:
            options["strict_slashes"] = False
        if dice.random() < 0.2:
            options["merge_slashes"] = False
        if dice.random() < 0.2:
            options["defaults"] = {"z": 1}
        if dice.random() < 0.2:
            options["subdomain"] = "<s>-<t>"
        text = dice.choice([*RULES, "/x/<c>", "/x/", "/<c>/y/", "/x/y"])
        rules.append((text, str(number), options))
    ours, theirs = (
        made([Rule(r, endpoint=e, **o) for r, e, o in rules], converters=CONVERTERS)
        for made in (CountedMap, Map)
    )
    for _ in range(300):
        path = "/" + "".join(dice.choices(PIECES, k=dice.randint(1, 12)))
        if dice.random() < 0.5:
            rule = dice.choice(rules)[0]
            path = ARGUMENT.sub(lambda argument: filled(dice, argument[0]), rule)
        method, subdomain = dice.choice(["GET", "POST"]), dice.choice(["", "", "a-b", "a-b-c"])
        is_socket = dice.random() < 0.2
        mine, expected = (
            of_map(url_map, path, method, subdomain, is_socket) for url_map in (ours, theirs)
        )
        assert mine == expected, (path, method, subdomain, is_socket)


def of_map(url_map, path, method, subdomain, is_socket):
    """Return what a map says of a path."""
    adapter = url_map.bind("localhost", subdomain=subdomain)
    try:
        rule, arguments = adapter.match(path, method, True, websocket=is_socket)
        return rule.rule, rule.endpoint, arguments
    except HTTPException as error:
        methods = sorted(getattr(error, "valid_methods", None) or ())
        return type(error).__name__, getattr(error, "new_url", None), methods


@pytest.mark.parametrize("rule", RULES)
def test_long_paths_match_as_in_werkzeug(rule):
    """Paths beyond the length that Werkzeug's matcher is left have the same arguments."""
    ours, theirs = (
        made([Rule(rule, endpoint="e")], converters=CONVERTERS) for made in (CountedMap, Map)
    )
    dice = random.Random(rule)
    for _ in range(15):
        path = ARGUMENT.sub(lambda argument: long_text(dice, argument[0]), rule)
        assert answer(ours, path[:700]) == answer(theirs, path[:700]), path


@pytest.mark.parametrize(
    ("content", "is_understood"),
    [
        (r"(?P<__werkzeug_0>[^/]{1,})\-(?P<__werkzeug_1>\d+)\Z", True),
        (r"(?P<__werkzeug_0>[^/].*?)(?P<__werkzeug_1>[\]a-f]{2})(?<!/)(/?)\Z", True),
        (r"(?P<__werkzeug_0>(?:a\|b|c))\Z", True),
        (r"(?P<__werkzeug_0>a|b)\Z", False),
        (r"(?P<__werkzeug_0>(?:a|b)+)\Z", False),
        (r"(?P<__werkzeug_0>(a))\Z", False),
        (r"(?P<__werkzeug_0>(?i:a))\Z", False),
        (r"(?P<__werkzeug_0>a++)\Z", False),
        (r"(?P<__werkzeug_0>\ba)\Z", False),
        (r"(?P<__werkzeug_0>^a$)\Z", False),
        (r"(?P<__werkzeug_0>a)", False),
    ],
)
def test_what_is_understood(content, is_understood):
    """Pieces in a row are; choices of more than words, looking around and the like are not."""
    assert (read(content) is not None) is is_understood


def test_long_segment_of_what_is_not_understood_is_no_match():
    """Where the expression has to go back, a segment that would take too long is refused."""
    url_map = CountedMap([Rule("/<odd:a>-<b>", endpoint="two")], converters=CONVERTERS)
    assert answer(url_map, "/" + "a" * 1000 + "-b")[0] == "NotFound"
    assert answer(url_map, "/" + "x" * 1000 + "-" + "b" * 1000)[0] == "two"
    assert answer(url_map, "/" + "x" * 1100 + "-" + "b" * 1000)[0] == "NotFound"


def test_long_segments_match():
    """What is understood matches at any length."""
    url_map = CountedMap([Rule("/<a>-<b>-<c>.html", endpoint="three")])
    path = "/" + "-".join(["a" * 20_000] * 3) + ".html"
    assert answer(url_map, path) == (
        "three",
        {"a": "a" * 20_000, "b": "a" * 20_000, "c": "a" * 20_000},
    )
    assert answer(url_map, path + "x")[0] == "NotFound"
