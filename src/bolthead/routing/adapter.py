"""Binds the URL map to a request, or to SERVER_NAME where there is none."""

from __future__ import annotations

import typing as t

from werkzeug.routing import Map, MapAdapter
from werkzeug.wsgi import get_host


class Routed(t.Protocol):
    """What binding asks of an app."""

    url_map: Map
    config: t.Any
    subdomain_matching: bool


def create_url_adapter(app: Routed, request: t.Any) -> MapAdapter | None:
    """Return the app's URL map bound to a request, or without one to SERVER_NAME, or None.

    Raises ``werkzeug.exceptions.SecurityError`` (400) for a host that TRUSTED_HOSTS leaves out.
    """
    config = app.config
    server_name = config["SERVER_NAME"]
    if request is None:
        if server_name is None:
            return None
        return app.url_map.bind(
            server_name,
            script_name=config["APPLICATION_ROOT"],
            url_scheme=config["PREFERRED_URL_SCHEME"],
        )

    trusted = config["TRUSTED_HOSTS"]
    if trusted is not None:
        request.trusted_hosts = trusted
    # Looked at now, so that a host that is refused is refused before anything else.
    request.host = get_host(request.environ, request.trusted_hosts)

    subdomain = None
    if app.url_map.host_matching:
        server_name = None
    elif not app.subdomain_matching:
        # Every host is served; rules' subdomains are asked only where matching them is on.
        subdomain = app.url_map.default_subdomain or ""
    return app.url_map.bind_to_environ(
        request.environ, server_name=server_name, subdomain=subdomain
    )
