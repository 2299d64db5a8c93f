"""The error handlers in reach of a route."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import Forbidden, HTTPException, NotFound

from bolthead.plan.route_plan import Handlers


def handlers(*tables):
    """Return handlers that are their own names."""
    return Handlers(tables, lambda function: function)


FINDS = {
    "none": ((), ValueError(), None),
    "class": (((None, {ValueError: "a"}),), ValueError(), "a"),
    "parent": (((None, {Exception: "a"}),), ValueError(), "a"),
    "nearest class": (((None, {Exception: "a", ValueError: "b"}),), ValueError(), "b"),
    "inner scope": (((None, {ValueError: "in"}), (None, {ValueError: "out"})), ValueError(), "in"),
    "code before any": (((None, {HTTPException: "a"}), (403, {Forbidden: "b"})), Forbidden(), "b"),
    "another code": (((404, {NotFound: "a"}),), Forbidden(), None),
    "any code": (((None, {HTTPException: "a"}),), Forbidden(), "a"),
}


@pytest.mark.parametrize(("tables", "error", "found"), FINDS.values(), ids=FINDS)
def test_find(tables, error, found):
    """A handler is found by code, then scope, then class; asking again finds the same."""
    made = handlers(*tables)
    assert made.find(error) == found
    assert made.find(error) == found
