"""The registry in, plans out: when they are made, and when they are made again."""

from __future__ import annotations

import pytest

from bolthead import Blueprint, Flask


def first(): ...


def second(): ...


def keep(response):
    return response


@pytest.fixture
def set_up(app):
    """An app with functions of its own and of two nested blueprints."""
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    inner.add_url_rule("/inner", "page", lambda: "inner")
    outer.add_url_rule("/outer", "page", lambda: "outer")
    inner.before_request(second)
    outer.register_blueprint(inner)
    app.before_request(first)
    app.after_request(keep)
    app.add_url_rule("/", "index", lambda: "index")
    app.register_blueprint(outer)
    return app


def test_plan_has_what_the_route_needs(set_up):
    """A plan names the view and the functions of the app and the route's blueprints, in order."""
    plan = set_up.plan_for("outer.inner.page")
    assert plan.endpoint == "outer.inner.page"
    assert plan.view is set_up.view_functions["outer.inner.page"]
    assert plan.before == (first, second)
    assert plan.after == (keep,)
    assert set_up.plan_for("outer.page").before == (first,)
    assert set_up.plan_for("index").before == (first,)


def test_plan_of_a_miss(set_up):
    """What matched nothing has a plan, too: the app's functions and no view."""
    plan = set_up.plan_for(None)
    assert (plan.endpoint, plan.view, plan.before) == (None, None, (first,))


def test_plan_is_kept(set_up):
    """A plan is compiled once while nothing changes."""
    plan = set_up.plan_for("index")
    set_up.test_client().get("/")
    assert set_up.plan_for("index") is plan


def test_plan_is_frozen(set_up):
    """A plan cannot be changed: the registries are what is changed."""
    with pytest.raises(AttributeError):
        set_up.plan_for("index").view = None


CHANGES = {
    "function filed": lambda app: app.before_request_funcs[None].append(second),
    "view replaced": lambda app: app.view_functions.update(index=second),
    "method assigned": lambda app: setattr(app, "dispatch_request", lambda: "own"),
    "class replaced": lambda app: setattr(
        app, "response_class", type("R", (app.response_class,), {})
    ),
    "handler filed": lambda app: app.error_handler_spec[None][404].update({KeyError: first}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_plan_is_made_again_after_a_change(set_up, change):
    """After a change of the set-up, whichever way it was made, the plan is another one."""
    plan = set_up.plan_for("index")
    change(set_up)
    assert set_up.plan_for("index") is not plan


def test_plans_of_apps_are_their_own(set_up):
    """A change of one app leaves the plans of another as they are."""
    other = Flask("other_app")
    plan = other.plan_for("static")
    set_up.before_request_funcs[None].append(second)
    assert other.plan_for("static") is plan


def test_async_functions_are_adapted_once(app):
    """A plan's functions can all be called plainly; ``async def`` ones are wrapped."""

    async def view():
        return "async"

    app.add_url_rule("/", "index", view)
    plan = app.plan_for("index")
    assert plan.view is not view
    assert app.test_client().get("/").text == "async"
    assert app.plan_for("index").view is plan.view
