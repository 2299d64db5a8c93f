"""Matcher and builder before Werkzeug's give Werkzeug's answers, on random maps and paths.

``BOLTHEAD_MATCHER_CASES`` sets how many cases are thrown: ``make nightly`` throws 200,000.
"""

from __future__ import annotations

import os
import random

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from bolthead.routing import UNSURE, CountedMap, make_builder, make_matcher

CASES = int(os.environ.get("BOLTHEAD_MATCHER_CASES", "2000"))
SEGMENTS = [
    "a",
    "b",
    "ab",
    "7",
    "<x>",
    "<y>",
    "<int:x>",
    "<int:y>",
    "<int(max=5):y>",
    "<int(fixed_digits=2):x>",
    "<float:x>",
    "<any(a,b):x>",
    "<uuid:x>",
    "<string(length=2):y>",
    "<path:x>",
    "a<x>",
    "<x>-<y>",
    "<x>.b",
]
TRIED = ["a", "b", "ab", "7", "07", "6", "1.5", "zz", "a-b", "x.b", "", "é", "%20", "a\nb", "."]
METHODS = ["GET", "POST", "HEAD", "PUT"]


def random_map(dice: random.Random) -> CountedMap:
    """Return a map of a few rules that get in each other's way."""
    rules = []
    for number in range(dice.randint(1, 8)):
        segments: list[str] = []
        for _ in range(dice.randint(0, 3)):
            segment = dice.choice(SEGMENTS)
            taken = "".join(segments)
            if all(f"{name}>" not in taken for name in "xy" if f"{name}>" in segment):
                segments.append(segment)
        text = "/" + "/".join(segments)
        if segments and dice.random() < 0.3:
            text += "/"
        options: dict[str, object] = {}
        if dice.random() < 0.2:
            options["strict_slashes"] = False
        if dice.random() < 0.1:
            options["defaults"] = {"z": 1}
        if dice.random() < 0.05:
            options["redirect_to"] = "/a"
        if dice.random() < 0.05:
            options["build_only"] = True
        endpoint = dice.choice(["one", "two", str(number)])
        methods = dice.choice([None, ["GET"], ["POST"], ["GET", "POST"]])
        rules.append(Rule(text, endpoint=endpoint, methods=methods, **options))
    return CountedMap(rules)


def random_path(dice: random.Random, url_map: Map) -> str:
    """Return a path, half of the time one that resembles a rule."""
    if dice.random() < 0.5:
        return "/" + "/".join(dice.choice(TRIED) for _ in range(dice.randint(0, 4)))
    segments = dice.choice(list(url_map.iter_rules())).rule.split("/")
    return "/".join(dice.choice(TRIED) if "<" in part else part for part in segments)


def by_werkzeug(url_map: Map, method: str, path: str) -> object:
    """Return what Werkzeug answers: rule and values, or the name of the error."""
    adapter = url_map.bind("localhost", path_info=path, default_method=method)
    try:
        return adapter.match(return_rule=True)
    except HTTPException as error:
        return type(error).__name__


@pytest.mark.parametrize("seed", range(20))
def test_the_matcher_answers_as_werkzeug_does_or_not_at_all(seed: int) -> None:
    """Rule, values and their types, or the miss, are Werkzeug's wherever the matcher is sure."""
    dice = random.Random(seed)
    sure = 0
    for _ in range(CASES // 200):
        url_map = random_map(dice)
        matcher = make_matcher(url_map)
        assert matcher is not None
        for _ in range(10):
            path, method = random_path(dice, url_map), dice.choice(METHODS)
            found = matcher.find(method, path)
            if found is UNSURE:
                continue
            sure += 1
            expected = by_werkzeug(url_map, method, path)
            rules = [(r.rule, r.methods, r.defaults) for r in url_map.iter_rules()]
            told = f"{method} {path!r} in {rules}"
            if found is None:
                assert expected == "NotFound", told
            else:
                assert found == expected, told
                assert repr(found[1]) == repr(expected[1]), told  # type: ignore[index]
    assert sure > 0


BUILT = [0, 7, -3, 1.5, "a", "a b", "é", "", "x/y", "x/", "%2F", None, True, ["a", "b"], "+", "7"]


@pytest.mark.parametrize("seed", range(20))
def test_the_builder_builds_as_werkzeug_does_or_not_at_all(seed: int) -> None:
    """A path that the builder gives is the one that Werkzeug's adapter builds."""
    dice = random.Random(seed)
    built = 0
    for _ in range(CASES // 40):
        url_map = random_map(dice)
        adapter = url_map.bind("localhost")
        for _ in range(10):
            endpoint = dice.choice(["one", "two", "0", "1"])
            names = dice.sample(["x", "y", "z", "page"], dice.randint(0, 3))
            values = {name: dice.choice(BUILT) for name in names}
            builder = make_builder(url_map, endpoint)
            path = None if builder is None else builder(dict(values))
            if path is None:
                continue
            built += 1
            rules = [(r.rule, r.endpoint) for r in url_map.iter_rules()]
            assert path == adapter.build(endpoint, dict(values)), f"{values} in {rules}"
    assert built > 0
