"""What few apps use, for the app of everything: hosts, converters, uploads, streams, sockets."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import io
import typing as t
import uuid

from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter, Rule, ValidationError

from bolthead import (
    Blueprint,
    Event,
    EventStream,
    Response,
    abort,
    cross_origin_exempt,
    csp_nonce,
    current_app,
    flash,
    g,
    get_flashed_messages,
    got_request_exception,
    is_local_url,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    request_finished,
    request_started,
    request_tearing_down,
    send_file,
    session,
    stream_template,
    stream_with_context,
    template_rendered,
    url_for,
    websocket,
)
from bolthead.views import View

TEMPLATES = {
    "templates/base.html": (
        "{% macro cell(v) %}<td title='{{ v }}'>{{ v }}</td>{% endmacro %}"
        "<title>{% block title %}{% endblock %}</title>"
        "{% for kind, text in get_flashed_messages(with_categories=true) %}"
        "<li class={{ kind }}>{{ text }}</li>{% endfor %}"
        "<script nonce='{{ csp_nonce() if csp_nonce is defined }}'>let v = {{ v|tojson }}</script>"
        "{% block body %}{% endblock %}{% include 'part.html' %}"
    ),
    "templates/child.html": (
        "{% extends 'base.html' %}{% block title %}{{ v|title }}{% endblock %}"
        "{% block body %}{{ v|wordwrap(20) }}{{ v|urlencode }}{{ v|e|length }}"
        "{{ v|default('-', true)|center(9) }}{{ session.get('value') }}{{ g.lang }}{% endblock %}"
    ),
    "templates/part.html": "<hr>{{ request.host }} {{ request.url }} {{ name }}",
}
"""The templates, which ``everything.folder`` writes."""

LIMIT = 50_000


class Refused(Exception):
    """An error of the app's own."""


class Words(BaseConverter):
    """Words with a plus between them; four at most."""

    regex = r"[a-z]+(?:\+[a-z]+)*"

    def to_python(self, value: str) -> list[str]:
        words = value.split("+")
        if len(words) > 4:
            raise ValidationError("too many")
        return words

    def to_url(self, value: t.Any) -> str:
        return "+".join(value)


class Page(View):
    """A view that is made once."""

    init_every_request = False
    methods: t.ClassVar = ["GET", "POST"]

    def dispatch_request(self, number: int) -> str:
        return f"page {number % 1000}"


def add_features(app: t.Any) -> None:
    """Give the app the routes, handlers and blueprints."""
    app.url_map.converters["words"] = Words
    _add_rules(app)
    _add_answers(app)
    _add_streams(app)
    _add_sockets(app)
    app.register_blueprint(_make_blueprint())


def _add_rules(app: t.Any) -> None:
    @app.route("/words/<words:ws>")
    def words(ws: list[str]) -> t.Any:
        return jsonify(ws)

    @app.route("/multi/<a>-<b>_<c>")
    def multi(**given: str) -> t.Any:
        return jsonify({name: len(value) for name, value in given.items()})

    @app.route("/mix/<c>-<path:p>/x/<path:q>")
    def mix(**given: str) -> t.Any:
        return jsonify({name: len(value) for name, value in given.items()})

    @app.route("/mixed/<int:n>.<any(html, json):kind>")
    def mixed(n: int, kind: str) -> str:
        return kind

    app.add_url_rule("/page/", "page", Page.as_view("page"), defaults={"number": 1})
    app.add_url_rule("/page/<int:number>", "page")
    app.add_url_rule("/loose/", "loose", lambda: "loose", strict_slashes=False)
    app.add_url_rule("/kept//<x>", "kept", lambda x: x, merge_slashes=False)
    app.add_url_rule("/old/<x>", "old", lambda x: x, redirect_to="/string/<x>")


def _add_answers(app: t.Any) -> None:
    @app.errorhandler(Refused)
    def refused(error: Refused) -> t.Any:
        return jsonify(error=str(error)), 409

    @app.errorhandler(405)
    def not_so(error: HTTPException) -> t.Any:
        return f"no {request.method} here", 405

    @app.errorhandler(HTTPException)
    def told(error: HTTPException) -> t.Any:
        return jsonify(code=error.code, why=error.description), error.code or 400

    @app.route("/refuse")
    def refuse() -> t.NoReturn:
        raise Refused(request.args.get("v", ""))

    @app.route("/describe")
    def describe() -> t.NoReturn:
        abort(418, description=request.args.get("v"))

    @app.route("/key", methods=["GET", "POST"])
    def key() -> str:
        return str(len(request.form["v"])) + request.args["v"][:10]

    @app.route("/upload", methods=["GET", "POST"])
    def upload() -> t.Any:
        request.max_content_length = LIMIT
        request.max_form_memory_size = LIMIT // 5
        request.max_form_parts = 20
        held = io.BytesIO()
        for file in request.files.getlist("f"):
            file.save(held)
        app.logger.warning("uploaded %s by %s", list(request.files), request.headers.get("Referer"))
        return jsonify(size=held.tell(), names=[f.filename for f in request.files.values()])

    @app.route("/next", methods=["GET", "POST"])
    def go_on() -> t.Any:
        target = request.values.get("to", "/")
        if not is_local_url(target):
            abort(400)
        return redirect(target, local=True, code=303)

    @app.route("/rotate", methods=["GET", "POST"])
    def rotate() -> t.Any:
        session.rotate()
        session["seen"] = [*list(session.get("seen", ()))[-3:], request.args.get("v", "")[:20]]
        flash(request.args.get("v", "")[:30], request.args.get("name", "x")[:30])
        return redirect(url_for("show"))

    @app.route("/forget")
    def forget() -> str:
        session.clear()
        return "forgotten"

    @app.route("/show")
    def show() -> t.Any:
        return render_template("child.html", v=request.args.get("v", ""))

    @app.route("/values")
    def values() -> t.Any:
        number = request.args.get("n", type=int)
        return jsonify(
            day=datetime.date(2000, 1, 1),
            price=decimal.Decimal("1.5"),
            id=uuid.UUID(int=(number or 0) % 2**128),
            flashed=get_flashed_messages(with_categories=True),
            nonce=len(csp_nonce()),
            host=request.host,
            root=request.root_url,
            route=list(request.access_route)[:3],
        )

    @app.route("/vary")
    def vary() -> t.Any:
        response = make_response(request.args.get("v", ""))
        response.vary.update(["Accept", "Cookie"])
        response.cache_control.max_age = 60
        response.headers.add("Link", f"<{url_for('index', v=request.args.get('v'))}>; rel=next")
        response.add_etag()
        return response.make_conditional(request)

    @app.route("/memory")
    def memory() -> t.Any:
        return send_file(
            io.BytesIO(b"0123456789" * 100),
            mimetype="text/plain",
            etag=request.args.get("v", "tag")[:50].isalnum(),
            max_age=10,
            download_name="digits.txt",
        )

    @app.route("/exempt", methods=["GET", "POST", "DELETE"])
    @cross_origin_exempt
    def exempt() -> str:
        return "anybody"

    @app.route("/links")
    def links() -> t.Any:
        value = request.args.get("v", "")
        return jsonify(
            url_for("words", ws=["a", "b"], _scheme="https", _external=True),
            url_for("page", number=5, q=value),
            url_for("multi", a=value or "a", b="b", c="c"),
            url_for("country.city", country="de", name=value or "x"),
        )


def _add_streams(app: t.Any) -> None:
    @app.route("/events")
    def events() -> t.Any:
        value = request.args.get("v", "")
        return EventStream(Event({"v": value}, comment="c") for _ in range(2))

    @app.route("/feed")
    async def feed() -> t.Any:
        if "bolthead.scope" not in request.environ:
            abort(404)  # such a stream needs ASGI

        async def tell() -> t.AsyncIterator[str]:
            yield request.args.get("v", "")[:100]
            await asyncio.sleep(0)
            yield request.method

        return EventStream(stream_with_context(tell()))

    @app.route("/template-stream")
    def template_stream() -> t.Any:
        return Response(stream_template("child.html", v=request.args.get("v", "")))

    @app.route("/async-all", methods=["GET", "POST", "PUT"])
    async def async_all() -> t.Any:
        await asyncio.sleep(0)
        data = request.get_json(silent=True)
        session["async"] = len(request.cookies)
        return {
            "files": len(request.files),
            "json": type(data).__name__,
            "all": len(request.values),
        }


def _add_sockets(app: t.Any) -> None:
    @app.before_websocket
    def check() -> t.Any:
        return ("no", 401) if websocket.args.get("v") == "no" else None

    @app.websocket("/echo/<name>")
    async def echo(name: str) -> None:
        await websocket.send(name)
        async for message in websocket:
            await websocket.send(message)

    @app.websocket("/talk")
    async def talk() -> None:
        offered = websocket.requested_subprotocols
        await websocket.accept(subprotocol=offered[0] if offered else None)
        await websocket.send_json(user=len(session), url=websocket.url, args=len(websocket.args))
        await websocket.send_json(await websocket.receive_json())


def _make_blueprint() -> Blueprint:
    """Blueprints in blueprints, with a language in their address and handlers of their own."""
    country = Blueprint("country", __name__, url_prefix="/<country>/", subdomain=None)
    place = Blueprint("place", __name__, url_prefix="/place")
    deep = Blueprint("deep", __name__, url_prefix="/<int:level>")

    @country.url_value_preprocessor
    def take(endpoint: str | None, values: dict[str, t.Any] | None) -> None:
        g.lang = (values or {}).pop("country", None)
        if g.lang not in {"de", "en"}:
            abort(404)

    @country.url_defaults
    def give(endpoint: str, values: dict[str, t.Any]) -> None:
        values.setdefault("country", g.get("lang") or "de")

    @country.before_request
    async def wait() -> None:
        await asyncio.sleep(0)

    @country.after_request
    def mark(response: t.Any) -> t.Any:
        response.content_language.add("de" if g.get("lang") == "de" else "en")
        return response

    @country.route("/city/<name>")
    def city(name: str) -> t.Any:
        return render_template("child.html", v=name)

    @deep.errorhandler(404)
    def nothing(error: t.Any) -> t.Any:
        return "nothing here", 404

    @deep.route("/", methods=["GET", "POST"])
    def level(level: int) -> t.Any:
        if level > 3:
            abort(404)
        return url_for(".level", level=level + 1)

    place.register_blueprint(deep)
    country.register_blueprint(place)
    return country


# Apps that are set up in other ways


def _subdomains(app: t.Any) -> None:
    """Subdomains, proxies in front, receivers of signals."""
    app.config.update(SERVER_NAME="localhost", SESSION_COOKIE_PATH="/", MAX_COOKIES=20)
    app.config.update(SECRET_KEY_FALLBACKS=["an-older-key-of-the-app-0123456789"])
    app.add_url_rule("/", "api", lambda: "api", subdomain="api")
    app.add_url_rule("/of/<x>", "user", lambda user, x: f"{user} {x}", subdomain="<user>")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_port=1, x_prefix=1)
    for signal in _SIGNALS:
        signal.connect(_seen, app)


_SIGNALS = (
    request_started,
    request_finished,
    request_tearing_down,
    template_rendered,
    got_request_exception,
)


def disconnect() -> None:
    """Take the receivers off again: any that there are make all apps of the process ask them."""
    for signal in _SIGNALS:
        signal.disconnect(_seen)


def _seen(sender: t.Any, **details: t.Any) -> None:
    str(sender)


def _hosts(app: t.Any) -> None:
    """Rules of hosts, hosts that are trusted, all headers, origins that are trusted."""
    app.config.update(
        TRUSTED_HOSTS=["localhost", ".localhost", "127.0.0.1"],
        TRUSTED_ORIGINS=["https://shop.example"],
        SECURITY_HEADERS="strict",
        SESSION_COOKIE_SECURE="auto",
        PERMANENT_SESSION_LIFETIME=datetime.timedelta(days=1),
    )
    app.add_url_rule("/", "shop", lambda: "shop", host="shop.localhost")
    app.add_url_rule("/of/<x>", "other", lambda who, x: f"{who} {x}", host="<who>.localhost:5000")

    @app.after_request
    def count(response: t.Any) -> t.Any:
        response.headers["X-App"] = current_app.name
        return response


class _RuleOfHost(Rule):
    """A rule for one host, unless it says another."""

    def __init__(self, string: str, *, host: str | None = None, **rest: t.Any) -> None:
        super().__init__(string, host=host or "localhost", **rest)


class _Replaced:
    """What a subclass may replace, so that requests go by the app's methods."""

    url_rule_class = _RuleOfHost

    def dispatch_request(self, *context: t.Any) -> t.Any:
        g.dispatched = True
        return super().dispatch_request(*context)  # type: ignore[misc]  # of the app's class


class Way(t.NamedTuple):
    """How the app can be set up: arguments of its class, what replaces methods, and what else."""

    arguments: dict[str, t.Any]
    replaced: tuple[type, ...]
    set_up: t.Callable[[t.Any], None]


WAYS = {
    "plain": Way({}, (), lambda app: None),
    "subdomains": Way({"subdomain_matching": True}, (), _subdomains),
    "hosts": Way({"host_matching": True, "static_host": "localhost"}, (_Replaced,), _hosts),
}
"""The ways in which the app can be set up."""
