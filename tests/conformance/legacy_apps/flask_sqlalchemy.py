"""Rows in SQLite by Flask-SQLAlchemy 2; its session lives as long as the app's context."""

import os
import tempfile

from flask import Flask, jsonify
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
path = os.path.join(tempfile.mkdtemp(), "shop.db")
app.config.update(SQLALCHEMY_DATABASE_URI=f"sqlite:///{path}", SQLALCHEMY_TRACK_MODIFICATIONS=False)
db = SQLAlchemy(app)


class Item(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(20), unique=True)


@app.before_first_request
def create():
    db.create_all()


@app.route("/items/<name>", methods=["POST"])
def add(name):
    db.session.add(Item(name=name))
    db.session.commit()
    return "added"


@app.route("/items")
def show():
    page = Item.query.order_by(Item.name).paginate(1, 2)
    return jsonify(items=[item.name for item in page.items], pages=page.pages)


@app.route("/items/<int:number>")
def show_one(number):
    return Item.query.get_or_404(number).name


def check(ask):
    for name in ("pen", "ink", "nib"):
        assert ask(f"/items/{name}", method="POST").text == "added"
    assert ask("/items").json == {"items": ["ink", "nib"], "pages": 2}
    assert ask("/items/1").text == "pen"
    assert ask("/items/9").status == 404
