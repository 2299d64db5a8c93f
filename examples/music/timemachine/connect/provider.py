"""Which provider accounts are connected to: Spotify, or the stand-in that runs beside the app."""

from urllib.parse import urlsplit

from flask import current_app

from ..config import Config
from ..extensions import oauth


def register_provider(config: Config) -> None:
    """Tell Authlib of the provider. With an OpenID scope it checks the nonce of the ID token."""
    metadata = {}
    if config.oauth_jwks_url:
        metadata = {"jwks_uri": config.oauth_jwks_url, "issuer": config.oauth_issuer}
    oauth.register(
        "provider",
        overwrite=True,
        client_id=config.oauth_client_id,
        client_secret=config.oauth_client_secret,
        authorize_url=config.oauth_authorize_url,
        access_token_url=config.oauth_token_url,
        api_base_url=config.oauth_api_url,
        client_kwargs={
            "scope": config.oauth_scope,
            "code_challenge_method": "S256",
            "timeout": 10,
        },
        **metadata,
    )


def is_configured() -> bool:
    return bool(current_app.config["MUSIC"].oauth_client_id)


def form_targets() -> str:
    """Return the provider's origin for the content security policy: a form leads there."""
    config: Config = current_app.config["MUSIC"]
    if not config.oauth_client_id:
        return ""
    parts = urlsplit(config.oauth_authorize_url)
    return f" {parts.scheme}://{parts.netloc}"
