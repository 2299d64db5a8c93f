"""Documents as JSON by Flask-MongoEngine's encoder."""

import mongomock
from flask import Flask, jsonify
from flask_mongoengine import MongoEngine

app = Flask(__name__)
app.config["MONGODB_SETTINGS"] = {
    "db": "shop",
    "host": "mongodb://localhost",
    "mongo_client_class": mongomock.MongoClient,
    "uuidRepresentation": "standard",
}
db = MongoEngine(app)


class Item(db.Document):
    name = db.StringField(required=True)
    price = db.IntField()


@app.route("/items/<name>", methods=["POST"])
def add(name):
    return jsonify(Item(name=name, price=3).save())


@app.route("/items")
def show():
    return jsonify(items=Item.objects.order_by("name"))


@app.route("/items/<name>")
def show_one(name):
    return jsonify(Item.objects.get_or_404(name=name))


def check(ask):
    assert ask("/items/pen", method="POST").json["name"] == "pen"
    assert [item["price"] for item in ask("/items").json["items"]] == [3]
    assert set(ask("/items/pen").json["_id"]) == {"$oid"}
    assert ask("/items/ink").status == 404
