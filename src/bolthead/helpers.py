"""What views call: answers, addresses, messages, files, streams."""

from __future__ import annotations

import functools
import mimetypes
import os
import typing as t
from datetime import datetime

import werkzeug.utils
from werkzeug.exceptions import BadRequest
from werkzeug.exceptions import abort as _abort
from werkzeug.utils import redirect as _redirect
from werkzeug.wrappers import Response as BaseResponse

from . import current, files, wrappers
from .bridges import is_async
from .local_urls import is_local
from .paths import get_root_path as get_root_path
from .signals import message_flashed
from .wrappers.request import split_blueprint_path as _split_blueprint_path

if t.TYPE_CHECKING:
    from .wrappers import Response

__all__ = [
    "_default_template_ctx_processor",
    "_split_blueprint_path",
    "abort",
    "flash",
    "get_debug_flag",
    "get_flashed_messages",
    "get_load_dotenv",
    "get_root_path",
    "get_template_attribute",
    "is_local_url",
    "make_response",
    "redirect",
    "send_file",
    "send_from_directory",
    "stream_body",
    "stream_with_context",
    "url_for",
]

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

_NO = frozenset({"", "0", "false", "no"})


def _environment_flag(name: str) -> bool | None:
    """Return a switch of the environment, BOLTHEAD's before FLASK's; None where neither is set."""
    for prefix in ("BOLTHEAD", "FLASK"):
        value = os.environ.get(f"{prefix}_{name}")
        if value is not None:
            return value.lower() not in _NO
    return None


def get_debug_flag() -> bool:
    """Tell whether FLASK_DEBUG (or BOLTHEAD_DEBUG) asks for debug mode."""
    return bool(_environment_flag("DEBUG"))


def get_load_dotenv(default: bool = True) -> bool:
    """Tell whether .env files are read: unless FLASK_SKIP_DOTENV says not to."""
    value = os.environ.get("BOLTHEAD_SKIP_DOTENV") or os.environ.get("FLASK_SKIP_DOTENV")
    return default if not value else value.lower() in _NO


def stream_body(view: F) -> F:
    """Let an ``async def`` view take the request's body while it arrives (ASGI).

    The view iterates: ``async for chunk in request.stream``. Nothing was read before it was
    called, so that ``form``, ``files`` and ``get_json()`` are not to be had.
    """
    if not is_async(view):
        raise TypeError(
            "Only an 'async def' view can take its body as a stream; a plain one reads"
            " request.stream as a file."
        )
    view.stream_body = True  # type: ignore[attr-defined]  # a mark for the plan
    return view


@t.overload
def stream_with_context(
    generator_or_function: t.Iterator[t.AnyStr],
) -> t.Iterator[t.AnyStr]: ...


@t.overload
def stream_with_context(
    generator_or_function: t.Callable[..., t.Iterator[t.AnyStr]],
) -> t.Callable[..., t.Iterator[t.AnyStr]]: ...


def stream_with_context(
    generator_or_function: t.Iterator[t.AnyStr] | t.Callable[..., t.Iterator[t.AnyStr]],
) -> t.Iterator[t.AnyStr] | t.Callable[..., t.Iterator[t.AnyStr]]:
    """Keep the request in force while a generator runs, though the view has long returned.

    Takes a generator, or a function that makes one (as a decorator). Teardown functions run at
    the end of the request and once more at that of the stream (Flask docs, "Streaming Contents").
    RuntimeError where no request is in force.
    """
    if callable(generator_or_function):
        function = generator_or_function

        @functools.wraps(function)
        def streamed(*args: t.Any, **kwargs: t.Any) -> t.Iterator[t.AnyStr]:
            return stream_with_context(function(*args, **kwargs))

        return streamed

    ctx = current._cv_request.get(None)
    if ctx is None:
        raise RuntimeError(
            "'stream_with_context' can only be used when a request"
            " context is active, such as in a view function."
        )
    if hasattr(generator_or_function, "__aiter__"):
        pieces: t.Any = _in_contexts_async(current.app_context(), ctx, generator_or_function)
        return t.cast("t.Iterator[t.AnyStr]", pieces)
    return _in_contexts(current.app_context(), ctx, iter(generator_or_function))


def _in_contexts(app_ctx: t.Any, ctx: t.Any, pieces: t.Iterator[t.Any]) -> t.Iterator[t.Any]:
    """Yield from a generator with the contexts in force from its first piece to its end."""
    # The app's first: the request then shares it instead of making one of its own.
    with app_ctx, ctx:
        try:
            yield from pieces
        finally:
            # A stream that ends early ends the generator in it, too.
            close = getattr(pieces, "close", None)
            if close is not None:
                close()


async def _in_contexts_async(app_ctx: t.Any, ctx: t.Any, pieces: t.Any) -> t.AsyncIterator[t.Any]:
    """Yield from an asynchronous generator with the contexts in force."""
    with app_ctx, ctx:
        try:
            async for piece in pieces:
                yield piece
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()


def make_response(*args: t.Any) -> Response:
    """Return what a view would answer with as a response, to set headers on it.

    No argument gives an empty one; several are taken as a tuple.
    """
    app = current.app()
    if not args:
        return t.cast("Response", app.response_class())
    return t.cast("Response", app.make_response(args[0] if len(args) == 1 else args))


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: t.Any,
) -> str:
    """Return the URL of an endpoint with values for its arguments; see ``Flask.url_for``."""
    url: str = current.app().url_for(
        endpoint,
        _anchor=_anchor,
        _method=_method,
        _scheme=_scheme,
        _external=_external,
        **values,
    )
    return url


def is_local_url(target: str) -> bool:
    """Tell whether a browser that is sent to a target stays on this site.

    It does where the target is a path, a query or a fragment, or in a request a whole URL of the
    request's own scheme and host. Ask before you redirect to what a client has sent.
    """
    ctx = current._cv_request.get(None)
    origin = None if ctx is None else ctx.request.host_url.rstrip("/")
    return is_local(target, origin)


def redirect(
    location: str,
    code: int | None = None,
    Response: type[BaseResponse] | None = None,
    *,
    local: bool = False,
) -> BaseResponse:
    """Return a response that sends the client elsewhere, made by ``app.redirect`` in an app.

    Without a code it is that of the setting ``REDIRECT_CODE``, or 302. With ``local`` the target
    must be on this site, as ``is_local_url`` tells; BadRequest (400) where it is not.
    """
    if local and not is_local_url(location):
        raise BadRequest("The address to go to next is not on this site.")
    app = current.app_or_none()
    if app is None:
        return _redirect(location, code=code or 302, Response=Response)
    if code is None:
        code = app.config.get("REDIRECT_CODE", 302)
    return t.cast(BaseResponse, app.redirect(location, code=code))


def abort(code: int | BaseResponse, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
    """Raise the HTTP exception of a status code, or one that answers with a response.

    ``app.aborter`` does it in an app. LookupError for a code that has no exception.
    """
    app = current.app_or_none()
    if app is not None:
        app.aborter(code, *args, **kwargs)
    _abort(code, *args, **kwargs)


def _default_template_ctx_processor() -> dict[str, t.Any]:
    """Return what every template sees: g, and in a request also the request and the session."""
    found: dict[str, t.Any] = {}
    app_ctx = current._cv_app.get(None)
    if app_ctx is not None:
        found["g"] = app_ctx.g
    ctx = current._cv_request.get(None)
    if ctx is not None:
        found["request"] = ctx._request or ctx.request
        # The proxy of the templates' globals is used for the session: looking the session up
        # here would say that every page depends on it.
    return found


def get_template_attribute(template_name: str, attribute: str) -> t.Any:
    """Return a macro or variable that a template exports, to use it from Python."""
    return getattr(current.app().jinja_env.get_template(template_name).module, attribute)


def flash(message: str, category: str = "message") -> None:
    """Keep a message in the session for the next page that shows messages."""
    session = current.request_context().session
    waiting = _pairs(session.get("_flashes", []))
    waiting.append((category, message))
    session["_flashes"] = waiting
    app = current.app()
    message_flashed.send(app, _async_wrapper=app.ensure_sync, message=message, category=category)


def _pairs(flashes: t.Any) -> list[tuple[str, str]]:
    """Return the messages of a session, without what a damaged one has in their place."""
    if not isinstance(flashes, list):
        return []
    if all(map(_is_pair, flashes)):
        return flashes
    return [(pair[0], pair[1]) for pair in flashes if _is_pair(pair)]


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2


def get_flashed_messages(
    with_categories: bool = False, category_filter: t.Iterable[str] = ()
) -> list[str] | list[tuple[str, str]]:
    """Take the messages out of the session and return them; the same ones all through a request.

    ``category_filter`` names the categories to return; with categories each is a pair.
    """
    ctx = current.request_context()
    if ctx.flashes is None:
        session = ctx.session
        ctx.flashes = _pairs(session.pop("_flashes")) if "_flashes" in session else []
    found: list[tuple[str, str]] = ctx.flashes
    if category_filter:
        wanted = list(category_filter)
        found = [pair for pair in found if pair[0] in wanted]
    if with_categories:
        return found
    return [message for _, message in found]


def _file_options(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the options of Werkzeug's file responses with the app's choices in them."""
    environ = current.request_context().environ
    app = current.app()
    if options.get("max_age") is None:
        options["max_age"] = app.get_send_file_max_age
    name = options.get("download_name")
    if name is not None and ("\n" in name or "\r" in name):
        # It goes into a header, where a line break would be refused.
        name = options["download_name"] = name.replace("\r", "").replace("\n", "")
    if name is not None and options.get("mimetype") is None and "//" in name:
        # Its type is guessed as that of a URL, which it may look like and not be.
        try:
            mimetypes.guess_type(name)
        except ValueError:
            options["mimetype"] = "application/octet-stream"
    return {
        **options,
        "environ": environ,
        "use_x_sendfile": app.config["USE_X_SENDFILE"],
        "response_class": app.response_class,
        "_root_path": app.root_path,
    }


def send_file(
    path_or_file: os.PathLike[t.AnyStr] | str | t.IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: int | t.Callable[[str | None], int | None] | None = None,
) -> Response:
    """Return a response with a file's content, by path or from an open binary file.

    Never give it a path that a client chose: that is ``send_from_directory``. ``max_age`` is in
    seconds; ranges and conditional requests are answered (Flask API, ``send_file``).
    """
    response = werkzeug.utils.send_file(
        **_file_options(
            {
                "path_or_file": path_or_file,
                "mimetype": mimetype,
                "as_attachment": as_attachment,
                "download_name": download_name,
                "conditional": conditional,
                "etag": etag,
                "last_modified": last_modified,
                "max_age": max_age,
            }
        )
    )
    return t.cast("Response", response)


def send_from_directory(
    directory: os.PathLike[str] | str, path: os.PathLike[str] | str, **kwargs: t.Any
) -> Response:
    """Return a file of a folder by a path that a client chose; 404 for one outside of it.

    The folder is relative to the app's root; further arguments are those of ``send_file``.
    """
    current.app()  # outside of an app that is what is missing, not a request
    if kwargs.keys() <= {"max_age"} and isinstance(path, str):
        return _send_plainly(os.fspath(directory), path, kwargs)
    response = werkzeug.utils.send_from_directory(directory, path, **_file_options(kwargs))
    return t.cast("Response", response)


def _send_plainly(directory: str, path: str, kwargs: dict[str, t.Any]) -> Response:
    """Send a file with nothing asked of it but an age; soon, where it was sent before."""
    options = _file_options(kwargs)
    environ, max_age = options["environ"], options["max_age"]
    if callable(max_age):
        max_age = max_age(path)
    kept = options["response_class"] is wrappers.Response and not options["use_x_sendfile"]
    root = os.path.join(options["_root_path"], directory)
    response: t.Any = None
    if kept:
        response = files.quick_file(root, path, max_age, environ)
    if response is None:
        response = werkzeug.utils.send_from_directory(directory, path, **options)
        if kept:
            files.keep(root, path, max_age, response, environ)
    return t.cast("Response", response)
