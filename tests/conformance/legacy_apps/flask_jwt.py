"""Tokens by Flask-JWT: the identity is kept on the request's context."""

from flask import Flask, jsonify
from flask_jwt import JWT, current_identity, jwt_required


class User:
    id = 7
    name = "ada"


app = Flask(__name__)
app.config["SECRET_KEY"] = "a key of thirty-two bytes, at least"
JWT(
    app,
    lambda name, password: User() if (name, password) == ("ada", "lovelace") else None,
    lambda payload: User() if payload["identity"] == 7 else None,
)


@app.route("/me")
@jwt_required()
def show_me():
    return jsonify(name=current_identity.name)


def check(ask):
    refused = ask("/me")
    assert refused.status == 401, refused
    assert refused.json["error"] == "Authorization Required"
    assert ask("/auth", json={"username": "ada", "password": "x"}).status == 401
    token = ask("/auth", json={"username": "ada", "password": "lovelace"}).json["access_token"]
    assert ask("/me", headers={"Authorization": f"JWT {token}"}).json == {"name": "ada"}
