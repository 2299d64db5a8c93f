"""The server to develop with: Werkzeug's, with its reloader and debugger."""

from __future__ import annotations

from bolthead.devserver.banner import show_server_banner
from bolthead.devserver.dotenv import load_dotenv
from bolthead.devserver.failed_app import failed_app
from bolthead.devserver.server import run, run_app

__all__ = [
    "failed_app",
    "load_dotenv",
    "run",
    "run_app",
    "show_server_banner",
]
