"""Runs an app's commands in a test."""

from __future__ import annotations

import typing as t

from click.testing import CliRunner, Result

from ..cli import ScriptInfo

if t.TYPE_CHECKING:
    from ..app import Flask


class FlaskCliRunner(CliRunner):
    """A Click runner that invokes the commands of an app; ``app.test_cli_runner()``."""

    def __init__(self, app: Flask, **kwargs: t.Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(  # type: ignore[override]  # Click's other arguments are among the keywords
        self, cli: t.Any = None, args: t.Any = None, **kwargs: t.Any
    ) -> Result:
        """Run a command, by default the app's group, and return its result (Click's).

        ``obj`` is a ScriptInfo of the app unless given.
        """
        if "obj" not in kwargs:
            kwargs["obj"] = ScriptInfo(create_app=lambda: self.app)
        return super().invoke(self.app.cli if cli is None else cli, args, **kwargs)
