"""An app under New Relic's agent; prints what that patched."""

import json
import logging
import os

os.environ |= {
    "NEW_RELIC_LICENSE_KEY": "0" * 40,
    "NEW_RELIC_DEVELOPER_MODE": "true",  # it asks no server
}

import newrelic.agent

newrelic.agent.initialize()

import flask  # noqa: E402  # the agent waits for it
from flask import Blueprint, Flask, jsonify, render_template_string  # noqa: E402

logging.disable(logging.CRITICAL)
app = Flask("watched")
app.config["PROPAGATE_EXCEPTIONS"] = False
part = Blueprint("part", "watched")


@app.before_request
def check():
    pass


@app.after_request
def mark(response):
    return response


@app.teardown_request
def end(error):
    pass


@app.errorhandler(404)
def miss(error):
    return "nothing here", 404


@app.route("/greet/<name>")
def greet(name):
    return render_template_string("Hello {{ name }}", name=name)


@app.route("/fail")
def fail():
    raise RuntimeError("failed")


@part.route("/part")
def show():
    return jsonify(part=1)


app.register_blueprint(part)
client = app.test_client()
statuses = [client.get(path).status_code for path in ("/greet/Ada", "/fail", "/part", "/nope")]

held = {"Flask": vars(Flask), "Blueprint": vars(Blueprint)}
held["flask"] = {name: getattr(flask, name) for name in dir(flask)}
patched = [
    f"{owner}.{name}"
    for owner, names in held.items()
    for name in sorted(names)
    if type(names[name]).__name__ == "FunctionWrapper"
]
views = {name: type(view).__name__ for name, view in app.view_functions.items()}
print(
    json.dumps(
        {
            "flask": Flask.__module__,
            "statuses": statuses,
            "patched": patched,
            "views": views,
        }
    )
)
