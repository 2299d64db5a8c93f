"""Imports: files of an export are taken to disk, read in the background, and added as a whole."""

from .views import blueprint
from .worker import make_worker

__all__ = ["blueprint", "make_worker"]
