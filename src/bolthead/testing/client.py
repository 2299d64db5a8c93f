"""A client that sends requests to an app without a server (Flask docs, "Testing")."""

from __future__ import annotations

import importlib.metadata
import threading
import typing as t
from contextlib import ExitStack, closing, contextmanager
from copy import copy
from urllib.parse import urlsplit

import werkzeug.test
from werkzeug.test import Client
from werkzeug.wrappers import Request as BaseRequest

from ..protocols.wsgi import PRESERVE

if t.TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.test import TestResponse

    from ..app import Flask
    from ..sessions import SessionMixin
    from .async_client import AsyncClient


def _address(
    app: Flask,
    path: str,
    base_url: str | None,
    subdomain: str | None,
    url_scheme: str | None,
) -> tuple[str, str]:
    """Return path and base URL of a request, from the app's settings where not given."""
    if base_url is not None and (subdomain is not None or url_scheme is not None):
        raise AssertionError('Cannot pass "subdomain" or "url_scheme" with "base_url".')
    if base_url is not None:
        return path, base_url

    host = app.config["SERVER_NAME"] or "localhost"
    if subdomain:
        host = f"{subdomain}.{host}"
    root = app.config["APPLICATION_ROOT"].lstrip("/")
    url = urlsplit(path)
    scheme = url_scheme or url.scheme or app.config["PREFERRED_URL_SCHEME"]
    base_url = f"{scheme}://{url.netloc or host}/{root}"
    if url.netloc or url.scheme:
        path = url.path
        if url.query:
            path = f"{path}?{url.query}"
    return path, base_url


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """Werkzeug's builder with the app's server name, root, scheme and JSON as defaults.

    ``subdomain`` is put before SERVER_NAME; AssertionError beside a ``base_url``.
    """

    def __init__(
        self,
        app: Flask,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: t.Any,
        **kwargs: t.Any,
    ) -> None:
        self.app = app
        path, base_url = _address(app, path, base_url, subdomain, url_scheme)
        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """Return data as JSON by the app's provider."""
        return self.app.json.dumps(obj, **kwargs)


class FlaskClient(Client):
    """A client that keeps cookies; in a ``with`` block also the context of its last request."""

    application: Flask

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.preserve_context = False
        self._to_keep: list[t.ContextManager[t.Any]] = []
        self._kept = ExitStack()
        self._way = threading.local()
        self.environ_base = {
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": f"Werkzeug/{importlib.metadata.version('werkzeug')}",
        }

    @contextmanager
    def session_transaction(self, *args: t.Any, **kwargs: t.Any) -> t.Iterator[SessionMixin]:
        """Open the session to read and change it, and save it at the end of the ``with`` block.

        Arguments are those of ``test_request_context``. TypeError for a client without cookies,
        RuntimeError where the app cannot open a session.
        """
        if self._cookies is None:
            raise TypeError("Cookies are disabled. Create a client with 'use_cookies=True'.")
        app, interface = self.application, self.application.session_interface
        ctx = app.test_request_context(*args, **kwargs)
        request = ctx.request
        self._add_cookies_to_wsgi(request.environ)
        with ctx:
            session = interface.open_session(app, request)
        if session is None:
            raise RuntimeError("Session backend did not open a session.")

        yield session

        if interface.is_null_session(session):
            return
        response = app.response_class()
        with ctx:
            interface.save_session(app, session, response)
        host, _, _ = request.host.partition(":")
        cookies = response.headers.getlist("Set-Cookie")
        self._update_cookies_from_response(host, request.path, cookies)

    def _copy_environ(self, environ: t.Mapping[str, t.Any]) -> WSGIEnvironment:
        """Return an environ with this client's own values, which asks for the contexts to keep."""
        merged = {**self.environ_base, **environ}
        if self.preserve_context:
            merged[PRESERVE] = self._to_keep.append
        return merged

    # These two names are Flask's: extensions' clients call and override them.
    def _request_from_builder_args(
        self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
    ) -> BaseRequest:
        """Return the request that ``EnvironBuilder`` makes of the arguments."""
        own = self._copy_environ(kwargs.pop("environ_base", {}))
        with closing(EnvironBuilder(self.application, *args, environ_base=own, **kwargs)) as made:
            return made.get_request()

    def _sendable(self, given: t.Any) -> BaseRequest | None:
        """Return the request of a builder, environ or request; None of anything else."""
        match given:
            case werkzeug.test.EnvironBuilder():
                builder = copy(given)
                builder.environ_base = self._copy_environ(given.environ_base or {})
                return builder.get_request()
            case dict():
                own = self._copy_environ({})
                return EnvironBuilder.from_environ(
                    given, app=self.application, environ_base=own
                ).get_request()
            case BaseRequest():
                request = copy(given)
                request.environ = self._copy_environ(given.environ)
                return request
        return None

    def open(
        self, *args: t.Any, buffered: bool = False, follow_redirects: bool = False, **kwargs: t.Any
    ) -> TestResponse:
        """Send a request: ``EnvironBuilder`` arguments, or a builder, environ or request."""
        request = self._sendable(args[0]) if args and not kwargs else None
        if request is None:
            request = self._request_from_builder_args(args, kwargs)

        # What the request before left open is no longer looked at.
        self._kept.close()
        response = super().open(request, buffered=buffered, follow_redirects=follow_redirects)
        response.json_module = self.application.json  # type: ignore[assignment]  # same functions
        while self._to_keep:
            self._kept.enter_context(self._to_keep.pop(0))
        return response

    # Asynchronous tests

    @contextmanager
    def _sending(self, way: t.Callable[[WSGIEnvironment], t.Any]) -> t.Iterator[None]:
        """Send requests another way than by WSGI, in this thread, while the block runs."""
        self._way.send = way
        try:
            yield
        finally:
            del self._way.send

    def run_wsgi_app(self, environ: WSGIEnvironment, buffered: bool = False) -> t.Any:
        """Send a request, with cookies, and return body, status line and headers."""
        way = getattr(self._way, "send", None)
        if way is None:
            return super().run_wsgi_app(environ, buffered=buffered)
        if self._cookies is not None:
            self._add_cookies_to_wsgi(environ)
        answer = way(environ)
        cookies = answer[2].getlist("Set-Cookie")
        if self._cookies is not None and cookies:
            host = urlsplit(f"//{environ.get('HTTP_HOST') or environ['SERVER_NAME']}").hostname
            self._update_cookies_from_response(host or "", environ["PATH_INFO"], cookies)
        return answer

    async def __aenter__(self) -> AsyncClient:
        """Give a client whose requests are awaited, and go by ASGI."""
        from .async_client import AsyncClient

        self._asynchronous = AsyncClient(self)
        await self._asynchronous.start()
        return self._asynchronous

    async def __aexit__(self, *error: object) -> None:
        await self._asynchronous.stop()

    def __enter__(self) -> t.Self:
        if self.preserve_context:
            raise RuntimeError("Cannot nest client invocations")
        self.preserve_context = True
        return self

    def __exit__(
        self,
        exc_type: type | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.preserve_context = False
        self._kept.close()
