"""The dynamic example counts, uploads, stamps and refuses as its page says."""

import io

import pytest


@pytest.fixture
def uploads(tmp_path):
    return tmp_path / "uploads"


@pytest.fixture
def app(load_example, uploads):
    config = {"TESTING": True, "SECRET_KEY": "test", "UPLOADS": uploads}
    return load_example("dynamic/app.py").create_app(config)


@pytest.fixture
def client(app):
    return app.test_client()


def send(client, name, content=b"content"):
    return client.post("/uploads", data={"file": (io.BytesIO(content), name)})


def test_counts_visits(client):
    """The cookie counts the visits of one browser."""
    assert "your first visit" in client.get("/").text
    assert "visit number 2" in client.get("/").text
    assert "visit number 3" in client.get("/").text


@pytest.mark.parametrize("value", ["many", "", "-5", "1.5"])
def test_broken_counter(client, value):
    """A counter cookie that someone changed starts again instead of failing."""
    client.set_cookie("visits", value)
    response = client.get("/")
    assert response.status_code == 200
    assert "your first visit" in response.text


def test_request_id(client):
    """Each request has an id of its own, the same on the page and in the header."""
    first, second = client.get("/"), client.get("/")
    assert first.headers["X-Request-ID"] in first.text
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


def test_error_has_request_id(client):
    """An error page carries the header too."""
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert len(response.headers["X-Request-ID"]) == 16


def test_upload(client, uploads):
    """An uploaded file is stored, listed and sent back as an attachment."""
    response = send(client, "notes.txt", b"hello")
    assert response.status_code == 303
    [stored] = uploads.iterdir()
    assert stored.read_bytes() == b"hello"

    page = client.get("/").text
    assert f"Saved as {stored.name}." in page
    assert f'href="/uploads/{stored.name}"' in page
    with client.get(f"/uploads/{stored.name}") as response:
        assert response.data == b"hello"
        assert response.headers["Content-Disposition"].startswith("attachment")


def test_same_name_twice(client, uploads):
    """A second file of the same name does not replace the first."""
    send(client, "a.txt", b"one")
    send(client, "a.txt", b"two")
    assert sorted(path.read_bytes() for path in uploads.iterdir()) == [b"one", b"two"]


def test_path_in_name(client, uploads, tmp_path):
    """A name that climbs out of the folder is stored inside it all the same."""
    send(client, "../../evil.txt")
    [stored] = tmp_path.rglob("*evil.txt")
    assert stored.parent == uploads


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("page.html", "Only these types are taken"),
        ("program", "Only these types are taken"),
        (".txt", "Only these types are taken"),
        ("..", "Choose a file first."),
    ],
)
def test_upload_refused(client, uploads, name, message):
    """A file of another type, or without a usable name, is refused with the reason."""
    assert send(client, name).status_code == 303
    assert message in client.get("/").text
    assert not list(uploads.iterdir())


def test_no_file(client):
    """A form sent without a file asks for one."""
    assert client.post("/uploads").status_code == 303
    assert "Choose a file first." in client.get("/").text


def test_too_large(app, client, uploads):
    """A body over the limit is a 413 with a page that names the limit."""
    app.config["MAX_CONTENT_LENGTH"] = 50_000
    response = send(client, "big.txt", b"x" * 50_000)
    assert response.status_code == 413
    assert "50.0 kB" in response.text
    assert not list(uploads.iterdir())


@pytest.mark.parametrize("path", ["/uploads/missing.txt", "/uploads/..%2fapp.py"])
def test_missing_upload(client, path):
    """A file that is not in the folder is a 404, also when the path tries to leave it."""
    assert client.get(path).status_code == 404


def test_method_view(client):
    """The class of views answers the methods it has and refuses the others."""
    assert client.get("/uploads").status_code == 405
    assert client.delete("/uploads/a.txt").status_code == 405
