"""Commands by Flask-Script, run in a request of the app as by hand."""

from flask import Flask, current_app, request
from flask_script import Manager

app = Flask("shop")
manager = Manager(app)


@manager.command
def greet(name, loud=False):
    "Greet somebody."
    text = f"{current_app.name} greets {name} at {request.path}"
    return text.upper() if loud else text


@app.route("/greet/<name>")
def show(name):
    return manager.handle("manage.py", ["greet", name, "--loud"])


def check(ask):
    assert ask("/greet/ada").text == "SHOP GREETS ADA AT /"
    assert manager.handle("manage.py", ["greet", "bob"]) == "shop greets bob at /"
