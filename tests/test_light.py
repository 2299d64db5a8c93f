"""What importing Bolthead does not load."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(code: str) -> str:
    """Return what a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize(
    "module", ["werkzeug.serving", "werkzeug.test", "click", "jinja2", "asyncio", "ssl"]
)
def test_import_leaves_out_what_serving_does_not_need(module):
    """``import bolthead``, an app and a request load neither servers, clients, Click nor Jinja."""
    code = (
        "import sys, bolthead\n"
        "app = bolthead.Flask('light')\n"
        "app.add_url_rule('/', 'index', lambda: 'text')\n"
        "environ = {'REQUEST_METHOD': 'GET', 'PATH_INFO': '/', 'SERVER_NAME': 'localhost'}\n"
        "assert b''.join(app(environ, lambda *a: None)) == b'text'\n"
        f"print({module!r} in sys.modules)"
    )
    assert run(code) == "False"


@pytest.mark.parametrize("first", ["bolthead", "werkzeug"])
def test_werkzeug_is_whole_all_the_same(first):
    """Every name of Werkzeug's package is there, whichever is imported first."""
    code = (
        f"import {first}, bolthead, werkzeug\n"
        "from werkzeug import Client, Request, Response, run_simple\n"
        "import werkzeug.serving, werkzeug.test\n"
        "print(Client is werkzeug.test.Client, run_simple is werkzeug.serving.run_simple)\n"
        "print(werkzeug.serving.__name__, werkzeug.test.__name__)\n"
        "print(hasattr(werkzeug, 'nothing'))"
    )
    assert run(code).split() == ["True", "True", "werkzeug.serving", "werkzeug.test", "False"]
