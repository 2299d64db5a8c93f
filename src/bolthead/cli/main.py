"""The ``bolthead`` command itself."""

from __future__ import annotations

from .adopt import adopt_command
from .check import check_command
from .deploy_files import deploy_files_command
from .group import FlaskGroup
from .secret_key import secret_key_command
from .tracebacks import keep_own_frames

cli = FlaskGroup(
    name="bolthead",
    help="""\
Runs Flask apps on Bolthead, and the commands they define.

The app is named by the '--app' option or by the environment variable
'FLASK_APP' or 'BOLTHEAD_APP'; else it is looked for in a 'wsgi.py' or
'app.py' of the current directory.
""",
)
cli.add_command(adopt_command)
cli.add_command(secret_key_command)
cli.add_command(check_command)
cli.add_command(deploy_files_command)


def main() -> None:
    """Run the command line, with Bolthead in Flask's place for whatever it imports."""
    from ..compat import install_as_flask

    install_as_flask()
    try:
        cli.main()
    except Exception as error:
        # The line of the app that failed should be found at a glance.
        keep_own_frames(error)
        raise error
