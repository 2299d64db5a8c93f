"""Private notes: accounts with hashed passwords, a login in the session, notes in SQLite.

bolthead --app examples/notes/app.py run

The database is instance/notes.sqlite beside this file. Set SECRET_KEY in the environment to keep
people logged in when the process restarts.
"""

import os
import re
import secrets
import sqlite3
from contextlib import closing
from functools import cache, wraps
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

from bolthead import (
    Blueprint,
    Bolthead,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)

NAME = re.compile(r"[A-Za-z0-9_-]{3,30}")

pages = Blueprint("pages", __name__)


def create_app(config=None):
    app = Bolthead(__name__)
    app.config.from_mapping(
        DATABASE=Path(app.instance_path) / "notes.sqlite",
        SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_hex(),
        # Another site's form cannot post with this session: the browser leaves the cookie out.
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=1_000_000,
    )
    app.config.from_mapping(config or {})

    database = Path(app.config["DATABASE"])
    database.parent.mkdir(parents=True, exist_ok=True)
    with closing(connect(database)) as db, app.open_resource("schema.sql", "r") as schema:
        db.executescript(schema.read())

    app.register_blueprint(pages)
    app.teardown_appcontext(close_db)
    return app


# --- database ------------------------------------------------------------------------------------


def connect(path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=10)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    return db


def get_db() -> sqlite3.Connection:
    """Return this request's connection, opened when it is first asked for."""
    if "db" not in g:
        g.db = connect(current_app.config["DATABASE"])
    return g.db


def close_db(error=None) -> None:
    db = g.pop("db", None)
    if db is not None:
        db.close()


# --- accounts ------------------------------------------------------------------------------------


@pages.before_request
def load_user():
    """Put the logged in user on g, or None."""
    g.user = None
    if "user_id" in session:
        query = "SELECT id, name FROM users WHERE id = ?"
        g.user = get_db().execute(query, (session["user_id"],)).fetchone()


def login_required(view):
    @wraps(view)
    def checked(**arguments):
        if g.user is None:
            return redirect(url_for("pages.login"), code=303)
        return view(**arguments)

    return checked


@pages.route("/register", methods=["GET", "POST"])
def register():
    if request.method == "GET":
        return render_template("account.html", action="Register")

    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    if not NAME.fullmatch(name):
        return refuse("Register", "A name has 3 to 30 letters, digits, '-' or '_'.")
    if not 10 <= len(password) <= 200:
        return refuse("Register", "A password has 10 to 200 characters.")
    try:
        with get_db() as db:
            query = "INSERT INTO users (name, password_hash) VALUES (?, ?)"
            user_id = db.execute(query, (name, generate_password_hash(password))).lastrowid
    except sqlite3.IntegrityError:
        return refuse("Register", f"The name {name} is taken.")
    return start_session(user_id)


@pages.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return render_template("account.html", action="Log in")

    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    query = "SELECT id, password_hash FROM users WHERE name = ?"
    user = get_db().execute(query, (name,)).fetchone()
    # An unknown name costs the same time as a wrong password, so names cannot be probed.
    known_hash = user["password_hash"] if user else unusable_hash()
    if not check_password_hash(known_hash, password) or user is None:
        return refuse("Log in", "Name or password is wrong.")
    return start_session(user["id"])


@pages.post("/logout")
def logout():
    session.clear()
    return redirect(url_for("pages.login"), code=303)


def refuse(action: str, message: str):
    flash(message)
    return render_template("account.html", action=action), 422


def start_session(user_id: int):
    # Nothing from before the login is carried into it.
    session.clear()
    session["user_id"] = user_id
    return redirect(url_for("pages.show_notes"), code=303)


@cache
def unusable_hash() -> str:
    return generate_password_hash(secrets.token_hex())


# --- notes ---------------------------------------------------------------------------------------


@pages.get("/")
@login_required
def show_notes():
    query = "SELECT * FROM notes WHERE user_id = ? ORDER BY changed_at DESC, id DESC"
    return render_template("notes.html", notes=get_db().execute(query, (g.user["id"],)).fetchall())


@pages.route("/notes/new", methods=["GET", "POST"])
@login_required
def create_note():
    if request.method == "GET":
        return render_template("edit.html", note={})
    title, body = read_note()
    if not title:
        return ask_for_title()
    with get_db() as db:
        query = "INSERT INTO notes (user_id, title, body) VALUES (?, ?, ?)"
        db.execute(query, (g.user["id"], title, body))
    flash("Note saved.")
    return redirect(url_for("pages.show_notes"), code=303)


@pages.route("/notes/<int:note_id>", methods=["GET", "POST"])
@login_required
def edit_note(note_id: int):
    note = own_note(note_id)
    if request.method == "GET":
        return render_template("edit.html", note=note)
    title, body = read_note()
    if not title:
        return ask_for_title()
    with get_db() as db:
        query = """
            UPDATE notes SET title = ?, body = ?, changed_at = CURRENT_TIMESTAMP
            WHERE id = ? AND user_id = ?"""
        db.execute(query, (title, body, note_id, g.user["id"]))
    flash("Note saved.")
    return redirect(url_for("pages.show_notes"), code=303)


@pages.post("/notes/<int:note_id>/delete")
@login_required
def delete_note(note_id: int):
    own_note(note_id)
    with get_db() as db:
        query = "DELETE FROM notes WHERE id = ? AND user_id = ?"
        db.execute(query, (note_id, g.user["id"]))
    flash("Note deleted.")
    return redirect(url_for("pages.show_notes"), code=303)


def own_note(note_id: int) -> sqlite3.Row:
    """Return a note of the logged in user; someone else's note is as absent as none."""
    query = "SELECT * FROM notes WHERE id = ? AND user_id = ?"
    note = get_db().execute(query, (note_id, g.user["id"])).fetchone()
    if note is None:
        abort(404)
    return note


def read_note() -> tuple[str, str]:
    return request.form.get("title", "").strip()[:200], request.form.get("body", "")


def ask_for_title():
    flash("A note needs a title.")
    return render_template("edit.html", note=request.form), 422
