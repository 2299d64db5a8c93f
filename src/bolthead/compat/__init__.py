"""Bolthead in Flask's place: the modules ``flask``, ``flask.app``, … become Bolthead's."""

from __future__ import annotations

from .flask import find_alias as find_alias
from .flask import find_present as find_present
from .flask import install_as_flask as install_as_flask
