"""The registration form refuses what is wrong, says why, and redirects once all is right."""

import pytest

GOOD = {
    "name": "Ada",
    "email": "ada@example.org",
    "password": "correct horse",
    "repeat": "correct horse",
    "terms": "yes",
}


@pytest.fixture
def example(load_example):
    module = load_example("registration/app.py")
    module.app.testing = True
    return module


@pytest.fixture
def client(example):
    return example.app.test_client()


def test_empty_form(client):
    """The form is shown without any complaint before it is sent."""
    response = client.get("/")
    assert response.status_code == 200
    assert 'name="email"' in response.text
    assert "<em" not in response.text


def test_registers_and_redirects(client, example):
    """A good form stores the account and answers 303 to a page that greets once."""
    response = client.post("/", data=GOOD)
    assert response.status_code == 303
    assert response.location == "/welcome"
    assert list(example.accounts) == ["ada@example.org"]

    first = client.get("/welcome")
    assert "Welcome, Ada!" in first.text
    assert "ada@example.org" in first.text
    assert "Welcome, Ada!" not in client.get("/welcome").text


def test_password_is_hashed(client, example):
    """The password is kept only as a hash."""
    client.post("/", data=GOOD)
    stored = example.accounts["ada@example.org"]["password"]
    assert GOOD["password"] not in stored
    assert stored.startswith("scrypt:")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "   "}, "Enter your name"),
        ({"name": "x" * 81}, "Enter your name"),
        ({"email": "ada"}, "Enter an e-mail address"),
        ({"email": "ada@example"}, "Enter an e-mail address"),
        ({"email": "ada lovelace@example.org"}, "Enter an e-mail address"),
        ({"password": "short", "repeat": "short"}, "10 to 200 characters"),
        ({"repeat": "another horse"}, "The two passwords differ."),
        ({"terms": "no"}, "Accept the terms"),
    ],
    ids=["no name", "long name", "no @", "no dot", "space", "short", "differ", "terms"],
)
def test_refuses(client, example, change, message):
    """A wrong field is named, nothing is stored, and the answer is a 422."""
    response = client.post("/", data=GOOD | change)
    assert response.status_code == 422
    assert message in response.text
    assert response.text.count("<em") == 1
    assert not example.accounts


def test_keeps_what_was_typed(client):
    """A refused form comes back filled in and escaped, but without the passwords."""
    response = client.post("/", data=GOOD | {"name": '"><script>', "email": "wrong"})
    assert "&#34;&gt;&lt;script&gt;" in response.text
    assert "<script>" not in response.text
    assert 'value="wrong"' in response.text
    assert GOOD["password"] not in response.text


def test_nothing_sent(client):
    """An empty POST lists every missing field instead of failing."""
    response = client.post("/")
    assert response.status_code == 422
    assert response.text.count("<em") == 4


def test_address_taken(client, example):
    """An address is registered once, whatever its letter case."""
    client.post("/", data=GOOD)
    response = client.post("/", data=GOOD | {"name": "Eve", "email": "ADA@example.org"})
    assert response.status_code == 409
    assert "registered already" in response.text
    assert example.accounts["ada@example.org"]["name"] == "Ada"


def test_welcome_needs_registration(client):
    """Who has not registered is sent from the welcome page to the form."""
    response = client.get("/welcome")
    assert response.status_code == 302
    assert response.location == "/"
