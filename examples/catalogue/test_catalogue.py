"""The catalogue finds products and explains, as JSON, what it cannot do."""

import pytest


@pytest.fixture
def client(load_example):
    return load_example("catalogue/app.py").app.test_client()


def test_product(client):
    """A product is shown with its price as exact decimal text."""
    response = client.get("/products/1")
    assert response.status_code == 200
    assert response.json == {"id": 1, "name": "Hammer", "category": "tools", "price": "18.90"}


@pytest.mark.parametrize(
    "path",
    ["/products/99", "/products/hammer", "/products/-1", "/nowhere"],
    ids=["no such product", "not a number", "negative", "no such page"],
)
def test_missing_is_json(client, path):
    """Whatever is not there is a 404 that says so in JSON."""
    response = client.get(path)
    assert response.status_code == 404
    assert response.mimetype == "application/json"
    assert response.json["error"] == "Not Found"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Hammer", "Spirit level", "Pencil", "Walnut board", "Birch plywood"]),
        ("category=wood", ["Walnut board", "Birch plywood"]),
        ("category=glass", []),
        ("max_price=20", ["Hammer", "Pencil", "Walnut board"]),
        ("category=tools&max_price=18.90", ["Hammer", "Pencil"]),
        ("category=wood&max_price=0", []),
    ],
    ids=["all", "category", "unknown category", "price", "both", "free"],
)
def test_search(client, query, names):
    """A search keeps the products of the category that cost no more than the limit."""
    response = client.get(f"/search?{query}")
    assert response.status_code == 200
    assert response.json["count"] == len(names)
    assert [product["name"] for product in response.json["products"]] == names


@pytest.mark.parametrize("price", ["cheap", "", "-1", "nan", "Infinity", "1e99999999999999999999"])
def test_bad_price(client, price):
    """A limit that is no usable number is a 400 that names the parameter."""
    response = client.get("/search", query_string={"max_price": price})
    assert response.status_code == 400
    assert response.json["error"] == "Bad Request"
    assert response.json["message"].startswith("max_price must be")


def test_wrong_method(client):
    """A method that a page does not have is a 405 in JSON."""
    response = client.post("/products/1")
    assert response.status_code == 405
    assert response.json["error"] == "Method Not Allowed"
