"""What the source may and may not use."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import bolthead

SOURCE = Path(bolthead.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
TREES = {file: ast.parse(file.read_text()) for file in FILES}

ALLOWED = {"werkzeug", "jinja2", "markupsafe", "itsdangerous", "click", "blinker"}
# Used where they are installed, and asked for by name where they are needed.
OPTIONAL = {"dotenv", "cryptography"}
# The extra `serve`; imported by the production server only.
ENGINES = {"granian", "uvicorn", "uvloop", "websockets", "httptools"}
# Type checkers bring their own; never imported at run time.
STUBS = {"_typeshed", "typing_extensions"}

by_file = pytest.mark.parametrize(
    "file", FILES, ids=[str(file.relative_to(SOURCE)) for file in FILES]
)


def imported(tree: ast.AST) -> set[str]:
    """Return the top packages that a file imports, within functions and for types as well."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def called_names(tree: ast.AST) -> set[str]:
    """Return the names of what a file calls: ``eval`` or ``yaml.load``."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


UNSAFE = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "yaml"}


def named_imports(tree: ast.AST) -> set[str]:
    """Return the modules that a file imports by their name: ``import_module("pickle")``."""
    return {
        argument.value.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in {"import_module", "__import__"}
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_the_search_for_what_is_unsafe_finds_it():
    """Each way to write it is found."""
    code = "import pickle.x\nfrom yaml import load\nimport_module('marshal')\neval('1')"
    tree = ast.parse(code)
    assert imported(tree) == {"pickle", "yaml"}
    assert named_imports(tree) == {"marshal"}
    assert "eval" in called_names(tree)


@by_file
def test_flask_is_not_imported(file):
    """Bolthead works where Flask is not installed."""
    assert "flask" not in imported(TREES[file])


@by_file
def test_imports_are_of_the_six_libraries(file):
    """Beside the standard library, only the libraries it stands on are imported."""
    foreign = imported(TREES[file]) - set(sys.stdlib_module_names) - {"bolthead", "__future__"}
    engines = ENGINES if "serve" in file.relative_to(SOURCE).parts else set()
    assert foreign <= ALLOWED | OPTIONAL | STUBS | engines


@by_file
def test_nothing_unsafe_is_used(file):
    """No pickle, no eval, no loader of YAML that runs code; nor by the name of the module."""
    assert not imported(TREES[file]) & UNSAFE
    assert not called_names(TREES[file]) & {"eval", "builtins.eval", "yaml.load", "pickle.loads"}
    assert not named_imports(TREES[file]) & UNSAFE


def test_exec_runs_the_apps_own_files_only():
    """``exec`` is called in two places: for a configuration file and a start-up script."""
    users = {
        str(file.relative_to(SOURCE))
        for file, tree in TREES.items()
        if "exec" in called_names(tree)
    }
    assert users <= {"config.py", "cli/shell.py"}


def _python(code: str) -> str:
    """Run code in a fresh interpreter in which Flask cannot be imported; return what it prints."""
    prelude = """
    import sys
    class NoFlask:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "flask":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    sys.meta_path.insert(0, NoFlask())
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(prelude) + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "BOLTHEAD_ADOPT": "0"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_app_is_served_without_flask():
    """An app is made and served where importing Flask fails."""
    out = _python(
        """
        import bolthead
        app = bolthead.Flask("alone")
        app.add_url_rule("/", "index", lambda: "served")
        print(app.test_client().get("/").text)
        """
    )
    assert out == "served\n"


def test_flask_can_be_replaced_without_flask():
    """``install_as_flask`` gives ``import flask`` where Flask is not installed."""
    out = _python(
        """
        del sys.meta_path[0]
        import bolthead
        bolthead.install_as_flask()
        import flask
        import flask.app
        print(flask is bolthead, flask.app is bolthead.app)
        """
    )
    assert out == "True True\n"


def test_serving_needs_no_click():
    """Click is only imported by commands."""
    out = _python(
        """
        import bolthead
        app = bolthead.Flask("alone")
        app.add_url_rule("/", "index", lambda: "served")
        app.test_client().get("/")
        print("click" in sys.modules)
        """
    )
    assert out == "False\n"
