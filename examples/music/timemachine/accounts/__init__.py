"""Accounts: registration, login, logout, and a new password by mail."""

from .views import blueprint

__all__ = ["blueprint"]
