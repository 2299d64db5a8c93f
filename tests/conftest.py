"""What most tests start from: an app of one's own and a client of it."""

from __future__ import annotations

import pytest

from bolthead import Flask


@pytest.fixture
def app(tmp_path):
    """An app in testing mode with a secret key and an empty root folder."""
    app = Flask("tested_app", root_path=str(tmp_path), instance_path=str(tmp_path / "instance"))
    app.config.update(TESTING=True, SECRET_KEY="a key for tests")
    return app


@pytest.fixture
def client(app):
    """A client of the app."""
    return app.test_client()


@pytest.fixture
def quiet(app):
    """The same app as in production: errors are answered, not raised, and not printed."""
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    app.logger.disabled = True
    yield app
    app.logger.disabled = False
