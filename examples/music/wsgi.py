"""The app as servers and commands find it: `bolthead --app examples/music/wsgi.py run`."""

from timemachine import framework  # isort: skip - it decides what `import flask` gives
from timemachine.app import create_app

app = create_app()

__all__ = ["app", "framework"]
