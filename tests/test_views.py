"""Views written as classes."""

from __future__ import annotations

import functools

import pytest

from bolthead import request
from bolthead.views import MethodView, View, http_method_funcs


def test_view_class_answers(app, client):
    """``as_view`` makes a function that calls ``dispatch_request`` with the URL's arguments."""

    class Hello(View):
        def dispatch_request(self, name):
            return f"Hello {name}"

    app.add_url_rule("/<name>", view_func=Hello.as_view("hello"))
    assert client.get("/Ann").text == "Hello Ann"
    assert "hello" in app.view_functions


def test_view_function_is_named_after_its_class():
    """The function carries the name given, and the class's words, module and methods."""

    class Hello(View):
        """Says hello."""

        methods = ["POST"]  # noqa: RUF012  # as users write it
        provide_automatic_options = False

    view = Hello.as_view("hello")
    assert (view.__name__, view.__doc__, view.__module__) == ("hello", "Says hello.", __name__)
    assert (view.view_class, view.methods) == (Hello, ["POST"])
    assert view.provide_automatic_options is False


def test_arguments_of_as_view_go_to_the_constructor(app, client):
    """Further arguments of ``as_view`` are those of each instance."""

    class Page(View):
        def __init__(self, title, *, words):
            self.title, self.words = title, words

        def dispatch_request(self):
            return f"{self.title} {self.words}"

    app.add_url_rule("/", view_func=Page.as_view("page", "Title", words=3))
    assert client.get("/").text == "Title 3"


@pytest.mark.parametrize(("every", "count"), [(True, "1"), (False, "3")], ids=["new", "shared"])
def test_instances(app, client, every, count):
    """Each request has an instance of its own, unless ``init_every_request`` is False."""

    class Counter(View):
        init_every_request = every
        n = 0

        def dispatch_request(self):
            self.n += 1
            return str(self.n)

    app.add_url_rule("/", view_func=Counter.as_view("counter"))
    assert [client.get("/").text for _ in range(3)][-1] == count


def test_decorators_are_applied(app, client):
    """``decorators`` wrap the function, the first one innermost."""

    def adding(letter):
        def decorate(view):
            @functools.wraps(view)
            def wrapped(**kwargs):
                return view(**kwargs) + letter

            return wrapped

        return decorate

    class Page(View):
        decorators = [adding("a"), adding("b")]  # noqa: RUF012  # as users write it

        def dispatch_request(self):
            return ""

    app.add_url_rule("/", view_func=Page.as_view("page"))
    assert client.get("/").text == "ab"


def test_view_must_dispatch():
    """A view without ``dispatch_request`` is not implemented."""
    with pytest.raises(NotImplementedError):
        View().dispatch_request()


@pytest.mark.parametrize("method", sorted(http_method_funcs - {"head", "options"}))
def test_method_view_has_a_method_for_each(app, client, method):
    """A method of the class answers the HTTP method of its name; others are refused."""
    cls = type("Page", (MethodView,), {method: lambda self: request.method})
    app.add_url_rule("/", view_func=cls.as_view("page"))
    assert client.open("/", method=method.upper()).text == method.upper()
    other = "PUT" if method != "put" else "POST"
    assert client.open("/", method=other).status_code == 405


def test_head_is_answered_by_get_unless_there_is_a_head(app, client):
    """HEAD goes to ``head`` where there is one, else to ``get``."""

    class Both(MethodView):
        def get(self):
            return "", {"X-By": "get"}

        def head(self):
            return "", {"X-By": "head"}

    class One(MethodView):
        def get(self):
            return "", {"X-By": "get"}

    app.add_url_rule("/both", view_func=Both.as_view("both"))
    app.add_url_rule("/one", view_func=One.as_view("one"))
    assert client.head("/both").headers["X-By"] == "head"
    assert client.head("/one").headers["X-By"] == "get"


def test_options_of_ones_own(app, client):
    """An ``options`` method answers OPTIONS."""

    class Page(MethodView):
        def options(self):
            return "own"

    app.add_url_rule("/", view_func=Page.as_view("page"))
    assert client.options("/").text == "own"


METHODS = {
    "own": ({"get": None, "post": None}, (), {"GET", "POST"}),
    "none": ({}, (), None),
    "given": ({"get": None, "methods": {"PUT"}}, (), {"PUT"}),
    "inherited": ({"post": None}, ({"get": None},), {"GET", "POST"}),
    "inherited twice": ({}, ({"get": None}, {"delete": None}), {"GET", "DELETE"}),
    "inherited given": ({"post": None}, ({"methods": {"PROPFIND"}},), {"POST", "PROPFIND"}),
}


@pytest.mark.parametrize(("own", "bases", "expected"), METHODS.values(), ids=METHODS)
def test_methods_of_a_method_view(own, bases, expected):
    """The methods are those the class and its bases have functions for, unless given."""

    def named(members):
        return {
            name: (lambda self: "") if value is None else value for name, value in members.items()
        }

    made = [type(f"Base{i}", (MethodView,), named(base)) for i, base in enumerate(bases)]
    cls = type("Page", tuple(made) or (MethodView,), named(own))
    assert (cls.methods and set(cls.methods)) == expected


def test_async_methods(app, client):
    """``async def`` methods of either kind of view are run."""

    class One(View):
        async def dispatch_request(self):
            return "view"

    class Two(MethodView):
        async def get(self):
            return "method"

    app.add_url_rule("/one", view_func=One.as_view("one"))
    app.add_url_rule("/two", view_func=Two.as_view("two"))
    assert [client.get(path).text for path in ("/one", "/two")] == ["view", "method"]


def test_one_class_under_two_names(app, client):
    """A class may be routed several times, with other arguments."""

    class Page(View):
        def __init__(self, word):
            self.word = word

        def dispatch_request(self):
            return f"{request.endpoint} {self.word}"

    for word in ("a", "b"):
        app.add_url_rule(f"/{word}", view_func=Page.as_view(f"page_{word}", word))
    assert [client.get(f"/{word}").text for word in "ab"] == ["page_a a", "page_b b"]
