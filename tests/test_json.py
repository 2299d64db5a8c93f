"""JSON: through the app's provider, and with tags for what JSON lacks."""

from __future__ import annotations

import datetime
import decimal
import io
import json as stdlib
import uuid
from dataclasses import dataclass

import pytest
from markupsafe import Markup

from bolthead import Flask, json, jsonify
from bolthead.json.provider import DefaultJSONProvider, JSONProvider
from bolthead.json.tag import JSONTag, TaggedJSONSerializer


@dataclass
class Point:
    """A point."""

    x: int
    y: int


class Html:
    """A thing that has an HTML form."""

    def __html__(self):
        return "<b>"


VALUES = {
    "object": ({"a": 1}, '{"a": 1}'),
    "sorted": ({"b": 1, "a": 2}, '{"a": 2, "b": 1}'),
    "list": ([1, None, True], "[1, null, true]"),
    "ascii": ("é", '"\\u00e9"'),
    "date": (datetime.date(2020, 1, 2), '"Thu, 02 Jan 2020 00:00:00 GMT"'),
    "datetime": (datetime.datetime(2020, 1, 2, 3, 4, 5), '"Thu, 02 Jan 2020 03:04:05 GMT"'),
    "aware datetime": (
        datetime.datetime(2020, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
        '"Thu, 02 Jan 2020 02:00:00 GMT"',
    ),
    "decimal": (decimal.Decimal("1.50"), '"1.50"'),
    "uuid": (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
    "dataclass": (Point(1, 2), '{"x": 1, "y": 2}'),
    "html": (Html(), '"<b>"'),
    "markup": (Markup("<i>"), '"<i>"'),
}


@pytest.mark.parametrize(("value", "text"), VALUES.values(), ids=VALUES)
def test_dumps_in_an_app(app, value, text):
    """``json.dumps`` writes what JSON has, and dates, decimals, UUIDs, dataclasses and markup."""
    with app.app_context():
        assert json.dumps(value) == text
    assert app.json.dumps(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [value for name, value in VALUES.items() if name != "sorted"],
    ids=[name for name in VALUES if name != "sorted"],
)
def test_dumps_outside_of_an_app(value, text):
    """Without an app the same types are written."""
    assert json.dumps(value) == text


def test_unknown_type(app):
    """Other types are a TypeError that names them."""
    with app.app_context(), pytest.raises(TypeError, match="type object is not JSON serializable"):
        json.dumps(object())
    with pytest.raises(TypeError):
        json.dumps(Point)


@pytest.mark.parametrize("in_app", [True, False])
def test_files_and_text(app, in_app):
    """``load``, ``loads``, ``dump`` and ``dumps`` undo each other."""
    ctx = app.app_context()
    if in_app:
        ctx.push()
    try:
        file = io.StringIO()
        json.dump({"a": [1]}, file)
        file.seek(0)
        assert json.load(file) == {"a": [1]}
        assert json.load(io.BytesIO(b"[1]")) == [1]
        assert json.loads(b'"\xc3\xa9"') == "é"
        assert json.dumps({"a": 1}, indent=1) == '{\n "a": 1\n}'
        assert json.loads("1.5", parse_float=decimal.Decimal) == decimal.Decimal("1.5")
    finally:
        if in_app:
            ctx.pop()


JSONIFY = {
    "keywords": ((), {"b": 1, "a": 2}, '{"a":2,"b":1}\n'),
    "one value": (([1, 2],), {}, "[1,2]\n"),
    "several values": ((1, 2), {}, "[1,2]\n"),
    "nothing": ((), {}, "null\n"),
    "text": (("é",), {}, '"\\u00e9"\n'),
    "None": ((None,), {}, "null\n"),
}


@pytest.mark.parametrize(("args", "kwargs", "text"), JSONIFY.values(), ids=JSONIFY)
def test_jsonify(app, args, kwargs, text):
    """``jsonify`` makes a response of a value, of several, or of keywords."""
    with app.app_context():
        response = jsonify(*args, **kwargs)
    assert (response.get_data(as_text=True), response.mimetype) == (text, "application/json")


def test_jsonify_takes_one_or_the_other(app):
    """Values and keywords together are refused."""
    with app.app_context(), pytest.raises(TypeError, match="either args or kwargs, not both"):
        jsonify(1, a=2)


LAYOUTS = {
    "production": ({}, False, '{"a":[1]}\n'),
    "debug": ({}, True, '{\n  "a": [\n    1\n  ]\n}\n'),
    "compact in debug": ({"compact": True}, True, '{"a":[1]}\n'),
    "spacious": ({"compact": False}, False, '{\n  "a": [\n    1\n  ]\n}\n'),
}


@pytest.mark.parametrize(("options", "debug", "text"), LAYOUTS.values(), ids=LAYOUTS)
def test_layout_of_responses(app, client, options, debug, text):
    """Answers are compact, and indented in debug mode, unless ``compact`` decides."""
    app.debug = debug
    for name, value in options.items():
        setattr(app.json, name, value)
    app.add_url_rule("/", "index", lambda: {"a": [1]})
    assert client.get("/").text == text


OPTIONS = {
    "sort_keys": ({"sort_keys": False}, {"b": 1, "a": 2}, '{"b":1,"a":2}\n'),
    "ensure_ascii": ({"ensure_ascii": False}, "é", '"é"\n'),
    "mimetype": ({"mimetype": "application/x-own"}, 1, "1\n"),
    "default": ({"default": lambda value: "own"}, {1, 2}, '"own"\n'),
}


@pytest.mark.parametrize(("options", "value", "text"), OPTIONS.values(), ids=OPTIONS)
def test_options_of_the_provider(app, options, value, text):
    """Attributes of ``app.json`` decide how it writes."""
    for name, given in options.items():
        setattr(app.json, name, given)
    with app.app_context():
        response = jsonify(value)
    assert response.get_data(as_text=True) == text
    assert response.mimetype == options.get("mimetype", "application/json")


@pytest.mark.parametrize("answer", [{"a": 1}, [1, 2], {}, []], ids=repr)
def test_views_answer_data(app, client, answer):
    """A dictionary or list that a view returns is sent as JSON."""
    app.add_url_rule("/", "index", lambda: (answer, 201))
    response = client.get("/")
    assert (response.json, response.status_code, response.is_json) == (answer, 201, True)


def test_provider_of_ones_own():
    """A provider needs ``dumps`` and ``loads``; all JSON of the app goes through it."""

    class Own(JSONProvider):
        def dumps(self, obj, **kwargs):
            return f"own {stdlib.dumps(obj)}"

        def loads(self, s, **kwargs):
            return stdlib.loads(s.removeprefix(b"own "))

    class App(Flask):
        json_provider_class = Own

    app = App("tested_app")
    app.add_url_rule("/", "view", lambda: {"got": json.dumps(1)}, methods=["GET"])
    response = app.test_client().get("/")
    assert response.data == b'own {"got": "own 1"}'
    assert response.json == {"got": "own 1"}
    assert app.test_client().application.json.load(io.BytesIO(b"own 1")) == 1


def test_bare_provider_does_nothing(app):
    """The base class leaves both directions to its subclasses."""
    bare = JSONProvider(app)
    for act in (lambda: bare.dumps(1), lambda: bare.loads("1")):
        with pytest.raises(NotImplementedError):
            act()


def test_default_provider_takes_keywords(app):
    """Keywords of ``dumps`` go to the library and before the attributes."""
    provider = DefaultJSONProvider(app)
    assert (
        provider.dumps({"b": 1, "a": 2}, sort_keys=False, separators=(",", ":")) == '{"b":1,"a":2}'
    )


# Tags

TAGGED = {
    "tuple": ((1, 2), '{" t":[1,2]}'),
    "empty tuple": ((), '{" t":[]}'),
    "bytes": (b"\xff", '{" b":"/w=="}'),
    "markup": (Markup("<b>"), '{" m":"<b>"}'),
    "uuid": (uuid.UUID(int=1), '{" u":"00000000000000000000000000000001"}'),
    "datetime": (
        datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        '{" d":"Thu, 02 Jan 2020 03:04:05 GMT"}',
    ),
    "dictionary": ({"a": (1,)}, '{"a":{" t":[1]}}'),
    "list": ([(1,), 2], '[{" t":[1]},2]'),
    "looks like a tag": ({" t": [1]}, '{" di":{" t__":[1]}}'),
    "looks like a tag inside": ({" t": (1,)}, '{" di":{" t__":{" t":[1]}}}'),
    "two keys are no tag": ({" t": 1, "b": 2}, '{" t":1,"b":2}'),
    "plain": ({"a": [1, "x", None, 1.5, True]}, '{"a":[1,"x",null,1.5,true]}'),
    "deep": ({"a": {"b": [{"c": (b"x",)}]}}, '{"a":{"b":[{"c":{" t":[{" b":"eA=="}]}}]}}'),
}


@pytest.mark.parametrize(("value", "text"), TAGGED.values(), ids=TAGGED)
def test_tagged_json(value, text):
    """Values are tagged as Flask tags them, and come back as they were."""
    serializer = TaggedJSONSerializer()
    assert serializer.dumps(value) == text
    found = serializer.loads(text)
    assert found == value
    assert type(found) is type(value)


class Foo:
    """A type that JSON lacks."""

    def __init__(self, data):
        self.data = data


class TagFoo(JSONTag):
    """How it is written."""

    __slots__ = ()
    key = " f"

    def check(self, value):
        return isinstance(value, Foo)

    def to_json(self, value):
        return self.serializer.tag(value.data)

    def to_python(self, value):
        return Foo(value)


def test_tag_of_ones_own():
    """A tag that is registered writes and reads its type."""
    serializer = TaggedJSONSerializer()
    serializer.register(TagFoo)
    assert serializer.dumps(Foo((1,))) == '{" f":{" t":[1]}}'
    assert serializer.loads(serializer.dumps([Foo("x")]))[0].data == "x"


def test_taken_key_is_refused():
    """A key is registered once, unless it is forced."""
    serializer = TaggedJSONSerializer()
    serializer.register(TagFoo)
    with pytest.raises(KeyError, match="' f' is already registered"):
        serializer.register(TagFoo)
    serializer.register(TagFoo, force=True)


@pytest.mark.parametrize("index", [0, 1, -1, None])
def test_order_of_tags(index):
    """``index`` says where in the order a tag is asked; a dictionary's subclass must come early."""
    serializer = TaggedJSONSerializer()
    count = len(serializer.order)
    serializer.register(TagFoo, index=index)
    place = next(i for i, tag in enumerate(serializer.order) if isinstance(tag, TagFoo))
    assert place == {0: 0, 1: 1, -1: count - 1, None: count}[index]


def test_each_tag_has_three_duties():
    """The base class leaves check, to_json and to_python to its subclasses."""
    tag = JSONTag(TaggedJSONSerializer())
    for act in (tag.check, tag.to_json, tag.to_python):
        with pytest.raises(NotImplementedError):
            act(None)


def test_default_tags_may_be_replaced():
    """A subclass's ``default_tags`` are those it starts with."""

    class Own(TaggedJSONSerializer):
        default_tags = [TagFoo]  # noqa: RUF012  # replaced as in Flask

    assert list(Own().tags) == [" f"]
