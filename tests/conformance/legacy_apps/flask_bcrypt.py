"""Passwords by Flask-Bcrypt."""

from flask import Flask, request
from flask_bcrypt import Bcrypt

app = Flask(__name__)
app.config["BCRYPT_LOG_ROUNDS"] = 4
bcrypt = Bcrypt(app)
kept = bcrypt.generate_password_hash("lovelace")


@app.route("/login", methods=["POST"])
def login():
    return "in" if bcrypt.check_password_hash(kept, request.form["password"]) else ("out", 403)


def check(ask):
    assert ask("/login", form={"password": "lovelace"}).text == "in"
    assert ask("/login", form={"password": "x"}).status == 403
