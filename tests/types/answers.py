"""Typed as users write it: routes that return every legal answer."""

from __future__ import annotations

import typing as t
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from bolthead import (
    Flask,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    send_file,
    stream_template,
    url_for,
)

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

app = Flask(__name__)


@app.route("/text")
def text() -> str:
    return "text"


@app.get("/bytes")
def binary() -> bytes:
    return b"bytes"


@app.get("/json")
def as_json() -> Response:
    return jsonify({"a": 1})


@app.get("/dictionary")
def dictionary() -> dict[str, t.Any]:
    return {"a": 1}


class User(t.TypedDict):
    """What a view may answer with as well."""

    name: str


@app.get("/typed-dictionary")
def typed_dictionary() -> User:
    return {"name": "Ann"}


@app.get("/list")
def listed() -> list[int]:
    return [1, 2]


@app.get("/status")
def status() -> tuple[str, int]:
    return "text", 201


@app.get("/status-enum")
def status_enum() -> tuple[str, HTTPStatus]:
    return "text", HTTPStatus.CREATED


@app.get("/headers")
def headers() -> tuple[str, dict[str, str]]:
    return "text", {"X-A": "1"}


@app.get("/pairs")
def pairs() -> tuple[str, int, list[tuple[str, str]]]:
    return "text", 200, [("X-A", "1")]


@app.get("/headers-object")
def headers_object() -> tuple[dict[str, int], int, Headers]:
    return {"a": 1}, 200, Headers()


@app.get("/response")
def response() -> Response:
    made = make_response("text", 200)
    made.headers["X-A"] = "1"
    return made


@app.get("/response-and-status")
def response_and_status() -> tuple[Response, int]:
    return Response("text"), 201


@app.get("/base-response")
def base_response() -> BaseResponse:
    return redirect(url_for("text"))


@app.get("/either")
def either() -> str | tuple[str, int] | BaseResponse:
    if app.debug:
        return redirect("/")
    return "text" if app.testing else ("text", 404)


@app.get("/iterator")
def iterator() -> Iterator[str]:
    yield "piece"


@app.get("/generator")
def generator() -> t.Generator[bytes, None, None]:
    yield b"piece"


@app.get("/async-iterator")
def async_iterator() -> AsyncIterator[str]:
    async def pieces() -> AsyncIterator[str]:
        yield "piece"

    return pieces()


@app.get("/stream")
def stream() -> Iterator[str]:
    return stream_template("page.html", a=1)


@app.get("/template/<int:number>")
def template(number: int) -> str:
    return render_template("page.html", number=number)


@app.get("/file")
def file() -> Response:
    return send_file("file.txt", as_attachment=True, download_name="other.txt")


@app.get("/wsgi")
def wsgi() -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        start_response("200 OK", [])
        return [b""]

    return answer


@app.route("/async", methods=["POST"])
async def asynchronous() -> tuple[dict[str, str], int]:
    return {"a": "b"}, 201


@app.get("/never")
def never() -> t.NoReturn:
    raise ValueError


app.add_url_rule("/added", "added", text)
app.add_url_rule("/added-async", view_func=asynchronous, methods=["POST"])

# What is no answer, or no route.


@app.get("/number")  # type: ignore[type-var]
def number() -> int:
    return 1


@app.get("/none")  # type: ignore[type-var]
def none() -> None:
    return None


@app.get("/set")  # type: ignore[type-var]
def a_set() -> set[int]:
    return {1}


@app.get("/four")  # type: ignore[type-var]
def four() -> tuple[str, int, dict[str, str], int]:
    return "text", 200, {}, 1


app.route(1)  # type: ignore[arg-type]
app.add_url_rule("/x", view_func="text")  # type: ignore[arg-type]
