"""Puts each case to each server: one process per server for all of them."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from websocket_deviations import DEVIATIONS
from websocket_engines import serving
from websocket_wire import Wire


@pytest.fixture(scope="session")
def _servers(tmp_path_factory):
    """The servers that run, by name; they are started when first asked for."""
    running = {}
    with contextlib.ExitStack() as stack:

        def get(name):
            if name not in running:
                folder = tmp_path_factory.mktemp("server")
                running[name] = stack.enter_context(serving(name, folder))
            return running[name]

        yield get


# `make websockets` puts the cases to all servers, and WEBSOCKET_ENGINES=granian,uvicorn to some.
CHOSEN = [name for name in os.environ.get("WEBSOCKET_ENGINES", "serve").split(",") if name]


@pytest.fixture(params=CHOSEN)
def server(request, _servers):
    """A server under test; what it is known to do otherwise is expected to fail."""
    case = request.node.name.replace(f"[{request.param}-", "[").replace(f"[{request.param}]", "")
    for pattern, reason in DEVIATIONS.get(request.param, {}).items():
        if case == pattern or (pattern.endswith("*") and case.startswith(pattern[:-1])):
            request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    return _servers(request.param)


@pytest.fixture
def wire(server):
    """A connection to the server, before its handshake."""
    with Wire(server.address) as found:
        yield found
