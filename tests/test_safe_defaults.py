"""The table of safe defaults is all that ``Bolthead`` and ``Flask`` differ in."""

from __future__ import annotations

import pytest

from bolthead import Bolthead, Flask, flash, redirect, request, session
from bolthead.safe_defaults import IN_BOLTHEAD, SAFE_DEFAULTS, setting

IN_FLASK = {row.setting: row.in_flask for row in SAFE_DEFAULTS}


def test_each_setting_stands_once():
    """The table names each setting once, in order, with two values and a reason."""
    names = [row.setting for row in SAFE_DEFAULTS]
    assert names == sorted(set(names))
    for row in SAFE_DEFAULTS:
        assert row.in_flask != row.in_bolthead
        assert row.why.endswith(".")


def test_default_config_is_made_of_the_table():
    """The first settings of the two classes differ by the table, and by nothing else."""
    differing = {
        name
        for name in {*Flask.default_config, *Bolthead.default_config}
        if Flask.default_config.get(name, ...) != Bolthead.default_config.get(name, ...)
    }
    assert differing == set(IN_BOLTHEAD)
    assert {name: Bolthead.default_config[name] for name in IN_BOLTHEAD} == IN_BOLTHEAD


@pytest.mark.parametrize("name", IN_FLASK)
def test_flask_does_what_the_table_says(name):
    """A setting that ``Flask`` has from Flask is what the table says; else it does the same."""
    assert setting(Flask("shop").config, name) == IN_FLASK[name]
    assert setting({}, name) == IN_FLASK[name]


def test_the_class_has_nothing_else_of_its_own():
    """``Bolthead`` overrides no method and adds none."""
    own = {name for name in vars(Bolthead) if not name.startswith("__")}
    assert own - {"_abc_impl"} == {"defaults", "default_config"}


def answers(cls, settings):
    """What an app of a class answers to requests that each setting is about."""
    app = cls("quiet_defaults")
    app.config.update(SECRET_KEY="6c1d8e2f9a4b7053", **settings)
    app.logger.disabled = True

    @app.route("/", methods=["GET", "POST"])
    def index():
        session["user"] = request.values.get("user", "ada")
        return "index"

    @app.post("/json")
    def data():
        return {"got": request.get_json()}

    @app.get("/json")
    def show():
        return {"a": 1}

    @app.get("/go")
    def go():
        flash("gone")
        return redirect("/")

    @app.get("/fail")
    def fail():
        raise RuntimeError

    client = app.test_client()
    foreign = {"Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"}
    deep = f"{'[' * 300}{']' * 300}"
    asked = [
        client.get("/", base_url="https://localhost"),
        client.get("/"),
        client.post("/", data={"user": "eve"}, headers=foreign),
        client.post("/", data={f"field{number}": "" for number in range(1500)}),
        client.post("/json", data=deep, content_type="application/json"),
        client.get("/json"),
        client.get("/go"),
        client.get("/fail"),
        client.get("/nothing"),
        client.get(f"/{'a' * 10_000}"),
        client.options("/"),
    ]
    return [
        (answer.status, sorted((k, v.partition("=")[0]) for k, v in answer.headers), answer.text)
        for answer in asked
    ]


def test_with_flasks_settings_it_is_flask():
    """With the table taken back a ``Bolthead`` app answers as ``Flask`` does, and reversed."""
    assert answers(Bolthead, IN_FLASK) == answers(Flask, {})
    assert answers(Flask, IN_BOLTHEAD) == answers(Bolthead, {})
    assert answers(Flask, {}) != answers(Bolthead, {})
