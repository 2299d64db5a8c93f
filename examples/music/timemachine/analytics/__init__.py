"""Analytics: tables and charts that one filters, sorts, pages and downloads."""

from .views import blueprint

__all__ = ["blueprint"]
