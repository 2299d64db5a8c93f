"""Imports: files of an export are taken to disk, read in the background, and added as a whole."""

from .views import blueprint

__all__ = ["blueprint"]
