"""Greenlets of gevent: each request has its own context, though all run in one thread."""

from __future__ import annotations

import json

REQUIREMENTS = ("locust==2.47.0",)  # which brings gevent


def test_contexts_are_apart(program):
    """Of 1200 requests, 100 at a time, none sees the context, g or session of another."""
    gevent = program("locust", *REQUIREMENTS)
    on_flask, found = (
        json.loads(gevent.run("greenlets.py", on_flask=on_flask)) for on_flask in (True, False)
    )
    assert found["flask"] == "bolthead.app"
    assert on_flask["flask"] == "flask.app"
    assert found["wrong"] == found["mixed"] == on_flask["wrong"] == []
    assert found["in force"] is False
    async_views = 300  # which Flask is not asked for
    assert found["left"] == on_flask["left"] + async_views >= 1200
