"""Binds the URL map to a request, or to SERVER_NAME where there is none."""

from __future__ import annotations

import typing as t
import warnings

from werkzeug.exceptions import BadHost
from werkzeug.routing import Map, MapAdapter
from werkzeug.wsgi import get_host

from ..made import Pattern
from ..wrappers.lenient import SCHEMES, as_path, as_scheme, is_legal_host
from ..wrappers.limits import PATH_LENGTH


class Routed(t.Protocol):
    """What binding asks of an app."""

    url_map: Map
    config: t.Any
    subdomain_matching: bool


def create_url_adapter(app: Routed, request: t.Any) -> MapAdapter | None:
    """Return the app's URL map bound to a request, or without one to SERVER_NAME, or None.

    Raises ``werkzeug.exceptions.SecurityError`` (400) for a host that TRUSTED_HOSTS leaves out,
    BadHost (400) for one that cannot be, RequestURITooLarge (414) beyond MAX_PATH_LENGTH.
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
    host = request.environ.get("HTTP_HOST")
    if host and not is_plain_host(host) and not is_legal_host(host):
        raise BadHost()
    longest = config.get(PATH_LENGTH.setting, PATH_LENGTH.first)
    if longest is not None and len(request.environ.get("PATH_INFO", "")) > longest:
        raise PATH_LENGTH.refused(longest)

    subdomain = None
    if app.url_map.host_matching:
        server_name = None
    elif not app.subdomain_matching:
        # Every host is served; rules' subdomains are asked only where matching them is on.
        subdomain = app.url_map.default_subdomain or ""
    elif server_name is not None and not _is_below(request, server_name):
        subdomain = "<invalid>"
    adapter = app.url_map.bind_to_environ(
        request.environ, server_name=server_name, subdomain=subdomain
    )
    if adapter.url_scheme not in SCHEMES:
        adapter.url_scheme = as_scheme(adapter.url_scheme)
    if adapter.script_name != "/":
        adapter.script_name = as_path(adapter.script_name)
    query = str(adapter.query_args or "")
    if "\n" in query or "\r" in query:
        # A redirect repeats the query in a header, where a line break would be refused.
        adapter.query_args = query.replace("\n", "%0A").replace("\r", "%0D")
    return adapter


def is_usual(adapter: MapAdapter | None, app: Routed) -> bool:
    """Tell whether an adapter builds paths as the app's map does: nobody changed or replaced it."""
    if adapter is None:
        return True
    return type(adapter) is MapAdapter and adapter.script_name == "/" and adapter.map is app.url_map


# Where a warning was shown already, as the module that shows it keeps it.
_warned: dict[t.Any, t.Any] = {}


def _is_below(request: t.Any, server_name: str) -> bool:
    """Tell whether a host is SERVER_NAME or a subdomain of it; warn where it is not."""
    host, name = request.host.lower(), server_name.lower()
    name = name.removesuffix(":443" if request.scheme in {"https", "wss"} else ":80")
    if host == name or host.endswith(f".{name}"):
        return True
    # In the name of the module that warns in Flask: filters go by it.
    warnings.warn_explicit(
        f"Current server name {host!r} doesn't match configured server name {name!r}",
        UserWarning,
        filename=__file__,
        lineno=1,
        module="flask.app",
        registry=_warned,
    )
    return False


_PLAIN_HOST = Pattern(
    r"(?=.{1,255}\Z)(?:(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)


PLAIN_HOSTS: set[str] = set()
"""Some hosts that are plain: an app is asked under few names."""

_MOST_KEPT = 256


def is_plain_host(host: str) -> bool:
    """Tell whether a host is surely one; any other is for Werkzeug to look at."""
    is_plain = (
        _PLAIN_HOST.fullmatch(host) is not None
        and "xn--" not in host.lower()
        and is_legal_host(host)
    )
    if is_plain and len(PLAIN_HOSTS) < _MOST_KEPT:
        PLAIN_HOSTS.add(host)
    return is_plain
