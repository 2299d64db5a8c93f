"""The factory: settings, extensions, blueprints, commands, and what holds for every answer."""

import logging
from pathlib import Path

from flask import current_app, redirect, request, url_for
from flask_caching.jinja2ext import CacheExtension
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from . import (
    accounts,
    admin,
    analytics,
    api,
    assets,
    commands,
    connect,
    dashboard,
    errors,
    imports,
    playlists,
    settings,
    showing,
)
from .config import Config
from .extensions import cache, csrf, db, limiter, login_manager, migrate, oauth
from .framework import App, call_at_start
from .worker import make_worker

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; object-src 'none';"
    " base-uri 'none'; form-action 'self'{providers}; frame-ancestors 'none'"
)
# Flask-Admin's pages have scripts and styles of their own within the page.
ADMIN_POLICY = (
    "default-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; frame-ancestors 'none'"
)


def create_app(config: Config | None = None) -> App:
    """Make the app from its settings, which are read from the environment if not given."""
    config = config or Config.load()
    app = App(__name__, instance_path=str(config.data_folder))
    app.config.from_mapping(config.to_mapping())
    configure_logging(app, config)
    config.data_folder.mkdir(parents=True, exist_ok=True)
    assets.prepare(Path(app.static_folder))

    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    login_manager.init_app(app)
    csrf.init_app(app)
    cache.init_app(app)
    app.jinja_env.add_extension(CacheExtension)
    limiter.init_app(app)
    oauth.init_app(app, cache=cache)
    connect.register_provider(config)

    for area in (accounts, dashboard, analytics, imports, playlists, settings, connect, api):
        app.register_blueprint(area.blueprint)
    csrf.exempt(api.blueprint)
    admin.init_app(app)
    errors.init_app(app)
    showing.init_app(app)
    commands.init_app(app)

    call_at_start(app, make_worker(app).start)

    app.add_url_rule("/", "home", home)
    app.add_url_rule("/health", "health", health)
    app.add_url_rule("/favicon.ico", "favicon", favicon)
    app.after_request(add_headers)
    if config.trusted_proxies:
        count = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)
    return app


def configure_logging(app: App, config: Config) -> None:
    level = logging.getLevelNamesMapping().get(config.log_level.upper(), logging.INFO)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("timemachine")
    logger.setLevel(level)
    logger.handlers[:] = [handler]
    logger.propagate = False


def home():
    where = "dashboard.show" if current_user.is_authenticated else "accounts.login"
    return redirect(url_for(where))


def favicon():
    """Send the icon to pages that name none, as Flask-Admin's."""
    return current_app.send_static_file("icon.svg")


def health():
    """Say that the app and its database answer."""
    db.session.execute(db.text("SELECT 1"))
    return {"status": "ok"}


def add_headers(response):
    headers = response.headers
    if request.path.startswith("/admin/"):
        headers.setdefault("Content-Security-Policy", ADMIN_POLICY)
    else:
        policy = POLICY.format(providers=connect.form_targets())
        headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "static" and current_user_is_known():
        # Pages of one person stay out of shared caches, and out of "back" after the logout.
        headers.setdefault("Cache-Control", "private, no-cache")
    return response


def current_user_is_known() -> bool:
    return request.endpoint is not None and request.blueprint != "api"
