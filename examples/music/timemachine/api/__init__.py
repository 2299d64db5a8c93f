"""The API: /api/v1, JSON for holders of a token, and the receiver of webhooks."""

from . import webhooks
from .views import blueprint

__all__ = ["blueprint", "webhooks"]
