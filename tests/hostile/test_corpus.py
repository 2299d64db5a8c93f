"""Each attack, put in each place, by each protocol: a right answer, soon, with no secret in it."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import tracemalloc
import zlib
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from itsdangerous import TimestampSigner

from bolthead import Bolthead, Flask
from hostile.corpus import FILE, PAYLOADS, PLACES, SHAPES, Ask, part, parts
from hostile.doors import Doors
from hostile.everything import SECRET_KEY, leaked, make_app

CLASSES = {"Flask": Flask, "Bolthead": Bolthead}
SOON = 0.5


@pytest.fixture(scope="module")
def doors():
    """Both ways into an app."""
    doors = Doors()
    yield doors
    doors.close()


@pytest.fixture(scope="module")
def apps():
    """The app of everything, of either class."""
    return {name: make_app(cls) for name, cls in CLASSES.items()}


@pytest.fixture(autouse=True)
def quiet():
    """Short bodies are logged, which is not what is tested here."""
    logger = logging.getLogger("bolthead.requests")
    logger.disabled = True
    yield
    logger.disabled = False


def put(doors, app, ask, protocol):
    """Put a request and return the answer, which is one that any request may have."""
    for _ in range(3):
        began = time.process_time()
        reply = doors.ask(app, ask, protocol)
        spent = time.process_time() - began
        if spent < SOON:
            break  # else perhaps the machine was busy with something else of this process
    told = f"{ask.method} {ask.path[:80]!a}?{ask.query[:80]!a} {str(ask.headers)[:200]}"
    assert reply.escaped is None, told
    assert reply.broke is None, told
    assert reply.is_whole, told
    assert reply.status is not None, told
    assert reply.status < 500, told
    assert spent < SOON, told
    assert not leaked(reply), told
    return reply


@pytest.mark.parametrize("protocol", Doors.KINDS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_payload(doors, apps, payload, place, protocol):
    """An attack's payload in a place is answered as any request: no 5xx, no delay, no secret."""
    # Each class by one of the protocols, in turns.
    turn = list(PAYLOADS).index(payload) + Doors.KINDS.index(protocol)
    app = apps[list(CLASSES)[turn % 2]]
    for ask in PLACES[place](PAYLOADS[payload]):
        put(doors, app, ask, protocol)


@pytest.mark.parametrize("protocol", Doors.KINDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", CLASSES)
def test_shape(doors, apps, name, shape, protocol):
    """A request of a bad shape has the status that is due to it."""
    ask, statuses, settings = SHAPES[shape]
    app = make_app(CLASSES[name], **settings) if settings else apps[name]
    reply = put(doors, app, ask, protocol)
    assert reply.status in statuses, reply.body[-200:]
    for setting in settings:
        if reply.status >= 400 and setting != "MAX_CONTENT_LENGTH":
            assert setting.encode() in reply.body


def test_there_are_a_thousand_cases():
    """The corpus has at least 1,000 cases of its own."""
    assert (len(PAYLOADS) * len(PLACES) + len(SHAPES)) * len(Doors.KINDS) >= 1000


@pytest.mark.parametrize("protocol", Doors.KINDS)
@pytest.mark.parametrize("name", CLASSES)
def test_good_request_after_all(doors, apps, name, protocol):
    """After all of that the app answers a good request."""
    assert put(doors, apps[name], Ask(b"/string/fine"), protocol).body == b"fine"


# What the limits say


NAMED = {
    "MAX_FORM_PARTS": parts(part(b"x") * 1001),
    "MAX_FORM_MEMORY_SIZE": parts(part(b"x" * 600_000)),
    "MAX_CONTENT_LENGTH": Ask(b"/data", method="POST", body=(b"x",), declared=10**9),
}


@pytest.mark.parametrize("protocol", Doors.KINDS)
@pytest.mark.parametrize("setting", NAMED)
def test_flasks_own_limits_are_named_in_bolthead(doors, apps, setting, protocol):
    """In Bolthead the answer beyond a limit of Flask's names it, too."""
    reply = put(doors, apps["Bolthead"], NAMED[setting], protocol)
    assert reply.status == 413
    assert setting.encode() in reply.body


@pytest.mark.parametrize("protocol", Doors.KINDS)
def test_strict_numbers_are_those_of_bolthead(doors, apps, protocol):
    """Bolthead's own limits are lower than Flask's: fields, text, depth, path."""
    for ask, status in [
        (
            Ask(
                b"/form",
                method="POST",
                headers=((b"Content-Type", b"application/x-www-form-urlencoded"),),
                body=(b"a=1&" * 1001,),
            ),
            413,
        ),
        (
            Ask(
                b"/json",
                method="POST",
                headers=((b"Content-Type", b"application/json"),),
                body=(b"[" * 201 + b"]" * 201,),
            ),
            400,
        ),
        (Ask(b"/pages/" + b"x" * 8200), 414),
        (parts(part(b"x" * 400_000) * 6), 413),
    ]:
        assert put(doors, apps["Flask"], ask, protocol).status == 200
        assert put(doors, apps["Bolthead"], ask, protocol).status == status


@pytest.mark.parametrize("protocol", Doors.KINDS)
@pytest.mark.parametrize("name", CLASSES)
def test_no_limit_at_all(doors, name, protocol):
    """Each limit can be switched off by None."""
    from bolthead.wrappers.limits import LIMITS

    app = make_app(CLASSES[name], **{limit.setting: None for limit in LIMITS})
    for ask in [
        Ask(b"/pages/" + b"x" * 100_000),
        Ask(b"/seen", b"a&" * 12_000),
        Ask(b"/seen", headers=((b"Cookie", b"a=1;" * 300),)),
        parts(part(b"x", rest=b"\r\nX: y" * 20) + part(b"", rest=b"; x=" + b"y" * 9000)),
    ]:
        assert put(doors, app, ask, protocol).status == 200


# Faults of the connection


@pytest.mark.parametrize("protocol", Doors.KINDS)
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("path", [b"/data", b"/form", b"/json", b"/stream-in", b"/async"])
def test_reading_fails(doors, apps, name, path, protocol):
    """Whatever the server's stream raises, nothing escapes, and the answer, if any, is a 400."""
    headers = (
        ((b"Content-Type", b"application/json"),)
        if path == b"/json"
        else ((b"Content-Type", b"application/x-www-form-urlencoded"),)
    )
    ask = Ask(path, method="POST", headers=headers, body=(b"a=1", b"&b=2"), fails_after=1)
    reply = doors.ask(apps[name], ask, protocol)
    assert reply.escaped is None
    assert reply.broke is None
    assert reply.status in ({400} if protocol == "wsgi" else {None})


@pytest.mark.parametrize("protocol", Doors.KINDS)
def test_short_body_is_logged(doors, apps, protocol, caplog):
    """A body that ended too early is told in the log, with both lengths."""
    logging.getLogger("bolthead.requests").disabled = False
    ask = Ask(b"/data", method="POST", body=(b"x" * 5,), declared=500)
    assert put(doors, apps["Flask"], ask, protocol).status == 400
    assert "5 of the 500 bytes" in caplog.text


# Sessions with a good signature


def signed(payload: bytes) -> bytes:
    signer = TimestampSigner(
        SECRET_KEY, salt="cookie-session", key_derivation="hmac", digest_method=hashlib.sha1
    )
    return signer.sign(payload)


def plain(text: bytes) -> bytes:
    return urlsafe_b64encode(text).rstrip(b"=")


def zipped(text: bytes) -> bytes:
    return b"." + plain(zlib.compress(text, 9))


SIGNED = {
    "list": plain(b"[1]"),
    "text": plain(b'"x"'),
    "null": plain(b"null"),
    "not-json": plain(b"{"),
    "not-utf8": plain(b"\xff\xfe"),
    "empty": b"",
    "not-base64": b"!!!!",
    "not-zlib": b"." + plain(b"not zlib"),
    "zlib-nothing": b".",
    "zlib-cut": zipped(b'{"a": 1}' * 50)[:-20],
    "zlib-list": zipped(b"[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]"),
    "bomb-50M": zipped(json.dumps({"a": "x" * 50_000_000}).encode()),
    "bomb-70k": zipped(json.dumps({"a": "x" * 70_000}).encode()),
    "deep": plain(b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
    "digits": plain(b'{"a":' + b"9" * 6000 + b"}"),
    "tag-uuid": plain(b'{"v":{" u":"no uuid"}}'),
    "tag-bytes": plain(b'{"v":{" b":5}}'),
    "tag-tuple": plain(b'{"v":{" t":5}}'),
    "tag-dict": plain(b'{"v":{" di":5}}'),
    "flashes-number": plain(b'{"_flashes":5}'),
    "flashes-short": plain(b'{"_flashes":[["x"]]}'),
    "surrogate": plain(rb'{"v":"\ud800"}'),
}


@pytest.mark.parametrize("protocol", Doors.KINDS)
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("case", SIGNED)
def test_signed_session_that_is_none(doors, apps, name, case, protocol):
    """A well signed cookie that holds no session is an empty one on every page, and can be left."""
    header = (b"Cookie", b"session=" + signed(SIGNED[case]))
    for path in (b"/session", b"/session-write", b"/json-walk", b"/"):
        ask = Ask(path, b"v=1", headers=(header,))
        assert put(doors, apps[name], ask, protocol).status == 200


def test_large_session_is_read_where_the_limit_says_so(doors):
    """MAX_SESSION_SIZE says how much a compressed cookie may become."""
    header = (b"Cookie", b"session=" + signed(SIGNED["bomb-70k"]))
    for most, found in [(100_000, b"1 0"), (65_536, b"0 0"), (None, b"1 0")]:
        app = make_app(Flask, MAX_SESSION_SIZE=most)
        assert put(doors, app, Ask(b"/session", headers=(header,)), "wsgi").body == found


# Memory


@pytest.mark.parametrize("protocol", Doors.KINDS)
@pytest.mark.parametrize(
    "ask",
    [
        parts((b"--hostile-boundary\r\n", *[b"X: y\r\n" * 10_000] * 300)),
        parts((b"p" * 1_000_000,) * 20),
        parts((part(b"x", b"f", FILE)[:-2], *[b"y" * 1_000_000] * 15, b"\r\n--hostile-boundary--")),
    ],
    ids=["part headers", "preamble", "file"],
)
def test_memory_is_bounded(doors, apps, ask, protocol):
    """A body of many megabytes is not held in memory, whatever it is made of."""
    ask = replace(ask, path=b"/async")  # which reads no file
    tracemalloc.start()
    try:
        put(doors, apps["Bolthead"], ask, protocol)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


# Headers that shadow others


def test_underscores_do_not_shadow_hyphens(doors):
    """By ASGI a header with an underscore never takes the place of that with a hyphen."""
    app = Flask("shadows")

    @app.get("/")
    def show():
        from bolthead import request

        return request.headers.get("X-Real-Ip", "none")

    for headers, shown in [
        ([(b"X-Real-IP", b"1.2.3.4"), (b"X_Real_IP", b"6.6.6.6")], b"1.2.3.4"),
        ([(b"X_Real_IP", b"6.6.6.6"), (b"X-Real-IP", b"1.2.3.4")], b"1.2.3.4"),
        ([(b"X_Real_IP", b"6.6.6.6")], b"none"),
    ]:
        assert doors.ask(app, Ask(headers=tuple(headers)), "asgi").body == shown


def shows_key(**settings):
    """An app of either kind of view that tells the key a client sends."""
    from bolthead import request, websocket

    app = Flask("spelled")
    app.config.update(settings)

    @app.get("/")
    def show():
        return request.headers.get("X-Api-Key", "none")

    @app.get("/async")
    async def show_async():
        return show()

    @app.websocket("/socket")
    async def tell():
        await websocket.send(websocket.headers.get("X-Api-Key", "none"))

    return app


PLAIN, SPELLED, OTHER = (b"X-Api-Key", b"plain"), (b"X_Api_Key", b"spelled"), (b"X_Api-Key", b"o")


@pytest.mark.parametrize(
    ("allowed", "headers", "shown"),
    [
        (["X_Api_Key"], [SPELLED], b"spelled"),
        (["x_api_key"], [SPELLED], b"spelled"),
        (("X_Api_Key", "X_Other"), [SPELLED, (b"X_Api_Key", b"second")], b"spelled"),
        (["X_Api_Key"], [SPELLED, PLAIN], b"plain"),
        (["X_Api_Key"], [PLAIN, SPELLED], b"plain"),
        (["X_Api_Key"], [OTHER], b"none"),
        (["X_Other"], [SPELLED], b"none"),
        ([], [SPELLED], b"none"),
        (None, [SPELLED], b"none"),
    ],
)
@pytest.mark.parametrize(
    ("path", "kind"),
    [(b"/", "asgi"), (b"/async", "asgi"), (b"/", "rsgi"), (b"/socket", "websocket")],
)
def test_underscores_that_are_allowed(doors, path, kind, allowed, headers, shown):
    """Headers of ALLOW_UNDERSCORE_HEADERS are taken, unless that with hyphens is there."""
    app = shows_key(ALLOW_UNDERSCORE_HEADERS=allowed)
    assert doors.ask(app, Ask(path, headers=tuple(headers)), kind).body == shown


def test_underscores_may_be_allowed_later(doors):
    """What was compiled follows the setting."""
    app = shows_key()
    ask = Ask(headers=(SPELLED,))
    assert doors.ask(app, ask, "asgi").body == b"none"
    app.config["ALLOW_UNDERSCORE_HEADERS"] = ["X_Api_Key"]
    assert doors.ask(app, ask, "asgi").body == b"spelled"


@pytest.mark.parametrize(
    "names",
    [
        "X_Api_Key:",
        True,
        ["X-Api-Key"],
        ["X_Api Key"],
        [5],
        ["X_Forwarded_For"],
        ["x-forwarded_proto"],
        ["Content_Length"],
        ["Transfer_Encoding"],
        ["X_Real_IP"],
    ],
)
def test_underscores_that_cannot_be_allowed(names):
    """What is no name with an underscore, or could pass for a proxy's word, is a clear error."""
    with pytest.raises(ValueError, match="ALLOW_UNDERSCORE_HEADERS has"):
        shows_key(ALLOW_UNDERSCORE_HEADERS=names)._current_plans()
