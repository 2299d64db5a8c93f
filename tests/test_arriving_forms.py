"""Multipart forms by ASGI: parsed while the body arrives, the same as if parsed afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import json
import os
import random
import sys
import threading
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from asgi import Client, make_scope, run
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.formparser import FormDataParser

import bolthead
from bolthead import Bolthead, request

BOUNDARY = "frontier"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
END = b"--frontier--\r\n"


def part(content, *, name="f", filename="f.bin", rest=""):
    """One part: a file, or a field without a file name."""
    file = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{rest}\r\n'
    return head.encode() + content + b"\r\n"


def field(text, name="a", rest=""):
    return part(text, name=name, filename=None, rest=rest)


def cut(body, size):
    """A body in pieces of one size."""
    return [body[start : start + size] for start in range(0, len(body), size)]


async def send(app, pieces, path="/", content_type=TYPE, length=None):
    """Send a body in these pieces and return the answer."""
    framing = ("transfer-encoding", "chunked") if length is None else ("content-length", length)
    client = Client(pieces)
    headers = [framing, ("content-type", content_type)]
    await app(make_scope(path, "POST", headers), client.receive, client.send)
    return client.answer


def open_files():
    """How many files this process has open that have no name any more."""
    count = 0
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # that of the list itself
            count += os.readlink(f"/proc/self/fd/{fd}").endswith("(deleted)")
    return count


def told(file):
    """All that a file of a form tells."""
    content = file.read()
    assert file.tell() == len(content)
    headers = sorted(map(list, file.headers))
    digest = hashlib.sha256(content).hexdigest()
    return [file.name, file.filename, file.mimetype, headers, len(content), digest]


def add_views(app):
    """Give an app views of both kinds that tell what a form holds."""

    def tell():
        fields = [[key, value] for key, values in request.form.lists() for value in values]
        files = [told(file) for _, found in request.files.lists() for file in found]
        return {"fields": fields, "files": files, "left": len(request.get_data())}

    async def tell_awaited():
        return tell()

    @app.errorhandler(413)
    @app.errorhandler(400)
    def refuse(error):
        left = len(request.get_data())
        return {"limit": getattr(error, "limit", None), "text": str(error), "left": left}, 400

    app.add_url_rule("/", "plain", tell, methods=["POST"])
    app.add_url_rule("/awaited", "awaited", tell_awaited, methods=["POST"])
    return app


@pytest.fixture
def told_app():
    """An app that tells what it was sent."""
    app = bolthead.Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return add_views(app)


# For a longer search: ARRIVING_SEED=2 ARRIVING_ROUNDS=10000.
SEED = int(os.environ.get("ARRIVING_SEED", "1"))
ROUNDS = int(os.environ.get("ARRIVING_ROUNDS", "300"))

NOISE = random.Random(4).randbytes(300_000)
LINES = (b"\r", b"\n", b"\r\n", b"\r\n--", b"\r\n--fron", b"\r\n--frontie", b"--frontier\n")

SLOW = "Content-Type: text/plain" + "; a=b" * 1_000 + "\r\n"

BODIES = {
    "fields": field("é".encode()) + field(b"") + field(b"2", "b") + END,
    "fields and files": field(b"1") + part(b"content") + field(b"2", "b") + part(b"x") + END,
    "empty file": part(b"") + END,
    "file of zeros": part(bytes(200_000)) + END,
    "file of noise": field(b"before") + part(NOISE) + field(b"after") + END,
    "files of noise": part(NOISE[:70_000]) + part(NOISE[:65_536], name="g") + END,
    **{f"file of {line!r}": part(line * 20_000) + field(b"after") + END for line in LINES},
    "field in pieces": field(NOISE) + field(b"after") + END,
    "field in latin-1": field(b"\xe9", rest="Content-Type: text/plain; charset=iso-8859-1\r\n")
    + END,
    "field in unknown letters": field(b"\xe9", rest="Content-Type: text/plain; charset=x\r\n")
    + END,
    "headers of a file": part(b"x", rest="Content-Type: text/plain\r\nX-Own: 1\r\n 2\r\n") + END,
    "preamble": b"before\r\n" * 9_000 + field(b"1") + END,
    "epilogue": field(b"1") + part(b"x") + END + b"after\r\n" * 9_000,
    "line feeds": (field(b"1") + part(b"x\ry") + END).replace(b"\r\n", b"\n"),
    "carriage returns": (field(b"1") + part(b"x\ny") + END).replace(b"\r\n", b"\r"),
    "two returns": (field(b"1") + END).replace(b"\r\n\r\n", b"\r\r\n"),
    "no parts": END,
    "no end": field(b"1") + part(NOISE),
    "nothing of it": b"x" * 100_000,
    "no name": b"--frontier\r\n\r\nx\r\n" + END,
    "no disposition late": part(NOISE) + b"--frontier\r\nX: y\r\n\r\nx\r\n" + part(b"y") + END,
    "header that is no text": b"--frontier\r\nX: \xff\r\n\r\nx\r\n" + END,
    "field too large": part(b"x") + field(b"y" * 600_000) + field(b"1") + END,
    "text too large": b"".join(field(b"y" * 300_000) for _ in range(60)) + END,
    "too many parts": field(b"x") * 1001 + END,
    "too many files": part(b"x" * 1000) * 1001 + END,
    "headers too long": part(NOISE) + part(b"x", rest=f"X: {'y' * 9_000}\r\n") + END,
    "headers without an end": part(NOISE) + b"--frontier\r\n" + b"X: y\r\n" * 20_000,
    "too many headers": part(b"x", rest="X: y\r\n" * 20) + END,
    "headers that take long": field(b"x", rest=SLOW) * 20 + part(NOISE, rest=SLOW) + END,
    "more of them": field(b"x", rest=SLOW) * 100 + part(NOISE, rest=SLOW) * 3 + END,
    "preamble too long": b"x" * 700_000 + field(b"1") + END,
    "epilogue too long": field(b"1") + END + b"x" * 700_000,
}

CUTS = {"odd": 4_093, "blocks": 65_536, "large": 200_000}


@pytest.mark.parametrize("kind", ["/", "/awaited"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_form_is_the_same_however_it_comes(told_app, body, kind):
    """A form that comes in pieces has the fields, files and errors of one that comes at once."""
    at_once = run(send(told_app, [body], kind))
    for size in CUTS.values():
        answer = run(send(told_app, [*cut(body, size), b""], kind))
        assert (answer.status, answer.text) == (at_once.status, at_once.text), size


def test_every_cut_of_a_form_finds_the_same(told_app):
    """Wherever a form is cut, and byte by byte as well, it is the same form."""
    body = b"x\r\n" + field(b"1\r") + part(b"\r\n--front\n\r") + part(b"\n", name="\u00fc") + END
    at_once = run(send(told_app, [body])).text
    assert json.loads(at_once)["files"][0][4] == len(b"\r\n--front\n\r")
    for place in range(1, len(body)):
        assert run(send(told_app, [body[:place], body[place:]])).text == at_once
    assert run(send(told_app, cut(body, 1))).text == at_once


def spoilt(random_):
    """A form of a few parts, spoilt here and there, often where a block of it ends."""
    pieces = [b"\r\n", b"\r", b"\n", b"--", b"--frontier", b"--frontier--", b"; ", b'"', b": "]
    parts = [field(b"1"), part(b"content\r\n"), part(b""), field(b"2" * 300, "b"), b"x\r\n", END]
    body = bytearray(b"".join(random_.choices(parts, k=random_.randint(1, 8))) + END)
    for _ in range(random_.randint(0, 6)):
        place = random_.randrange(len(body))
        body[place : place + random_.randint(0, 12)] = random_.choice(pieces)
    if random_.random() < 0.5:
        before = part(bytes(65_500 - random_.randrange(400)))
        body[:0] = before if random_.random() < 0.8 else before[70:]
    return bytes(body)


def test_spoilt_forms_are_the_same(told_app):
    """Forms that are spoilt at random are the same in pieces as at once."""
    told_app.config.update(MAX_FORM_PARTS=5, MAX_FORM_MEMORY_SIZE=66_000, MAX_PART_HEADERS=2)
    random_ = random.Random(SEED)
    for _ in range(ROUNDS):
        body = spoilt(random_)
        at_once = run(send(told_app, [body]))
        answer = run(send(told_app, cut(body, random_.randint(1, 1 + len(body) // 2))))
        assert (answer.status, answer.text) == (at_once.status, at_once.text), body


CONTENT_TYPES = [
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="frontier"',
    "Multipart/Form-Data; Boundary=frontier",
    "multipart/form-data; charset=utf-8; boundary=frontier",
    "multipart/form-data; boundary=other",
    "multipart/form-data; boundary=\xff",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data-not; boundary=frontier",
    "multipart/mixed; boundary=frontier",
    " multipart/form-data; boundary=frontier",
]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_content_type_says_what_is_parsed(told_app, content_type):
    """Any content type gives what it gives where the body comes at once."""
    body = field(b"1") + part(NOISE) + END
    at_once = run(send(told_app, [body], content_type=content_type))
    answer = run(send(told_app, cut(body, 60_000), content_type=content_type))
    assert (answer.status, answer.text) == (at_once.status, at_once.text)


LIMITS = {
    "MAX_FORM_PARTS": (3, None, 0),
    "MAX_FORM_MEMORY_SIZE": (100, 70_000, None),
    "MAX_FORM_FIELDS": (2, None),
    "MAX_FORM_TEXT_SIZE": (100_000, None),
    "MAX_PART_HEADERS": (1, None),
    "MAX_PART_HEADER_SIZE": (70, None),
    "MAX_BOUNDARY_LENGTH": (7, None),
    "MAX_CONTENT_LENGTH": (1_000, 290_000, 100_000_000),
    "EXPLAIN_LIMITS": (True,),
}


@pytest.mark.parametrize(
    ("setting", "value"), [(key, value) for key, values in LIMITS.items() for value in values]
)
def test_limits_are_the_settings(told_app, setting, value):
    """Each limit refuses in pieces what it refuses at once, in the same words."""
    told_app.config[setting] = value
    told_app.config.setdefault("MAX_FORM_PARTS", 5)
    body = b"".join(field(NOISE[:40_000], str(number)) for number in range(4)) + part(NOISE) + END
    for sent in (body, field(b"x") * 1001 + END, field(b"x" * 600_000) + END):
        at_once = run(send(told_app, [sent]))
        answer = run(send(told_app, cut(sent, 10_000)))
        if setting == "MAX_CONTENT_LENGTH" and value < len(sent):
            # The rest is not there, and a handler that asks for it is refused, too.
            assert answer.status == at_once.status
            continue
        assert (answer.status, answer.text) == (at_once.status, at_once.text)


def test_view_that_does_not_ask_is_not_refused(told_app):
    """A form beyond its limits, or no form at all, is nothing to a view that does not read it."""
    told_app.add_url_rule("/no", "no", lambda: "not asked", methods=["POST"])
    for name in ("too many parts", "field too large", "nothing of it", "header that is no text"):
        answer = run(send(told_app, cut(BODIES[name], 50_000), "/no"))
        assert (answer.status, answer.text) == (200, "not asked")


# What is there when the view is called


def steps_of(read):
    """How often the decoder of forms takes a step in this thread while something is read."""
    steps = 0

    def note(frame, event, _):
        nonlocal steps
        steps += event == "call" and frame.f_code.co_name == "next_event"

    sys.setprofile(note)
    try:
        read()
    finally:
        sys.setprofile(None)
    return steps


def test_nothing_is_left_to_parse(app):
    """When the view is called the form has been parsed: asking for it does not parse."""
    app.add_url_rule("/", "index", lambda: str(steps_of(lambda: request.form)), methods=["POST"])
    body = field(b"1") * 20 + part(NOISE) + END
    assert run(send(app, cut(body, 10_000))).text == "0"
    assert int(run(send(app, [body])).text) > 20  # what came at once is parsed when asked for


@pytest.mark.parametrize("size", [1_000, 60_000])
def test_parsing_stops_where_a_limit_is_broken(app, size):
    """Of 3,000 parts no more than may be are parsed, whether or not the view asks for them."""
    app.add_url_rule("/", "index", lambda: request.form, methods=["POST"])
    app.add_url_rule("/no", "no", lambda: "not asked", methods=["POST"])
    # So large that no block has headers enough for a thread: the steps are taken on the loop.
    pieces = cut(field(b"x" * 6_000) * 3_000 + END, size)
    statuses = []
    for path in ("/", "/no"):
        steps = steps_of(lambda path=path: statuses.append(run(send(app, pieces, path)).status))
        assert 2_000 < steps < 4_000
    assert statuses == [413, 200]


def test_headers_that_take_long_do_not_hold_the_loop(app):
    """Of a form with many or slow headers the loop parses a little; a thread does the rest."""

    @app.post("/")
    async def view():
        return "not asked"

    for body, most in ((field(b"x", rest=SLOW) * 45, 40), (field(b"x") * 900, 300)):
        pieces = [*cut(body, 60_000), END]
        on_loop = steps_of(lambda pieces=pieces: run(send(app, pieces)))
        assert 3 < on_loop < most
        assert steps_of(lambda body=body: parsed_at_once(body)) > 2 * most


def parsed_at_once(body):
    """Parse a form as the request of a view does, in this thread."""
    app = bolthead.Flask(__name__)
    with app.test_request_context(method="POST", data=body + END, content_type=TYPE):
        return len(request.form)


def peak_of(work):
    """The most memory that Python has while it works, in bytes."""
    tracemalloc.start()
    try:
        result = work()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["/", "/awaited"])
def test_large_files_are_on_disk(told_app, kind):
    """Files of 30 MB take little memory while they arrive, and while they are read."""
    chunk = bytes(100_000)

    def view():
        files = request.files.getlist("f")
        sizes = [sum(map(len, iter(lambda file=file: file.read(65_536), b""))) for file in files]
        return f"{len(sizes)} {sum(sizes)} {request.form['a']} {open_files()}"

    async def awaited():
        return view()

    told_app.view_functions.update(plain=view, awaited=awaited)
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    pieces = [field(b"1")]
    for _ in range(10):
        pieces += [head.encode(), *[chunk] * 30, b"\r\n"]
    before = open_files()
    peak, answer = peak_of(lambda: run(send(told_app, [*pieces, END], kind)))
    assert answer.text == f"10 30000000 1 {before + 1}"  # one file on disk, for all of them
    assert peak < 10_000_000
    assert open_files() == before


@pytest.mark.parametrize("kind", ["files", "fields"])
def test_many_parts_take_no_memory_before_they_are_asked_for(app, kind):
    """Where an app has no limit of parts, a form of very many is parsed when it is asked for."""
    app.config.update(MAX_FORM_PARTS=None, MAX_FORM_FIELDS=None, MAX_CONTENT_LENGTH=None)
    app.add_url_rule("/", "index", lambda: "not asked", methods=["POST"])
    app.add_url_rule(
        "/all",
        "all",
        lambda: str(len(request.form.getlist("a")) + len(request.files.getlist("f"))),
        methods=["POST"],
    )
    one = part(b"x") if kind == "files" else field(b"x")
    peak, answer = peak_of(lambda: run(send(app, [one * 1_000] * 30)))
    assert answer.text == "not asked"
    assert peak < 20_000_000
    assert run(send(app, [*[one * 1_000] * 7, END], "/all")).text == "7000"


def test_no_file_is_left_behind(told_app):
    """The file on disk is gone when the request is over, however it ends."""
    before = open_files()
    large = [*cut(part(NOISE * 10) + field(b"x") * 10, 100_000), END]

    @told_app.post("/raises")
    def view():
        request.files["f"].fileno()
        raise RuntimeError

    @told_app.post("/ignores")
    async def ignore():
        return str(open_files() - before)

    for path, status in {"/": 200, "/awaited": 200, "/raises": 500, "/none": 404}.items():
        assert run(send(told_app, large, path)).status == status
        assert open_files() == before
    assert run(send(told_app, large, "/ignores")).text == "1"
    assert run(send(told_app, cut(part(NOISE * 10) + field(b"x") * 2_000, 100_000))).status == 400
    assert open_files() == before

    async def leave():
        client = Client(large)

        async def receive():
            if len(client._parts) == 5:
                return {"type": "http.disconnect"}
            return await client.receive()

        headers = [("transfer-encoding", "chunked"), ("content-type", TYPE)]
        await told_app(make_scope("/", "POST", headers), receive, client.send)
        return client.answer.status

    assert run(leave()) is None
    assert open_files() == before
    answer = run(send(told_app, [*large, b""], "/ignores", length="9000000"))
    assert answer.text == "0"  # cut short: whoever asks for the body is told so


# The body itself


def test_body_is_there_before_the_form(app):
    """Whoever asks for the body before the form has all its bytes, and the form after it."""
    body = b"preamble\r\n" + field(b"1") + part(NOISE * 5) + END

    def data():
        whole = request.get_data()
        return f"{whole == body} {len(request.files['f'].read())} {len(request.data)}"

    def stream():
        start = request.stream.read(4)
        rest = b"".join(iter(lambda: request.stream.read(50_000), b""))
        return f"{start + rest == body} {len(request.files)}"

    def lines():
        return str(b"".join(request.environ["wsgi.input"]) == body)

    def uncached():
        return f"{request.get_data(cache=False) == body} {len(request.form)}"

    def after():
        return f"{request.form['a']} {request.get_data()!r} {request.data!r}"

    views = {
        data: f"True {len(NOISE * 5)} {len(body)}",
        stream: "True 0",
        lines: "True",
        uncached: "True 0",
        after: "1 b'' b''",
    }
    for view in views:
        app.add_url_rule(f"/{view.__name__}", view.__name__, view, methods=["POST"])
    for view, expected in views.items():
        path = f"/{view.__name__}"
        assert run(send(app, [body], path)).text == expected
        for most in (None, 10_000_000):
            app.config["MAX_CONTENT_LENGTH"] = most
            assert run(send(app, cut(body, 100_000), path)).text == expected
            assert run(send(app, cut(body, 100_000), path, length=str(len(body)))).text == expected


# What an app does in its own way


class OwnParser(FormDataParser):
    def parse(self, stream, *args, **kwargs):
        return stream, self.cls({"a": str(len(stream.read()))}), self.cls()


class OwnFiles(bolthead.Request):
    def _get_file_stream(self, *args, **kwargs):
        file = io.BytesIO()
        file.own = True
        return file


class OwnMaker(bolthead.Request):
    def make_form_data_parser(self):
        return OwnParser()


class OwnClass(bolthead.Request):
    form_data_parser_class = OwnParser


class OwnStorage(bolthead.Request):
    parameter_storage_class = ImmutableMultiDict


class OwnLimit(bolthead.Request):
    max_form_parts = 2


def test_request_class_has_its_own_way():
    """What a request's class says about forms counts, whatever was parsed meanwhile."""
    body = field(b"1") + part(NOISE) + field(b"2", "b") + END

    def view():
        file = request.files.get("f")
        own = getattr(getattr(file, "stream", None), "own", False)
        return f"{request.form['a']} {own} {type(request.form).__name__}"

    expected = {
        OwnFiles: "1 True ImmutableMultiDict",
        OwnMaker: f"{len(body)} False MultiDict",
        OwnClass: f"{len(body)} False ImmutableMultiDict",
        OwnStorage: "1 False ImmutableMultiDict",
        OwnLimit: 413,
    }
    for cls, answered in expected.items():
        app = bolthead.Flask(__name__)
        app.request_class = cls
        app.add_url_rule("/", "index", view, methods=["POST"])
        for pieces in ([body], cut(body, 50_000)):
            answer = run(send(app, pieces))
            assert answered in (answer.status, answer.text)


@pytest.mark.parametrize(
    ("limit", "value", "status"),
    [
        ("max_form_parts", 2, 413),
        ("max_form_parts", 5000, 200),
        ("max_form_memory_size", 100_000, 413),
        ("max_form_memory_size", 5_000_000, 200),
        ("max_content_length", 1000, 413),
        ("max_content_length", 50_000_000, 200),
    ],
)
def test_request_has_its_own_limits(app, limit, value, status):
    """A limit that a request is given before its form is read counts, up and down."""
    app.config["MAX_CONTENT_LENGTH"] = 2_000_000
    sent = {
        "max_form_parts": field(b"x") * (3 if status == 413 else 1200),
        "max_form_memory_size": field(b"x" * (400_000 if status == 413 else 700_000)),
        "max_content_length": part(NOISE * (1 if status == 413 else 10)),
    }[limit]
    view = lambda: str(len(request.form) + len(request.files))  # noqa: E731  # one for each case
    app.add_url_rule("/", "index", view, methods=["POST"])
    app.url_value_preprocessor(lambda *_: given and setattr(request, limit, value))
    given = False
    without = run(send(app, cut(sent + END, 50_000))).status
    given = True
    answer = run(send(app, cut(sent + END, 50_000)))
    assert (without, answer.status) == ((200, 413) if status == 413 else (413, 200))


def test_middleware_may_change_the_body(app):
    """A body that a middleware reads, wraps or replaces is parsed as it then is."""
    app.add_url_rule("/", "index", lambda: dict(request.form), methods=["POST"])
    inner = app.wsgi_app

    class Shout(io.RawIOBase):
        def __init__(self, stream):
            self.stream = stream

        def read(self, size=-1):
            return self.stream.read(size).upper()

    def middleware(environ, start_response):
        stream = environ["wsgi.input"]
        how = environ["HTTP_X_HOW"]
        if how == "wraps":
            environ["wsgi.input"] = Shout(stream)
        elif how == "reads":
            assert stream.read(10)
        elif how == "looks":
            assert stream.read(10)
            stream.seek(0)
        elif how == "replaces":
            environ["wsgi.input"] = io.BytesIO(field(b"other") + END)
        elif how == "renames":
            environ["CONTENT_TYPE"] = TYPE.replace(BOUNDARY, "front")
        return inner(environ, start_response)

    app.wsgi_app = middleware
    body = field(b"x" * 70_000) + END

    async def talk(how):
        client = Client(cut(body, 50_000))
        headers = [("transfer-encoding", "chunked"), ("content-type", TYPE), ("x-how", how)]
        await app(make_scope("/", "POST", headers), client.receive, client.send)
        return json.loads(client.answer.text)

    assert run(talk("looks")) == {"a": "x" * 70_000}
    assert run(talk("replaces")) == {"a": "other"}
    assert run(talk("reads")) == run(talk("wraps")) == run(talk("renames")) == {}


# Files


def view_of_files(work):
    """An app whose view does something with the file ``f`` and the file ``g``."""
    app = Bolthead(__name__)
    app.config["MAX_CONTENT_LENGTH"] = None
    app.add_url_rule("/", "index", lambda: str(work(**request.files)), methods=["POST"])
    return app


def packed():
    """A zip file of two files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", NOISE)
        archive.writestr("b.txt", b"b")
    return packed.getvalue()


TEXT = b"".join(b"line %d\r\n" % number for number in range(40_000))


def reads(f, g):
    assert f.read(5) == NOISE[:5]
    assert f.stream.readinto(buffer := bytearray(7)) == 7
    assert (bytes(buffer), f.tell()) == (NOISE[5:12], 12)
    assert f.seek(-4, 2) == len(NOISE) - 4
    assert (f.read(), f.read(), f.seek(0)) == (NOISE[-4:], b"", 0)
    assert f.read() == NOISE
    assert (f.readable(), f.seekable(), f.writable(), f.mode) == (True, True, True, "rb+")
    with pytest.raises(ValueError, match=r"whence|positions"):
        f.seek(0, 9)
    with pytest.raises((OSError, ValueError)):
        f.seek(-1)
    assert b"".join(g) == TEXT
    g.seek(0)
    assert (g.readline(), g.stream.readline()) == (b"line 0\r\n", b"line 1\r\n")
    g.seek(0)
    text = io.TextIOWrapper(g.stream, newline="")
    assert text.readlines()[-1] == "line 39999\r\n"


def writes(f, g):
    f.seek(3)
    f.write(b"new")
    f.seek(0, 2)
    f.write(b"end")
    f.seek(0)
    assert f.read() == NOISE[:3] + b"new" + NOISE[6:] + b"end"
    g.stream.truncate(6)
    g.seek(0)
    assert g.read() == b"line 0"


def has_a_descriptor(f, g):
    assert f.read(10) == NOISE[:10]
    f.seek(0)
    assert os.fstat(f.fileno()).st_size == len(NOISE)
    assert os.read(f.fileno(), 10) == NOISE[:10]
    g.stream.rollover()
    assert os.fstat(g.fileno()).st_size == len(TEXT)
    assert g.read() == TEXT


def is_read_by_two_threads(f, g):
    found = {}
    threads = [
        threading.Thread(target=lambda file=file: found.update({file.name: file.read()}))
        for file in (f, g)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"f": NOISE, "g": TEXT}


def is_saved(f, g):
    f.seek(100)
    out = io.BytesIO()
    f.save(out)
    g.save("saved.txt")
    assert out.getvalue() == NOISE[100:]
    assert Path("saved.txt").read_bytes() == TEXT


def is_closed(f, g):
    f.close()
    assert f.closed
    with pytest.raises(ValueError, match="closed"):
        f.read()
    assert g.read() == TEXT


@pytest.mark.parametrize(
    "work", [reads, writes, has_a_descriptor, is_read_by_two_threads, is_saved, is_closed]
)
@pytest.mark.parametrize("filler", [b"", bytes(2_000_000)], ids=["in memory", "on disk"])
def test_file_is_like_any_other(work, filler, tmp_path, monkeypatch):
    """A file that came in pieces is read, sought, written and saved like one that came at once."""
    monkeypatch.chdir(tmp_path)
    app = view_of_files(lambda f, g, **_: work(f, g))
    body = part(NOISE) + part(filler, name="h") + part(TEXT, name="g") + END
    before = open_files()
    assert run(send(app, [body])).text == "None"
    assert run(send(app, cut(body, 100_000))).text == "None"
    assert open_files() == before


def test_archive_is_opened():
    """A library that seeks, here one of archives, reads a file as it stands in the body."""
    app = view_of_files(lambda f: zipfile.ZipFile(f).read("a.txt") == NOISE)
    assert run(send(app, cut(part(packed()) + END, 100_000))).text == "True"


def test_files_are_those_of_one_request():
    """Many forms that arrive at the same time do not mix."""
    app = view_of_files(lambda f: hashlib.sha256(f.read()).hexdigest())

    async def talk():
        contents = [random.Random(number).randbytes(1_500_000) for number in range(8)]
        answers = await asyncio.gather(
            *(send(app, cut(part(content) + END, 70_000)) for content in contents)
        )
        expected = [hashlib.sha256(content).hexdigest() for content in contents]
        assert [answer.text for answer in answers] == expected

    run(talk())
