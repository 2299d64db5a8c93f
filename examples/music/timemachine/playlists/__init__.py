"""Playlists: made from any view, ordered, exported, pushed to the connected account."""

from .views import blueprint

__all__ = ["blueprint"]
