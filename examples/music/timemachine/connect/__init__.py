"""The connected account: OAuth 2 with PKCE, tokens kept encrypted, calls to the provider's API."""

from .client import ProviderError, account_of, push_playlist
from .provider import form_targets, register_provider
from .views import blueprint

__all__ = [
    "ProviderError",
    "account_of",
    "blueprint",
    "form_targets",
    "push_playlist",
    "register_provider",
]
