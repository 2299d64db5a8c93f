"""Where options come from besides the command line: dotenv files, FLASK_* and BOLTHEAD_*."""

from __future__ import annotations

import importlib.util
import os

import click

from ..devserver.dotenv import load_dotenv
from ..helpers import get_load_dotenv

PREFIX = "BOLTHEAD_"


def set_debug(ctx: click.Context, param: click.Parameter, value: bool | None) -> bool | None:
    """Tell the app by the environment whether debug mode was asked for.

    An environment variable reaches what an import of the app runs and the reloader's child.
    """
    source = ctx.get_parameter_source(param.name or "debug")
    if source in (click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP):
        return None
    for name in ("FLASK_DEBUG", "BOLTHEAD_DEBUG"):
        # The second would win over the first, so it follows where it is set.
        if name == "FLASK_DEBUG" or name in os.environ:
            os.environ[name] = "1" if value else "0"
    return value


def debug_option(envvar: str | None = None) -> click.Option:
    """Make the ``--debug/--no-debug`` option, for a group or a command."""
    return click.Option(
        ["--debug/--no-debug"],
        help="Set debug mode.",
        envvar=envvar,
        expose_value=False,
        callback=set_debug,
    )


def _read_env_file(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    # A call: the group module imports this one.
    from .group import ScriptInfo

    if value is not None and importlib.util.find_spec("dotenv") is None:
        raise click.BadParameter(
            "python-dotenv must be installed to load an env file."
            " Run: pip install 'bolthead[dotenv]'",
            ctx=ctx,
            param=param,
        )
    load_defaults = get_load_dotenv(ctx.ensure_object(ScriptInfo).load_dotenv_defaults)
    if value is not None or load_defaults:
        load_dotenv(value, load_defaults=load_defaults)
    return value


env_file_option = click.Option(
    ["-e", "--env-file"],
    type=click.Path(exists=True, dir_okay=False),
    help=(
        "A file of environment variables. They count before those of '.env' and '.flaskenv', and"
        " after those which are set already. Needs python-dotenv."
    ),
    envvar="BOLTHEAD_ENV_FILE",
    is_eager=True,
    expose_value=False,
    callback=_read_env_file,
)


def name_variable(error: click.BadParameter) -> click.BadParameter:
    """Return the error about an option with the variable of the environment that set it, if any."""
    ctx, param = error.ctx, error.param
    if ctx is None or param is None or getattr(param, "show_envvar", False):
        return error  # Click names it where the option's help does
    if ctx.get_parameter_source(param.name or "") is not click.core.ParameterSource.ENVIRONMENT:
        return error
    prefix = ctx.find_root().auto_envvar_prefix or ""
    variable = f"{ctx.auto_envvar_prefix or ''}_{param.name}".upper()
    # Where both are set, ours counts.
    for name in (f"{PREFIX}{variable.removeprefix(prefix).lstrip('_')}", variable):
        if name in os.environ:
            told = f"{error.message.rstrip('.')} (environment variable {name})."
            return click.BadParameter(told, ctx, param, error.param_hint)
    return error


def share_variables(command_name: str, prefix: str | None) -> None:
    """Let a command's options be set by BOLTHEAD_<COMMAND>_<OPTION> too.

    Click looks for one prefix only, so what is set under ours is written under that one.
    """
    if not prefix:
        return
    part = f"{command_name.upper().replace('-', '_')}_"
    for name, value in list(os.environ.items()):
        if name.startswith(PREFIX + part):
            os.environ[f"{prefix}_{name.removeprefix(PREFIX)}"] = value
