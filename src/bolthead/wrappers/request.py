"""What the client asked: Werkzeug's Request with the route it matched and the app's limits."""

from __future__ import annotations

import io
import typing as t

from werkzeug.datastructures import (
    Authorization,
    EnvironHeaders,
    FileStorage,
    Headers,
    IfRange,
    ImmutableMultiDict,
    MultiDict,
)
from werkzeug.exceptions import BadHost, BadRequest, HTTPException
from werkzeug.http import parse_date, parse_if_range_header
from werkzeug.sansio.utils import get_current_url
from werkzeug.wrappers import Request as BaseRequest

from .. import current, json
from ..errors import DebugFilesKeyError
from ..made import later, made
from .fields import fields_of, read_text
from .lenient import (
    SCHEMES,
    Body,
    as_path,
    as_scheme,
    clean_query,
    is_deeper,
    is_legal_host,
    or_none,
)
from .limits import COOKIES, FORM_FIELDS, JSON_DEPTH, QUERY_FIELDS, too_large

if t.TYPE_CHECKING:
    from datetime import datetime

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import Rule

    from .forms import FormParser


WHOLE = "bolthead.body_is_whole"
"""The key in the environ that says that the body came whole, and was measured."""


def split_blueprint_path(name: str) -> list[str]:
    """Return a blueprint's dotted name and those it is nested in, the innermost first."""
    found = [name]
    while "." in name:
        name = name.rpartition(".")[0]
        found.append(name)
    return found


def _text(value: str) -> str:
    """Return text that WSGI gives as Latin-1 characters (PEP 3333)."""
    return value if value.isascii() else value.encode("latin-1").decode(errors="replace")


def _form_parser() -> type[FormParser]:
    # Loaded with the first form that is not plain fields: it takes a tenth of all imports.
    from .forms import FormParser

    return FormParser


URLENCODED = "application/x-www-form-urlencoded"


class Request(BaseRequest):
    """The request of the view; ``app.request_class`` replaces it (Flask API, "Request")."""

    # For type checkers that look into the constructor below.
    method: str
    scheme: str
    remote_addr: str | None

    json_module: t.Any = json
    form_data_parser_class = later(_form_parser)

    url_rule: Rule | None = None
    """The rule that matched, or None; its ``methods`` tell what else the URL takes."""

    view_args: dict[str, t.Any] | None = None
    """The arguments the URL gave the view, or None where nothing matched."""

    routing_exception: HTTPException | None = None
    """Why nothing matched: raised when the view would be called."""

    _max_content_length: int | None = None
    _max_form_memory_size: int | None = None
    _max_form_parts: int | None = None

    def _limit(self, own: int | None, base: int | None, setting: str) -> int | None:
        """Return a limit: this request's own, or the app's setting, or Werkzeug's default."""
        if own is not None:
            return own
        app = current.app_or_none()
        if app is None:
            return base
        most: int | None = app.config[setting]
        return most

    @property
    def max_content_length(self) -> int | None:
        """The most bytes a body may have, or None; ``MAX_CONTENT_LENGTH`` unless assigned."""
        return self._limit(
            self._max_content_length, BaseRequest.max_content_length, "MAX_CONTENT_LENGTH"
        )

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    @property
    def max_form_memory_size(self) -> int | None:
        """The most bytes a multipart text field may have; ``MAX_FORM_MEMORY_SIZE`` by default."""
        return self._limit(
            self._max_form_memory_size, BaseRequest.max_form_memory_size, "MAX_FORM_MEMORY_SIZE"
        )

    @max_form_memory_size.setter
    def max_form_memory_size(self, value: int | None) -> None:
        self._max_form_memory_size = value

    @property  # type: ignore[override]  # a setting here
    def max_form_parts(self) -> int | None:
        """The most parts a multipart body may have; ``MAX_FORM_PARTS`` unless assigned."""
        return self._limit(self._max_form_parts, BaseRequest.max_form_parts, "MAX_FORM_PARTS")

    @max_form_parts.setter
    def max_form_parts(self, value: int | None) -> None:
        self._max_form_parts = value

    @property
    def endpoint(self) -> str | None:
        """The endpoint that matched, or None."""
        return None if self.url_rule is None else t.cast("str | None", self.url_rule.endpoint)

    @property
    def blueprint(self) -> str | None:
        """The registered name of the blueprint that matched, or None."""
        endpoint = self.endpoint
        if endpoint is None or "." not in endpoint:
            return None
        return endpoint.rpartition(".")[0]

    @property
    def blueprints(self) -> list[str]:
        """The names of the blueprint that matched and of those around it, the innermost first."""
        name = self.blueprint
        return [] if name is None else split_blueprint_path(name)

    def __init__(
        self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False
    ) -> None:
        # PERF: not by Werkzeug's constructor, which takes 2 us; what it sets is set here, or made
        # when it is first looked at. A test compares the two.
        get = environ.get
        self.environ = environ
        self.shallow = shallow
        if populate_request and not shallow:
            environ["werkzeug.request"] = self
        self.method = get("REQUEST_METHOD", "GET").upper()
        scheme = get("wsgi.url_scheme", "http")
        self.scheme = scheme if scheme in SCHEMES else as_scheme(scheme)
        root = get("SCRIPT_NAME")
        self.root_path = as_path(_text(root)).rstrip("/") if root else ""
        self.path = "/" + _text(get("PATH_INFO") or "").lstrip("/")
        query = get("QUERY_STRING", "")
        self.query_string = query.encode() if query.isascii() else clean_query(query)
        self.remote_addr = get("REMOTE_ADDR")

    def close(self) -> None:
        """Close uploaded files."""
        if "files" in self.__dict__:
            super().close()

    @made
    def headers(self) -> Headers:
        """The headers, by name in any case."""
        return EnvironHeaders(self.environ)

    @made
    def server(self) -> tuple[str, int | None] | None:
        """Host and port of the server, or its socket and None; None where it does not say."""
        name = self.environ.get("SERVER_NAME")
        if name is None:
            return None
        try:
            return name, int(self.environ.get("SERVER_PORT"))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return name, None  # a Unix socket

    @made
    def _declared(self) -> int | None:
        # PERF: asked twice for a form, and looked up in Python each time.
        return self.content_length

    @made
    def stream(self) -> t.IO[bytes]:
        """The body as a stream, which ends with it: 413 beyond the limit, 400 where it is cut."""
        environ = self.environ
        if self.shallow:
            return t.cast("t.IO[bytes]", BaseRequest.stream.fget(self))  # type: ignore[attr-defined]
        stream: t.IO[bytes] = environ["wsgi.input"]
        declared, most = self._declared, self.max_content_length
        if declared is not None and most is not None and declared > most:
            raise too_large("MAX_CONTENT_LENGTH", most)
        if "wsgi.input_terminated" not in environ:
            if declared is None:
                return io.BytesIO()  # nobody knows where it would end
            return Body(stream, declared, None, is_bounded=True)  # type: ignore[return-value]  # likewise
        if WHOLE in environ:
            # The length is known to be right, and nothing else is left to watch.
            declared = None
            if most is None:
                return stream
        elif "HTTP_CONTENT_ENCODING" in environ:
            declared = None  # somebody may have decoded it
        return Body(stream, declared, most)  # type: ignore[return-value]  # it is read from

    @made
    def url(self) -> str:
        """The whole URL; 400 for a host that cannot be in one."""
        return self._address("url")

    @made
    def base_url(self) -> str:
        """The URL without the query; 400 for a host that cannot be in one."""
        return self._address("base_url")

    @made
    def root_url(self) -> str:
        """The URL of the app's root; 400 for a host that cannot be in one."""
        return self._address("root_url")

    @made
    def url_root(self) -> str:
        """Another name of ``root_url``."""
        return self.root_url

    @made
    def host_url(self) -> str:
        """The URL of the host; 400 for a host that cannot be in one."""
        return self._address("host_url")

    def _address(self, name: str) -> str:
        try:
            found: str = getattr(BaseRequest, name).__get__(self, type(self))
        except UnicodeError as error:
            undecoded = self._address_undecoded(name)
            if undecoded is None:
                raise BadHost from error
            return undecoded
        return found

    def _address_undecoded(self, name: str) -> str | None:
        """Return an address whose host has a form that Python's older IDNA does not know."""
        if not is_legal_host(self.host):
            return None
        parts: tuple[t.Any, ...] = (self.root_path, self.path, self.query_string)
        known = parts[: {"host_url": 0, "root_url": 1, "base_url": 2}.get(name, 3)]
        return get_current_url(self.scheme, "host", *known).replace("//host", f"//{self.host}", 1)

    @property
    def date(self) -> datetime | None:  # type: ignore[override]  # Werkzeug's is a descriptor
        """When the request was made, as the client says; None for no date that can be."""
        return or_none(lambda: parse_date(self.headers.get("Date")))

    @made
    def if_modified_since(self) -> datetime | None:
        """The time of the client's copy; None for no date that can be."""
        return or_none(lambda: parse_date(self.headers.get("If-Modified-Since")))

    @made
    def if_unmodified_since(self) -> datetime | None:
        """The time that the client's change is based on; None for no date that can be."""
        return or_none(lambda: parse_date(self.headers.get("If-Unmodified-Since")))

    @made
    def if_range(self) -> IfRange:
        """The state of the client's copy that a range would complete; empty where it is absurd."""
        found = or_none(lambda: parse_if_range_header(self.headers.get("If-Range")))
        if found is None or '"' in (found.etag or ""):  # which no tag holds, and none can be
            return IfRange()
        return found

    @made
    def authorization(self) -> Authorization | None:
        """What the Authorization header holds; None where it cannot be read."""
        return or_none(lambda: Authorization.from_header(self.headers.get("Authorization")))

    @made
    def args(self) -> MultiDict[str, str]:
        """The query, parsed; the first of several values unless ``getlist`` is asked."""
        return self.parameter_storage_class(fields_of(self.query_string, QUERY_FIELDS))

    @made
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies by name; 431 where there are too many."""
        header = self.environ.get("HTTP_COOKIE", "")
        most = COOKIES.most() if ";" in header else None
        if most is not None and header.count(";") >= most:
            named = [cookie for cookie in header.split(";") if cookie.strip()]
            if len(named) > most:
                raise COOKIES.refused(most)
        found: ImmutableMultiDict[str, str]
        found = BaseRequest.cookies.__get__(self, type(self))  # type: ignore[attr-defined]
        return found

    def _load_form_data(self) -> None:
        if "form" in self.__dict__:
            return
        # PERF: the header as most browsers send it, without a look at its parameters.
        sent = self.environ.get("CONTENT_TYPE")
        if type(self) is Request and (sent == URLENCODED or self.mimetype == URLENCODED):
            self._load_urlencoded()
        else:
            super()._load_form_data()
        app = current.app_or_none()
        is_debugged = app is not None and app.debug
        if is_debugged and self.mimetype != "multipart/form-data" and not self.files:
            self.files = _FilesWithHint(self)

    def _load_urlencoded(self) -> None:
        """Read a form of fields without files, as Werkzeug's parser does."""
        stream = self._get_stream_for_parsing()
        try:
            fields = fields_of(read_text(stream, self._declared), FORM_FIELDS)
        except ValueError:
            fields = []  # not text at all
        storage = self.parameter_storage_class
        self.__dict__.update(stream=stream, form=storage(fields), files=storage())

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> t.Any:
        """Return the body as data; 400 where it is no JSON, or nested too deeply.

        That is deeper than ``MAX_JSON_DEPTH``, or than Python parses. 415 without a JSON content
        type unless ``force``; None for each of these with ``silent``.
        """
        try:
            data = super().get_json(force=force, silent=silent, cache=cache)
        except RecursionError:
            if silent:
                return None
            return self.on_json_loading_failed(ValueError("The document is nested too deeply."))
        most = JSON_DEPTH.most()
        if most is None or not is_deeper(data, most):
            return data
        self._cached_json = (Ellipsis, Ellipsis)
        return None if silent else self.on_json_loading_failed(_TooDeep(most))

    def on_json_loading_failed(self, e: ValueError | None) -> t.Any:
        """Raise the answer to a body that is no JSON: 400, or 415 for another content type.

        The parser's own words go to the client in debug mode only.
        """
        if isinstance(e, _TooDeep):
            raise JSON_DEPTH.refused(e.most) from e
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as error:
            app = current.app_or_none()
            if app is not None and app.debug:
                raise
            raise BadRequest() from error


class _TooDeep(ValueError):
    """A document is nested deeper than it may be."""

    def __init__(self, most: int) -> None:
        super().__init__(f"The document is nested more than {most} levels deep.")
        self.most = most


class _FilesWithHint(ImmutableMultiDict[str, FileStorage]):
    """No files; one that the form names only is looked up with an error that tells why."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._request = request

    def __getitem__(self, key: str) -> t.Any:
        try:
            return super().__getitem__(key)
        except KeyError as error:
            if key not in self._request.form:
                raise
            raise DebugFilesKeyError(self._request, key).with_traceback(
                error.__traceback__
            ) from None
