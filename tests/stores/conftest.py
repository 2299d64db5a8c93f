"""A server of each kind, shared by the tests of a module."""

from __future__ import annotations

import pytest

from stores import stores

SQL = {"postgresql": stores.Postgres, "mariadb": stores.MariaDB}


@pytest.fixture(scope="module", params=SQL)
def database(request):
    """A private SQL server."""
    with stores.started(SQL[request.param]) as store:
        yield store


@pytest.fixture(scope="module")
def redis_server():
    """A private Redis server."""
    with stores.started(stores.Redis) as store:
        yield store
