"""Users who log in by Flask-Login."""

from flask import Flask, request
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)

app = Flask(__name__)
app.secret_key = "a key"
manager = LoginManager(app)
manager.login_view = "login"


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@manager.user_loader
def load(name):
    return User(name)


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        login_user(User(request.form["name"]), remember=True)
    return "in"


@app.route("/logout")
def logout():
    logout_user()
    return "out"


@app.route("/me")
@login_required
def show_me():
    return current_user.id


def check(ask):
    sent = ask("/me")
    assert (sent.status, sent.headers["Location"]) == (302, "/login?next=%2Fme"), sent
    assert ask("/login", form={"name": "ada"}).text == "in"
    assert ask("/me").text == "ada"
    assert "remember_token" in ask.cookies()
    assert ask("/logout").text == "out"
    assert ask("/me").status == 302
