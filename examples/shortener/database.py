"""The database: one engine per app, one session per request, tables made at the start."""

from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from bolthead import current_app, g

from .models import Base

# How long a writer waits for another one, in seconds, before it gives up.
BUSY_TIMEOUT = 20


def init_app(app) -> None:
    engine = make_engine(Path(app.config["DATABASE"]))
    create_tables(engine)
    # A server may fork its workers after this, and SQLite connections must not cross a fork.
    engine.dispose()
    app.extensions["database"] = engine
    app.teardown_appcontext(close_session)


def get_session() -> Session:
    """Return this request's session, opened when it is first asked for."""
    if "database_session" not in g:
        g.database_session = Session(current_app.extensions["database"], expire_on_commit=False)
    return g.database_session


def close_session(error=None) -> None:
    """Give the connection back; what was not committed is rolled back."""
    session = g.pop("database_session", None)
    if session is not None:
        session.close()


def make_engine(path: Path) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_TIMEOUT}
    )
    event.listen(engine, "connect", prepare)
    return engine


def prepare(connection, record) -> None:
    """Set what SQLite keeps per connection."""
    connection.execute("PRAGMA foreign_keys = ON")
    # Safe together with the write-ahead log, and one wait for the disk less per commit.
    connection.execute("PRAGMA synchronous = NORMAL")


def create_tables(engine: Engine) -> None:
    """Make the tables that are missing; several workers may do so at the same moment."""
    with engine.connect() as connection:
        # Kept in the file: with a write-ahead log nobody who reads waits for someone who writes.
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
