"""Who is there: accounts with hashed passwords, and Flask-Login."""

import re
import secrets
from functools import cache
from urllib.parse import urlsplit

from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from werkzeug.security import check_password_hash, generate_password_hash

from bolthead import Blueprint, current_app, flash, redirect, render_template, request, url_for

NAME = re.compile(r"[A-Za-z0-9_-]{2,20}")

blueprint = Blueprint("accounts", __name__)
manager = LoginManager()
manager.login_view = "accounts.login"
manager.login_message = ""


class Person(UserMixin):
    def __init__(self, row) -> None:
        self.id = row["id"]
        self.name = row["name"]


def init_app(app) -> None:
    manager.init_app(app)
    app.register_blueprint(blueprint)


@manager.user_loader
def load_person(person_id: str) -> Person | None:
    row = current_app.extensions["store"].person(int(person_id))
    return row and Person(row)


@blueprint.get("/join")
def join():
    return show_form("join")


@blueprint.post("/join")
def add_person():
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    if not NAME.fullmatch(name):
        return show_form("join", "name", "2 to 20 letters, digits, “-” or “_”.")
    if not 10 <= len(password) <= 200:
        return show_form("join", "password", "10 to 200 characters.")
    store = current_app.extensions["store"]
    person_id = store.add_person(name, generate_password_hash(password))
    if person_id is None:
        return show_form("join", "name", f"The name {name} is taken.")
    return enter(store.person(person_id))


@blueprint.get("/login")
def login():
    return show_form("login")


@blueprint.post("/login")
def check_login():
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    row = current_app.extensions["store"].person_named(name)
    # A hash is computed for an unknown name, too, so that the time does not tell.
    if not check_password_hash(row["password_hash"] if row else no_password(), password):
        return show_form("login", "password", "Name or password is wrong.")
    return enter(row)


@blueprint.post("/logout")
@login_required
def logout():
    logout_user()
    return redirect(url_for("accounts.login"), code=303)


@cache
def no_password() -> str:
    return generate_password_hash(secrets.token_hex())


def enter(row):
    login_user(Person(row))
    flash(f"Welcome, {current_user.name}.")
    return redirect(local_path(request.args.get("next")), code=303)


def local_path(target: str | None) -> str:
    """Return where to go after the login: a path of this site, and nothing else."""
    parts = urlsplit(target or "")
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or "\\" in (target or ""):
        return url_for("pages.index")
    return parts._replace(path="/" + parts.path.lstrip("/")).geturl()


def show_form(which: str, field: str = "", error: str = ""):
    """Show a form, with what is wrong beside one of its fields."""
    name = request.form.get("name")
    page = render_template("account.html", which=which, errors={field: error}, name=name)
    return page, 422 if error else 200
