"""Click groups which know their app: what a command needs to load it and to run in its context."""

from __future__ import annotations

import os
import traceback
import typing as t
from functools import cached_property, update_wrapper

import click

from ..app import Flask
from ..globals import current_app
from ..helpers import get_debug_flag
from . import find_app
from .env import debug_option, env_file_option, name_variable, share_variables
from .find_app import NoAppException
from .removed_names import note_removed_name
from .tracebacks import keep_own_frames
from .version import version_option

if t.TYPE_CHECKING:
    from importlib.metadata import EntryPoint

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

PLUGIN_GROUPS = ("flask.commands", "bolthead.commands")


class ScriptInfo:
    """How to load the app, as ``ctx.obj`` of every command; ``data`` is for the commands' use.

    See https://flask.palletsprojects.com/en/stable/api/#flask.cli.ScriptInfo.
    """

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: t.Callable[..., Flask] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        self.data: dict[t.Any, t.Any] = {}
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = load_dotenv_defaults
        self._loaded_app: Flask | None = None

    def load_app(self) -> Flask:
        """Return the app, loaded at the first call; raise NoAppException if there is none."""
        if self._loaded_app is None:
            try:
                app = self._make_app()
            except (ImportError, AttributeError) as error:
                note_removed_name(error)
                raise
            if app is None:
                raise NoAppException(
                    "Could not locate a Flask application. Use the 'bolthead --app' option,"
                    " 'FLASK_APP' or 'BOLTHEAD_APP' environment variable, or a 'wsgi.py' or"
                    " 'app.py' file in the current directory."
                )
            if self.set_debug_flag:
                app.debug = get_debug_flag()
            self._loaded_app = app
        return self._loaded_app

    def _make_app(self) -> Flask | None:
        if self.create_app is not None:
            return self.create_app()
        if self.app_import_path:
            return find_app.load_from_path(self.app_import_path)
        return find_app.load_fallback()


pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)


def with_appcontext(f: F) -> F:
    """Run a command's function within a context of the app, unless one is current.

    Commands of ``app.cli`` and of a FlaskGroup have this by themselves.
    See https://flask.palletsprojects.com/en/stable/api/#flask.cli.with_appcontext.
    """

    def in_context(*args: t.Any, **kwargs: t.Any) -> t.Any:
        ctx = click.get_current_context()
        if not current_app:
            ctx.with_resource(ctx.ensure_object(ScriptInfo).load_app().app_context())
        return ctx.invoke(f, *args, **kwargs)

    return t.cast(F, update_wrapper(in_context, f))


class AppGroup(click.Group):
    """A Click group whose commands run in an app's context, as do those of its subgroups.

    See https://flask.palletsprojects.com/en/stable/api/#flask.cli.AppGroup.
    """

    # Click declares more overloads than these, with types of command classes.
    @t.overload
    def command(self, name: t.Callable[..., t.Any], /) -> click.Command: ...

    @t.overload
    def command(
        self, *args: t.Any, **kwargs: t.Any
    ) -> t.Callable[[t.Callable[..., t.Any]], click.Command]: ...

    def command(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Register a command; ``with_appcontext=False`` leaves out the app's context."""
        bare = args and callable(args[0])
        function = args[0] if bare else None
        needs_context = kwargs.pop("with_appcontext", True)
        register = super().command(*args[1 if bare else 0 :], **kwargs)

        def decorate(f: t.Callable[..., t.Any]) -> click.Command:
            made: click.Command = register(with_appcontext(f) if needs_context else f)
            return made

        return decorate if function is None else decorate(function)

    @t.overload
    def group(self, name: t.Callable[..., t.Any], /) -> click.Group: ...

    @t.overload
    def group(
        self, *args: t.Any, **kwargs: t.Any
    ) -> t.Callable[[t.Callable[..., t.Any]], click.Group]: ...

    def group(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Register a subgroup, which is an AppGroup unless ``cls`` says otherwise."""
        return super().group(*args, **{"cls": AppGroup, **kwargs})


def _set_app(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


app_option = click.Option(
    ["-A", "--app"],
    metavar="IMPORT",
    help=(
        "Where the app is: 'module:name' or 'file.py:name'. The name may be a factory's, with"
        " arguments as in 'name(\"dev\")', and can be left out if it is 'app', 'application',"
        " 'create_app' or 'make_app'."
    ),
    envvar="BOLTHEAD_APP",
    is_eager=True,
    expose_value=False,
    callback=_set_app,
)


class FlaskGroup(AppGroup):
    """The group of commands for an app: the built-in ones, those of plugins and the app's own.

    ``create_app`` makes the app; without it, ``--app`` names one. The built-in commands work
    where the app cannot be loaded. ``load_dotenv`` and ``set_debug_flag`` tell whether dotenv
    files are read and whether the app's debug mode is set from the environment.
    See https://flask.palletsprojects.com/en/stable/api/#flask.cli.FlaskGroup.
    """

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: t.Callable[..., Flask] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: t.Any,
    ) -> None:
        params = [*(extra.pop("params", None) or ()), env_file_option, app_option]
        params.append(debug_option("BOLTHEAD_DEBUG"))
        if add_version_option:
            params.append(version_option)
        settings = {"auto_envvar_prefix": "FLASK", **(extra.pop("context_settings", None) or {})}

        super().__init__(params=params, context_settings=settings, **extra)
        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag

        if add_default_commands:
            from .routes import routes_command
            from .run import run_command
            from .serve import serve_command
            from .shell import shell_command

            for command in (run_command, serve_command, shell_command, routes_command):
                self.add_command(command)

    @cached_property
    def _plugins(self) -> dict[str, EntryPoint]:
        """The commands that installed distributions offer, by name, not yet imported."""
        from importlib.metadata import entry_points

        return {point.name: point for group in PLUGIN_GROUPS for point in entry_points(group=group)}

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a plugin's command, else a built-in one, else the app's, loading what it needs."""
        share_variables(name, ctx.auto_envvar_prefix)
        if name in self._plugins:
            return t.cast(click.Command, self._plugins[name].load())
        command = super().get_command(ctx, name)
        if command is not None:
            return command

        info = ctx.ensure_object(ScriptInfo)
        try:
            app = info.load_app()
        except NoAppException as error:
            _print_error(error.format_message())
            return None

        # Callbacks of parameters may need the app before the command itself runs.
        if not current_app or current_app._get_current_object() is not app:  # type: ignore[attr-defined]  # a proxy behind the type of what it stands for
            ctx.with_resource(app.app_context())
        return app.cli.get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands; an app which cannot be loaded is reported, and its own left out."""
        names = {*super().list_commands(ctx), *self._plugins}
        try:
            names.update(ctx.ensure_object(ScriptInfo).load_app().cli.list_commands(ctx))
        except NoAppException as error:
            _print_error(error.format_message())
        except Exception as error:
            # Help is wanted all the more when the app is broken.
            keep_own_frames(error)
            _print_error("".join(traceback.format_exception(error)), label="")
        return sorted(names)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: t.Any,
    ) -> click.Context:
        """Prepare the group's context: its ``obj`` is a ScriptInfo unless given.

        From here on ``app.run()`` is ignored, as the app may be imported by a command.
        """
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        if "obj" not in extra and "obj" not in self.context_settings:
            extra["obj"] = ScriptInfo(
                create_app=self.create_app,
                set_debug_flag=self.set_debug_flag,
                load_dotenv_defaults=self.load_dotenv,
            )
        try:
            return super().make_context(info_name, args, parent=parent, **extra)
        except click.BadParameter as error:
            raise name_variable(error) from None

    def invoke(self, ctx: click.Context) -> t.Any:
        """Run the command; a wrong option that a variable set is reported with its name."""
        try:
            return super().invoke(ctx)
        except click.BadParameter as error:
            raise name_variable(error) from None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the group's arguments; where only help is wanted, learn of the app beforehand.

        Help is printed before other options are looked at, yet lists the app's commands.
        """
        only_help = len(args) == 1 and args[0] in self.get_help_option_names(ctx)
        if only_help or (not args and self.no_args_is_help):
            for option in (env_file_option, app_option):
                option.handle_parse_result(ctx, {}, [])
        return super().parse_args(ctx, args)


def _print_error(message: str, *, label: str = "Error: ") -> None:
    click.secho(f"{label}{message}\n", err=True, fg="red")
