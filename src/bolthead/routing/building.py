"""Builds URLs: an endpoint and values in, a path or a whole URL out."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from werkzeug.routing import BuildError, MapAdapter

from .. import current

NO_ADAPTER = (
    "Unable to build URLs outside an active request"
    " without 'SERVER_NAME' configured. Also configure"
    " 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as"
    " needed."
)


class Built(t.Protocol):
    """What building asks of an app."""

    url_default_functions: t.Mapping[str | None, t.Sequence[t.Callable[..., t.Any]]]

    def inject_url_defaults(self, endpoint: str, values: dict[str, t.Any]) -> None: ...
    def handle_url_build_error(
        self, error: BuildError, endpoint: str, values: dict[str, t.Any]
    ) -> str: ...
    def create_url_adapter(self, request: t.Any) -> MapAdapter | None: ...


def build_url(
    app: Built,
    endpoint: str,
    *,
    anchor: str | None,
    method: str | None,
    scheme: str | None,
    external: bool | None,
    values: dict[str, t.Any],
) -> str:
    """Return the URL of an endpoint: a path in a request, a whole URL outside of one.

    An endpoint that begins with a dot is the current blueprint's. RuntimeError where there is
    neither a request nor SERVER_NAME; ValueError for a scheme in a path.
    """
    ctx = current._cv_request.get(None)
    if ctx is not None and ctx.app is app:
        adapter = ctx.url_adapter
        endpoint = _absolute(endpoint, ctx.request.blueprint)
        if external is None:
            external = scheme is not None
    else:
        app_ctx = current._cv_app.get(None)
        if app_ctx is not None and app_ctx.app is app:
            adapter = app_ctx.url_adapter
        else:
            adapter = app.create_url_adapter(None)
        if external is None:
            external = True
    if adapter is None:
        raise RuntimeError(NO_ADAPTER)
    if scheme is not None and not external:
        raise ValueError("When specifying '_scheme', '_external' must be True.")

    app.inject_url_defaults(endpoint, values)
    try:
        url = _built(adapter, endpoint, values, method, scheme, external=external)
    except BuildError as error:
        values.update(_anchor=anchor, _method=method, _scheme=scheme, _external=external)
        return app.handle_url_build_error(error, endpoint, values)
    if anchor is None:
        return url
    fragment = quote(anchor, safe="%!#$&'()*+,/:;=?@", errors="replace")
    return f"{url}#{fragment}"


def _built(
    adapter: MapAdapter,
    endpoint: str,
    values: dict[str, t.Any],
    method: str | None,
    scheme: str | None,
    *,
    external: bool,
) -> str:
    def build(values: dict[str, t.Any]) -> str:
        return adapter.build(
            endpoint, values, method=method, url_scheme=scheme, force_external=external
        )

    try:
        return build(values)
    except UnicodeEncodeError:
        # Half a surrogate pair, as JSON may carry, has no bytes to be written with.
        return build({name: _whole(value) for name, value in values.items()})


def _whole(value: t.Any) -> t.Any:
    """Return a value whose text is without halves of surrogate pairs."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list | tuple):
        return [_whole(one) for one in value]
    return value


def _absolute(endpoint: str, blueprint: str | None) -> str:
    if not endpoint.startswith("."):
        return endpoint
    return endpoint[1:] if blueprint is None else blueprint + endpoint


def inject_defaults(
    functions: t.Mapping[str | None, t.Sequence[t.Callable[..., t.Any]]],
    scopes: t.Iterable[str | None],
    endpoint: str,
    values: dict[str, t.Any],
) -> None:
    """Let the ``url_defaults`` functions of the scopes, the widest first, add their values."""
    for scope in scopes:
        for add in functions.get(scope, ()):
            add(endpoint, values)
