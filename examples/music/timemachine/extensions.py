"""The extensions, made once and bound to an app by the factory."""

import sqlite3

from authlib.integrations.flask_client import OAuth
from flask_caching import Cache
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase

# Constraints have names, so that migrations can find them in every database.
NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate(render_as_batch=True)
login_manager = LoginManager()
csrf = CSRFProtect()
cache = Cache()
limiter = Limiter(key_func=get_remote_address)
oauth = OAuth()

login_manager.login_view = "accounts.login"
login_manager.login_message = "Log in to see this page."
login_manager.login_message_category = "info"


@event.listens_for(Engine, "connect")
def prepare_sqlite(connection, record) -> None:
    """Set what SQLite keeps per connection."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA foreign_keys = ON")
        # Who reads waits for nobody who writes.
        connection.execute("PRAGMA journal_mode = WAL")
        # Safe together with the write-ahead log, and one wait for the disk less per commit.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -64000")
        connection.execute("PRAGMA mmap_size = 268435456")
