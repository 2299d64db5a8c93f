"""The dashboard: a period's listening at a glance."""

from .views import blueprint

__all__ = ["blueprint"]
