"""The configuration: a dictionary that can be filled from files, objects and the environment."""

from __future__ import annotations

import errno
import json
import os
import types
import typing as t

from werkzeug.utils import import_string

from .registry import DICT_CHANGES, Changes

T = t.TypeVar("T")


class ConfigAttribute(t.Generic[T]):
    """An attribute of the app that reads and writes a key of its configuration."""

    def __init__(self, name: str, get_converter: t.Callable[[t.Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @t.overload
    def __get__(self, obj: None, owner: None) -> t.Self: ...

    @t.overload
    def __get__(self, obj: t.Any, owner: type[t.Any]) -> T: ...

    def __get__(self, obj: t.Any, owner: type[t.Any] | None = None) -> T | t.Self:
        if obj is None:
            return self
        value: T = obj.config[self.__name__]
        return value if self.get_converter is None else self.get_converter(value)

    def __set__(self, obj: t.Any, value: t.Any) -> None:
        obj.config[self.__name__] = value


# The settings that plans are compiled with; others are read when they are needed.
_PLANNED = [
    "ALLOW_UNDERSCORE_HEADERS",
    "CROSS_ORIGIN_PROTECTION",
    "DEBUG",
    "MAX_PATH_LENGTH",
    "SECURITY_HEADERS",
    "SESSION_COOKIE_NAME",
    "TRUSTED_HOSTS",
    "TRUSTED_ORIGINS",
    "WORKER_THREADS",
]


def _noting(name: str) -> t.Callable[..., t.Any]:
    """Return a method of a dictionary that notes when it changed a planned setting."""
    method = getattr(dict, name)

    def change(self: Config, *args: t.Any, **kwargs: t.Any) -> t.Any:
        before = self._planned()
        try:
            return method(self, *args, **kwargs)
        finally:
            if self._planned() != before:
                self.changes.note()

    change.__name__ = name
    change.__doc__ = method.__doc__
    return change


class Config(dict[str, t.Any]):
    """Settings by their upper-case name (Flask docs, "Configuration Handling").

    ``root_path`` is the folder that file names are relative to; ``defaults`` the first values.
    """

    # Of a copy that was made without ``__init__``; nothing is compiled of it.
    changes = Changes()

    def __init__(
        self,
        root_path: str | os.PathLike[str],
        defaults: dict[str, t.Any] | None = None,
    ) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path
        self.changes = Changes()

    def _planned(self) -> tuple[t.Any, ...]:
        return tuple(dict.get(self, name) for name in _PLANNED)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Read the Python file that an environment variable names; tell whether it was read.

        Raises RuntimeError when the variable is not set, unless ``silent``.
        """
        filename = os.environ.get(variable_name)
        if filename:
            return self.from_pyfile(filename, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"The environment variable {variable_name!r} is not set"
            " and as such configuration could not be loaded. Set"
            " this variable and make it point to a configuration"
            " file"
        )

    def from_prefixed_env(
        self, prefix: str = "FLASK", *, loads: t.Callable[[str], t.Any] = json.loads
    ) -> bool:
        """Take the environment's variables that begin with the prefix and an underscore.

        Values go through ``loads`` and stay text where it fails; a double underscore in a name
        reaches into a nested dictionary.
        """
        start = f"{prefix}_"
        for name in sorted(os.environ):
            if name.startswith(start):
                self._set_nested(name.removeprefix(start), _loaded(os.environ[name], loads))
        return True

    def _set_nested(self, path: str, value: t.Any) -> None:
        if "__" not in path:
            self[path] = value
            return
        *outer, last = path.split("__")
        # Counted by hand: the change may be in a nested plain dictionary.
        self.changes.note()
        table: dict[str, t.Any] = self
        for part in outer:
            if part not in table:
                table[part] = {}
            table = table[part]
        table[last] = value

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and take the upper-case names it sets; tell whether it was there.

        Raises OSError when the file cannot be read; ``silent`` passes over a missing one.
        """
        path = os.path.join(self.root_path, filename)
        module = types.ModuleType("config")
        module.__file__ = path
        try:
            with open(path, mode="rb") as file:
                source = file.read()
        except OSError as error:
            missing = error.errno in {errno.ENOENT, errno.EISDIR, errno.ENOTDIR}
            if silent and missing:
                return False
            error.strerror = f"Unable to load configuration file ({error.strerror})"
            raise
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102  # the app's own file
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take the upper-case attributes of an object, class or module, or of one named."""
        found = import_string(obj) if isinstance(obj, str) else obj
        self.update((name, getattr(found, name)) for name in dir(found) if name.isupper())

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: t.Callable[[t.IO[t.Any]], t.Mapping[str, t.Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Read a file with a loader such as ``json.load`` or ``tomllib.load`` (``text=False``).

        Raises OSError when the file cannot be read; ``silent`` passes over a missing one.
        """
        path = os.path.join(self.root_path, filename)
        try:
            with open(path, mode="r" if text else "rb") as file:
                loaded = load(file)
        except OSError as error:
            if silent and error.errno in {errno.ENOENT, errno.EISDIR}:
                return False
            error.strerror = f"Unable to load configuration file ({error.strerror})"
            raise
        return self.from_mapping(loaded)

    def from_mapping(self, mapping: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> bool:
        """Take the upper-case names of a mapping and of the keyword arguments."""
        given = dict(mapping or {}, **kwargs)
        self.update({name: value for name, value in given.items() if name.isupper()})
        return True

    def get_namespace(
        self, namespace: str, lowercase: bool = True, trim_namespace: bool = True
    ) -> dict[str, t.Any]:
        """Return the settings whose name begins with the namespace, with shorter names."""
        found = {}
        for name, value in self.items():
            if name.startswith(namespace):
                key = name[len(namespace) :] if trim_namespace else name
                found[key.lower() if lowercase else key] = value
        return found


for _name in DICT_CHANGES:
    setattr(Config, _name, _noting(_name))


def _loaded(text: str, loads: t.Callable[[str], t.Any]) -> t.Any:
    try:
        return loads(text)
    except Exception:
        # What the loader does not take stays as it was written.
        return text
