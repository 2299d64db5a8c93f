"""What logs and debug pages never carry: control characters from a request, and secrets."""

from __future__ import annotations

import base64
import importlib.util
import io
import logging
import socket
import subprocess
import sys
import time

import httpx
import pytest
from asgi import ask, run

from bolthead import Bolthead, Flask, request
from bolthead.logging import RedactingFilter, default_handler
from bolthead.redaction import MASK, escape, find_secrets, mask, mask_page

SECRET = "s3ntinel-9f8e7d6c5b4a"


class Kept(logging.StreamHandler):
    """A handler that keeps what it writes."""

    def __init__(self):
        super().__init__(io.StringIO())
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))

    @property
    def text(self):
        return self.stream.getvalue()


@pytest.fixture(params=[Flask, Bolthead])
def app(request):
    app = request.param("tested_log")
    app.config["SECRET_KEY"] = f"key-{SECRET}"
    app.kept = Kept()
    app.logger.addHandler(app.kept)
    app.logger.setLevel(logging.DEBUG)
    yield app
    app.logger.removeHandler(app.kept)


def serve(app, log):
    """Route a view that logs; return a client."""
    app.add_url_rule("/", "log", lambda: log(app.logger) or "", methods=["GET", "POST"])
    return app.test_client(use_cookies=False)


# Control characters

CONTROLS = ["\r\nERROR forged", "\n", "\x00", "\x1b[2J", "\x7f", "\x9b31m", "\u2028", "\u202e"]


@pytest.mark.parametrize("text", CONTROLS, ids=ascii)
@pytest.mark.parametrize(
    "log",
    [
        lambda logger: logger.info("hello %s", request.args["name"]),
        lambda logger: logger.info("hello %(name)s", {"name": request.args["name"]}),
        lambda logger: logger.info(f"hello {request.args['name']}"),
        lambda logger: logger.info("hello %r", request.args),
        lambda logger: logger.info(request.args["name"]),
    ],
    ids=["argument", "named", "text", "repr", "message"],
)
def test_messages_are_on_one_line(app, log, text):
    """Whatever way text of a request gets into a message, it is escaped."""
    serve(app, log).get("/", query_string={"name": f"ada{text}"})
    assert app.kept.text.startswith("INFO")
    assert app.kept.text.count("\n") == 1
    assert app.kept.text[:-1].isprintable()
    assert "ada" in app.kept.text


def test_halves_of_characters_are_escaped(app):
    """A lone surrogate, which a stream could not encode, is written as an escape."""
    serve(app, lambda logger: logger.info("hello \ud800")).get("/")
    assert app.kept.text == "INFO hello \\ud800\n"


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_path_of_an_error(app, way):
    """The line of an error that nobody handles has the path, in one line."""
    app.before_request(lambda: 1 / 0)
    path = "/a\r\nERROR forged\x1b[31m"
    if way == "wsgi":
        environ = {"PATH_INFO": path}
        assert app.test_client().get("/", environ_overrides=environ).status_code == 500
    else:
        assert run(ask(app, path)).status == 500
    first = app.kept.text.splitlines()[0]
    assert first == "ERROR Exception on /a\\r\\nERROR forged\\x1b[31m [GET]"
    assert "\x1b" not in app.kept.text


@pytest.mark.parametrize("cause", [None, "cause", "context", "group"])
def test_text_of_an_exception(app, cause):
    """The text of an error, and of those behind it, stays on its line of the traceback."""

    def fail(logger):
        error = ValueError(f"no {request.args['name']}")
        if cause == "cause":
            raise RuntimeError("outer") from error
        if cause == "group":
            raise ExceptionGroup("several", [error, error])
        if cause == "context":
            try:
                raise error
            except ValueError:
                raise RuntimeError("outer")  # noqa: B904
        raise error

    serve(app, fail).get("/", query_string={"name": "ada\nERROR forged\x1b[2J"})
    assert "no ada\\nERROR forged\\x1b[2J" in app.kept.text
    assert "\nERROR forged" not in app.kept.text
    assert "\x1b" not in app.kept.text
    assert "Traceback (most recent call last):" in app.kept.text


def test_field_without_a_name(app):
    """A part of a form may have no name, and what is logged beside it is logged all the same."""

    @app.post("/form")
    def form():
        app.logger.warning("%d fields", len(request.form))
        return "seen"

    data = b"--b\r\nContent-Disposition: form-data\r\n\r\nsome text\r\n--b--\r\n"
    kind = "multipart/form-data; boundary=b"
    assert app.test_client().post("/form", data=data, content_type=kind).text == "seen"
    assert "1 fields" in app.kept.text


def test_ordinary_records_are_left_alone(app, caplog):
    """A record with nothing to take out keeps its message, arguments and formatter's traceback."""

    def log(logger):
        try:
            raise ValueError("plain")
        except ValueError:
            logger.exception("hello %s", "ada")

    with caplog.at_level(logging.DEBUG):
        serve(app, log).get("/")
    (record,) = caplog.records
    assert (record.msg, record.args) == ("hello %s", ("ada",))
    assert "ValueError: plain" in app.kept.text


def test_lines_outside_of_requests_stay(app):
    """What a program writes of its own accord may have lines; nothing else that controls."""
    app.logger.info("two\nlines\tand\x1b[0m")
    assert app.kept.text == "INFO two\nlines\tand\\x1b[0m\n"


def test_explained_templates_keep_their_lines(app):
    """EXPLAIN_TEMPLATE_LOADING writes several lines in a request, too; names are quoted in them."""
    from jinja2 import TemplateNotFound

    from bolthead import render_template

    app.config.update(EXPLAIN_TEMPLATE_LOADING=True)

    def look(logger):
        with pytest.raises(TemplateNotFound):
            render_template(request.args["name"])

    serve(app, look).get("/", query_string={"name": "a\nERROR forged"})
    assert app.kept.text.count("\n") > 3
    assert "\nERROR forged" not in app.kept.text


def test_broken_format_is_told_by_logging(app, capsys):
    """A message whose arguments do not fit is reported by logging, as ever."""
    serve(app, lambda logger: logger.info("%d", "no number")).get("/")
    assert "--- Logging error ---" in capsys.readouterr().err


def test_default_handler_and_handlers_of_ones_own(app):
    """The handler that an app gets cleans all records, and so does one that is given a filter."""
    own = Kept()
    own.addFilter(RedactingFilter())
    other = logging.getLogger("tested_log.views")
    other.addHandler(own)
    other.propagate = False
    try:
        serve(app, lambda logger: other.warning("a\nb %s", app.secret_key)).get("/")
    finally:
        other.removeHandler(own)
        other.propagate = True
    assert own.text == f"WARNING a\\nb {MASK}\n"
    assert any(isinstance(found, RedactingFilter) for found in default_handler.filters)


# Secrets

BASIC = base64.b64encode(f"ada:{SECRET}".encode()).decode()
REQUESTS = {
    "cookie": {"headers": {"Cookie": f"session={SECRET}; theme=dark"}},
    "quoted cookie": {"headers": {"Cookie": f'session="{SECRET}"'}},
    "bearer": {"headers": {"Authorization": f"Bearer {SECRET}"}},
    "bare": {"headers": {"Authorization": SECRET}},
    "basic": {"headers": {"Authorization": f"Basic {BASIC}"}},
    "proxy": {"headers": {"Proxy-Authorization": f"Bearer {SECRET}"}},
    "query": {"query_string": {"password": SECRET}},
    "query, another name": {"query_string": {"new_Password2": SECRET}},
    "query, token": {"query_string": {"reset-token": SECRET}},
    "form": {"data": {"password": SECRET}},
    "multipart": {
        "data": f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{SECRET}\r\n--b--',
        "content_type": "multipart/form-data; boundary=b",
    },
    "json": {"json": {"password": SECRET}},
    "json, deep": {"json": {"users": [{"card_number": SECRET}]}},
}


def everything():
    """All that a careless view may put into a log."""
    return (
        request.headers,
        request.environ.get("HTTP_COOKIE"),
        request.authorization,
        request.authorization and request.authorization.password,
        request.cookies,
        request.full_path,
        request.url,
        request.args,
        request.get_data(cache=True),
        request.get_json(silent=True),
        request.form,
        list(request.form.items()),
        dict(request.args),
    )


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
def test_secrets_of_a_request(app, sent):
    """Cookies, Authorization and password fields are masked, wherever the view has put them."""

    def log(logger):
        for thing in everything():
            logger.info("%s", thing)
            logger.info("%r", thing)
            logger.info(str(thing))

    serve(app, log).post("/", **sent)
    assert MASK in app.kept.text
    assert SECRET not in app.kept.text
    assert BASIC not in app.kept.text


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
def test_secrets_in_an_error(app, sent):
    """Nor are they in the traceback of an error that has them in its text."""

    def fail(logger):
        raise RuntimeError(*map(str, everything()))

    serve(app, fail).post("/", **sent)
    assert MASK in app.kept.text
    assert SECRET not in app.kept.text


def test_a_form_that_nobody_read(app):
    """A body that was not parsed is not parsed to be masked; its text is masked by its names."""

    def log(logger):
        logger.info("%s", request.get_data())
        assert "form" not in vars(request._get_current_object())

    client = serve(app, log)
    client.post("/", data={"name": "ada", "password": SECRET})
    client.post("/", data=f'{{"password": "{SECRET}", "name": "ada"}}')
    assert SECRET not in app.kept.text
    assert app.kept.text.count("ada") == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", SECRET),
        ("SECRET_KEY", SECRET.encode()),
        ("SECRET_KEY_FALLBACKS", ["another-one", SECRET]),
        ("WTF_CSRF_SECRET_KEY", SECRET),
        ("MAIL_PASSWORD", SECRET),
        ("STRIPE_API_KEY", SECRET),
        ("GITHUB_TOKEN", SECRET),
        ("OAUTH_CLIENT_SECRET", SECRET),
        ("SQLALCHEMY_DATABASE_URI", f"postgresql://shop:{SECRET}@db/shop"),
    ],
)
def test_secret_settings(app, name, value):
    """The values of secret settings are masked in messages and tracebacks, in a request or not."""
    app.config[name] = value

    def fail(logger):
        logger.info("config: %s", app.config)
        raise RuntimeError(f"bad setting {app.config[name]}")

    serve(app, fail).get("/")
    with app.app_context():
        app.logger.info("start with %s", app.config[name])
    assert SECRET not in app.kept.text
    assert "start with" in app.kept.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_COOKIE_NAME", "session-of-ada"),
        ("JWT_TOKEN_LOCATION", "headers and cookies"),
        ("TOKEN_LIFETIME", "a whole day"),
        ("SECRET_KEY", "dev"),
        ("HOMEPAGE", "https://shop.example/"),
    ],
)
def test_other_settings_are_not_masked(app, name, value):
    """A setting that is no secret is written, and so is a key that everybody knows."""
    app.config[name] = value
    serve(app, lambda logger: logger.info("it is %s", value)).get("/")
    assert app.kept.text == f"INFO it is {value}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /login?password=abc&next=/ HTTP/1.1", "GET /login?password=[masked]&next=/ HTTP/1.1"),
        ("?a=1&api-key=abc", "?a=1&api-key=[masked]"),
        ("{'user': 'ada', 'pwd': 'a, \\'b'}", "{'user': 'ada', 'pwd': '[masked]'}"),
        ('{"token": "abc", "n": 1}', '{"token": "[masked]", "n": 1}'),
        ("[('password', 'abc'), ('a', 'b')]", "[('password', '[masked]'), ('a', 'b')]"),
        ("the password is wrong", "the password is wrong"),
        ("CSRF token missing: reload", "CSRF token missing: reload"),
        ('form["password"]', 'form["password"]'),
    ],
)
def test_fields_in_text(text, expected):
    """A field is told by its name in a query, in JSON and in a dictionary; words are left alone."""
    assert mask(text, ()) == expected


def test_short_secrets_are_masked_as_words():
    """A short secret is not taken out of the middle of a word that has it by chance."""
    assert mask("the cat in a catalogue", {"cat"}) == f"the {MASK} in a catalogue"


def test_pages_stay_pages():
    """A short secret that is the name of an element is masked in the text only."""
    page = '<div class="div">the div &#39;div&#39; &lt;a&amp;b&gt;cdefghijk</div>'
    assert mask_page(page, {"div", "<a&b>cdefghijk"}) == (
        f'<div class="div">the {MASK} &#39;{MASK}&#39; {MASK}</div>'
    )


def test_secrets_are_found_without_reading_the_body():
    """Only what was parsed already is looked into."""
    environ = {"QUERY_STRING": "otp=123456&page=2", "HTTP_COOKIE": "a=123456789; b=1"}
    assert find_secrets(None, environ) == {"123456", "123456789", "123456789; b=1"}


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "password" * 12_500,
        "?password" * 11_000,
        "password='" * 10_000,
        'token="' * 14_000,
        "('" * 50_000,
        "\\" * 100_000,
        '"token": "' + "\\" * 100_000,
        "\n" * 100_000,
        "[[[[" * 25_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_is_cleaned_in_linear_time(text):
    """100 kB of whatever text takes no more than a moment."""
    began = time.process_time()
    mask(escape(text), {SECRET, "short"})
    assert time.process_time() - began < 2


SERVED = """
import logging
from bolthead import Flask, request

app = Flask("shop")
app.config["SECRET_KEY"] = "key-{secret}"

@app.post("/<path:rest>")
def fail(rest):
    logging.getLogger("elsewhere").warning("%s %s", request.form, request.cookies)
    app.logger.warning(f"{{rest}}\\n{{request.headers}}")
    raise RuntimeError(app.secret_key, request.cookies, request.args)
"""


@pytest.mark.parametrize("style", ["text", "json"])
def test_logs_of_the_production_server(tmp_path, style):
    """Under ``bolthead serve`` no logger's lines have secrets or lines of a client's making."""
    if importlib.util.find_spec("granian") is None:
        pytest.skip("granian is not installed")
    (tmp_path / "shop.py").write_text(SERVED.format(secret=SECRET))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = ["--app", "shop", "serve", "--port", str(port), "--workers", "1", "--access-log"]
    with (tmp_path / "log.txt").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "bolthead", *command, "--log-format", style],
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = httpx.post(
                    f"http://127.0.0.1:{port}/a%0AERROR%20forged%1b[31m?token={SECRET}1",
                    data={"password": f"{SECRET}2"},
                    headers={"Cookie": f"session={SECRET}3", "Authorization": f"Bearer {SECRET}4"},
                )
                break
            except httpx.TransportError:
                assert server.poll() is None, (tmp_path / "log.txt").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert answer.status_code in {404, 500}
        assert httpx.post(
            f"http://127.0.0.1:{port}/a?token={SECRET}1",
            data={"password": f"{SECRET}2"},
            headers={"Cookie": f"session={SECRET}3", "Authorization": f"Bearer {SECRET}4"},
        ).is_server_error
    finally:
        server.terminate()
        server.wait(30)
    text = (tmp_path / "log.txt").read_text()
    assert "RuntimeError" in text
    assert text.count(MASK) >= 4
    assert SECRET not in text
    assert "\nERROR forged" not in text
    assert "\x1b" not in text
