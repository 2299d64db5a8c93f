"""The errors Bolthead itself raises, most of them for the developer's eyes.

    Exception
    ├── AssertionError
    │   ├── FormDataRoutingRedirect     a redirect would lose a form's data (debug mode)
    │   └── UnexpectedUnicodeError
    ├── KeyError
    │   └── DebugFilesKeyError          a file was looked for in a form without the enctype
    ├── RuntimeError
    │   └── MissingExtra                an optional dependency is not installed
    └── ValueError
        └── CookieTooLarge              browsers would drop a cookie (debug mode)

What a client did wrong is one of Werkzeug's HTTP exceptions.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from werkzeug.wrappers import Request


class MissingExtra(RuntimeError):
    """An optional part was used whose dependency is not installed; the text says how to."""

    def __init__(self, extra: str, cure: str) -> None:
        super().__init__(f"This needs the {extra!r} extra, which is not installed. Run: {cure}")


class CookieTooLarge(ValueError):
    """A cookie has more bytes than browsers keep, with its name and attributes."""

    def __init__(self, name: str, size: int, most: int) -> None:
        super().__init__(
            f"The cookie {name!r} has {size} bytes with its attributes; browsers drop one of more"
            f" than {most}. Keep the data on the server and an identifier of it in the cookie, or"
            " raise MAX_COOKIE_SIZE."
        )


class UnexpectedUnicodeError(AssertionError, UnicodeError):
    """Text was expected and bytes (or the reverse) were found."""


class DebugFilesKeyError(KeyError, AssertionError):
    """A file was read from ``request.files`` that the form sent only the name of (debug mode)."""

    def __init__(self, request: Request, key: str) -> None:
        names = request.form.getlist(key)
        text = (
            f"You tried to access the file {key!r} in the request.files"
            " dictionary but it does not exist. The mimetype for the"
            f" request is {request.mimetype!r} instead of"
            " 'multipart/form-data' which means that no file contents"
            " were transmitted. To fix this error you should provide"
            ' enctype="multipart/form-data" in your form.'
        )
        if names:
            listed = ", ".join(repr(name) for name in names)
            text += (
                f"\n\nThe browser instead transmitted some file names. This was submitted: {listed}"
            )
        self.msg = text

    def __str__(self) -> str:
        return self.msg


class FormDataRoutingRedirect(AssertionError):
    """A redirect of the router would drop the data of a form (debug mode)."""

    def __init__(self, request: Request) -> None:
        to = t.cast("t.Any", request).routing_exception.new_url
        text = [
            f"A request was sent to '{request.url}', but routing issued"
            f" a redirect to the canonical URL '{to}'."
        ]
        if f"{request.base_url}/" == to.partition("?")[0]:
            text.append(
                " The URL was defined with a trailing slash. Flask"
                " will redirect to the URL with a trailing slash if it"
                " was accessed without one."
            )
        text.append(
            " Send requests to the canonical URL, or use 307 or 308 for"
            " routing redirects. Otherwise, browsers will drop form"
            " data.\n\n"
            "This exception is only raised in debug mode."
        )
        super().__init__("".join(text))
