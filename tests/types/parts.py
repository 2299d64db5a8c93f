"""Typed as users write it: blueprints, class-based views, commands and tests."""

from __future__ import annotations

import functools
import typing as t

import click

from bolthead import Blueprint, Flask, request, url_for
from bolthead.testing import FlaskClient, FlaskCliRunner
from bolthead.typing import ResponseReturnValue, RouteCallable
from bolthead.views import MethodView, View

P = t.ParamSpec("P")
R = t.TypeVar("R")

part = Blueprint(
    "part", __name__, url_prefix="/part", template_folder="templates", static_folder="static"
)
inner = Blueprint("inner", __name__)
part.register_blueprint(inner, url_prefix="/inner")


@part.get("/")
def index() -> str:
    return url_for(".index")


def login_required(view: t.Callable[P, R]) -> t.Callable[P, R | tuple[str, int]]:
    """A decorator as users write it."""

    @functools.wraps(view)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R | tuple[str, int]:
        if "user" not in request.cookies:
            return "no", 401
        return view(*args, **kwargs)

    return wrapped


@part.route("/private/<int:number>", methods=["GET", "POST"])
@login_required
def private(number: int) -> str:
    return str(number)


t.assert_type(private(1), str | tuple[str, int])
private("one")  # type: ignore[arg-type]


class Page(View):
    """A view as a class."""

    methods: t.ClassVar[list[str]] = ["GET", "POST"]
    decorators: t.ClassVar[list[t.Callable[..., t.Any]]] = [login_required]
    init_every_request = False

    def __init__(self, title: str) -> None:
        self.title = title

    def dispatch_request(self) -> ResponseReturnValue:
        return self.title


class Item(MethodView):
    """A view with a method for each of HTTP's."""

    def get(self, number: int) -> dict[str, int]:
        return {"number": number}

    async def post(self, number: int) -> tuple[str, int]:
        return "", 201


def create_app() -> Flask:
    """A factory as users write it."""
    app = Flask(__name__)
    app.register_blueprint(part, url_prefix="/other", name="other")
    t.assert_type(Page.as_view("page", "Title"), RouteCallable)
    app.add_url_rule("/page", view_func=Page.as_view("page", "Title"))
    app.add_url_rule("/item/<int:number>", view_func=Item.as_view("item"))
    for registered in app.iter_blueprints():
        t.assert_type(registered, Blueprint)

    @app.cli.command("greet")
    @click.argument("name")
    def greet(name: str) -> None:
        click.echo(name)

    return app


def test_page(app: Flask) -> None:
    """A test as users write it."""
    t.assert_type(app.test_client(), FlaskClient)
    with app.test_client() as client:
        t.assert_type(client, FlaskClient)
        response = client.post("/", json={"a": 1}, headers={"X-A": "1"})
        t.assert_type(response.status_code, int)
        t.assert_type(response.text, str)
        assert response.json == {}
        with client.session_transaction() as opened:
            opened["user"] = 1
    t.assert_type(app.test_cli_runner(), FlaskCliRunner)
    assert app.test_cli_runner().invoke(args=["greet", "Ann"]).exit_code == 0


Blueprint("part")  # type: ignore[call-arg]
part.register_blueprint("inner")  # type: ignore[arg-type]
create_app().register_blueprint(create_app())  # type: ignore[arg-type]


def edit_tables(app: Flask) -> None:
    """The tables that extensions edit have Flask's types."""
    app.before_request_funcs.setdefault(None, []).append(lambda: None)
    app.view_functions["index"] = index
    app.view_functions["index"] = 3  # type: ignore[assignment]
