"""Bolthead in Flask's place: the alias, its finder, and the adoption of an environment."""

import importlib.metadata
import subprocess
import sys
import sysconfig
import textwrap
import venv
from pathlib import Path

import pytest

import bolthead
from bolthead.compat.flask import ALIASES

needs_flask = pytest.mark.skipif(
    not list(importlib.metadata.Distribution.discover(name="flask")),
    reason="Flask is not installed",
)

SOURCE = str(Path(bolthead.__file__).parents[1])


def run_python(source, *, python=sys.executable, **options):
    """Run a program in a process of its own and return what it printed."""
    done = subprocess.run(
        [python, "-c", textwrap.dedent(source)], capture_output=True, text=True, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_is_ours():
    """After the call each of Flask's modules is Bolthead's, under its own name and spec."""
    run_python(
        """
        import importlib, sys
        import bolthead
        from bolthead.compat.flask import ALIASES

        bolthead.install_as_flask()
        for name, target in ALIASES.items():
            module = importlib.import_module(name)
            assert module is sys.modules[target], name
            assert module.__spec__.name == module.__name__ == target, name

        import flask
        assert flask.Flask is bolthead.Flask
        assert flask.sansio.app.App is bolthead.Flask
        from flask import cli, json, sansio
        """
    )


@needs_flask
def test_the_table_has_all_of_flasks_modules():
    """Whatever module Flask has, an import of it finds ours."""
    names = run_python(
        """
        import pkgutil, flask
        print(*(module.name for module in pkgutil.walk_packages(flask.__path__, "flask.")))
        """
    ).split()
    assert set(names) <= set(ALIASES)


# Of Flask's modules, what is private, a type variable, or its command's own.
NOT_HELD = {"F", "attach_enctype_error_multidict"}


@needs_flask
def test_names_of_other_modules_are_held():
    """What Flask's modules hold of others is found in ours: ``flask.app.request`` and the like."""
    names = run_python(
        """
        import importlib, pkgutil, flask
        for name in ["flask", *(m.name for m in pkgutil.walk_packages(flask.__path__, "flask."))]:
            if not name.endswith("__main__"):
                scope = {}
                exec(f"from {name} import *", scope)
                del scope["__builtins__"]
                print(name, *scope)
        """
    )
    wanted = [
        (line.split()[0], sorted({*line.split()[1:]} - NOT_HELD))
        for line in names.split("\n")
        if line
    ]
    assert len(wanted) >= 20
    run_python(
        f"""
        import importlib
        import bolthead

        bolthead.install_as_flask()
        lacking = []
        for module, names in {wanted!r}:
            scope = {{}}
            exec(f"from {{module}} import *", scope)
            lacking += [
                f"{{module}}.{{name}}"
                for name in names
                if name not in scope or not hasattr(importlib.import_module(module), name)
            ]
            if module == "flask":
                extra = set(scope) - set(names) - {{"__builtins__"}}
                assert not extra, extra  # they might cover a name of the app's
        assert lacking == [], lacking

        import flask.app, flask.helpers, flask.wrappers, flask.testing
        import werkzeug.test, werkzeug.wrappers
        assert flask.app.request is flask.helpers.request is flask.request
        assert flask.testing.Client is werkzeug.test.Client
        assert flask.wrappers.RequestBase is werkzeug.wrappers.Request
        """
    )


def test_replaced_names_reach_both():
    """A tool that replaces flask.Flask replaces bolthead.Flask."""
    run_python(
        """
        import bolthead
        bolthead.install_as_flask()
        import flask

        class Traced(flask.Flask):
            pass

        flask.Flask = Traced
        assert bolthead.Flask is Traced
        """
    )


def test_cleaned_modules_are_found_again():
    """A test that removes modules from sys.modules gets the same ones at the next import."""
    run_python(
        """
        import sys
        import bolthead
        bolthead.install_as_flask()
        import flask.app, flask.sansio.scaffold
        before = {name: sys.modules[name] for name in list(sys.modules) if name[:5] == "flask"}
        for name in before:
            del sys.modules[name]
        for name, module in before.items():
            __import__(name)
            assert sys.modules[name] is module
            assert not module.__spec__.name.startswith("flask")
        """
    )


def test_only_flasks_modules_are_found():
    """What Flask does not have is not found under its name, though Bolthead has it."""
    run_python(
        """
        import importlib
        import bolthead
        bolthead.install_as_flask()
        for name in ("flask.plan", "flask.cli.run", "flask.nothing"):
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                assert error.name == name
            else:
                raise AssertionError(name)
        """
    )


def test_the_alias_is_installed_once():
    """A second call changes nothing."""
    run_python(
        """
        import sys
        import bolthead
        bolthead.install_as_flask()
        finders = list(sys.meta_path)
        bolthead.install_as_flask()
        assert sys.meta_path == finders
        """
    )


@needs_flask
def test_too_late(tmp_path):
    """When Flask was imported already, the error says by whom, and what to do."""
    (tmp_path / "shop_models.py").write_text("from flask import current_app\n")
    told = run_python(
        """
        import shop_models
        import bolthead
        try:
            bolthead.install_as_flask()
        except RuntimeError as error:
            print(error)
        """,
        cwd=tmp_path,
    )
    assert "Flask was imported already" in told
    assert "'shop_models'" in told
    assert "bolthead.install_as_flask()" in told
    assert "bolthead adopt" in told


@needs_flask
def test_flask_beside_bolthead():
    """An extension that has Flask itself sees no context; the logged error says what to do."""
    told = run_python(
        """
        import sys
        sys.stderr = sys.stdout
        import flask
        import bolthead

        app = bolthead.Flask("shop", root_path=".")

        @app.get("/theirs")
        def theirs():
            return flask.current_app.name

        @app.get("/other")
        def other():
            raise RuntimeError("another")

        app.test_client().get("/other")
        print("-")
        app.test_client().get("/theirs")
        """
    )
    other, _, theirs = told.partition("\n-\n")
    assert "RuntimeError: another" in other
    assert "Flask itself" not in other
    assert "Working outside of" in theirs
    assert "Flask itself was imported beside Bolthead" in theirs
    assert "run 'bolthead adopt'" in theirs


def test_without_flask_installed():
    """Flask need not be there; who asks for its distribution is told the truth."""
    told = run_python(
        """
        import importlib.machinery, importlib.metadata, sys

        PathFinder = importlib.machinery.PathFinder

        class NoFlask:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == "flask":
                    raise ModuleNotFoundError(name)
                return PathFinder.find_spec(name, path, target)

        sys.meta_path[sys.meta_path.index(PathFinder)] = NoFlask()
        import bolthead
        bolthead.install_as_flask()
        import flask.views
        print(flask.__name__)
        """
    )
    assert told == "bolthead\n"


# What tracing tools do: a finder wraps the loaders of modules, to patch each once it is loaded.
HOOKS = """
import importlib.util, sys

names, busy, loaded = {"flask", "flask.app", "flask.templating"}, set(), []

class Hooked:
    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        loaded.append(module.__name__)
        if module.__name__ == "flask.app":
            first = module.Flask.full_dispatch_request
            module.Flask.full_dispatch_request = lambda app: (loaded.append("asked"), first(app))[1]

class Hooks:
    def find_spec(self, name, path=None, target=None):
        if name not in names or name in busy:
            return None
        busy.add(name)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            busy.discard(name)
        spec.loader = Hooked(spec.loader)
        return spec

sys.meta_path.insert(0, Hooks())
"""
USE = """
import flask, flask.app
assert sorted(loaded) == ["flask", "flask.app", "flask.templating"], loaded
assert flask.__name__ == "bolthead" and flask.app.__name__ == "bolthead.app"
assert flask.Flask("hooked").test_client().get("/").status_code == 404
assert loaded[-1] == "asked", loaded
"""


def test_import_hooks_are_called():
    """Tools that patch ``flask.app`` when it is imported are told of it, once and by that name."""
    run_python(
        HOOKS + "import bolthead; bolthead.install_as_flask(); bolthead.install_as_flask()" + USE
    )


# Adoption


class Environment:
    """A virtual environment that finds the packages of the one the tests run in."""

    def __init__(self, folder):
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = str(folder / "bin" / "python")
        self.site = Path(
            sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)})
        )
        self.paths = self.site / "borrowed.pth"
        self.paths.write_text(f"{SOURCE}\n{sysconfig.get_path('purelib')}\n")

    def run(self, *arguments, **options):
        return subprocess.run([self.python, *arguments], capture_output=True, text=True, **options)

    def written(self):
        return {path.name for path in self.site.iterdir()} - {self.paths.name, "__pycache__"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    if sys.platform == "win32":
        pytest.skip("the environment's folders are named otherwise")
    return Environment(tmp_path_factory.mktemp("environment"))


def test_adopt_and_undo(environment, tmp_path):
    """From adopt to undo every program of the environment gets Bolthead for flask."""
    (tmp_path / "shop.py").write_text(
        "import flask\napp = flask.Flask(__name__)\nprint('given by', flask.__name__)\n"
    )
    (tmp_path / "test_shop.py").write_text(
        "import flask, bolthead\ndef test_same():\n    assert flask.Flask is bolthead.Flask\n"
    )

    done = environment.run("-m", "bolthead", "adopt")
    assert "'import flask' gives Bolthead" in done.stdout, done.stderr
    assert environment.written() == {"bolthead-adopt.pth", "_bolthead_adopt.py"}
    assert "Nothing to do" in environment.run("-m", "bolthead", "adopt").stdout

    light = environment.run("-c", "import sys; print('bolthead' in sys.modules)")
    assert light.stdout == "False\n", light.stderr
    assert environment.run("shop.py", cwd=tmp_path).stdout == "given by bolthead\n"
    routes = environment.run("-m", "flask", "--app", "shop", "routes", cwd=tmp_path)
    assert "/static/<path:filename>" in routes.stdout, routes.stderr
    assert "given by bolthead" in routes.stdout
    tests = environment.run("-m", "pytest", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "1 passed" in tests.stdout, tests.stdout

    done = environment.run("-m", "bolthead", "adopt", "--undo")
    assert "gives Flask again" in done.stdout, done.stderr
    assert environment.written() == set()
    assert "Nothing to do" in environment.run("-m", "bolthead", "adopt", "--undo").stdout


def test_import_hooks_are_called_in_adopted_environments(environment, tmp_path):
    """They may be set up before the first import of Flask, as by an agent's start-up file."""
    environment.run("-m", "bolthead", "adopt")
    done = environment.run("-c", HOOKS + USE, cwd=tmp_path)
    environment.run("-m", "bolthead", "adopt", "--undo")
    assert done.returncode == 0, done.stderr


@needs_flask
def test_adopted_environments_can_get_flask(environment, tmp_path):
    """A variable leaves the place to Flask, and so does the removal of Bolthead."""
    environment.run("-m", "bolthead", "adopt", check=True)
    script = "import flask; print(flask.__name__)"
    try:
        assert environment.run("-c", script).stdout == "bolthead\n"
        done = environment.run("-c", script, env={"BOLTHEAD_ADOPT": "0"})
        assert done.stdout == "flask\n", done.stderr

        # As after 'pip uninstall bolthead': nothing of that name can be found.
        uninstalled = (
            "import sys\n"
            "class Gone:\n"
            "    def find_spec(self, name, path=None, target=None): return None\n"
            "from importlib.machinery import PathFinder\n"
            "class Finder(PathFinder):\n"
            "    @classmethod\n"
            "    def find_spec(cls, name, *args):\n"
            "        return None if name == 'bolthead' else super().find_spec(name, *args)\n"
            "sys.meta_path[:] = [\n"
            "    finder for finder in sys.meta_path\n"
            "    if type(finder).__name__ == 'LazyFinder' or 'Builtin' in str(finder)\n"
            "    or 'Frozen' in str(finder)\n"
            "] + [Finder]\n"
        )
        done = environment.run("-c", uninstalled + script)
        assert done.stdout == "flask\n", done.stderr
    finally:
        environment.run("-m", "bolthead", "adopt", "--undo", check=True)


def test_adopt_refuses_outside_of_environments():
    """The whole machine's Python is not changed without --force."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.base_prefix = sys.prefix\n"
            "from bolthead.cli import main\nsys.argv = ['bolthead', 'adopt']\nmain()",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "not in a virtual environment" in done.stderr
    assert "--force" in done.stderr
