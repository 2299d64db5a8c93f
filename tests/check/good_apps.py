"""Apps with nothing wrong in them, though much of it looks as if there were."""

from __future__ import annotations

from check.bad_apps import BadApp, one_file, page

SHOP = {
    "shop/__init__.py": """
    import os
    from flask import Flask
    from flask_caching import Cache
    from flask_cors import CORS
    from flask_login import LoginManager
    from werkzeug.middleware.proxy_fix import ProxyFix

    cache = Cache()
    login = LoginManager()

    def create_app():
        app = Flask(__name__)
        app.config.from_object("shop.settings.Production")
        app.config.from_prefixed_env()
        app.config["UPLOAD_FOLDER"] = os.path.join(app.instance_path, "uploads")
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
        cache.init_app(app)
        login.init_app(app)
        login.login_view = "pages.log_in"
        CORS(app, origins=["https://shop.example"], supports_credentials=True)
        from . import pages
        app.register_blueprint(pages.pages)
        return app
    """,
    "shop/settings.py": """
    class Production:
        CACHE_TYPE = "SimpleCache"
        MAX_CONTENT_LENGTH = 1_000_000
        REMEMBER_COOKIE_SECURE = True
        REMEMBER_COOKIE_HTTPONLY = True
        REMEMBER_COOKIE_SAMESITE = "Lax"
        SERVER_NAME = "example.org"

    class Development(Production):
        DEBUG = True
        SECRET_KEY = "dev"
        SESSION_COOKIE_SECURE = False

    class Testing(Production):
        TESTING = True
        SECRET_KEY = "test"
        WTF_CSRF_ENABLED = False
    """,
    "shop/pages.py": """
    import asyncio
    import os
    import time
    from flask import (Blueprint, current_app, flash, redirect, render_template,
                       render_template_string, request, send_from_directory, session, url_for)
    from markupsafe import Markup, escape
    from .texts import FOOTER

    pages = Blueprint("pages", __name__, template_folder="more", static_folder="static")

    @pages.get("/")
    def index():
        current_app.logger.info("%s asked for %s", request.remote_addr, request.path)
        note = Markup("<b>{}</b>").format(request.args.get("note", ""))
        return render_template("index.html", note=note, footer=render_template_string(FOOTER))

    @pages.route("/login", methods=["GET", "POST"])
    def log_in():
        session["user"] = request.form.get("user")
        flash("Welcome")
        target = request.args.get("next", "")
        if not is_local(target):
            target = url_for(".index")
        return redirect(target)

    def is_local(target):
        return target.startswith("/") and not target.startswith(("//", "/\\\\"))

    @pages.post("/upload")
    def upload():
        file = request.files["file"]
        file.save(os.path.join(current_app.config["UPLOAD_FOLDER"], "upload"))
        return redirect(url_for("pages.show", name="upload"))

    @pages.get("/uploads/<name>")
    def show(name):
        return send_from_directory(current_app.config["UPLOAD_FOLDER"], name, as_attachment=True)

    @pages.get("/wait")
    async def wait():
        await asyncio.sleep(0)
        await asyncio.to_thread(time.sleep, 0)
        return "done"

    @pages.get("/slow")
    def slow():
        time.sleep(0)
        return "done"
    """,
    "shop/tests/test_shop.py": """
    from flask import Flask
    app = Flask(__name__)
    app.secret_key = "dev"
    app.config["MAIL_PASSWORD"] = "hunter2"
    app.run(debug=True)
    """,
    "shop/migrations/env.py": "SQLALCHEMY_URL = 'postgresql://shop:hunter2@db/shop'",
    ".venv/lib/python3.11/site-packages/other/__init__.py": "SECRET_KEY = 'other'",
    "shop/texts.py": """
    FOOTER = "<p>" + "The shop" + "</p>"
    """,
    "shop/templates/index.html": """
    {% extends "base.html" %}
    {% block main %}
    {% set heading %}<h1>Shop</h1>{% endset %}
    {{ heading|safe }} {{ note }} {{ footer|e }}
    {{ "<hr>"|safe }} {{ caller() if caller else "" }}
    <a href="{{ url_for('pages.index') }}">Start</a>
    <a href="{{ url_for('.log_in', next='/') }}">Log in</a>
    <a href="{{ url_for('pages.show', name='x', _external=True) }}">Upload</a>
    <link href="{{ url_for('static', filename='style.css') }}" rel="stylesheet">
    {% endblock %}
    """,
    "shop/templates/base.html": "<!doctype html>{{ title }}{% block main %}{% endblock %}",
    "shop/templates/mail.txt": "Hello {{ name }}, see {{ url_for('pages.index') }}",
    "shop/static/style.css": "p {}",
    "shop/static/script.js": "",
    "Dockerfile": """
    FROM python:3.13-slim AS build
    RUN pip wheel .
    FROM python:3.13-slim
    USER shop
    CMD ["gunicorn", "--workers", "4", "shop:create_app()"]
    """,
    "Procfile": "web: bolthead serve --app shop",
    "requirements.txt": """
    flask==3.1.3
    werkzeug==3.1.8
    jinja2==3.1.6
    """,
}

GOOD_APPS = [
    BadApp("a shop", SHOP, load="shop"),
    BadApp("a shop that is deployed", SHOP, load="shop", deploy=True),
    BadApp(
        "the smallest app",
        {
            "app.py": """
            from bolthead import Bolthead
            app = Bolthead(__name__)
            @app.get("/")
            def hello():
                return "Hello"
            if __name__ == "__main__":
                app.run()
            """
        },
    ),
    one_file(
        "findings that lines ignore",
        """
        from markupsafe import Markup
        @app.get("/")
        def show():
            return Markup(request.args["text"])  # bolthead: ignore B010
        """,
        files={"templates/page.html": "{{ text|safe }} {# bolthead: ignore B010 #}"},
    ),
    one_file(
        "a finding that the project ignores",
        'app.config["PROPAGATE_EXCEPTIONS"] = True',
        files={"pyproject.toml": '[tool.bolthead.check]\\nignore = ["B027"]'.replace("\\n", "\n")},
    ),
    one_file(
        "files that the project means to be fetched",
        "",
        files={
            "pyproject.toml": """
            [tool.bolthead.check]
            ignore = ["B011:static/demo/*"]
            """,
            "static/demo/shop.sql": "",
            "static/.gitignore": "",
        },
    ),
    one_file(
        "a finding that a setting ignores",
        """
        app.config["PROPAGATE_EXCEPTIONS"] = True
        app.config["CHECK_IGNORE"] = ["b027"]
        """,
    ),
    one_file(
        "names that only look alike",
        """
        import asyncio
        import logging
        SECRET_KEY_FILE = "keys/secret"
        RESET_PASSWORD = "reset-password"
        log = logging.getLogger(__name__)
        class Queue:
            def run(self, debug=False):
                return debug
        Queue().run(debug=False)
        @app.get("/")
        async def show():
            async def sleep(seconds):
                await asyncio.sleep(seconds)
            await sleep(0)
            log.info("%s %s", request.headers.get("User-Agent"), request.args.get("page"))
            return "ok"
        @app.template_filter()
        def clean_html(text):
            return text
        """,
        files={"templates/page.html": "{{ text|clean_html|safe }} {{ data|tojson|safe }}"},
    ),
    one_file(
        "literals from elsewhere",
        """
        import texts
        from flask import render_template_string
        from markupsafe import Markup
        class Page:
            TEXT = "<p>Page</p>"
            def show(self):
                return render_template_string(self.TEXT)
        @app.get("/<name>")
        def show(name):
            render_template_string(texts.FOOTER)
            render_template_string(Page.TEXT)
            render_template_string(texts.ALL[name])
            return Markup("<br>").join([Markup(texts.ALL[name]), Markup("<br>" * 2)])
        """,
        files={
            "texts.py": """
            FOOTER = "<p>" + "The shop" + "</p>"
            ALL = {"footer": FOOTER, "header": "<p></p>"}
            """
        },
    ),
    page(
        "origins that are looked at",
        "<p>{{ text }}</p>",
        code="""
        ALLOWED = {"https://shop.example"}
        @app.after_request
        def allow(response):
            origin = request.headers.get("Origin")
            if origin in ALLOWED:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Allow-Credentials"] = "true"
            return response
        """,
    ),
    one_file(
        "rates in the only worker",
        """
        from flask_limiter import Limiter
        from flask_limiter.util import get_remote_address
        limiter = Limiter(get_remote_address, app=app, default_limits=["5/minute"])
        """,
        deploy=True,
        environ={"WEB_CONCURRENCY": "1"},
    ),
    one_file(
        "an open API",
        """
        from flask_cors import CORS
        CORS(app)
        """,
    ),
]
