"""Settings: profile, time zone, theme, password, account, tokens, export, deletion."""

from .views import blueprint

__all__ = ["blueprint"]
