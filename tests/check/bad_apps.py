"""Small apps, each with something wrong in it, and where it must be found.

A line that must be found ends with ``#! B001`` (``{#! B010 #}`` in a template). What has no line is
listed in ``finds``. Nothing else may be found in an app.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field

START = """\
import os
from flask import Flask, request
app = Flask(__name__)
app.config.from_prefixed_env()
app.config["MAX_CONTENT_LENGTH"] = 1_000_000
"""

MARK = re.compile(r"\s*(?:#! (B\d+(?: B\d+)*)|\{#! (B\d+(?: B\d+)*) #\})$")


@dataclass(frozen=True)
class BadApp:
    """An app by its files; ``finds`` are pairs of an id and a place without a line."""

    name: str
    files: dict[str, str]
    finds: tuple[tuple[str, str], ...] = ()
    deploy: bool = False
    environ: dict[str, str] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    """Permissions of files and folders; a folder is made if it is missing."""
    load: str = "app.py"

    def texts(self) -> dict[str, str]:
        """Return the files without the marks."""
        found = {}
        for path, text in self.files.items():
            lines = _lines(text)
            found[path] = "\n".join(MARK.sub("", line) for line in lines) + "\n"
        return found

    def expected(self) -> set[tuple[str, str]]:
        """Return every id with the place where it must be found."""
        places = set(self.finds)
        for path, text in self.files.items():
            for number, line in enumerate(_lines(text), start=1):
                mark = MARK.search(line)
                for id in (mark[1] or mark[2]).split() if mark else ():
                    places.add((id, f"{path}:{number}"))
        return places


def _lines(text: str) -> list[str]:
    return textwrap.dedent(text).strip("\n").splitlines()


def one_file(name: str, code: str, *finds: tuple[str, str], **more: object) -> BadApp:
    """Return an app whose code follows the usual start, in one file."""
    files = {"app.py": START + textwrap.dedent(code).strip("\n"), **more.pop("files", {})}
    return BadApp(name, files, finds, **more)


def page(name: str, template: str, *finds: tuple[str, str], code: str = "", **more) -> BadApp:
    """Return an app with one template, ``page.html``."""
    files = {"templates/page.html": template, **more.pop("files", {})}
    return one_file(name, code, *finds, files=files, **more)


DEPLOYED = {
    "FLASK_TRUSTED_HOSTS": '["example.org"]',
    "FLASK_SECURITY_HEADERS": "strict",
    "FLASK_SESSION_COOKIE_SECURE": "true",
    "FLASK_SESSION_COOKIE_SAMESITE": "Lax",
    "FLASK_CROSS_ORIGIN_PROTECTION": "enforce",
}

BAD_APPS = [
    # B001: debug
    one_file("debug in the configuration", 'app.config["DEBUG"] = True  #! B001'),
    one_file("debug by attribute", "app.debug = True  #! B001"),
    one_file(
        "debug in app.run",
        """
        if __name__ == "__main__":
            app.run(host="0.0.0.0", debug=True)  #! B001
        """,
    ),
    one_file(
        "the debugger around the app",
        """
        from werkzeug.debug import DebuggedApplication
        app.wsgi_app = DebuggedApplication(app.wsgi_app, evalex=True)  #! B001
        """,
    ),
    one_file(
        "debug in the image",
        "",
        deploy=True,
        files={
            "Dockerfile": """
            FROM python:3.13-slim
            ENV FLASK_DEBUG=1  #! B001
            USER app
            CMD ["gunicorn", "app:app"]
            """
        },
    ),
    one_file(
        "debug in the environment",
        "",
        ("B001", "BOLTHEAD_DEBUG"),
        deploy=True,
        environ={"BOLTHEAD_DEBUG": "1"},
    ),
    # B002: weak keys
    one_file(
        "a known key",
        "app.secret_key = bytes([100, 101, 118])  #! B002",
    ),
    one_file(
        "a short key from the environment",
        "",
        ("B002", "SECRET_KEY"),
        environ={"FLASK_SECRET_KEY": "x7Gq0pL"},
    ),
    one_file(
        "a weak fallback",
        'app.config.update(SECRET_KEY_FALLBACKS=["secret" + "!"])  #! B002',
    ),
    one_file(
        "a weak key of an extension",
        """
        import binascii
        app.config["JWT_SECRET_KEY"] = binascii.hexlify(b"ab").decode()  #! B002
        """,
    ),
    # B003: hosts
    one_file(
        "any host",
        "",
        ("B003", "TRUSTED_HOSTS"),
        deploy=True,
        environ={"FLASK_TRUSTED_HOSTS": "null"},
    ),
    one_file(
        "hosts as a text",
        'app.config["TRUSTED_HOSTS"] = "example.org"  #! B003',
        deploy=True,
    ),
    # B004: cookies
    one_file(
        "a session that scripts read", "app.config.update(SESSION_COOKIE_HTTPONLY=False)  #! B004"
    ),
    one_file(
        "SameSite none in the clear",
        'app.config["SESSION_COOKIE_SAMESITE"] = "None"  #! B004',
    ),
    one_file(
        "a session in the clear",
        """
        app.config.from_mapping(
            SESSION_COOKIE_SECURE=False,
            SESSION_COOKIE_SAMESITE=None,
        )
        """,
        ("B004", "app.py:6"),
        deploy=True,
    ),
    one_file(
        "a login cookie without flags",
        """
        @app.post("/login")
        def log_in():
            response = app.make_response("ok")
            response.set_cookie("auth_token", "…")  #! B004
            return response
        """,
    ),
    # B005: HSTS
    one_file(
        "no HSTS",
        "",
        ("B005", "SECURITY_HEADERS"),
        deploy=True,
        environ={"FLASK_SECURITY_HEADERS": "basic"},
    ),
    # B006: sizes
    one_file(
        "bodies of any size",
        """
        app.config["MAX_CONTENT_LENGTH"] = None  #! B006
        @app.post("/")
        def take():
            return request.get_data()
        """,
    ),
    one_file(
        "forms of any number of parts",
        """
        app.config["MAX_FORM_PARTS"] = None  #! B006
        @app.route("/", methods=["PUT"])
        def take():
            return request.form
        """,
    ),
    # B007: proxies
    one_file(
        "a header of proxies by hand",
        """
        @app.get("/")
        def show():
            return request.headers.get("X-Forwarded-For", "")  #! B007
        """,
    ),
    one_file(
        "ten proxies",
        """
        from werkzeug.middleware.proxy_fix import ProxyFix
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=10)  #! B007
        """,
    ),
    one_file(
        "two fixes",
        """
        from werkzeug.middleware.proxy_fix import ProxyFix
        app.wsgi_app = ProxyFix(app.wsgi_app)  #! B007
        app.wsgi_app = ProxyFix(app.wsgi_app)
        """,
    ),
    one_file(
        "behind nginx without a fix",
        "",
        ("B007", "deploy/nginx.conf:2"),
        deploy=True,
        files={
            "deploy/nginx.conf": """
            location / {
                proxy_pass http://127.0.0.1:8000;
            }
            """
        },
    ),
    # B008: pickles
    one_file(
        "sessions in pickles",
        """
        from flask_session import Session
        app.config["SESSION_TYPE"] = "filesystem"  #! B008
        app.config["SESSION_FILE_DIR"] = os.path.join(app.instance_path, "sessions")
        Session(app)
        """,
    ),
    one_file(
        "a cache in pickles",
        """
        from flask_caching import Cache
        app.config["CACHE_TYPE"] = "FileSystemCache"  #! B008
        app.config["CACHE_DIR"] = os.path.join(app.instance_path, "cache")
        Cache(app)
        """,
    ),
    one_file(
        "pickles by the settings alone",
        """
        app.config["SESSION_TYPE"] = "redis"  #! B008
        app.config["CACHE_TYPE"] = "RedisCache"  #! B008
        """,
    ),
    one_file(
        "a cache of cachelib",
        """
        from cachelib import FileSystemCache
        cache = FileSystemCache(os.path.join(app.instance_path, "cache"))  #! B008
        """,
    ),
    one_file(
        "pickles of its own",
        """
        import pickle
        @app.post("/")
        def take():
            return pickle.loads(request.data)  #! B008
        """,
    ),
    # B009: CORS
    one_file(
        "CORS for all, by the defaults",
        """
        from flask_cors import CORS
        CORS(app, supports_credentials=True)  #! B009
        """,
    ),
    one_file(
        "CORS for all, by a pattern",
        """
        from flask_cors import cross_origin
        @app.get("/")
        @cross_origin(origins=r"https?://.*", supports_credentials=True)  #! B009
        def show():
            return "secret"
        """,
    ),
    one_file(
        "CORS for all, by settings",
        """
        from flask_cors import CORS
        app.config["CORS_SUPPORTS_CREDENTIALS"] = True
        cors = CORS()
        cors.init_app(app, resources={"/api/*": {"origins": "*"}})  #! B009
        """,
    ),
    one_file(
        "CORS for all, by hand",
        """
        @app.after_request
        def allow(response):
            origin = request.headers.get("Origin", "*")
            response.headers["Access-Control-Allow-Origin"] = origin  #! B009
            response.headers["Access-Control-Allow-Credentials"] = "true"
            return response
        """,
    ),
    # B010: escaping
    page("safe on a variable", "<p>{{ text|safe }}</p> {#! B010 #}"),
    page(
        "safe on a filter",
        """
        <h1>Hello</h1>
        <p>{{ "<b>literal</b>"|safe }}</p>
        <p>{{ (comment|upper)|safe }}</p> {#! B010 #}
        """,
    ),
    one_file(
        "Markup of a request",
        """
        from markupsafe import Markup
        @app.get("/")
        def show():
            return Markup("<p>" + request.args["text"] + "</p>")  #! B010
        """,
    ),
    # B011: files
    one_file(
        "secrets among the static files",
        "",
        ("B011", "static/.env"),
        ("B011", "static/data/users.sqlite3"),
        ("B011", "static/views.py"),
        files={
            "static/.env": "PASSWORD=x",
            "static/data/users.sqlite3": "",
            "static/views.py": "",
            "static/style.css": "",
        },
    ),
    BadApp(
        "the app's own folder as static",
        {
            "app.py": """
            from flask import Flask
            app = Flask(__name__, static_folder=".")
            """
        },
        (("B011", "."),),
    ),
    one_file(
        "the app's own folder by a view",
        """
        from flask import send_from_directory
        @app.get("/files/<path:name>")
        def send(name):
            return send_from_directory(app.root_path, name)  #! B011
        """,
    ),
    # B012: uploads
    one_file(
        "uploads among the static files",
        'app.config["UPLOAD_FOLDER"] = os.path.join(app.static_folder, "uploads")  #! B012',
        files={"static/style.css": ""},
    ),
    one_file(
        "uploads saved among the static files",
        """
        @app.post("/")
        def take():
            file = request.files["file"]
            file.save(os.path.join("static", "uploads", "x"))  #! B012
            return "ok"
        """,
    ),
    # B013: dependencies
    one_file(
        "pins with known holes",
        "",
        files={
            "requirements.txt": """
            # comment
            click==8.1.7
            Werkzeug[watchdog] == 2.2.2 ; python_version > "3.8"  #! B013
            jinja2==3.1.6
            """,
            "poetry.lock": """
            [[package]]
            name = "gunicorn"
            version = "20.1.0"  #! B013
            """,
            "pyproject.toml": """
            [project]
            name = "shop"
            dependencies = ["flask==2.3.1", "click>=8"]  #! B013
            """,
        },
    ),
    # B014: testing
    one_file("testing mode", 'app.config["TESTING"] = True  #! B014'),
    # B015: logs
    one_file(
        "bodies in the log",
        """
        import logging
        log = logging.getLogger(__name__)
        @app.post("/")
        def take():
            log.debug("got %s", request.get_data())  #! B015
            app.logger.info(f"login {request.form['password']}")  #! B015
            print(dict(request.headers))  #! B015
            log.info("user %s of %d bytes", request.form["user"], len(request.data))
            return "ok"
        """,
    ),
    # B016, B017: servers
    one_file(
        "the development server in the image",
        "",
        ("B016", "Dockerfile:2"),
        ("B017", "Dockerfile"),
        deploy=True,
        files={
            "Dockerfile": """
            FROM python:3.13-slim
            CMD ["flask", "run", "--host=0.0.0.0"]
            """
        },
    ),
    one_file(
        "a reloader, and workers that do not come back",
        """
        from werkzeug.middleware.proxy_fix import ProxyFix
        app.wsgi_app = ProxyFix(app.wsgi_app)
        """,
        ("B016", "Procfile:1"),
        ("B016", "Procfile:2"),
        ("B017", "shop.service"),
        deploy=True,
        files={
            "Procfile": """
            web: gunicorn --reload app:app
            worker: granian --interface wsgi app:app
            """,
            "shop.service": """
            [Service]
            ExecStart=/srv/shop/.venv/bin/gunicorn app:app
            """,
        },
    ),
    one_file(
        "a script that serves itself, behind whoever says so",
        """
        if __name__ == "__main__":
            app.run(host="0.0.0.0")
        """,
        ("B016", "start.sh:2"),
        ("B016", "compose.yaml:3"),
        ("B007", "compose.yaml:3"),
        ("B017", "compose.yaml"),
        deploy=True,
        files={
            "start.sh": """
            #!/bin/sh
            exec python3 app.py
            """,
            "compose.yaml": """
            services:
              shop:
                command: bolthead --app run serve --reload --trust-proxy 0.0.0.0/0
                user: root
            """,
        },
    ),
    one_file(
        "an image whose last stage is root's",
        "",
        ("B017", "Dockerfile"),
        deploy=True,
        files={
            "Dockerfile": """
            FROM python:3.13-slim AS base
            USER app
            FROM base AS tests
            RUN pytest
            FROM python:3.13-slim
            COPY --from=base /app /app
            CMD ["gunicorn", "app:app"]
            """
        },
    ),
    # B018: folders
    one_file(
        "sessions in a folder of everybody's",
        """
        app.config["SESSION_FILE_DIR"] = os.path.join(app.root_path, "sessions")  #! B018
        """,
        modes={"sessions": 0o777},
    ),
    # B019: addresses
    one_file(
        "a scheme in the server's name",
        'app.config["SERVER_NAME"] = "https://example.org/"  #! B019',
    ),
    one_file(
        "a cookie for another domain",
        """
        app.config["SERVER_NAME"] = "shop.example.org"
        app.config["SESSION_COOKIE_DOMAIN"] = "example.com"  #! B019
        """,
    ),
    one_file(
        "a cookie beside the app's root",
        """
        app.config.update(
            APPLICATION_ROOT="/shop",
            SESSION_COOKIE_PATH="/blog",
        )
        """,
        ("B019", "app.py:6"),
    ),
    # B020: rates
    one_file(
        "rates in each worker",
        """
        from flask_limiter import Limiter
        from flask_limiter.util import get_remote_address
        limiter = Limiter(get_remote_address, app=app, default_limits=["5/minute"])  #! B020
        """,
        deploy=True,
    ),
    one_file(
        "rates in each of Gunicorn's workers",
        """
        from flask_limiter import Limiter
        from flask_limiter.util import get_remote_address
        limiter = Limiter(get_remote_address)
        limiter.init_app(app)
        """,
        ("B020", "app.py:8"),
        files={"gunicorn.conf.py": "workers = 4"},
    ),
    # B021: blocking calls
    one_file(
        "a sleep in an async view",
        """
        import time
        from time import sleep as wait
        @app.get("/")
        async def show():
            time.sleep(1)  #! B021
            wait(1)  #! B021
            return "late"
        """,
    ),
    one_file(
        "a request in an async view",
        """
        import asyncio
        import httpx
        http = httpx.Client()
        @app.get("/")
        async def show():
            httpx.get("http://localhost")  #! B021
            http.post("http://localhost")  #! B021
            await asyncio.to_thread(httpx.get, "http://localhost")
            return "late"
        """,
    ),
    BadApp(
        "a database behind a function",
        {
            "shop/__init__.py": """
            from flask import Flask
            from . import views
            app = Flask(__name__)
            app.add_url_rule("/", view_func=views.show)
            """,
            "shop/views.py": """
            from .db import count_goods
            async def show():
                return str(count_goods())  #! B021
            """,
            "shop/db.py": """
            import sqlite3
            def connect():
                return sqlite3.connect("shop.db")
            def count_goods():
                return connect().execute("SELECT count(*) FROM goods").fetchone()[0]
            """,
        },
        load="shop",
    ),
    # B022: endpoints
    page(
        "endpoints that do not exist, in a template",
        """
        <a href="{{ url_for('idnex') }}">Start</a> {#! B022 #}
        <a href="{{ url_for('show', id=1) }}">One</a>
        <a href="{{ url_for('show') }}">None</a> {#! B022 #}
        """,
        code="""
        @app.get("/goods/<int:id>")
        def show(id):
            return str(id)
        """,
    ),
    one_file(
        "endpoints that do not exist, in code",
        """
        from flask import redirect, url_for
        @app.get("/")
        def index():
            return redirect(url_for("account.login"))  #! B022
        @app.get("/old")
        def old():
            return redirect("/nwe")  #! B022
        """,
    ),
    one_file(
        "a login that does not exist",
        """
        from flask_login import LoginManager
        manager = LoginManager(app)
        manager.login_view = "auth.login"
        """,
        ("B022", "login_manager.login_view"),
    ),
    # B023: extensions
    BadApp(
        "an extension that is gone",
        {
            "app.py": """
            from flask import Flask
            from flask_openid import OpenID
            app = Flask(__name__)
            """,
            "flask_openid.py": "from werkzeug.urls import url_quote",
        },
        (("B023", "app"),),
    ),
    one_file(
        "an extension that is gone, in the requirements",
        "",
        files={"requirements.txt": "Flask-Script==2.0.6  #! B023"},
    ),
    one_file(
        "an extension that is gone, installed",
        """
        from flask_sockets import Sockets  #! B023
        sockets = Sockets(app)
        """,
        files={
            "flask_sockets.py": """
            class Sockets:
                def __init__(self, app):
                    self.app = app
            """,
            "Flask_Sockets-0.2.1.dist-info/METADATA": """
            Metadata-Version: 2.1
            Name: Flask-Sockets
            Version: 0.2.1
            """,
        },
    ),
    # B024: no key
    one_file(
        "a session without a key",
        """
        from flask import session
        @app.get("/")
        def count():
            session["visits"] = 1  #! B024
            return "ok"
        """,
        environ={"FLASK_SECRET_KEY": "null"},
    ),
    one_file(
        "a login without a key",
        """
        from flask_login import LoginManager
        LoginManager(app)
        """,
        ("B024", "SECRET_KEY"),
        environ={"FLASK_SECRET_KEY": "null"},
    ),
    # B025, B026: secrets in the source
    one_file(
        "a key in the source",
        'app.config["SECRET_KEY"] = "8f42a73054b1749f8f58848be5e6502c"  #! B025',
    ),
    one_file(
        "a default beside the environment",
        """
        app.config["SECRET_KEY"] = os.environ.get("NO_SUCH", "8f42a73054b1749f8f5")  #! B025
        """,
    ),
    BadApp(
        "secrets in a class of settings",
        {
            "app.py": """
            from flask import Flask
            app = Flask(__name__)
            app.config.from_object("settings.Production")
            """,
            "settings.py": """
            class Production:
                MAIL_PASSWORD = "hunter2"  #! B025
                SQLALCHEMY_DATABASE_URI = "postgresql://shop:hunter2@db.example.org/shop"  #! B025
            class Testing:
                SECRET_KEY = "test"
            """,
        },
    ),
    one_file(
        "a .env file in the repository",
        "",
        files={
            ".env": """
            # settings
            MAIL_PASSWORD=hunter2  #! B026
            """,
            ".env.example": "MAIL_PASSWORD=fill-in",
        },
    ),
    # B027, B028: switches
    one_file(
        "errors that nobody handles",
        'app.config["PROPAGATE_EXCEPTIONS"] = True  #! B027',
    ),
    one_file(
        "protections that are off",
        """
        app.config["WTF_CSRF_ENABLED"] = False  #! B028
        app.config["LOGIN_DISABLED"] = True  #! B028
        app.config["CROSS_ORIGIN_PROTECTION"] = "off"  #! B028
        """,
    ),
    # B034: forms of other sites
    one_file(
        "forms of other sites, which are only reported",
        """
        @app.post("/password")
        def change():
            return "changed"
        """,
        ("B034", "CROSS_ORIGIN_PROTECTION"),
        deploy=True,
        environ={"FLASK_CROSS_ORIGIN_PROTECTION": "report"},
    ),
    one_file(
        "a setting that is set in several places",
        """
        class Production:
            DEBUG = False
            TESTING = False
        class Staging:
            DEBUG = True  #! B001
            TESTING = bool(1)  #! B014
        class Other:
            DEBUG = False
            TESTING = False
        app.config.from_object(Staging)
        """,
    ),
    # B029, B030: templates
    one_file(
        "a template from a request",
        """
        from flask import render_template_string
        GREETING = "<p>Hello</p>"
        @app.get("/")
        def show():
            render_template_string(GREETING)
            return render_template_string(f"<p>Hello {request.args['name']}</p>")  #! B029
        """,
    ),
    one_file(
        "a template from a database",
        """
        @app.get("/<name>")
        def show(name):
            return app.jinja_env.from_string(open(name).read()).render()  #! B029
        """,
    ),
    page(
        "escaping switched off in a block",
        """
        <p>{% autoescape false %}{{ text }}{% endautoescape %}</p> {#! B030 #}
        """,
    ),
    one_file(
        "a page of an unescaped name",
        """
        from flask import render_template
        @app.get("/")
        def show():
            return render_template("page.j2", name=request.args["name"])
        """,
        files={"templates/page.j2": "<p>Hello {{ name }}</p> {#! B030 #}"},
    ),
    # B031: redirects
    one_file(
        "a redirect anywhere",
        """
        from flask import redirect
        @app.get("/login")
        def log_in():
            target = request.args.get("next") or "/login"
            return redirect(target)  #! B031
        """,
    ),
    # B032: missing templates
    page(
        "templates that are missing or broken",
        """
        {% extends "layuot.html" %} {#! B032 #}
        {% include "menu.html" ignore missing %}
        """,
        files={"templates/broken.html": "<p>\n{% if x %} {#! B032 #}"},
        code="""
        from flask import render_template
        @app.get("/")
        def show():
            return render_template("pgae.html")  #! B032
        """,
    ),
    # B035: settings that cannot be
    one_file(
        "settings that no request can be answered with",
        """
        app.config["TRUSTED_ORIGINS"] = "https://shop.example"  #! B035
        app.config["SECURITY_HEADERS"] = "strictest"  #! B035
        app.config["MAX_COOKIES"] = "many"  #! B035
        """,
    ),
    # B033: settings of former releases
    one_file("a removed setting", 'app.config["JSON_SORT_KEYS"] = False  #! B033'),
]
