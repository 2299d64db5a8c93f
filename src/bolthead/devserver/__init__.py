"""The server to develop with: Werkzeug's, with its reloader and debugger."""

from __future__ import annotations

from .banner import show_server_banner
from .dotenv import load_dotenv
from .failed_app import failed_app
from .server import run, run_app

__all__ = [
    "failed_app",
    "load_dotenv",
    "run",
    "run_app",
    "show_server_banner",
]
