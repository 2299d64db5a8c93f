"""An exception becomes an answer: which handler takes it, and what is left if none does."""

from __future__ import annotations

import sys
import typing as t

from werkzeug.exceptions import BadRequest, BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RequestRedirect, RoutingException

from ..errors import FormDataRoutingRedirect


def note_missing_key(app: t.Any, error: Exception) -> None:
    """Let the answer to a missing form key name the key, where developers may see it."""
    if isinstance(error, BadRequestKeyError) and (
        app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"]
    ):
        error.show_exception = True


def is_answer(error: HTTPException) -> bool:
    """Tell whether an HTTP exception is an answer as it stands: a redirect of the router, or one
    that carries its response.
    """
    return error.code is None or isinstance(error, RoutingException)


def propagates(app: t.Any) -> bool:
    """Tell whether errors go on to whoever called the app: in tests and in debug mode.

    ``PROPAGATE_EXCEPTIONS`` decides where it is set.
    """
    setting = app.config["PROPAGATE_EXCEPTIONS"]
    return bool(app.testing or app.debug if setting is None else setting)


def raise_again(error: BaseException) -> t.NoReturn:
    """Raise an error on, with its traceback as it is where it is being handled."""
    if sys.exc_info()[1] is error:
        raise
    raise error


def note_two_frameworks(error: Exception) -> None:
    """Say what is wrong where Flask itself runs beside Bolthead, and sees none of its contexts."""
    beside = getattr(sys.modules.get("flask"), "__name__", "") == "flask"
    if beside and isinstance(error, RuntimeError) and "Working outside of" in str(error):
        error.add_note(
            "Flask itself was imported beside Bolthead, by this app or by an extension. Call"
            " bolthead.install_as_flask() before anything imports flask, or run 'bolthead adopt'."
        )


def server_error(error: BaseException) -> InternalServerError:
    """Return the 500 that stands for an error; handlers find it as ``original_exception``."""
    return InternalServerError(original_exception=error)


def traps(app: t.Any, error: Exception) -> bool:
    """Tell whether an HTTP exception is treated as any other, to be debugged.

    All are with TRAP_HTTP_EXCEPTIONS, bad requests with TRAP_BAD_REQUEST_ERRORS, and missing
    form keys in debug mode unless that is set to False.
    """

    if app.config["TRAP_HTTP_EXCEPTIONS"]:
        return True
    trap_bad = app.config["TRAP_BAD_REQUEST_ERRORS"]
    if trap_bad is None:
        return bool(app.debug) and isinstance(error, BadRequestKeyError)
    return bool(trap_bad) and isinstance(error, BadRequest)


def raise_routing(app: t.Any, request: t.Any) -> t.NoReturn:
    """Raise why nothing matched; in debug mode, an error where a redirect would lose a form."""
    error = request.routing_exception
    loses_form = (
        app.debug
        and isinstance(error, RequestRedirect)
        and error.code not in {307, 308}
        and request.method not in {"GET", "HEAD", "OPTIONS"}
    )
    if loses_form:
        raise FormDataRoutingRedirect(request)
    raise error
