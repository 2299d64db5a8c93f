"""The hello example answers."""

import pytest


@pytest.fixture
def client(load_example):
    return load_example("hello/app.py").app.test_client()


def test_hello(client):
    """The front page greets the world as HTML."""
    response = client.get("/")
    assert response.status_code == 200
    assert response.text == "Hello, world!"
    assert response.mimetype == "text/html"


def test_unknown_page(client):
    """A page that was not routed is a 404."""
    assert client.get("/nowhere").status_code == 404
