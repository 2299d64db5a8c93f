"""Where packages lie, and where their instance folders belong."""

from __future__ import annotations

import os
import sys
import types

import pytest

from bolthead import Flask
from bolthead.paths import find_package, get_root_path


@pytest.fixture
def importable(tmp_path, monkeypatch):
    """Return a function that makes a file below a folder on the import path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(path, folder=tmp_path):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("import bolthead\napp = bolthead.Flask(__name__)\n")
        return folder

    yield make
    for name in set(sys.modules) - before:
        del sys.modules[name]


LAYOUTS = {
    "module": ("paths_module.py", "paths_module", "", "instance"),
    "package": ("paths_package/__init__.py", "paths_package", "paths_package", "instance"),
    "module in a package": (
        "paths_package/web.py",
        "paths_package.web",
        "paths_package",
        "instance",
    ),
    "namespace package": ("paths_space/web.py", "paths_space.web", "paths_space", "instance"),
    "package in a namespace package": (
        "paths_space/inner/__init__.py",
        "paths_space.inner",
        "paths_space/inner",
        "instance",
    ),
}


@pytest.mark.parametrize(("file", "name", "root", "instance"), LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("imported", [True, False], ids=["imported", "not imported"])
def test_root_and_instance_of_a_checkout(importable, file, name, root, instance, imported):
    """The root is the module's folder; the instance folder lies beside the top package."""
    folder = importable(file)
    if "paths_package/web" in file:
        importable("paths_package/__init__.py")
    app = __import__(name, fromlist=["app"]).app if imported else Flask(name)
    assert app.root_path == str(folder / root).rstrip("/")
    assert app.instance_path == str(folder / instance)


PREFIXES = {
    "POSIX": ("lib/python3.11/site-packages", ""),
    "Windows": ("Lib/site-packages", ""),
    "elsewhere": ("site-packages", ""),
}


@pytest.mark.parametrize(("site", "prefix"), PREFIXES.values(), ids=PREFIXES)
def test_instance_of_an_installed_package(importable, tmp_path, monkeypatch, site, prefix):
    """An installed package's instance folder is in ``var`` under the prefix."""
    site_packages = tmp_path / "env" / site
    importable("paths_installed/__init__.py", site_packages)
    monkeypatch.syspath_prepend(str(site_packages))
    app = Flask("paths_installed")
    assert app.instance_path == str(tmp_path / "env" / "var" / "paths_installed-instance")
    assert find_package("paths_installed") == (str(tmp_path / "env"), str(site_packages))


def test_package_in_the_python_prefix(importable, tmp_path, monkeypatch):
    """A package under ``sys.prefix`` counts as installed there, wherever it lies."""
    importable("here/paths_inside.py")
    monkeypatch.syspath_prepend(str(tmp_path / "here"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    app = Flask("paths_inside")
    assert app.instance_path == str(tmp_path / "var" / "paths_inside-instance")


def test_unknown_module_is_the_working_directory(tmp_path, monkeypatch):
    """A name that cannot be imported has the working directory."""
    monkeypatch.chdir(tmp_path)
    app = Flask("no_such_module_at_all")
    assert (app.root_path, app.instance_path) == (str(tmp_path), str(tmp_path / "instance"))


def test_namespace_package_has_no_root(importable):
    """A namespace package has no folder of its own: the error says what to give."""
    importable("paths_bare/web.py")
    __import__("paths_bare")
    with pytest.raises(RuntimeError, match="No root path can be found"):
        get_root_path("paths_bare")


def test_module_without_a_file_has_no_root(monkeypatch):
    """A module that was imported from nowhere is an error that says so."""
    module = types.ModuleType("paths_made")

    class Loader:
        pass

    module.__spec__ = types.SimpleNamespace(loader=Loader(), origin=None, name="paths_made")
    monkeypatch.setitem(sys.modules, "paths_made", module)
    with pytest.raises(RuntimeError, match="explicitly provided"):
        get_root_path("paths_made")


def test_script_has_its_folder(monkeypatch, tmp_path):
    """A script that is run has its file's folder."""
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(tmp_path / "a.py"), raising=False)
    assert get_root_path("__main__") == str(tmp_path)


def test_root_path_may_be_given(tmp_path):
    """``root_path`` is taken as it is."""
    app = Flask("tested_app", root_path=str(tmp_path))
    assert app.root_path == str(tmp_path)
    assert app.jinja_loader.searchpath == [os.path.join(tmp_path, "templates")]
