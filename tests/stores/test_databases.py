"""PostgreSQL and MariaDB through Flask-SQLAlchemy and Flask-Migrate, on Bolthead."""

from __future__ import annotations

import os
import subprocess
import sys

import httpx
import pytest
import sqlalchemy
from servers import serving

from stores.load import through_an_outage

for needed in ("flask_sqlalchemy", "flask_migrate", "psycopg", "pymysql", "gunicorn"):
    pytest.importorskip(needed, reason=f"{needed} is not installed: run make test-stores")

MODELS = """
import os

import bolthead

bolthead.install_as_flask()

from flask import Flask, jsonify
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Mapped, mapped_column

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db = SQLAlchemy(app)
migrate = Migrate(app, db)


class Order(db.Model):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(db.String(80), unique=True)
{columns}
"""

VIEWS = """

@app.post("/orders/<key>")
def place(key):
    db.session.add(Order(key=key))
    db.session.commit()
    return "", 201


@app.get("/unhandled")
def unhandled():
    return str(db.session.execute(db.text("SELECT 1")).scalar())


@app.post("/handled/<key>")
def handled(key):
    try:
        return place(key)
    except OperationalError:
        db.session.rollback()
        return jsonify(error="The database cannot be reached."), 503, {"Retry-After": "1"}
    except IntegrityError:
        # What was tried again had been written, though its answer was lost.
        db.session.rollback()
        return "", 201
"""


def command(folder, store, *words):
    """Run ``bolthead --app shop db ...`` in the folder; what it printed."""
    environ = {**os.environ, "DATABASE_URL": store.url, "PYTHONPATH": str(folder)}
    line = [sys.executable, "-m", "bolthead", "--app", "shop", "db", *words]
    done = subprocess.run(line, cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def columns_of(store, table):
    """The columns of a table as the database tells them; None where there is no table."""
    engine = sqlalchemy.create_engine(store.url, poolclass=sqlalchemy.NullPool)
    inspector = sqlalchemy.inspect(engine)
    if not inspector.has_table(table):
        return None
    return {column["name"] for column in inspector.get_columns(table)}


def keys_of(store):
    engine = sqlalchemy.create_engine(store.url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.text("SELECT * FROM orders"))
        return [row._mapping["key"] for row in rows]


def drop_all(store):
    engine = sqlalchemy.create_engine(store.url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        for table in ("orders", "alembic_version"):
            connection.execute(sqlalchemy.text(f"DROP TABLE IF EXISTS {table}"))


def test_migrations(database, tmp_path):
    """Migrations are written, applied and taken back, and rows outlive them."""
    drop_all(database)
    shop = tmp_path / "shop.py"
    shop.write_text(MODELS.format(columns=""))
    command(tmp_path, database, "init")
    command(tmp_path, database, "migrate", "--message", "first")
    assert columns_of(database, "orders") is None
    command(tmp_path, database, "upgrade")
    assert columns_of(database, "orders") == {"id", "key"}

    engine = sqlalchemy.create_engine(database.url, poolclass=sqlalchemy.NullPool)
    orders = sqlalchemy.Table("orders", sqlalchemy.MetaData(), autoload_with=engine)
    with engine.begin() as connection:
        connection.execute(orders.insert().values(key="kept ☃"))

    shop.write_text(
        MODELS.format(columns="    note: Mapped[str | None] = mapped_column(db.String(80))")
    )
    told = command(tmp_path, database, "migrate", "--message", "second")
    assert "Detected added column 'orders.note'" in told
    command(tmp_path, database, "upgrade")
    assert columns_of(database, "orders") == {"id", "key", "note"}
    assert len(list((tmp_path / "migrations" / "versions").glob("*.py"))) == 2
    assert "(head)" in command(tmp_path, database, "current")
    assert "No new upgrade operations detected" in command(tmp_path, database, "check")

    command(tmp_path, database, "downgrade")
    assert columns_of(database, "orders") == {"id", "key"}
    assert keys_of(database) == ["kept ☃"]
    command(tmp_path, database, "downgrade", "base")
    assert columns_of(database, "orders") is None


def test_killed_under_load(database, tmp_path):
    """The database dies and comes back: clear errors, a pool that recovers, no order lost."""
    drop_all(database)
    (tmp_path / "shop.py").write_text(MODELS.format(columns="") + VIEWS)
    command(tmp_path, database, "init")
    command(tmp_path, database, "migrate")
    command(tmp_path, database, "upgrade")
    environ = {"DATABASE_URL": database.url, "WEB_CONCURRENCY": "2"}

    def place(client, record):
        key = f"{record.number}-{len(record.seen)}"
        answer = client.post(f"/handled/{key}")
        if answer.status_code == 201:
            record.acknowledged.append(key)
        else:
            assert answer.json() == {"error": "The database cannot be reached."}
        return answer.status_code

    with serving("gunicorn-gthread", "shop:app", tmp_path, tmp_path, environ) as port:
        base = f"http://127.0.0.1:{port}"
        unhandled = []
        outage = through_an_outage(
            database,
            base,
            place,
            lambda: unhandled.append(httpx.get(f"{base}/unhandled", timeout=60)),
        )
        log = (tmp_path / "log").read_text("utf-8")
        after = httpx.get(f"{base}/unhandled", timeout=60)

    # Nothing but the two answers that the app gives, and none hung.
    assert set(outage.counts()) == {201, 503}
    assert outage.counts(until=outage.killed)[201] > 0
    assert outage.counts(since=outage.killed, until=outage.back)[503] > 0
    assert set(outage.counts(since=outage.recovered)) == {201}
    # An error that no handler takes tells the client nothing, and the log what happened.
    (answer,) = unhandled
    assert answer.status_code == 500
    assert "hush" not in answer.text
    assert "OperationalError" not in answer.text
    assert "Exception on /unhandled [GET]" in log
    assert "OperationalError" in log
    assert "hush" not in log
    assert after.text == "1"
    # The workers that lived through it are the ones that serve.
    assert log.count("Booting worker") == 2

    acknowledged = [key for record in outage.records for key in record.acknowledged]
    stored = keys_of(database)
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)
