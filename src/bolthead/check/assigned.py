"""Where the app's code sets its settings, so that a finding can name the line."""

from __future__ import annotations

import ast
import re
import typing as t
from dataclasses import dataclass

from .place import Place
from .source import Module, Sources

# Attributes of the app that are settings under another name.
ATTRIBUTES = {
    "secret_key": "SECRET_KEY",
    "debug": "DEBUG",
    "testing": "TESTING",
    "permanent_session_lifetime": "PERMANENT_SESSION_LIFETIME",
}
FILLING = frozenset({"update", "from_mapping", "setdefault", "dict"})

# A configuration that is made for development or tests is not what is deployed.
NOT_DEPLOYED = frozenset(
    {"test", "tests", "testing", "dev", "develop", "development", "developer", "local", "debug"}
    | {"example", "examples", "demo"}
)
SETTINGS = frozenset({"config", "configuration", "settings", "defaults", "production", "prod"})
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


@dataclass(frozen=True, eq=False)
class Assigned:
    """A place in the source that gives a setting a value."""

    key: str
    value: ast.expr
    module: Module
    node: ast.AST

    @property
    def place(self) -> Place:
        """The line, with the setting's name."""
        return self.module.at(self.node, self.key)

    @property
    def is_for_deployment(self) -> bool:
        """Whether nothing around it says that it is for development or tests only."""
        return not self._words_around & NOT_DEPLOYED

    @property
    def is_setting(self) -> bool:
        """Whether it can be nothing else: ``config["KEY"] = ...``, or a class or file of settings.

        ``RESET_PASSWORD = "reset"`` in any other module may be a name of something.
        """
        is_name = isinstance(self.node, ast.Assign | ast.AnnAssign) and not any(
            isinstance(target, ast.Subscript | ast.Attribute) for target in _targets(self.node)
        )
        return not is_name or bool(self._words_around & SETTINGS)

    @property
    def _words_around(self) -> set[str]:
        around = [self.module.file.stem, *self.module.names_around(self.value)]
        return {word.lower() for name in around for word in WORD.findall(name)}


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def find_assigned(sources: Sources) -> dict[str, list[Assigned]]:
    """Return the places where settings are set, by setting."""
    found: dict[str, list[Assigned]] = {}
    for module in sources.modules:
        for node in module.nodes:
            for key, value in _set_by(module, node):
                found.setdefault(key, []).append(Assigned(key, value, module, node))
    return found


def _set_by(module: Module, node: ast.AST) -> t.Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            key = _key_of(module, target)
            if key:
                yield key, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        key = _key_of(module, node.target)
        if key:
            yield key, node.value
    elif isinstance(node, ast.Call):
        yield from _filled_by(module, node)


def _key_of(module: Module, target: ast.AST) -> str | None:
    if isinstance(target, ast.Subscript) and _is_config(target.value):
        key = target.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
    if isinstance(target, ast.Attribute):
        return ATTRIBUTES.get(target.attr)
    # A module or a class of settings. Inside of a function an upper-case name is none.
    if isinstance(target, ast.Name) and target.id.isupper():
        return target.id if module.function_around(target) is None else None
    return None


def _is_config(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in {"config", "cfg"}


def _filled_by(module: Module, node: ast.Call) -> t.Iterator[tuple[str, ast.expr]]:
    function = node.func
    if isinstance(function, ast.Attribute) and function.attr in FILLING:
        if not _is_config(function.value):
            return
    elif isinstance(function, ast.Name) and function.id == "dict":
        # ``from_mapping(dict(...))``
        around = module.parents.get(node)
        outer = around.func if isinstance(around, ast.Call) else None
        if not isinstance(outer, ast.Attribute) or not _is_config(outer.value):
            return
    else:
        return
    for keyword in node.keywords:
        if keyword.arg and keyword.arg.isupper():
            yield keyword.arg, keyword.value
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Dict):
        for key, value in zip(first.keys, first.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif isinstance(first, ast.Constant) and isinstance(first.value, str) and len(node.args) == 2:
        yield first.value, node.args[1]
