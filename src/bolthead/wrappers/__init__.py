"""The request and response classes: Werkzeug's, knowing about routes, limits and the app's JSON."""

from __future__ import annotations

from .request import Request as Request
from .response import Response as Response
from .websocket import Websocket as Websocket
