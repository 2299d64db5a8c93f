"""Typed as users write it: request, session, g, settings, contexts and signals."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from werkzeug.datastructures import FileStorage

from bolthead import (
    Config,
    Flask,
    Request,
    Response,
    abort,
    copy_current_request_context,
    current_app,
    flash,
    g,
    get_flashed_messages,
    json,
    request,
    request_finished,
    session,
    stream_with_context,
    url_for,
)
from bolthead.ctx import AppContext, RequestContext
from bolthead.json.provider import DefaultJSONProvider
from bolthead.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin

app = Flask(__name__, static_folder=None, instance_relative_config=True)
app.config["SECRET_KEY"] = "key"
app.config.update(TESTING=True, SESSION_COOKIE_SAMESITE="Lax")
app.config.from_mapping({"A": 1})
app.secret_key = b"bytes"
app.testing = True
app.permanent_session_lifetime = timedelta(days=1)

plain = Flask(__name__)
t.assert_type(plain.config, Config)
t.assert_type(plain.testing, bool)
t.assert_type(plain.secret_key, str | bytes | None)
t.assert_type(plain.permanent_session_lifetime, timedelta)
t.assert_type(plain.debug, bool)
t.assert_type(app.name, str)
t.assert_type(app.static_folder, str | None)
t.assert_type(app.json.dumps({}), str)
t.assert_type(json.dumps({}), str)
t.assert_type(url_for("index", _external=True, page=1), str)


@app.route("/", methods=["GET", "POST"])
def index() -> str:
    t.assert_type(request.endpoint, str | None)
    t.assert_type(request.blueprint, str | None)
    t.assert_type(request.blueprints, list[str])
    t.assert_type(request.view_args, dict[str, t.Any] | None)
    t.assert_type(request.method, str)
    t.assert_type(request.args.get("a"), str | None)
    t.assert_type(request.args.get("n", 0, type=int), int)
    t.assert_type(request.form["a"], str)
    t.assert_type(request.files["a"], FileStorage)
    t.assert_type(request.max_content_length, int | None)
    data = request.get_json()
    session["user"] = data["user"]
    session.permanent = True
    t.assert_type(session.get("user"), t.Any | None)
    t.assert_type(session.new, bool)
    session.pop("user", None)
    g.user = "ann"
    t.assert_type(g.get("user"), t.Any)
    flash("saved", "info")
    t.assert_type(current_app.name, str)
    current_app.logger.info("seen %s", g.user)
    if "user" not in session:
        abort(401, description="who?")
    messages = get_flashed_messages(with_categories=True)
    return str(messages)


@copy_current_request_context
def work(number: int) -> str:
    return request.path * number


t.assert_type(work(2), str)


def numbers() -> t.Iterator[str]:
    yield "1"


t.assert_type(stream_with_context(numbers()), t.Iterator[str])

with app.app_context() as app_ctx:
    kept: AppContext = app_ctx
    t.assert_type(app_ctx.app, Flask)
with app.test_request_context("/", method="POST", json={"a": 1}) as ctx:
    kept_request: RequestContext = ctx
    t.assert_type(ctx.request, Request)


def receive(sender: Flask, response: Response, **extra: t.Any) -> None: ...


request_finished.connect(receive, app)


class Store(SessionInterface):
    """An interface of one's own."""

    class Session(dict[str, t.Any], SessionMixin):
        """A session of one's own."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        return None

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None: ...


class Provider(DefaultJSONProvider):
    """A provider of one's own."""

    sort_keys = False

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        return super().dumps(obj, **kwargs)


class OwnRequest(Request):
    """A request of one's own."""

    @property
    def user(self) -> str:
        return self.headers["X-User"]


class App(Flask):
    """An app of one's own."""

    request_class = OwnRequest
    json_provider_class = Provider
    session_interface = SecureCookieSessionInterface()

    def dispatch_request(self) -> str:
        return "own"

    def process_response(self, response: Response) -> Response:
        return super().process_response(response)

    def create_config(self) -> Config:
        return self.make_config(instance_relative=True)


own = App(__name__)
plain.session_interface = Store()
own.json = Provider(own)

app.config = 1  # type: ignore[assignment]
app.session_interface = Provider(app)  # type: ignore[assignment]
request.nothing  # type: ignore[attr-defined]  # noqa: B018  # a mistake, on purpose
Flask(1)  # type: ignore[arg-type]
Flask(__name__, nothing=1)  # type: ignore[call-arg]
url_for()  # type: ignore[call-arg]
