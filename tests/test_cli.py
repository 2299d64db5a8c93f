"""The commands: finding the app, dotenv files, options, groups, and the built-in commands."""

import os
import ssl
import subprocess
import sys
import textwrap
import types
from importlib.metadata import EntryPoint

import click
import pytest
from click.testing import CliRunner

from bolthead import Blueprint, Flask, current_app
from bolthead import cli as bolthead_cli
from bolthead.cli import (
    AppGroup,
    FlaskGroup,
    NoAppException,
    ScriptInfo,
    find_app_by_string,
    find_best_app,
    load_dotenv,
    locate_app,
    pass_script_info,
    prepare_import,
    run_command,
    with_appcontext,
)
from bolthead.globals import _cv_app


@pytest.fixture(autouse=True)
def _contexts_left_open():
    """Click before 8.2 closes no context of a command that ends with ``--help``."""
    yield
    while context := _cv_app.get(None):
        context.pop()


@pytest.fixture(autouse=True)
def _same_environment(monkeypatch, tmp_path):
    """Take back what commands do to the process: variables, the import path, loaded apps."""
    environ = dict(os.environ)
    monkeypatch.setattr(sys, "path", sys.path[:])
    for name in list(os.environ):
        if name.startswith(("FLASK_", "BOLTHEAD_")):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(environ)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def app():
    return Flask("shop")


@pytest.fixture
def invoke(app):
    """Run a command line of a group for the app."""
    group = FlaskGroup(create_app=lambda: app)
    return lambda *args, **kwargs: CliRunner().invoke(group, args, **kwargs)


def module_with(**names):
    module = types.ModuleType("shopmodule")
    vars(module).update(names)
    return module


def write(path, source):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source), encoding="utf-8")


APP_SOURCE = """
    from bolthead import Flask

    app = Flask(__name__)
"""


# Finding the app


def two_arguments(first, second):
    return Flask(f"{first}-{second}")


@pytest.mark.parametrize(
    "names",
    [
        {"app": Flask("wanted"), "other": Flask("other")},
        {"application": Flask("wanted"), "other": Flask("other")},
        {"anything": Flask("wanted"), "create_app": lambda: Flask("made")},
        {"create_app": lambda: Flask("wanted")},
        {"make_app": lambda **options: Flask("wanted")},
        {"app": "not an app", "create_app": 3, "shop": Flask("wanted")},
    ],
    ids=["app", "application", "only instance", "create_app", "make_app", "other kinds of things"],
)
def test_the_best_app_of_a_module(names):
    """An instance by its usual name comes first, then the only instance, then a factory's."""
    assert find_best_app(module_with(**names)).name == "wanted"


def test_an_app_with_two_names_is_one_app():
    """Two names for the same instance are no ambiguity."""
    shop = Flask("shop")
    assert find_best_app(module_with(shop=shop, wsgi=shop)) is shop


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ({}, "Failed to find Flask application or factory in module 'shopmodule'"),
        ({"a": Flask("a"), "b": Flask("b")}, "Detected multiple Flask applications"),
        ({"create_app": two_arguments}, "could not call it without arguments"),
    ],
    ids=["none", "several", "factory needs arguments"],
)
def test_a_module_without_a_best_app(names, problem):
    """The error says what was found and how to name the app."""
    with pytest.raises(NoAppException, match=problem) as caught:
        find_best_app(module_with(**names))
    assert "Use 'shopmodule:" in str(caught.value)


def test_a_factorys_own_type_error_escapes():
    """A TypeError within a factory is not taken for one of its call."""

    def create_app():
        return len(3)

    with pytest.raises(TypeError, match="has no len"):
        find_best_app(module_with(create_app=create_app))
    with pytest.raises(TypeError, match="has no len"):
        find_app_by_string(module_with(create_app=create_app), "create_app()")


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("shop", "shop"),
        (" make () ", "made"),
        ("make", "made"),
        ("two('a', second=-1)", "a--1"),
        ("two('a', 'b:c', )", "a-b:c"),
        ("two(**{'first': 1, 'second': [2]})", "1-[2]"),
    ],
)
def test_an_app_by_reference(reference, name):
    """A name or a call with literal arguments stands for an app."""
    module = module_with(shop=Flask("shop"), make=lambda: Flask("made"), two=two_arguments)
    assert find_app_by_string(module, reference).name == name


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("missing", "Failed to find attribute 'missing' in 'shopmodule'."),
        ("number", "A valid Flask application was not obtained from 'shopmodule:number'."),
        ("two(1)", "could not be called with the specified arguments"),
        ("two(1, x)", "Failed to parse arguments as literal values"),
        ("two(1, 1 + 1)", "Failed to parse arguments as literal values"),
        ("two(**1)", "Failed to parse arguments as literal values"),
        ("two(", "as an attribute name or function call"),
        ("two.app", "as an attribute name or function call"),
        ("two.app()", "Function reference must be a simple name"),
    ],
)
def test_a_wrong_reference(reference, problem):
    """The error quotes the reference and says what is wrong about it."""
    with pytest.raises(NoAppException) as caught:
        find_app_by_string(module_with(number=3, two=two_arguments), reference)
    assert problem in str(caught.value)


@pytest.mark.parametrize("name", ["bolthead", "logging"])
def test_a_file_with_the_name_of_a_module(folder, name):
    """A file that cannot be imported under its name is to be renamed."""
    write(folder / f"{name}.py", APP_SOURCE)
    for path in (name, f"{name}.py"):
        with pytest.raises(NoAppException, match="Rename the file") as caught:
            ScriptInfo(app_import_path=path).load_app()
        assert str(folder / f"{name}.py") in str(caught.value)


@pytest.mark.parametrize(
    ("path", "file"), [("sites", "sites/wsgi.py"), ("./", "app.py"), ("sites:app", "sites/wsgi.py")]
)
def test_a_folder_in_place_of_a_file(folder, path, file):
    """A folder that is no package is answered with a file to name."""
    write(folder / "sites/wsgi.py", APP_SOURCE)
    with pytest.raises(NoAppException, match="is a folder, and no package") as caught:
        ScriptInfo(app_import_path=path).load_app()
    assert f"'--app {file}'" in str(caught.value)


def test_what_stands_in_an_apps_place():
    """The error says what a name or a factory gave, and which apps the module has."""
    with pytest.raises(NoAppException, match=r"'create_app' gave None\. Does it end without"):
        find_best_app(module_with(create_app=lambda: None))
    with pytest.raises(NoAppException, match="'number' gave an object of type 'int'"):
        find_app_by_string(module_with(number=3), "number")
    module = module_with(shop=Flask("shop"), create_app=two_arguments, other=3)
    with pytest.raises(NoAppException, match="The module has 'shop' and 'create_app'"):
        find_app_by_string(module, "app")


BROKEN = {
    "cannot be compiled": ("def hello()\n", "SyntaxError: expected ':'"),
    "fails at import": ("raise ValueError('oh no')\n", "ValueError: oh no"),
    "fails in its factory": ("def create_app():\n    return 1 / 0\n", "ZeroDivisionError"),
}


@pytest.mark.parametrize("command", ["routes", "run --port=0", "serve --port=0"])
@pytest.mark.parametrize("case", BROKEN)
def test_errors_of_the_apps_own_code(folder, case, command):
    """The traceback has the app's code, and none of what led there: Click and the loader."""
    source, last = BROKEN[case]
    write(folder / "shop.py", source)
    result = subprocess.run(
        [sys.executable, "-m", "bolthead", "--app", "shop", *command.split()],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1
    assert last in result.stderr
    assert "shop.py" in result.stderr
    for noise in ("click/core.py", "find_app.py", "group.py", "worker.py"):
        assert noise not in result.stderr


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("from flask import Flask, Markup", "Flask 3.0 removed 'flask.Markup'. Use 'markupsafe."),
        ("from werkzeug.urls import url_quote", "Use 'urllib.parse.quote'; or run"),
        ("import flask.scaffold", "Flask 3.0 removed 'flask.scaffold'"),
        ("import flask\nflask.json.JSONEncoder", "Flask 2.3 removed 'flask.json.JSONEncoder'"),
        (
            "def create_app():\n"
            "    from bolthead import Bolthead\n"
            "    Bolthead('shop').before_first_request(print)",
            "Flask 2.3 removed 'flask.Flask.before_first_request'",
        ),
        ("from flask import nothing", None),
        ("print.nothing", None),
    ],
    ids=["flask", "werkzeug", "module", "attribute", "method", "never there", "another's"],
)
def test_removed_names(folder, source, told):
    """An app that asks for a name that is gone is told what to use, and what gives it back."""
    write(folder / "shop.py", source)
    result = subprocess.run(
        [sys.executable, "-m", "bolthead", "--app", "shop", "routes"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode != 0
    assert ("bolthead adopt --legacy" in result.stderr) == (told is not None)
    assert (told or "") in result.stderr


def test_errors_of_the_apps_commands(folder):
    """A command of the app that fails shows its own lines, and none of what called it."""
    write(
        folder / "shop.py",
        """
        from bolthead import Flask

        app = Flask(__name__)

        @app.cli.command()
        def restock():
            raise ValueError("oh no")
        """,
    )
    result = subprocess.run(
        [sys.executable, "-m", "bolthead", "--app", "shop", "restock"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1
    assert 'raise ValueError("oh no")' in result.stderr
    assert "click/core.py" not in result.stderr
    assert "group.py" not in result.stderr


@pytest.mark.parametrize(
    ("path", "first_on_path", "module"),
    [
        ("shop.py", ".", "shop"),
        ("shop", ".", "shop"),
        ("src/shop", "src", "shop"),
        ("pack/inner/__init__.py", ".", "pack.inner"),
        ("pack/inner/thing.py", ".", "pack.inner.thing"),
        ("pack.inner.thing", ".", "pack.inner.thing"),
    ],
)
def test_a_path_becomes_an_import(folder, path, first_on_path, module):
    """The folder of the topmost package goes first on the import path."""
    for package in ("pack", "pack/inner"):
        write(folder / package / "__init__.py", "")
    assert prepare_import(path) == module
    assert sys.path[0] == os.path.realpath(folder / first_on_path)


@pytest.mark.parametrize(
    "path",
    ["shop.py", "shop", "shop:app", "./shop.py:app", "web/", "web.py:make('x')", "pack.inner"],
)
def test_app_option_forms(folder, path):
    """The documented forms of --app are understood."""
    write(folder / "shop.py", APP_SOURCE)
    write(folder / "pack/__init__.py", "")
    write(folder / "pack/inner.py", APP_SOURCE)
    write(
        folder / "web.py",
        """
        from bolthead import Flask

        def create_app():
            return Flask("created")

        def make(name):
            return Flask(name)
        """,
    )
    assert isinstance(ScriptInfo(app_import_path=path).load_app(), Flask)


@pytest.mark.parametrize("file", ["wsgi.py", "app.py", "wsgi/__init__.py"])
def test_fallback_files(folder, file):
    """Without --app, wsgi and app in the working directory are looked at."""
    write(folder / file, APP_SOURCE)
    assert isinstance(ScriptInfo().load_app(), Flask)


def test_no_app_at_all(folder):
    """The error names all ways to tell where the app is."""
    with pytest.raises(NoAppException, match="'bolthead --app' option, 'FLASK_APP' or"):
        ScriptInfo().load_app()


def test_a_missing_module_and_a_missing_dependency_differ(folder):
    """An ImportError within the app shows the app's traceback, and nothing of the framework."""
    write(folder / "shop.py", "import not_installed_here")
    prepare_import("shop.py")
    with pytest.raises(NoAppException, match=r"^Could not import 'nothing'\. There is no such"):
        locate_app("nothing", None)
    assert locate_app("nothing", None, raise_if_not_found=False) is None

    with pytest.raises(NoAppException) as caught:
        locate_app("shop", None, raise_if_not_found=False)
    told = str(caught.value)
    assert told.startswith("While importing 'shop', an ImportError was raised:\n\nTraceback")
    assert "No module named 'not_installed_here'" in told
    assert f"This Python has no 'not_installed_here': {sys.executable}." in told
    assert "find_app.py" not in told


def test_script_info_loads_once(app):
    """The app is made at the first call; its debug mode follows the environment."""
    made = []

    def create_app():
        made.append(app)
        return app

    app.debug = True
    info = ScriptInfo(create_app=create_app)
    assert info.load_app() is info.load_app() is app
    assert made == [app]
    assert app.debug is False
    assert info.data == {}

    app.debug = True
    assert ScriptInfo(create_app=create_app, set_debug_flag=False).load_app().debug is True


# Groups


def test_app_commands_have_a_context(app, invoke):
    """A command of app.cli runs in the app's context, its parameters' callbacks too."""

    @app.cli.command()
    @click.argument("word", callback=lambda ctx, param, value: (value, current_app.name))
    def show(word):
        click.echo(f"{word} {current_app.name}")

    assert invoke("show", "x").output == "('x', 'shop') shop\n"


def test_group_commands_have_a_context(app):
    """Commands of an AppGroup and of its subgroups run in a context, unless they decline it."""
    group = AppGroup("group")

    @group.command
    def bare():
        click.echo(current_app.name)

    @group.command("without", with_appcontext=False)
    def without():
        click.echo(bool(current_app))

    @group.group("sub")
    def sub():
        pass

    @sub.command("deep")
    def deep():
        click.echo(current_app.name)

    def run(*args):
        return CliRunner().invoke(group, args, obj=ScriptInfo(create_app=lambda: app)).output

    assert run("bare") == "shop\n"
    assert run("without") == "False\n"
    assert run("sub", "deep") == "shop\n"


def test_with_appcontext_keeps_a_current_context(app):
    """A context which is current already is used instead of another app's."""

    @click.command()
    @with_appcontext
    def show():
        click.echo(current_app.name)

    info = ScriptInfo(create_app=lambda: app)
    assert CliRunner().invoke(show, obj=info).output == "shop\n"
    with Flask("other").app_context():
        assert CliRunner().invoke(show, obj=info).output == "other\n"


def test_pass_script_info(app):
    """A command can ask for the ScriptInfo; without a group it gets an empty one."""

    @click.command()
    @pass_script_info
    def show(info):
        click.echo(info.create_app is None)

    assert CliRunner().invoke(show).output == "True\n"


def test_commands_know_they_run_from_the_command_line(app, invoke):
    """FLASK_RUN_FROM_CLI is set, and ctx.obj holds the app."""

    @app.cli.command("show")
    @click.pass_context
    def show(ctx):
        click.echo(os.environ["FLASK_RUN_FROM_CLI"])
        click.echo(ctx.obj.load_app() is app)

    assert invoke("show").output == "true\nTrue\n"


def test_blueprint_commands(app, invoke):
    """A blueprint's commands are in a group of its name, of another, or with the app's own."""
    for name, options in {
        "plain": {},
        "renamed": {"cli_group": "other"},
        "merged": {"cli_group": None},
    }.items():
        blueprint = Blueprint(name, __name__, **options)
        blueprint.cli.command(f"do-{name}")(lambda name=name: click.echo(name))
        app.register_blueprint(blueprint)

    assert invoke("plain", "do-plain").output == "plain\n"
    assert invoke("other", "do-renamed").output == "renamed\n"
    assert invoke("do-merged").output == "merged\n"


def test_custom_script(app):
    """A FlaskGroup with its own options and factory is a script for one app."""

    @click.group(cls=FlaskGroup, create_app=lambda: app)
    @click.option("--tenant")
    def script(tenant):
        click.echo(f"tenant {tenant}")

    @script.command()
    def show():
        click.echo(current_app.name)

    result = CliRunner().invoke(script, ["--tenant", "x", "show"])
    assert result.output == "tenant x\nshop\n"


def test_default_commands_and_version_can_be_left_out(app, monkeypatch):
    """What a FlaskGroup adds by itself can be declined."""
    # Extensions that are installed here bring commands of their own.
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [])
    group = FlaskGroup(create_app=lambda: app, add_default_commands=False, add_version_option=False)
    with group.make_context("script", ["x"]) as ctx:
        assert group.list_commands(ctx) == []
    assert [option.name for option in group.params] == ["env_file", "app", "debug"]


def test_built_in_commands_work_without_an_app(folder):
    """An app that cannot be found is reported, and the help printed all the same."""
    result = CliRunner().invoke(bolthead_cli.cli, ["--help"])
    assert result.exit_code == 0
    assert "Could not locate a Flask application" in result.output
    for command in ("adopt", "check", "routes", "run", "shell"):
        assert f"\n  {command} " in result.stdout

    result = CliRunner().invoke(bolthead_cli.cli, ["nothing"])
    assert result.exit_code == 2
    assert "Could not locate a Flask application" in result.output
    assert "No such command 'nothing'" in result.output


def test_help_survives_a_broken_app():
    """Help shows the traceback of an app that fails, then the commands."""

    def create_app():
        raise ValueError("oh no")

    group = FlaskGroup(create_app=create_app)
    result = CliRunner().invoke(group, ["--help"])
    assert result.exit_code == 0
    assert "ValueError: oh no" in result.output
    assert "routes" in result.stdout
    assert isinstance(CliRunner().invoke(group, ["nothing"]).exception, ValueError)


def test_help_lists_the_apps_commands(folder):
    """Help alone reads dotenv files and FLASK_APP before it lists commands."""
    write(folder / ".flaskenv", "FLASK_APP=shop.py")
    write(
        folder / "shop.py",
        """
        from bolthead import Flask

        app = Flask(__name__)
        app.cli.command("restock")(lambda: None)
        """,
    )
    assert "restock" in CliRunner().invoke(bolthead_cli.cli, ["--help"]).stdout


@pytest.mark.parametrize("group", ["flask.commands", "bolthead.commands"])
def test_plugin_commands(invoke, monkeypatch, group):
    """An installed distribution adds commands by an entry point, loaded when one is called."""
    module = module_with(command=click.Command("any", callback=lambda: click.echo("from plugin")))
    monkeypatch.setitem(sys.modules, "shopplugin", module)
    points = {
        group: [
            EntryPoint("restock", "shopplugin:command", group),
            EntryPoint("broken", "not_a_module:command", group),
        ]
    }
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points.get(group, []))

    assert invoke("restock").output == "from plugin\n"
    assert isinstance(invoke("broken").exception, ModuleNotFoundError)


# Options


@pytest.mark.parametrize(
    ("args", "variables", "expected"),
    [
        ([], {}, False),
        (["--debug"], {}, True),
        (["--debug"], {"FLASK_DEBUG": "0"}, True),
        (["--no-debug"], {"FLASK_DEBUG": "1"}, False),
        ([], {"FLASK_DEBUG": "1"}, True),
        ([], {"BOLTHEAD_DEBUG": "1"}, True),
        ([], {"BOLTHEAD_DEBUG": "0", "FLASK_DEBUG": "1"}, False),
        (["--debug"], {"BOLTHEAD_DEBUG": "0"}, True),
    ],
)
def test_debug_option(app, invoke, args, variables, expected):
    """--debug counts before BOLTHEAD_DEBUG, and that before FLASK_DEBUG."""
    os.environ.update(variables)

    @app.cli.command("show")
    def show():
        click.echo(current_app.debug)

    assert invoke(*args, "show").output == f"{expected}\n"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"FLASK_RESTOCK_HOW_MANY": "1"}, "1"),
        ({"BOLTHEAD_RESTOCK_HOW_MANY": "2"}, "2"),
        ({"BOLTHEAD_RESTOCK_HOW_MANY": "2", "FLASK_RESTOCK_HOW_MANY": "1"}, "2"),
    ],
)
def test_options_by_variables(app, invoke, variables, expected):
    """Every option of every command can be set by either prefix; ours counts first."""
    os.environ.update(variables)

    @app.cli.command("restock")
    @click.option("--how-many")
    def restock(how_many):
        click.echo(how_many)

    assert invoke("restock").output == f"{expected}\n"


@pytest.mark.parametrize(
    ("args", "variables", "named"),
    [
        (["run"], {"FLASK_RUN_PORT": "x"}, "FLASK_RUN_PORT"),
        (["run"], {"BOLTHEAD_RUN_PORT": "x", "FLASK_RUN_PORT": "1"}, "BOLTHEAD_RUN_PORT"),
        (["routes"], {"FLASK_DEBUG": "x"}, "FLASK_DEBUG"),
        (["routes"], {"BOLTHEAD_DEBUG": "x"}, "BOLTHEAD_DEBUG"),
        (["run", "--port", "x"], {"FLASK_RUN_PORT": "1"}, None),
    ],
)
def test_wrong_variables(invoke, args, variables, named):
    """An option that is wrong by a variable of the environment is reported with its name."""
    os.environ.update(variables)
    result = invoke(*args)
    assert result.exit_code == 2
    told = " ".join(result.output.split())
    assert "'x' is not a valid" in told
    assert (f"(environment variable {named})." in told) == (named is not None)


@pytest.mark.parametrize("variable", ["FLASK_APP", "BOLTHEAD_APP"])
def test_app_by_variable(folder, variable):
    """The app can be named by either variable."""
    write(folder / "shop.py", APP_SOURCE)
    os.environ[variable] = "shop"
    result = CliRunner().invoke(bolthead_cli.cli, ["routes"])
    assert "/static/<path:filename>" in result.output


def test_version():
    """--version prints what to name in a report."""
    output = CliRunner().invoke(bolthead_cli.cli, ["--version"]).output
    assert [line.split()[0] for line in output.splitlines()] == ["Python", "Bolthead", "Werkzeug"]
    assert "(as Flask 3.1" in output


# Dotenv files


@pytest.fixture
def dotenv_files(folder):
    """Three files that set the same variables, and an environment that sets one."""
    write(folder / ".flaskenv", "SHOP_A=flaskenv\nSHOP_B=flaskenv\nSHOP_C=flaskenv\nSHOP_D=1")
    write(folder / ".env", "SHOP_B=env\nSHOP_C=env\nSHOP_D=1\nSHOP_BARE")
    write(folder / "my.env", "SHOP_C=file\nSHOP_D=1")
    os.environ["SHOP_D"] = "before"
    return folder


def shop_variables():
    return {name[-1]: value for name, value in os.environ.items() if name.startswith("SHOP_")}


def test_dotenv_precedence(dotenv_files):
    """The environment counts before the named file, that before .env, that before .flaskenv."""
    assert load_dotenv("my.env") is True
    assert shop_variables() == {"A": "flaskenv", "B": "env", "C": "file", "D": "before"}


def test_dotenv_files_are_found_above(dotenv_files, monkeypatch):
    """The files are looked for upwards, and the working directory stays."""
    (dotenv_files / "below").mkdir()
    monkeypatch.chdir(dotenv_files / "below")
    load_dotenv()
    assert shop_variables() == {"A": "flaskenv", "B": "env", "C": "env", "D": "before"}
    assert os.getcwd() == str(dotenv_files / "below")


def test_dotenv_named_file_only(dotenv_files):
    """Without the defaults only the named file is read; one that is not there gives False."""
    assert load_dotenv("nothing.env", load_defaults=False) is False
    assert load_dotenv("my.env", load_defaults=False) is True
    assert shop_variables() == {"C": "file", "D": "before"}


def test_dotenv_tip(dotenv_files, monkeypatch, capsys):
    """Without python-dotenv there is a tip, if there are files to read."""
    monkeypatch.setitem(sys.modules, "dotenv", None)
    assert load_dotenv() is False
    tip = capsys.readouterr().err
    assert "Install python-dotenv to use them. Run: pip install 'bolthead[dotenv]'" in tip
    (dotenv_files / "below").mkdir()
    monkeypatch.chdir(dotenv_files / "below")
    assert load_dotenv() is False
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("args", "variables", "expected"),
    [
        ([], {}, {"A": "flaskenv", "B": "env", "C": "env"}),
        (["-e", "my.env"], {}, {"A": "flaskenv", "B": "env", "C": "file"}),
        ([], {"BOLTHEAD_ENV_FILE": "my.env"}, {"A": "flaskenv", "B": "env", "C": "file"}),
        ([], {"FLASK_SKIP_DOTENV": "1"}, {}),
        (["--env-file", "my.env"], {"FLASK_SKIP_DOTENV": "1"}, {"C": "file"}),
    ],
)
def test_env_file_option(dotenv_files, invoke, args, variables, expected):
    """Commands read dotenv files first; FLASK_SKIP_DOTENV leaves only the named one."""
    os.environ.update(variables)
    assert invoke(*args, "routes").exit_code == 0
    assert shop_variables() == {**expected, "D": "before"}


def test_env_file_needs_dotenv(dotenv_files, invoke, monkeypatch):
    """A named file that cannot be read is an error, not a tip."""
    monkeypatch.setitem(sys.modules, "dotenv", None)
    result = invoke("-e", "my.env", "routes")
    assert result.exit_code == 2
    told = " ".join(result.output.split())
    assert "python-dotenv must be installed to load an env file." in told
    assert "pip install 'bolthead[dotenv]'" in told


# run


def run_params(*args):
    return run_command.make_context("run", list(args)).params


def test_run_defaults():
    """The server listens on this machine only, with threads, and reloads in debug mode."""
    params = run_params()
    assert (params["host"], params["port"], params["with_threads"]) == ("127.0.0.1", 5000, True)
    assert params["reload"] is params["debugger"] is params["cert"] is None


def test_run_certificate_files():
    """A certificate and its key may come in either order."""
    expected = (__file__, __file__)
    assert run_params("--cert", __file__, "--key", __file__)["cert"] == expected
    assert run_params("--key", __file__, "--cert", __file__)["cert"] == expected


def test_run_other_certificates(monkeypatch):
    """A certificate can be made for the occasion, or be an SSLContext which a module holds."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    monkeypatch.setitem(sys.modules, "shop_tls", module_with(context=context))
    monkeypatch.setitem(sys.modules, "cryptography", types.ModuleType("cryptography"))
    assert run_params("--cert", "shop_tls:context")["cert"] is context
    assert run_params("--cert", "adhoc")["cert"] == "adhoc"


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--cert", __file__], 'Required when using "--cert".'),
        (["--key", __file__], '"--cert" must also be specified.'),
        (["--cert", "adhoc", "--key", __file__], 'When "--cert" is "adhoc", "--key" is not used.'),
        (["--cert", "tls:c", "--key", __file__], "an SSLContext object, "),
        (["--cert", "nothing"], "File 'nothing' does not exist."),
        (["--cert", "./nothing.pem"], "File './nothing.pem' does not exist."),
        (["--cert", "bolthead"], "File 'bolthead' does not exist."),
    ],
)
def test_run_wrong_certificates(monkeypatch, args, problem):
    """The error says what is missing or too much."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    monkeypatch.setitem(sys.modules, "tls", module_with(c=context))
    monkeypatch.setitem(sys.modules, "cryptography", types.ModuleType("cryptography"))
    with pytest.raises(click.BadParameter) as caught:
        run_params(*args)
    assert problem in caught.value.format_message()


@pytest.mark.parametrize(
    ("missing", "cert"), [("cryptography", "adhoc"), ("ssl", __file__)], ids=["adhoc", "no ssl"]
)
def test_run_certificates_need_libraries(monkeypatch, missing, cert):
    """What is not installed is named."""
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(click.BadParameter) as caught:
        run_params("--cert", cert)
    assert ("pip install 'bolthead[adhoc]'" in str(caught.value)) == (missing == "cryptography")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--port", "65536"], "65536 is not in the range 0<=x<=65535"),
        (["--host", "192.0.2.1"], "'--host' takes an address of this machine"),
        (["--host", "no..host"], "'--host' takes an address of this machine"),
        (["--cert", __file__, "--key", __file__], f"{__file__} holds no certificate in PEM"),
    ],
    ids=["port", "address", "name", "certificate"],
)
def test_run_where_it_cannot(invoke, args, told):
    """An address or a certificate that cannot be used is a sentence with what to do."""
    result = invoke("run", *args)
    assert result.exit_code in {1, 2}
    assert told in " ".join(result.output.split())
    assert isinstance(result.exception, SystemExit)


def test_run_file_lists():
    """Several files or patterns are separated as in PATH."""
    params = run_params("--extra-files", f"a{os.pathsep}b", "--exclude-patterns", "*.tmp")
    assert (params["extra_files"], params["exclude_patterns"]) == (["a", "b"], ["*.tmp"])


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], (False, {"use_reloader": False, "threaded": True})),
        (["--debug"], (True, {"use_reloader": True})),
        (["--debug", "--no-reload"], (True, {"use_reloader": False})),
        (["--debugger", "--without-threads"], (True, {"threaded": False})),
    ],
)
def test_run_serves(app, invoke, monkeypatch, args, expected):
    """The options reach the server, and the reloader and the debugger follow debug mode."""
    calls = []
    monkeypatch.setattr("werkzeug.serving.run_simple", lambda *a, **kw: calls.append((a, kw)))
    result = invoke("run", "--host", "127.0.0.2", "--port", "5099", *args)
    (((host, port, served), options),) = calls
    assert (host, port) == ("127.0.0.2", 5099)
    assert (served is not app, expected[1].items() <= options.items()) == (expected[0], True)
    assert " * Debug mode: " in result.output


def test_run_reports_an_app_that_fails(monkeypatch):
    """At the start a broken app ends the command."""

    def create_app():
        raise ValueError("oh no")

    result = CliRunner().invoke(FlaskGroup(create_app=create_app), ["run"])
    assert isinstance(result.exception, ValueError)


# routes


def test_routes_table(app, invoke):
    """Each rule has a line with its endpoint and its methods but the implied ones."""
    app.add_url_rule("/orders/<int:number>", "order", methods=["GET", "POST"])
    assert invoke("routes").output.splitlines() == [
        "Endpoint  Methods    Rule                   ",
        "--------  ---------  -----------------------",
        "order     GET, POST  /orders/<int:number>   ",
        "static    GET        /static/<path:filename>",
    ]
    assert "GET, HEAD, OPTIONS, POST" in invoke("routes", "--all-methods").output


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("endpoint", ["a", "b", "static"]),
        ("methods", ["static", "b", "a"]),
        ("rule", ["b", "static", "a"]),
        ("match", ["static", "b", "a"]),
    ],
)
def test_routes_order(app, invoke, sort, order):
    """The table can be sorted by each column, or left as the rules are matched."""
    app.add_url_rule("/a", "b", methods=["GET", "POST"])
    app.add_url_rule("/z", "a", methods=["PUT"])
    lines = invoke("routes", "--sort", sort).output.splitlines()[2:]
    assert [line.split()[0] for line in lines] == order


@pytest.mark.parametrize(
    ("options", "rule_options", "title"),
    [
        ({}, {"subdomain": "x"}, "Subdomain"),
        ({"host_matching": True}, {"host": "x.example"}, "Host"),
    ],
)
def test_routes_domains(options, rule_options, title):
    """Rules that are bound to a host or subdomain have a column more."""
    app = Flask("shop", static_folder=None, **options)
    app.add_url_rule("/", "index", **rule_options)
    output = (
        CliRunner().invoke(FlaskGroup(create_app=lambda: app), ["routes", "-s", "domain"]).output
    )
    assert title in output
    assert "x" in output.splitlines()[2]


def test_routes_without_routes():
    """An app without rules gets a sentence instead of a table."""
    app = Flask("shop", static_folder=None)
    result = CliRunner().invoke(FlaskGroup(create_app=lambda: app), ["routes"])
    assert result.output == "No routes were registered.\n"


# shell


def test_shell(app, invoke, folder, monkeypatch):
    """The prompt has the app, what its processors add and what PYTHONSTARTUP defines."""
    write(folder / "start.py", "started = True")
    monkeypatch.setenv("PYTHONSTARTUP", "start.py")
    monkeypatch.delattr(sys, "__interactivehook__", raising=False)
    app.shell_context_processor(lambda: {"price": 3})
    seen = {}
    monkeypatch.setattr("code.interact", lambda **kwargs: seen.update(kwargs))

    assert invoke("shell").exit_code == 0
    assert seen["local"]["app"] is app
    assert seen["local"]["price"] == 3
    assert seen["local"]["started"] is True
    assert "App: shop\n" in seen["banner"]


# The process


def test_importing_the_commands_is_light():
    """The debugger, the prompt and the installed distributions are not looked at before needed."""
    script = (
        "import sys, bolthead.cli;"
        " print({'werkzeug.debug', 'code', 'readline', 'dotenv', 'importlib.metadata'}"
        " & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_an_unmodified_flask_app(folder):
    """An app that imports flask gets Bolthead from the command, by module and by script."""
    write(
        folder / "app.py",
        """
        import click
        import flask
        from flask import Flask

        app = Flask(__name__)

        @app.cli.command("who")
        def who():
            click.echo(flask.__name__)

        app.run()
        """,
    )
    done = subprocess.run(
        [sys.executable, "-m", "bolthead", "who"], capture_output=True, text=True, cwd=folder
    )
    assert done.stdout.splitlines()[-1] == "bolthead", done.stderr
    assert "Ignoring a call to 'app.run()'" in done.stdout
