"""The notes example keeps people logged in and their notes apart."""

import sqlite3
from contextlib import closing

import pytest

PASSWORD = "correct horse"


@pytest.fixture
def app(load_example, tmp_path):
    example = load_example("notes/app.py")
    config = {"TESTING": True, "SECRET_KEY": "test", "DATABASE": tmp_path / "notes.sqlite"}
    return example.create_app(config)


@pytest.fixture
def join(app):
    """Return a function that registers a name and gives its logged in client."""

    def register(name):
        client = app.test_client()
        response = client.post("/register", data={"name": name, "password": PASSWORD})
        assert response.status_code == 303
        return client

    return register


@pytest.fixture
def query(app):
    """Return a function that reads straight from the database."""

    def fetch(sql):
        with closing(sqlite3.connect(app.config["DATABASE"])) as db:
            return db.execute(sql).fetchall()

    return fetch


def add_note(client, title, body="text"):
    return client.post("/notes/new", data={"title": title, "body": body})


@pytest.mark.parametrize("path", ["/", "/notes/new", "/notes/1"])
def test_login_required(app, path):
    """Without a login every page of notes leads to the login form."""
    response = app.test_client().get(path)
    assert response.status_code == 303
    assert response.location == "/login"


@pytest.mark.parametrize("path", ["/notes/new", "/notes/1", "/notes/1/delete"])
def test_changes_need_login(app, query, join, path):
    """Without a login nothing can be written or deleted."""
    add_note(join("ada"), "First")
    response = app.test_client().post(path, data={"title": "Changed", "body": ""})
    assert response.location == "/login"
    assert query("SELECT title FROM notes") == [("First",)]


def test_password_is_hashed(join, query):
    """The database holds a hash, not the password."""
    join("ada")
    [(stored,)] = query("SELECT password_hash FROM users")
    assert PASSWORD not in stored
    assert stored.startswith("scrypt:")


def test_login_and_logout(app, join):
    """The right password opens the notes until the logout."""
    join("ada")
    client = app.test_client()
    response = client.post("/login", data={"name": "ada", "password": PASSWORD})
    assert response.status_code == 303
    assert client.get("/").status_code == 200

    assert client.post("/logout").status_code == 303
    assert client.get("/").location == "/login"


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong horse"), ("eve", PASSWORD), ("ada", ""), ("", "")],
    ids=["wrong password", "unknown name", "no password", "empty"],
)
def test_login_refused(app, join, name, password):
    """A wrong name and a wrong password get the same answer, and no session."""
    join("ada")
    client = app.test_client()
    response = client.post("/login", data={"name": name, "password": password})
    assert response.status_code == 422
    assert "Name or password is wrong." in response.text
    assert client.get("/").location == "/login"


@pytest.mark.parametrize(
    ("name", "password", "message"),
    [
        ("al", PASSWORD, "3 to 30 letters"),
        ("a d a", PASSWORD, "3 to 30 letters"),
        ("grace", "short", "10 to 200 characters"),
        ("ADA", PASSWORD, "The name ADA is taken."),
    ],
    ids=["short name", "spaces", "short password", "taken"],
)
def test_registration_refused(app, join, query, name, password, message):
    """A registration that cannot be says why, and makes no account."""
    join("ada")
    response = app.test_client().post("/register", data={"name": name, "password": password})
    assert response.status_code == 422
    assert message in response.text
    assert query("SELECT count(*) FROM users") == [(1,)]


def test_create_edit_delete(join):
    """A note can be written, changed and deleted by its owner."""
    client = join("ada")
    assert add_note(client, "Shopping", "Milk").status_code == 303
    page = client.get("/").text
    assert "Shopping" in page
    assert "Note saved." in page

    form = client.get("/notes/1").text
    assert 'value="Shopping"' in form
    assert ">Milk</textarea>" in form
    assert client.post("/notes/1", data={"title": "List", "body": "Eggs"}).status_code == 303
    page = client.get("/").text
    assert "List" in page
    assert "Shopping" not in page

    assert client.post("/notes/1/delete").status_code == 303
    assert "Nothing here yet." in client.get("/").text
    assert client.get("/notes/1").status_code == 404


def test_title_required(join, query):
    """A note without a title is not saved, and its text is not lost."""
    client = join("ada")
    response = add_note(client, "  ", "a long thought")
    assert response.status_code == 422
    assert "A note needs a title." in response.text
    assert "a long thought" in response.text
    assert query("SELECT count(*) FROM notes") == [(0,)]


def test_notes_are_private(join, query):
    """Another person's note can be neither seen nor changed nor deleted: it is a 404."""
    add_note(join("ada"), "Secret plan")
    eve = join("eve")
    assert "Secret plan" not in eve.get("/").text
    assert eve.get("/notes/1").status_code == 404
    assert eve.post("/notes/1", data={"title": "Mine", "body": ""}).status_code == 404
    assert eve.post("/notes/1/delete").status_code == 404
    assert query("SELECT title FROM notes") == [("Secret plan",)]


def test_markup_is_escaped(join):
    """Markup in a note is shown as text."""
    client = join("ada")
    add_note(client, "<script>alert(1)</script>", "</textarea><b>")
    for page in (client.get("/").text, client.get("/notes/1").text):
        assert "<script>" not in page
        assert "</textarea><b>" not in page


def test_cookie_is_lax(app):
    """The session cookie is kept from scripts and from other sites' forms."""
    response = app.test_client().post("/register", data={"name": "ada", "password": PASSWORD})
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_deleted_account(join, app):
    """A session whose account is gone counts as logged out."""
    client = join("ada")
    with closing(sqlite3.connect(app.config["DATABASE"])) as db, db:
        db.execute("DELETE FROM users")
    assert client.get("/").location == "/login"
