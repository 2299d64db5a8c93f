"""The ``bolthead`` command itself."""

from __future__ import annotations

from .adopt import adopt_command
from .group import FlaskGroup

cli = FlaskGroup(
    name="bolthead",
    help="""\
A general utility script for Flask applications.

An application to load must be given with the '--app' option, 'FLASK_APP' or
'BOLTHEAD_APP' environment variable, or with a 'wsgi.py' or 'app.py' file in
the current directory. It runs on Bolthead, unmodified.
""",
)
cli.add_command(adopt_command)


def main() -> None:
    """Run the command line, with Bolthead in Flask's place for whatever it imports."""
    from ..compat import install_as_flask

    install_as_flask()
    cli.main()
