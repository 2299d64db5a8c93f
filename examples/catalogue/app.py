"""A product catalogue as a JSON API: typed URLs, a checked query string, errors as JSON.

bolthead --app examples/catalogue/app.py run

Then open http://127.0.0.1:5000/search?category=tools&max_price=20
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from werkzeug.exceptions import HTTPException

from bolthead import Bolthead, abort, jsonify, request


@dataclass(frozen=True, slots=True)
class Product:
    id: int
    name: str
    category: str
    price: Decimal


PRODUCTS = {
    product.id: product
    for product in (
        Product(1, "Hammer", "tools", Decimal("18.90")),
        Product(2, "Spirit level", "tools", Decimal("24.50")),
        Product(3, "Pencil", "tools", Decimal("0.80")),
        Product(4, "Walnut board", "wood", Decimal("20.00")),
        Product(5, "Birch plywood", "wood", Decimal("31.20")),
    )
}

app = Bolthead(__name__)


@app.get("/products/<int:id>")
def show_product(id: int):
    product = PRODUCTS.get(id)
    if product is None:
        abort(404, f"There is no product {id}.")
    return jsonify(product)


@app.get("/search")
def search():
    category = request.args.get("category")
    max_price = read_price("max_price")
    found = [
        product
        for product in PRODUCTS.values()
        if (not category or product.category == category)
        and (max_price is None or product.price <= max_price)
    ]
    return jsonify(count=len(found), products=found)


def read_price(name: str) -> Decimal | None:
    """Return a price from the query string, None where it is missing; anything else is a 400."""
    text = request.args.get(name)
    if text is None:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        abort(400, f"{name} must be a number such as 9.90, not {text[:40]!r}.")
    # Decimal also reads "NaN" and "Infinity", which no price can be compared with.
    if not price.is_finite() or price < 0:
        abort(400, f"{name} must be zero or more, not {text[:40]!r}.")
    return price


@app.errorhandler(HTTPException)
def show_error(error: HTTPException):
    """Answer every error as JSON, also those of paths that match no view."""
    return jsonify(error=error.name, message=error.description), error.code
