"""Static files that were answered before are answered soon, and never with what is no longer so."""

from __future__ import annotations

import os

import pytest

from bolthead import Flask

OLD, NEW = 1_700_000_000, 1_700_000_100


@pytest.fixture
def file(tmp_path):
    """A static file that was sent once."""
    folder = tmp_path / "static"
    folder.mkdir()
    path = folder / "page.txt"
    path.write_text("first")
    os.utime(path, (OLD, OLD))
    return path


@pytest.fixture
def client(file):
    """A client of an app that has the file."""
    app = Flask("files", root_path=str(file.parent.parent))
    client = app.test_client()
    client.get("/static/page.txt").close()
    return client


def get(client, **headers):
    """Return status, body and ETag of the file."""
    with client.get("/static/page.txt", headers=headers) as response:
        return response.status_code, response.data, response.headers.get("ETag")


def test_again(client):
    """The second answer is the first one's."""
    assert get(client) == get(client)
    assert get(client)[:2] == (200, b"first")


def test_changed_file(client, file):
    """A file that was written again is sent as it is now, with another ETag."""
    before = get(client)
    file.write_text("other")
    os.utime(file, (NEW, NEW))
    assert get(client)[:2] == (200, b"other")
    assert get(client)[2] != before[2]


def test_removed_file(client, file):
    """A file that is gone is 404."""
    file.unlink()
    assert get(client)[0] == 404


def test_folder_in_its_place(client, file):
    """A folder that took the file's name is 404."""
    file.unlink()
    file.mkdir()
    assert get(client)[0] == 404


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("If-None-Match", "{etag}", (304, b"")),
        ("If-None-Match", '"other", {etag}', (304, b"")),
        ("If-None-Match", '"other"', (200, b"first")),
        ("If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT", (304, b"")),
        ("If-Modified-Since", "Tue, 14 Nov 2023 22:13:19 GMT", (200, b"first")),
        ("Range", "bytes=1-2", (206, b"ir")),
        ("If-Match", '"other"', (412, b"")),
    ],
    ids=["etag", "one of two", "other etag", "since", "earlier", "range", "no match"],
)
def test_conditions(client, name, value, expected):
    """Conditions and ranges are answered as for a file that was not sent before."""
    status, body, _ = get(client, **{name: value.format(etag=get(client)[2])})
    assert (status, body if status != 412 else b"") == expected


def test_ages_are_kept_apart(file):
    """The setting for the age counts, though the file was sent with another one before."""
    app = Flask("files", root_path=str(file.parent.parent))
    for age in (10, 20, None):
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = age
        with app.test_client().get("/static/page.txt") as response:
            assert response.cache_control.max_age == age


def test_only_the_folder(client, file):
    """No path leads out of the folder, neither at first nor later."""
    (file.parent.parent / "secret.txt").write_text("secret")
    for path in ("/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static//secret.txt"):
        for _ in range(2):
            assert client.get(path).status_code in {308, 404}
