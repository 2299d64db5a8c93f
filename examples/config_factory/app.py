"""An app factory that takes its settings from four places, each overriding the one before.

1. the class `Defaults` below
2. the file instance/settings.cfg beside this one, if it exists
3. environment variables that begin with CATALOG_; a double underscore reaches into a dict
4. the mapping given to create_app(), which is what tests use

CATALOG_TITLE=Books CATALOG_MAIL__PORT=2525 bolthead --app examples/config_factory/app.py run
"""

import secrets

from bolthead import Blueprint, Bolthead, current_app


class Defaults:
    TITLE = "Catalog"
    PAGE_SIZE = 20
    SESSION_COOKIE_SAMESITE = "Lax"


SHOWN = ("TITLE", "PAGE_SIZE", "MAIL")

pages = Blueprint("pages", __name__)


def create_app(config=None, *, instance_path=None):
    app = Bolthead(__name__, instance_relative_config=True, instance_path=instance_path)
    app.config.from_object(Defaults)
    # A dict is made here, not in Defaults: the environment changes it in place, per app.
    app.config.from_mapping(MAIL={"HOST": "localhost", "PORT": 25})
    app.config.from_pyfile("settings.cfg", silent=True)
    app.config.from_prefixed_env("CATALOG")
    app.config.from_mapping(config or {})

    if not app.config["SECRET_KEY"]:
        app.logger.warning("CATALOG_SECRET_KEY is not set: sessions end with this process.")
        app.config["SECRET_KEY"] = secrets.token_hex()
    check(app.config)

    app.register_blueprint(pages)
    return app


def check(config) -> None:
    """Refuse to start with a setting that would only fail later, during a request."""
    size = config["PAGE_SIZE"]
    if not isinstance(size, int) or not 1 <= size <= 100:
        raise ValueError(f"PAGE_SIZE must be a whole number from 1 to 100, not {size!r}.")


@pages.get("/")
def show_settings():
    """Show the settings, picked by name: a loop over all of them would show the secret key."""
    return {name: current_app.config[name] for name in SHOWN}
