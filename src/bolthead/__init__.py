"""Bolthead: runs Flask apps and extensions unmodified, faster, and gives them more.

The public names, one per line; the first part is Flask's.
"""

from __future__ import annotations

import sys
import typing as t

# isort: off
from . import light as _light  # noqa: F401  # first: it imports Werkzeug without what serving does not need

# isort: on
from . import json as json
from .app import Bolthead as Bolthead
from .app import Flask as Flask
from .blueprints import Blueprint as Blueprint
from .config import Config as Config
from .cross_origin import cross_origin_exempt as cross_origin_exempt
from .ctx import after_this_request as after_this_request
from .ctx import copy_current_request_context as copy_current_request_context
from .ctx import has_app_context as has_app_context
from .ctx import has_request_context as has_request_context
from .globals import current_app as current_app
from .globals import g as g
from .globals import request as request
from .globals import session as session
from .globals import websocket as websocket
from .helpers import abort as abort
from .helpers import flash as flash
from .helpers import get_flashed_messages as get_flashed_messages
from .helpers import get_template_attribute as get_template_attribute
from .helpers import is_local_url as is_local_url
from .helpers import make_response as make_response
from .helpers import redirect as redirect
from .helpers import send_file as send_file
from .helpers import send_from_directory as send_from_directory
from .helpers import stream_body as stream_body
from .helpers import stream_with_context as stream_with_context
from .helpers import url_for as url_for
from .json import jsonify as jsonify
from .security_headers import csp_nonce as csp_nonce
from .signals import appcontext_popped as appcontext_popped
from .signals import appcontext_pushed as appcontext_pushed
from .signals import appcontext_tearing_down as appcontext_tearing_down
from .signals import before_render_template as before_render_template
from .signals import got_request_exception as got_request_exception
from .signals import message_flashed as message_flashed
from .signals import request_finished as request_finished
from .signals import request_started as request_started
from .signals import request_tearing_down as request_tearing_down
from .signals import template_rendered as template_rendered
from .wrappers import Request as Request
from .wrappers import Response as Response
from .wrappers import Websocket as Websocket

# For ``from bolthead import *``, which does not ask ``__getattr__``.
__all__ = [
    "Blueprint",
    "Bolthead",
    "Config",
    "Event",
    "EventStream",
    "Flask",
    "Request",
    "Response",
    "Websocket",
    "WebsocketDisconnected",
    "abort",
    "after_this_request",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "copy_current_request_context",
    "cross_origin_exempt",
    "csp_nonce",
    "current_app",
    "flash",
    "g",
    "get_flashed_messages",
    "get_template_attribute",
    "got_request_exception",
    "has_app_context",
    "has_request_context",
    "install_as_flask",
    "is_local_url",
    "json",
    "jsonify",
    "make_response",
    "message_flashed",
    "redirect",
    "render_template",
    "render_template_string",
    "request",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "send_file",
    "send_from_directory",
    "session",
    "stream_body",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "template_rendered",
    "url_for",
    "websocket",
]

if t.TYPE_CHECKING:
    from .templating import render_template as render_template
    from .templating import render_template_string as render_template_string
    from .templating import stream_template as stream_template
    from .templating import stream_template_string as stream_template_string
    from .wrappers.disconnected import WebsocketDisconnected as WebsocketDisconnected

# Looked up when somebody asks for them: what they need (Jinja, asyncio) not every app does.
_LATER = {
    "Event": "event_stream",
    "EventStream": "event_stream",
    "WebsocketDisconnected": "wrappers.disconnected",
    "render_template": "templating",
    "render_template_string": "templating",
    "stream_template": "templating",
    "stream_template_string": "templating",
}
_MODULES = frozenset({"cli", "debughelpers", "templating"})


def install_as_flask(*args: t.Any, **kwargs: t.Any) -> None:
    """Make ``import flask`` give Bolthead from now on; see ``bolthead.compat``."""
    from .compat import install_as_flask

    install_as_flask(*args, **kwargs)


def __getattr__(name: str) -> t.Any:
    import importlib

    if name in _LATER:
        value = getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
        vars(sys.modules[__name__])[name] = value  # ``globals`` is a module of ours here
        return value
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name == "__version__":
        import importlib.metadata
        import warnings

        # Whoever asks after ``flask.__version__`` means Flask's; see the alias.
        warnings.warn(
            "The '__version__' attribute is deprecated and will be removed in"
            " Flask 3.2. Use feature detection or"
            " 'importlib.metadata.version(\"flask\")' instead.",
            DeprecationWarning,
            stacklevel=2,
        )
        return importlib.metadata.version("flask")
    raise AttributeError(name)


def __dir__() -> list[str]:
    return sorted({*vars(sys.modules[__name__]), *_LATER})
