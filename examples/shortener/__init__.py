"""A URL shortener: the demo app, built as an app of several pages and a small API would be.

Run it from the top of the repository, the second line only for a page with something on it:

    pip install "bolthead[examples]"
    bolthead --app examples/shortener seed
    bolthead --app examples/shortener run

The tables are made when the app starts. The database and the key that signs sessions are kept in
the instance folder, examples/instance. Two environment variables override that:
SHORTENER_DATABASE (a path) and SHORTENER_SECRET_KEY.

What is where: models.py says what is stored, links.py what can be done with it, pages.py and
api.py are the two ways to ask for it.
"""

from pathlib import Path

from bolthead import Bolthead

from . import api, commands, database, errors, keys, pages


def create_app(config=None):
    """Make the app; `config`, a mapping, overrides every other source of settings."""
    app = Bolthead(__name__)
    app.config.from_mapping(
        DATABASE=Path(app.instance_path) / "shortener.sqlite",
        # Another site's form cannot use a visitor's session here: the cookie stays behind.
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=64_000,
        CHART_DAYS=14,
    )
    # `loads=str`: a key such as 123456 is text, not a number.
    app.config.from_prefixed_env("SHORTENER", loads=str)
    app.config.from_mapping(config or {})
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = keys.kept_key(Path(app.instance_path))

    database.init_app(app)
    errors.init_app(app)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(api.blueprint)
    app.cli.add_command(commands.init_db)
    app.cli.add_command(commands.seed)
    app.after_request(add_policy)
    return app


def add_policy(response):
    """Let pages load from this site only; there is neither script nor inline style to allow."""
    policy = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    response.headers.setdefault("Content-Security-Policy", policy)
    return response
