"""Telling replaced methods from one's own; what they do is in contracts/test_overrides.py."""

from __future__ import annotations

import abc

import pytest

from bolthead import Flask
from bolthead.ctx import AppContext, RequestContext

BOTH = [
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "make_default_options_response",
]


@pytest.mark.parametrize("name", BOTH)
def test_methods_may_be_called_with_or_without_the_context(app, name):
    """In a request each method answers to Flask 3.1's call and to 3.2's."""
    app.add_url_rule("/", "index", lambda: "own")
    results = []
    for with_context in (False, True):
        with app.test_request_context() as ctx:
            args = (ctx,) if with_context else ()
            result = getattr(app, name)(*args)
            results.append(getattr(result, "data", result))
    assert results[0] == results[1]


WITH_ARGUMENT = {
    "finalize_request": "answer",
    "process_response": None,
    "handle_user_exception": ValueError("x"),
    "update_template_context": {},
}


@pytest.mark.parametrize("name", WITH_ARGUMENT)
@pytest.mark.parametrize("with_context", [False, True], ids=["3.1", "3.2"])
def test_methods_with_arguments_may_be_called_both_ways(app, name, with_context):
    """So do the methods that take something else."""
    app.register_error_handler(ValueError, lambda error: "handled")
    with app.test_request_context() as ctx:
        argument = app.response_class() if name == "process_response" else WITH_ARGUMENT[name]
        args = (ctx, argument) if with_context else (argument,)
        result = getattr(app, name)(*args)
    expected = {"handle_user_exception": "handled", "update_template_context": None}
    if name in expected:
        assert result == expected[name]
    else:
        assert result.status_code == 200


def test_context_may_be_given_by_keyword(app):
    """``ctx=`` is taken as well."""
    app.add_url_rule("/", "index", lambda: "own")
    with app.test_request_context() as ctx:
        assert app.dispatch_request(ctx=ctx) == "own"


def test_app_class_may_be_abstract():
    """An app class may derive from abstract classes."""

    class Abstract(abc.ABC):
        @abc.abstractmethod
        def word(self): ...

    class Own(Flask, Abstract):
        def word(self):
            return "own"

    assert Own("tested_app").word() == "own"
    with pytest.raises(TypeError, match="abstract"):
        type("Other", (Flask, Abstract), {})("tested_app")


def test_app_class_may_take_options():
    """Keywords of a class statement reach ``__init_subclass__``."""

    class Base(Flask):
        def __init_subclass__(cls, word, **kwargs):
            super().__init_subclass__(**kwargs)
            cls.word = word

    class Own(Base, word="own"):
        pass

    assert Own("tested_app").word == "own"


def test_contexts_are_told_from_arguments(app):
    """What is taken for the context is one of the two context classes."""
    with app.test_request_context() as ctx:
        assert isinstance(ctx, RequestContext)
    with app.app_context() as ctx:
        assert isinstance(ctx, AppContext)
