"""Real programs, unmodified, on Bolthead: `make programs`. Each has an environment of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from environments import environment


@pytest.fixture
def program():
    """Return a function that gives a program's environment, in which Flask's name is Bolthead's."""

    def get(name, *requirements):
        made = environment(name, *requirements)
        probe = "import flask, bolthead; print(flask.Flask is bolthead.Flask)"
        assert made.run("-c", probe) == "True\n"
        assert made.run("-c", "import flask; print(flask.Flask.__module__)", on_flask=True) == (
            "flask.app\n"
        )
        return made

    return get
