"""The shortener checks, stores, redirects and counts, also when many visitors come at once."""

import http.client
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.serving import make_server

TARGET = "https://example.org/some/page?x=1#part"


@pytest.fixture
def shortener(load_example):
    return load_example("shortener")


@pytest.fixture
def make_app(shortener, tmp_path):
    """Return a function that makes an app on this test's database; all are closed at the end."""
    apps = []

    def make(**config):
        defaults = {"SECRET_KEY": "test", "DATABASE": tmp_path / "shortener.sqlite"}
        apps.append(shortener.create_app(defaults | config))
        return apps[-1]

    yield make

    for app in apps:
        app.extensions["database"].dispose()


@pytest.fixture
def app(make_app):
    return make_app(TESTING=True)


@pytest.fixture
def client(app):
    return app.test_client()


def add(client, url=TARGET, code=""):
    return client.post("/", data={"url": url, "code": code})


def visits(client, code):
    return client.get(f"/api/links/{code}").json["visits"]


# --- the form ------------------------------------------------------------------------------------


def test_empty_start(client):
    """Before the first link the page shows the form and says that there is nothing yet."""
    page = client.get("/").text
    assert 'name="url"' in page
    assert "None yet." in page
    assert "No visits in the last 14 days." in page


def test_create_and_follow(client):
    """A posted address redirects to a page with its short link, which leads to the address."""
    response = add(client)
    assert response.status_code == 303
    code = re.fullmatch(r"/links/(\w{6})", response.location)[1]

    page = client.get(response.location).text
    assert "Your short link is ready." in page
    assert f"http://localhost/{code}" in page

    response = client.get(f"/{code}")
    assert response.status_code == 302
    assert response.location == TARGET


def test_message_shown_once(client):
    """The message of success is gone when the page is loaded again."""
    path = add(client).location
    assert 'class="flash success"' in client.get(path).text
    assert 'class="flash success"' not in client.get(path).text


def test_custom_code(client):
    """A custom code is taken as it is written."""
    assert add(client, code="My-Link_1").location == "/links/My-Link_1"
    assert client.get("/My-Link_1").location == TARGET
    assert client.get("/my-link_1").status_code == 404


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "Enter the address"),
        ("   ", "Enter the address"),
        ("example.org", "starts with http:// or https://"),
        ("ftp://example.org/", "starts with http:// or https://"),
        ("javascript:alert(1)", "starts with http:// or https://"),
        ("data:text/html,x", "starts with http:// or https://"),
        ("//example.org/", "starts with http:// or https://"),
        ("http://", "not a complete address"),
        ("http:///path", "not a complete address"),
        ("http://[", "not a complete address"),
        ("http://[::1::2]/", "not a complete address"),
        ("http://a:b:c/", "not a complete address"),
        ("http://example.org:99999/", "not a complete address"),
        ("http://exa..mple.org/", "not a complete address"),
        ("http://℀.com/", "not a complete address"),
        ("http://-/", "not a complete address"),
        ("http://a b.org/", "cannot contain spaces"),
        ("http://example.org/\x00", "cannot contain spaces"),
        ("http://example.org/\r\nSet-Cookie: a=b", "cannot contain spaces"),
        ("http://example.org\\@other.example/", "backslashes"),
        ("http://bank.example@other.example/", "user name or password"),
        ("http://localhost/abc", "on this site"),
        ("https://example.org/" + "x" * 1981, "at most 2000 characters; this one has 2001"),
        ("https://example.org/" + "é" * 400, "special characters encoded"),
    ],
)
def test_bad_address(client, url, message):
    """An address that cannot be shortened comes back with the reason, and nothing is stored."""
    response = add(client, url)
    assert response.status_code == 422
    assert message in response.text
    assert 'class="flash error"' in response.text
    assert client.get("/api/links").json == {"links": []}


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("HTTP://example.org", "http://example.org"),
        ("http://localhost:8000/", "http://localhost:8000/"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
        ("https://example.org/" + "x" * 1980, "https://example.org/" + "x" * 1980),
        ("https://bücher.example/ü?q=ä", "https://xn--bcher-kva.example/%C3%BC?q=%C3%A4"),
        ("  https://example.org/  ", "https://example.org/"),
    ],
    ids=["capitals", "port", "IPv6", "longest", "not ASCII", "spaces around"],
)
def test_good_address(client, url, location):
    """Every address the form accepts can be followed, in the form a header allows."""
    assert add(client, url, "code").status_code == 303
    response = client.get("/code")
    assert response.status_code == 302
    assert response.location == location


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ab", "3 to 32"),
        ("x" * 33, "3 to 32"),
        ("a b c", "3 to 32"),
        ("a/b/c", "3 to 32"),
        ("favicon.ico", "3 to 32"),
        ("größe", "3 to 32"),
        ("api", "reserved"),
        ("Static", "reserved"),
    ],
)
def test_bad_code(client, code, message):
    """A code that is malformed or reserved is refused with the reason."""
    response = add(client, code=code)
    assert response.status_code == 422
    assert message in response.text


def test_paths_are_reserved(app, shortener):
    """The first part of each of the app's paths is reserved, so no link can hide behind one."""
    firsts = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    assert {first for first in firsts if first and "<" not in first} == shortener.links.RESERVED


def test_code_taken(client):
    """A custom code belongs to who came first; the second is told, and keeps what was typed."""
    add(client, code="mine")
    response = add(client, "https://example.com/other", "mine")
    assert response.status_code == 409
    assert "“mine” is taken" in response.text
    assert 'value="https://example.com/other"' in response.text
    assert client.get("/mine").location == TARGET


def test_random_code_tries_again(client, shortener, monkeypatch):
    """When a random code is taken already, another one is drawn."""
    codes = iter(["first", "first", "first", "second"])
    monkeypatch.setattr(shortener.links, "new_code", lambda: next(codes))
    assert add(client).location == "/links/first"
    assert add(client).location == "/links/second"


def test_random_codes_run_out(app, shortener, monkeypatch):
    """When no free code is found, the error says what to change."""
    monkeypatch.setattr(shortener.links, "new_code", lambda: "same")
    add(app.test_client())
    with pytest.raises(RuntimeError, match="Raise CODE_LENGTH"):
        add(app.test_client())


def test_markup_is_escaped(client):
    """Markup in an address or in a refused form is shown as text."""
    add(client, "https://example.org/<script>alert(1)</script>", "code")
    refused = add(client, '"><script>').text
    for page in (client.get("/").text, client.get("/links/code").text, refused):
        assert "<script>" not in page


# --- counting ------------------------------------------------------------------------------------


def test_counts_visits(client):
    """Each GET of a short link is a visit; HEAD, the link's page and the API are none."""
    add(client, code="code")
    for _ in range(3):
        client.get("/code")
    assert client.head("/code").status_code == 302
    client.get("/links/code")
    assert visits(client, "code") == 3


def test_unknown_code_counts_nothing(client):
    """Following a code that nobody has is a 404 and leaves no trace."""
    assert client.get("/nobody").status_code == 404
    add(client, code="nobody")
    assert visits(client, "nobody") == 0


def test_chart(client):
    """The chart has a title, a description, a bar for today, and the same numbers as a table."""
    add(client, code="code")
    for _ in range(7):
        client.get("/code")
    for path in ("/", "/links/code"):
        page = client.get(path).text
        assert re.search(r'<svg[^>]* role="img" aria-labelledby="chart-title chart-desc"', page)
        assert '<title id="chart-title">' in page
        assert re.search(r'<desc id="chart-desc">Bar chart. 7 visits from .*with 7\.', page, re.S)
        assert page.count('<rect class="bar') == 1
        assert page.count('<th scope="row"><time') == 14
        assert '<td class="number">7</td>' in page


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (50, [0, 20, 40, 60]),
        (1999, [0, 500, 1000, 1500, 2000]),
    ],
)
def test_ticks(shortener, highest, ticks):
    """The scale has round steps, at most four above zero, and room for the highest bar."""
    day = shortener.links.today()
    chart = shortener.chart.draw_chart([(day, highest), (day, 0)])
    assert [tick.value for tick in chart.ticks] == ticks
    assert chart.bars[0].y >= chart.ticks[-1].y
    assert chart.bars[1].height == 0


# --- many at once --------------------------------------------------------------------------------


@pytest.fixture
def server(make_app):
    """Serve an app with one thread per request on a free port; give its port."""
    server = make_server("127.0.0.1", 0, make_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(port, method, path, body=None, content_type="application/x-www-form-urlencoded"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": content_type} if body else {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_no_visit_is_lost(server, make_app):
    """Of 400 visits by 16 visitors at once, through a real server, every one is counted."""
    assert fetch(server, "POST", "/", f"url={TARGET}&code=busy")[0] == 303
    with ThreadPoolExecutor(16) as visitors:
        answers = list(visitors.map(lambda _: fetch(server, "GET", "/busy")[0], range(400)))
    assert answers == [302] * 400
    assert visits(make_app().test_client(), "busy") == 400


def test_one_owner_per_code(server):
    """When 12 people want the same code at once, one gets it and the others are told."""
    with ThreadPoolExecutor(12) as people:
        answers = list(
            people.map(
                lambda n: fetch(server, "POST", "/", f"url=https://example.org/{n}&code=wanted")[0],
                range(12),
            )
        )
    assert sorted(answers) == [303] + [409] * 11


def test_apps_start_together(make_app):
    """Several apps may make the tables of one new database at the same moment."""
    with ThreadPoolExecutor(8) as starters:
        apps = list(starters.map(lambda _: make_app(), range(8)))
    add(apps[0].test_client(), code="code")
    assert visits(apps[-1].test_client(), "code") == 0


# --- errors --------------------------------------------------------------------------------------


def test_not_found_page(client):
    """A missing page is a 404 in the app's own look."""
    for path in ("/nobody", "/links/nobody", "/a/b/c"):
        response = client.get(path)
        assert response.status_code == 404
        assert "This short link does not exist." in response.text
        assert "style.css" in response.text


@pytest.fixture
def broken(make_app, shortener, monkeypatch):
    """A client of an app whose database lookups fail, as in production."""
    app = make_app()

    def fail(*arguments):
        raise OSError("the secret reason")

    monkeypatch.setattr(shortener.links, "find_link", fail)
    return app.test_client()


def test_error_page(broken):
    """An unexpected exception is a 500 in the app's own look, without its reason."""
    response = broken.get("/links/code")
    assert response.status_code == 500
    assert "The fault is ours" in response.text
    assert "secret reason" not in response.text


def test_error_json(broken):
    """Under /api an unexpected exception is a 500 in JSON, without its reason."""
    response = broken.get("/api/links/code")
    assert response.status_code == 500
    assert response.json["error"]["code"] == 500
    assert "secret reason" not in response.text


def test_other_errors(client):
    """Other errors have a page too, and keep the headers that belong to them."""
    response = client.delete("/")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert "Method Not Allowed" in response.text

    assert client.post("/", data={"url": "x" * 70_000}).status_code == 413


# --- the API -------------------------------------------------------------------------------------


def test_api_create(client):
    """A link made through the API is answered with 201, its data and its address."""
    response = client.post("/api/links", json={"url": TARGET, "code": "code"})
    assert response.status_code == 201
    assert response.headers["Location"] == "/api/links/code"
    created = response.json
    assert created.pop("created_on")
    assert created == {
        "code": "code",
        "url": TARGET,
        "short_url": "http://localhost/code",
        "visits": 0,
    }
    assert client.get("/code").location == TARGET


def test_api_random_code(client):
    """Without a code, or with null, the API draws one."""
    for body in ({"url": TARGET}, {"url": TARGET, "code": None}):
        assert len(client.post("/api/links", json=body).json["code"]) == 6


def test_api_show(client):
    """A link's visits are given in total and by day, today last."""
    add(client, code="code")
    client.get("/code")
    shown = client.get("/api/links/code").json
    assert shown["visits"] == 1
    assert len(shown["visits_by_day"]) == 14
    assert shown["visits_by_day"][-1] == {"day": shown["created_on"], "visits": 1}


def test_api_list(client):
    """The list begins with the newest link and is as long as asked."""
    for code in ("one", "two", "three"):
        add(client, code=code)
    listed = client.get("/api/links?limit=2").json["links"]
    assert [link["code"] for link in listed] == ["three", "two"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "", "1.5", "9" * 5000])
def test_api_bad_limit(client, limit):
    """A limit out of range is a 400 that names the range."""
    response = client.get("/api/links", query_string={"limit": limit})
    assert response.status_code == 400
    assert response.json["error"]["message"] == "limit must be a whole number from 1 to 100."


@pytest.mark.parametrize(
    ("request_options", "status"),
    [
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": "url=x"}, 415),
        ({"json": [1]}, 400),
        ({"json": {"url": 5}}, 400),
        ({"json": {"url": TARGET, "code": ["x"]}}, 400),
        ({"json": {}}, 422),
        ({"json": {"url": "ftp://example.org/"}}, 422),
        ({"json": {"url": "https://example.org/\ud800"}}, 422),
        ({"json": {"url": TARGET, "code": "api"}}, 422),
        ({"json": {"url": TARGET, "code": "taken"}}, 409),
    ],
    ids=[
        "no JSON",
        "a form",
        "no object",
        "number",
        "list",
        "no address",
        "scheme",
        "half a character",
        "reserved",
        "taken",
    ],
)
def test_api_refuses(client, request_options, status):
    """What the API cannot take is answered with an error in JSON, and nothing is stored."""
    add(client, code="taken")
    response = client.post("/api/links", **request_options)
    assert response.status_code == status
    assert response.json["error"]["code"] == status
    assert response.json["error"]["message"]
    assert len(client.get("/api/links").json["links"]) == 1


def test_api_names_fields(client):
    """A refused link names each field that is wrong."""
    response = client.post("/api/links", json={"url": "", "code": "a b"})
    assert set(response.json["error"]["fields"]) == {"url", "code"}


@pytest.mark.parametrize("path", ["/api/links/nobody", "/api/nothing", "/api/"])
def test_api_not_found(client, path):
    """What is missing under /api is a 404 in JSON."""
    response = client.get(path)
    assert response.status_code == 404
    assert response.mimetype == "application/json"
    assert response.json["error"]["code"] == 404


# --- settings and commands -----------------------------------------------------------------------


def test_seed_twice(app, client):
    """The demo links are added once, and a link that exists stays as it is."""
    add(client, code="python")
    runner = app.test_cli_runner()
    assert runner.invoke(args=["init-db"]).exit_code == 0
    assert runner.invoke(args=["seed"]).output == "Added 5 of 6 demo links.\n"
    assert runner.invoke(args=["seed"]).output == "Added 0 of 6 demo links.\n"
    assert client.get("/python").location == TARGET
    assert client.get("/").text.count('<rect class="bar') == 14


def test_secret_key_is_kept(shortener, tmp_path):
    """The key is made once, is the same ever after, and only its owner may read it."""
    folder = tmp_path / "instance"
    with ThreadPoolExecutor(8) as workers:
        found = set(workers.map(lambda _: shortener.keys.kept_key(folder), range(8)))
    assert len(found) == 1
    assert len(found.pop()) == 64
    [file] = folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_settings_from_the_environment(shortener, tmp_path, monkeypatch):
    """The environment names the database and the key, and a key of digits stays text."""
    monkeypatch.setenv("SHORTENER_DATABASE", str(tmp_path / "other" / "links.sqlite"))
    monkeypatch.setenv("SHORTENER_SECRET_KEY", "123456")
    app = shortener.create_app()
    app.extensions["database"].dispose()
    assert app.secret_key == "123456"
    assert (tmp_path / "other" / "links.sqlite").exists()


def test_headers(client):
    """Pages allow nothing from elsewhere, and the session stays on this site."""
    response = add(client)
    assert "SameSite=Lax" in response.headers["Set-Cookie"]
    assert "HttpOnly" in response.headers["Set-Cookie"]
    policy = client.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'")


def test_page_needs_no_inline_code(client):
    """The pages hold no inline style or script, which their policy would block."""
    add(client, code="code")
    client.get("/code")
    for path in ("/", "/links/code", "/nobody"):
        page = client.get(path).text
        assert "<style" not in page
        assert "<script" not in page
        assert " style=" not in page
