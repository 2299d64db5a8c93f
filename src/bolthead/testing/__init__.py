"""Tests without a server: a client that calls the app, and a runner for its commands."""

from __future__ import annotations

from .client import EnvironBuilder as EnvironBuilder
from .client import FlaskClient as FlaskClient
from .commands import FlaskCliRunner as FlaskCliRunner
