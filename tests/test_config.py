"""Settings: where they come from, and what they are when they arrive."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import tomllib
import types

import pytest

from bolthead import Config, Flask
from bolthead.config import ConfigAttribute


@pytest.fixture
def config(tmp_path):
    """An empty configuration with a folder of its own."""
    return Config(str(tmp_path))


def test_it_is_a_dictionary(config):
    """A configuration is a dictionary and shows itself as one."""
    config["ONE"] = 1
    assert dict(config) == {"ONE": 1}
    assert repr(config) == "<Config {'ONE': 1}>"
    assert Config(".", {"A": 1}) == {"A": 1}


class Settings:
    """Settings as a class has them."""

    OWN = "class"
    lower = "not a setting"
    Mixed = "not a setting"
    _HIDDEN = "upper case all the same"


class Derived(Settings):
    """Settings that add to others."""

    MORE = 1


def _module():
    module = types.ModuleType("settings_module")
    module.OWN = "module"
    module.lower = "not a setting"
    return module


OBJECTS = {
    "class": (Settings, "class"),
    "derived class": (Derived, "class"),
    "instance": (Settings(), "class"),
    "module": (_module(), "module"),
}


@pytest.mark.parametrize(("source", "own"), OBJECTS.values(), ids=OBJECTS)
def test_from_object_takes_upper_case_attributes(config, source, own):
    """Upper-case attributes of a class, instance or module are settings, inherited ones too."""
    config.from_object(source)
    assert config["OWN"] == own
    assert not {"lower", "Mixed"} & set(config)


def test_from_object_takes_an_import_name(config, monkeypatch):
    """Text names the object to import."""
    module = _module()
    module.Inner = Settings
    monkeypatch.setitem(sys.modules, "settings_module", module)
    config.from_object("settings_module")
    assert config["OWN"] == "module"
    config.from_object("settings_module.Inner")
    assert config["OWN"] == "class"


def test_from_object_reads_properties(config):
    """A property of an instance is read once, when the settings are taken."""

    class Computed:
        @property
        def OWN(self):
            return 6 * 7

    config.from_object(Computed())
    assert config["OWN"] == 42


def test_from_object_that_is_not_there(config):
    """An import name nobody has is an ImportError."""
    with pytest.raises(ImportError):
        config.from_object("no_such_module_at_all")


def test_from_pyfile_runs_the_file(config, tmp_path):
    """A Python file is run, relative to the configuration's folder; it may know its own path."""
    (tmp_path / "settings.py").write_text(
        "import os\nOWN = os.path.basename(__file__)\nlower = 1\nTEXT = 'é'\n", encoding="utf-8"
    )
    assert config.from_pyfile("settings.py") is True
    assert config == {"OWN": "settings.py", "TEXT": "é"}


def test_from_pyfile_honours_the_files_encoding(config, tmp_path):
    """A file that declares its encoding is read in it."""
    (tmp_path / "settings.py").write_bytes(b"# -*- coding: latin-1 -*-\nOWN = '\xe9'\n")
    config.from_pyfile("settings.py")
    assert config["OWN"] == "é"


FILES = {
    "pyfile": lambda c, **o: c.from_pyfile("none", **o),
    "file": lambda c, **o: c.from_file("none", json.load, **o),
}


@pytest.mark.parametrize("read", FILES.values(), ids=FILES)
def test_missing_file(config, read, tmp_path):
    """A missing file is an error that names it, or with ``silent`` is passed over."""
    with pytest.raises(FileNotFoundError, match="Unable to load configuration file") as caught:
        read(config)
    assert str(tmp_path / "none") in str(caught.value)
    assert read(config, silent=True) is False
    assert config == {}


def test_from_file_takes_a_loader(config, tmp_path):
    """Any loader reads a file: JSON from text, TOML from bytes."""
    (tmp_path / "a.json").write_text('{"OWN": 1, "lower": 2}')
    assert config.from_file("a.json", json.load) is True
    assert config == {"OWN": 1}
    (tmp_path / "a.toml").write_text("OWN = 2\n[TABLE]\nx = 1\n")
    config.from_file("a.toml", tomllib.load, text=False)
    assert config == {"OWN": 2, "TABLE": {"x": 1}}


def test_from_envvar(config, tmp_path, monkeypatch):
    """An environment variable may name the file."""
    (tmp_path / "settings.py").write_text("OWN = 1")
    monkeypatch.setenv("SETTINGS", str(tmp_path / "settings.py"))
    assert config.from_envvar("SETTINGS") is True
    assert config["OWN"] == 1


def test_from_envvar_that_is_not_set(config, monkeypatch):
    """A variable that is not set is an error that names it, or with ``silent`` is passed over."""
    monkeypatch.delenv("SETTINGS", raising=False)
    with pytest.raises(RuntimeError, match="'SETTINGS' is not set"):
        config.from_envvar("SETTINGS")
    assert config.from_envvar("SETTINGS", silent=True) is False


ENVIRONMENT = {
    "number": ("OWN", "1", {"OWN": 1}),
    "text": ("OWN", "word", {"OWN": "word"}),
    "quoted text": ("OWN", '"1"', {"OWN": "1"}),
    "true": ("OWN", "true", {"OWN": True}),
    "Python's True": ("OWN", "True", {"OWN": "True"}),
    "null": ("OWN", "null", {"OWN": None}),
    "list": ("OWN", "[1, 2]", {"OWN": [1, 2]}),
    "nested": ("OWN__a__b", "1", {"OWN": {"a": {"b": 1}}}),
    "lower case": ("own", "1", {"own": 1}),
}


@pytest.mark.parametrize(("name", "value", "expected"), ENVIRONMENT.values(), ids=ENVIRONMENT)
def test_from_prefixed_env(config, monkeypatch, name, value, expected):
    """Variables with the prefix are settings; values are JSON, or text where they are not."""
    for other in [other for other in os.environ if other.startswith("PRE_")]:
        monkeypatch.delenv(other)
    monkeypatch.setenv(f"PRE_{name}", value)
    monkeypatch.setenv("OTHER_OWN", "not taken")
    assert config.from_prefixed_env("PRE") is True
    assert config == expected


def test_from_prefixed_env_reaches_into_dictionaries(config, monkeypatch):
    """A double underscore sets a key of a dictionary that is there already."""
    config["TABLE"] = {"kept": 1, "inner": {"x": 1}}
    monkeypatch.setenv("FLASK_TABLE__inner__y", "2")
    monkeypatch.setenv("FLASK_TABLE__new", "3")
    config.from_prefixed_env()
    assert config["TABLE"] == {"kept": 1, "inner": {"x": 1, "y": 2}, "new": 3}


def test_from_prefixed_env_with_a_loader(config, monkeypatch):
    """``loads`` may be another function."""
    monkeypatch.setenv("PRE_OWN", "word")
    config.from_prefixed_env("PRE", loads=str.upper)
    assert config["OWN"] == "WORD"


def test_from_mapping(config):
    """Upper-case names of a mapping and of keywords are settings."""
    assert config.from_mapping({"A": 1, "lower": 2}, B=2, other=3) is True
    assert config.from_mapping() is True
    assert config == {"A": 1, "B": 2}


NAMESPACES = {
    "short and lower": ({}, {"type": "fs", "path": "/x"}),
    "upper": ({"lowercase": False}, {"TYPE": "fs", "PATH": "/x"}),
    "whole": ({"trim_namespace": False}, {"store_type": "fs", "store_path": "/x"}),
    "as they are": (
        {"lowercase": False, "trim_namespace": False},
        {"STORE_TYPE": "fs", "STORE_PATH": "/x"},
    ),
}


@pytest.mark.parametrize(("options", "expected"), NAMESPACES.values(), ids=NAMESPACES)
def test_get_namespace(config, options, expected):
    """Settings that begin alike can be taken together, with shorter names."""
    config.update(STORE_TYPE="fs", STORE_PATH="/x", OTHER=1)
    assert config.get_namespace("STORE_", **options) == expected


def test_config_class_may_be_replaced():
    """An app's configuration is a ``config_class``, at its root path."""

    class Own(Config):
        pass

    class App(Flask):
        config_class = Own

    app = App("tested_app")
    assert isinstance(app.config, Own)
    assert app.config.root_path == app.root_path


def test_attribute_reads_and_writes_a_setting(config):
    """A ConfigAttribute is a setting as an attribute, converted when read."""

    class Holder:
        config = None
        size = ConfigAttribute("SIZE", get_converter=int)

    holder = Holder()
    holder.config = config
    holder.size = "3"
    assert (config["SIZE"], holder.size) == ("3", 3)
    assert isinstance(Holder.size, ConfigAttribute)


def test_debug_setting_is_none_of_the_files_business(app, tmp_path):
    """A file's DEBUG is taken like any other setting."""
    (tmp_path / "settings.py").write_text(textwrap.dedent("DEBUG = True"))
    app.config.from_pyfile(str(tmp_path / "settings.py"))
    assert app.debug is True
