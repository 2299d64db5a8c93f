"""An app that uses every feature, for hostile requests to be thrown at."""

from __future__ import annotations

import functools
import logging
import tempfile
import typing as t
from pathlib import Path

from werkzeug.utils import secure_filename

import bolthead
from bolthead import (
    Blueprint,
    Response,
    abort,
    after_this_request,
    flash,
    g,
    get_flashed_messages,
    jsonify,
    make_response,
    redirect,
    render_template,
    render_template_string,
    request,
    send_file,
    send_from_directory,
    session,
    stream_with_context,
    url_for,
)
from bolthead.views import MethodView
from hostile.features import TEMPLATES, WAYS, add_features

SECRET_KEY = "the-secret-key-of-the-app-0123456789abcdef"
TOKEN = "the-token-in-its-configuration-0123456789"
OUTSIDE = "what-is-outside-of-the-folder-0123456789"
SECRETS = (SECRET_KEY, TOKEN, OUTSIDE, "Traceback (most recent call last)", "root:x:0:0")

_RAW = [(secret, secret.encode()) for secret in SECRETS]

FILES = {
    "static/file.txt": "abcdefghijklmnopqrstuvwxyz" * 40,
    "files/file.txt": "a file",
    "files_evil.txt": OUTSIDE,
    "files2/file.txt": OUTSIDE,
    "static_evil/file.txt": OUTSIDE,
    "secret.txt": OUTSIDE,
    "templates/page.html": (
        "<p title='{{ v }}'>{{ v }} {{ v|upper }} {{ v|urlize }} {{ v|truncate(20) }}"
        " {{ v|tojson }} {{ request.path }} {{ request.args }} {{ url_for('index', v=v) }}"
        " {% for one in request.args.getlist('v') %}{{ one|striptags }}{% endfor %}</p>"
    ),
    **TEMPLATES,
}


@functools.cache
def folder() -> Path:
    """A folder of files, some of which nobody may see."""
    root = Path(tempfile.mkdtemp(prefix="hostile-"))
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def see_all() -> dict[str, t.Any]:
    """Look at all that a request has, as text."""
    conditions = request.if_match, request.if_none_match, request.if_range
    accepts = (
        request.accept_mimetypes,
        request.accept_languages,
        request.accept_encodings,
        request.accept_charsets,
    )
    return {
        "path": request.path,
        "full_path": request.full_path,
        "addresses": [request.url, request.base_url, request.url_root, request.host_url],
        "host": request.host,
        "args": [[name, len(value)] for name, value in request.args.items(multi=True)],
        "number": request.args.get("n", type=int),
        "float": repr(request.args.get("f", type=float)),
        "cookies": [[name, len(value)] for name, value in request.cookies.items(multi=True)],
        "headers": len(list(request.headers.items())),
        "agent": len(str(request.user_agent)),
        "accepts": [str(accept)[:50] for accept in accepts],
        "best": [
            request.accept_mimetypes.best_match(["text/html", "application/json"]),
            request.accept_languages.best_match(["de", "en-GB"]),
            request.accept_encodings.best_match(["gzip", "br"]),
        ],
        "authorization": str(request.authorization and request.authorization.type),
        "dates": [
            str(request.date),
            str(request.if_modified_since),
            str(request.if_unmodified_since),
        ],
        "conditions": [len(str(condition)) for condition in conditions],
        "range": str(request.range)[:50],
        "cache": [request.cache_control.no_cache is not None, request.cache_control.max_age],
        "pragma": str(request.pragma)[:50],
        "type": [request.mimetype, len(request.mimetype_params), request.content_type],
        "length": request.content_length,
        "forwards": request.max_forwards,
        "route": request.access_route[:3],
        "remote": [request.remote_addr, request.remote_user, request.scheme, request.is_secure],
        "referrer": len(request.referrer or ""),
        "origin": request.origin,
        "md5": request.content_md5,
        "encoding": request.content_encoding,
        "json": request.is_json,
        "endpoint": [request.endpoint, request.blueprint],
    }


class Things(MethodView):
    """A resource."""

    def get(self, name: str) -> str:
        return name

    def post(self, name: str) -> t.Any:
        return jsonify(name=name, data=request.get_json(silent=True))


def make_app(cls: type[bolthead.Flask], *, way: str = "plain", **settings: t.Any) -> t.Any:
    """Return the app, of either class, as in production; ``way`` is one of ``features.WAYS``."""
    arguments, replaced, set_up = WAYS[way]
    made = type(cls.__name__, (*replaced, cls), {}) if replaced else cls
    app: t.Any = made(f"hostile_{cls.__name__}_{way}", root_path=str(folder()), **arguments)
    app.config.update(SECRET_KEY=SECRET_KEY, TOKEN=TOKEN, **settings)
    app.logger.handlers = [logging.NullHandler()]
    app.logger.propagate = False

    @app.before_request
    def begin() -> None:
        g.began = request.method if request.method.isalpha() else "-"

    @app.after_request
    def add(response: Response) -> Response:
        response.headers["X-After"] = g.get("began", "-")[:20]
        return response

    @app.teardown_request
    def end(error: t.Any) -> None:
        g.pop("began", None)

    @app.context_processor
    def names() -> dict[str, t.Any]:
        return {"name": request.args.get("name", "")}

    @app.errorhandler(404)
    def missing(error: t.Any) -> t.Any:
        return f"nothing at {request.path}", 404, {"Content-Type": "text/plain; charset=utf-8"}

    @app.route("/", methods=["GET", "POST"])
    def index() -> str:
        return "index"

    @app.route("/seen", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def seen() -> t.Any:
        return jsonify(see_all())

    @app.route("/form", methods=["GET", "POST", "PUT"])
    def form() -> t.Any:
        fields = [[name, len(value)] for name, value in request.form.items(multi=True)]
        files = [
            [name, secure_filename(file.filename or ""), file.mimetype, len(file.read())]
            for name, file in request.files.items(multi=True)
        ]
        return jsonify(fields=fields[:100], files=files[:100], values=len(request.values))

    @app.route("/json", methods=["GET", "POST"])
    def json() -> t.Any:
        return jsonify(request.get_json())

    @app.route("/json-walk", methods=["GET", "POST"])
    def json_walk() -> t.Any:
        data = request.get_json(silent=True, force=True)
        text = data.get("v") if isinstance(data, dict) else data
        text = text if isinstance(text, str) else repr(type(text))
        flash(text[:60])
        page = render_template("page.html", v=text[:2000])
        return page + url_for("index", v=text[:200], _anchor=text[:200])

    @app.route("/data", methods=["GET", "POST"])
    def data() -> str:
        return str(len(request.get_data()))

    @app.route("/stream-in", methods=["POST"])
    def stream_in() -> str:
        return str(sum(map(len, iter(lambda: request.stream.read(4096), b""))))

    @app.route("/session")
    def show_session() -> str:
        return f"{len(session)} {len(get_flashed_messages())}"

    @app.route("/session-write")
    def write_session() -> str:
        session["value"] = request.args.get("v", "")[:60]
        session.permanent = True
        flash(request.args.get("v", "")[:60])
        return "written"

    @app.route("/redirect")
    def go() -> t.Any:
        return redirect(request.args.get("to", "/"))

    @app.route("/header")
    def header() -> t.Any:
        value = request.args.get("v", "")
        if {"\r", "\n"} & set(value):
            abort(400)  # Werkzeug refuses a line break, as it should
        response = make_response("x")
        response.headers["X-Echo"] = value
        response.headers["Expires"] = value
        str(response.expires)
        return response

    @app.route("/cookie")
    def cookie() -> t.Any:
        response = make_response("x")
        response.set_cookie("echo", request.args.get("v", "")[:200])
        return response

    @app.route("/download")
    def download() -> t.Any:
        name = request.args.get("v", "x")
        return send_file(folder() / "static/file.txt", as_attachment=True, download_name=name)

    @app.route("/template")
    def template() -> str:
        value = request.args.get("v", "")
        string = render_template_string("{{ v }}{{ name }}{{ {'a': v}|xmlattr }}", v=value)
        return render_template("page.html", v=value) + string

    @app.route("/url")
    def url() -> t.Any:
        value = request.args.get("v", "")
        return [
            url_for("index", v=value, _anchor=value),
            url_for("string", text=value or "x", _external=True),
            url_for("pages", rest=value or "x", w=[value, value]),
        ]

    @app.route("/string/<text>")
    def string(text: str) -> str:
        return text

    @app.route("/int/<int:n>")
    def integer(n: int) -> str:
        return str(n % 1000)

    @app.route("/float/<float(signed=True):f>")
    def floating(f: float) -> str:
        return str(f)

    @app.route("/uuid/<uuid:u>")
    def uuid(u: t.Any) -> str:
        return str(u)

    @app.route("/any/<any(a, b, 'c d'):x>")
    def any_of(x: str) -> str:
        return x

    @app.route("/pages/<path:rest>")
    def pages(rest: str) -> str:
        return str(len(rest))

    @app.route("/two/<path:a>/x/<path:b>/y")
    def two(a: str, b: str) -> str:
        return f"{len(a)} {len(b)}"

    @app.route("/parts/<a>-<b>.html")
    def parts(a: str, b: str) -> str:
        return f"{len(a)} {len(b)}"

    @app.route("/slash/")
    def slash() -> str:
        return "slash"

    @app.route("/files/<path:name>")
    def files(name: str) -> t.Any:
        return send_from_directory("files", name)

    @app.route("/etag")
    def etag() -> t.Any:
        response = Response(b"0123456789" * 100)
        response.set_etag("tag")
        response.last_modified = 1_700_000_000
        return response.make_conditional(request, accept_ranges=True, complete_length=1000)

    @app.route("/stream")
    def stream() -> t.Any:
        def pieces() -> t.Iterator[str]:
            for number in range(5):
                yield f"{number} {request.args.get('v', '')[:100]}\n"

        return Response(stream_with_context(pieces()), mimetype="text/plain")

    @app.route("/async", methods=["GET", "POST"])
    async def awaited() -> t.Any:
        return {"v": request.args.get("v", "")[:100], "form": len(request.form)}

    @app.route("/abort/<int:code>")
    def stop(code: int) -> t.NoReturn:
        abort(code if code in {400, 401, 403, 404, 410, 418, 429} else 404)

    @app.route("/login")
    def login() -> t.Any:
        auth = request.authorization
        if auth is None or not (auth.token or auth.parameters):
            abort(401)
        return f"{auth.type} {len(auth.username or '')}"

    @app.route("/once")
    def once() -> str:
        @after_this_request
        def change(response: Response) -> Response:
            response.headers.add("Vary", "X-Once")
            return response

        return "once"

    blueprint = Blueprint("inner", __name__, url_prefix="/inner")
    blueprint.add_url_rule("/things/<name>", view_func=Things.as_view("things"))
    blueprint.add_url_rule("/where", "where", lambda: url_for(".where", v=request.args.get("v")))
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    outer.register_blueprint(blueprint)
    app.register_blueprint(outer)
    add_features(app)
    set_up(app)
    return app


def leaked(reply: t.Any) -> list[str]:
    """Return the secrets that an answer gives away."""
    body = reply.body
    found = [secret for secret, raw in _RAW if raw in body]
    heads = "\n".join([value for _, value in reply.headers])
    return [*found, *(secret for secret in SECRETS if secret in heads)]
