"""Typed as users write it: hooks, error handlers, and what they keep of the functions' types."""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import HTTPException, NotFound

from bolthead import Blueprint, Flask, Response, after_this_request, g, request
from bolthead.typing import ResponseReturnValue

app = Flask(__name__)
part = Blueprint("part", __name__)


@app.before_request
def check() -> None:
    g.user = "ann"


@app.before_request
def check_and_answer() -> ResponseReturnValue | None:
    return ("no", 403) if request.args else None


@part.before_app_request
async def check_async() -> str | None:
    return None


@app.after_request
def change(response: Response) -> Response:
    response.headers["X-A"] = "1"
    return response


@part.after_request
async def change_async(response: Response) -> Response:
    return response


@app.teardown_request
def clean(error: BaseException | None) -> None: ...


@app.teardown_appcontext
async def clean_async(error: BaseException | None) -> None: ...


@app.context_processor
def names() -> dict[str, t.Any]:
    return {"a": 1}


@app.url_defaults
def defaults(endpoint: str, values: dict[str, t.Any]) -> None: ...


@app.url_value_preprocessor
def values(endpoint: str | None, values: dict[str, t.Any] | None) -> None: ...


@app.shell_context_processor
def shell() -> dict[str, t.Any]:
    return {}


@app.template_filter("shout")
def shout(value: str) -> str:
    return value.upper()


@app.template_test()
def even(value: int) -> bool:
    return value % 2 == 0


@part.app_template_global()
def double(value: int) -> int:
    return value * 2


# Error handlers take the exception they are for.


class Own(Exception):
    """An error of the app."""

    reason = "because"


@app.errorhandler(404)
def missing(error: NotFound) -> tuple[str, int]:
    return error.description or "", 404


@app.errorhandler(Own)
def own(error: Own) -> str:
    return error.reason


@app.errorhandler(HTTPException)
def any_http(error: HTTPException) -> HTTPException | tuple[dict[str, t.Any], int]:
    return {"code": error.code}, error.code or 500


@part.app_errorhandler(500)
async def last(error: Exception) -> Response:
    return Response("sorry", 500)


app.register_error_handler(Own, own)
part.register_error_handler(404, missing)


# Decorators give the function back, with its type.

t.assert_type(check(), None)
t.assert_type(shout("a"), str)
t.assert_type(even(2), bool)
t.assert_type(double(2), int)
t.assert_type(own(Own()), str)
t.assert_type(missing(NotFound()), tuple[str, int])


@app.get("/<int:number>")
def view(number: int, word: str = "") -> str:
    @after_this_request
    def once(response: Response) -> Response:
        return response

    return word * number


t.assert_type(view(1, word="a"), str)
view("one")  # type: ignore[arg-type]
shout(1)  # type: ignore[arg-type]


# What a hook may not be.


@app.before_request  # type: ignore[type-var]
def check_with_argument(argument: str) -> None: ...


@app.after_request  # type: ignore[type-var]
def change_nothing() -> None: ...


@app.teardown_request  # type: ignore[type-var]
def clean_nothing() -> None: ...


@app.context_processor  # type: ignore[type-var]
def no_names() -> list[str]:
    return []


@app.errorhandler("404")  # type: ignore[arg-type]
def missing_by_text(error: Exception) -> str:
    return ""
