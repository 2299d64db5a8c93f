"""New Relic's agent patches Bolthead where it patches Flask."""

from __future__ import annotations

import json

REQUIREMENTS = ("newrelic==14.1.0", "flask==3.1.3")


def test_it_patches_the_same(program):
    """It waits for Flask's modules by import hooks, and wraps methods, functions and views."""
    agents = program("agents", *REQUIREMENTS)
    expected, seen = (
        json.loads(agents.run("watched.py", on_flask=on_flask)) for on_flask in (True, False)
    )
    assert expected.pop("flask") == "flask.app"
    assert seen.pop("flask") == "bolthead.app"
    assert seen == expected
    assert seen["statuses"] == [200, 500, 200, 404]
    assert "Flask.handle_http_exception" in seen["patched"]
    assert set(seen["views"].values()) == {"FunctionWrapper"}
