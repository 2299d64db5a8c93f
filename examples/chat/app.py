"""A chat: rooms over WebSocket, who is present, history in SQLite, a feed of server-sent events.

Pages are plain ``def`` views with sessions and Flask-Login; what is live is ``async def``, in the
same app. Run it from the top of the repository, with one worker: it knows who is present.

    pip install "bolthead[serve,examples]"
    bolthead --app examples/chat/app.py serve

The database and the key that signs sessions are kept in the instance folder, examples/instance.
CHAT_DATABASE (a path) and CHAT_SECRET_KEY override that.

What is where: accounts.py says who is there, pages.py shows rooms and their history, live.py
carries messages, feed.py tells what is new in all rooms. hub.py passes on what happens; store.py
keeps it.
"""

from pathlib import Path

from bolthead import Bolthead, install_as_flask

# Flask-Login imports Flask; from here on that is Bolthead. A `bolthead` command did it already.
install_as_flask()

from . import accounts, feed, keys, live, pages  # noqa: E402  # they import Flask-Login
from .hub import Hub  # noqa: E402
from .store import Store  # noqa: E402


def create_app(config=None):
    """Make the app; `config`, a mapping, overrides every other source of settings."""
    app = Bolthead(__name__)
    app.config.from_mapping(
        DATABASE=Path(app.instance_path) / "chat.sqlite",
        # Another site's form cannot use a visitor's session here: the cookie stays behind.
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=16_000,
        WEBSOCKET_MAX_MESSAGE_SIZE=16_000,
    )
    # `loads=str`: a key such as 123456 is text, not a number.
    app.config.from_prefixed_env("CHAT", loads=str)
    app.config.from_mapping(config or {})
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = keys.kept_key(Path(app.instance_path))

    app.extensions["store"] = Store(Path(app.config["DATABASE"]))
    app.extensions["hub"] = Hub()
    accounts.init_app(app)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(live.blueprint)
    app.register_blueprint(feed.blueprint)
    app.after_request(add_policy)
    return app


def add_policy(response):
    """Let pages load from this site only, and no inline script or style run."""
    policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    response.headers.setdefault("Content-Security-Policy", policy)
    return response
