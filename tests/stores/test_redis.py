"""Redis through Flask-Session, Flask-Caching and Flask-Limiter, on Bolthead."""

from __future__ import annotations

import httpx
import pytest
from servers import serving

from stores.load import TIMEOUT, through_an_outage

for needed in ("flask_session", "flask_caching", "flask_limiter", "gunicorn"):
    pytest.importorskip(needed, reason=f"{needed} is not installed: run make test-stores")
redis = pytest.importorskip("redis", reason="redis is not installed: run make test-stores")

APP = """
import itertools
import os

import bolthead

bolthead.install_as_flask()

import redis
from flask import Flask, jsonify, session
from flask_caching import Cache
from flask_limiter import Limiter
from flask_session import Session

URL = os.environ["REDIS_URL"]

app = Flask(__name__)
app.secret_key = "a key for tests, which is long enough"
app.config.update(
    CACHE_TYPE="RedisCache",
    CACHE_REDIS_URL=URL,
    RATELIMIT_STORAGE_URI=URL,
    RATELIMIT_SWALLOW_ERRORS=True,
    SESSION_TYPE="redis",
    SESSION_REDIS=redis.Redis.from_url(URL, socket_timeout=20),
)
Session(app)
cache = Cache(app)
limiter = Limiter(lambda: "everyone", app=app)
computed = itertools.count(1)


@app.errorhandler(500)
def failed(error):
    if isinstance(error.original_exception, redis.RedisError):
        return jsonify(error="The store cannot be reached."), 503, {"Retry-After": "1"}
    return error


@app.post("/count")
def count():
    session["n"] = session.get("n", 0) + 1
    return {"n": session["n"]}, 201


@app.get("/cached")
@cache.cached(timeout=600)
def cached():
    return f"{os.getpid()}-{next(computed)}"


@app.get("/limited")
@limiter.limit("5 per hour")
def limited():
    return "within the limit"
"""


@pytest.fixture
def base(redis_server, tmp_path):
    """The address of the app, served by two processes of four threads."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    (tmp_path / "shop.py").write_text(APP)
    environ = {"REDIS_URL": redis_server.url, "WEB_CONCURRENCY": "2"}
    with serving("gunicorn-gthread", "shop:app", tmp_path, tmp_path, environ) as port:
        yield f"http://127.0.0.1:{port}"


def get(url):
    return httpx.get(url, timeout=TIMEOUT, trust_env=False)


def test_shared_by_processes(base, redis_server):
    """Sessions, cached answers and limits are Redis's, whichever process asks for them."""
    with httpx.Client(base_url=base, timeout=TIMEOUT, trust_env=False) as client:
        assert [client.post("/count").json()["n"] for _ in range(20)] == list(range(1, 21))
        (value,) = client.cookies.values()
    with redis.Redis.from_url(redis_server.url) as store:
        assert store.exists(f"session:{value}")
        # A session that is gone from the store is gone.
        store.delete(f"session:{value}")
    again = httpx.post(f"{base}/count", cookies={"session": value}, timeout=TIMEOUT)
    assert again.json()["n"] == 1

    assert len({get(f"{base}/cached").text for _ in range(20)}) == 1
    assert sorted(get(f"{base}/limited").status_code for _ in range(12)) == [200] * 5 + [429] * 7


def test_killed_under_load(base, redis_server, tmp_path):
    """Redis dies and comes back: clear errors, pools that recover, no session set back."""
    cached = get(f"{base}/cached").text
    for _ in range(5):
        assert get(f"{base}/limited").status_code == 200

    def count(client, record):
        before = client.cookies.get("session")
        answer = client.post("/count")
        if answer.status_code == 201:
            number = answer.json()["n"]
            # One that was written, though its answer was lost, may lie between; none is missing.
            assert not record.acknowledged or number > record.acknowledged[-1]
            record.acknowledged.append(number)
        else:
            assert answer.json() == {"error": "The store cannot be reached."}
            # Where the store came back in time to save it, the session is the one it was.
            assert before is None or client.cookies.get("session") == before
        return answer.status_code

    without = []

    def while_away():
        # A cache that is away is computed around; a limit that cannot be counted lets pass.
        for path in ("/cached", "/limited"):
            without.append(get(base + path).status_code)

    outage = through_an_outage(redis_server, base, count, while_away)
    assert set(outage.counts()) == {201, 503}
    assert outage.counts(since=outage.killed, until=outage.back)[503] > 0
    assert set(outage.counts(since=outage.recovered)) == {201}
    assert without == [200, 200]
    assert get(f"{base}/cached").text == cached
    assert get(f"{base}/limited").status_code == 429
    log = (tmp_path / "log").read_text("utf-8")
    assert "Exception on /count [POST]" in log
    assert "redis.exceptions.ConnectionError" in log
    assert log.count("Booting worker") == 2
