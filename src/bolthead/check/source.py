"""The app's own Python files: which they are, and what their syntax trees say."""

from __future__ import annotations

import ast
import os
import re
import sys
import sysconfig
import typing as t
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..app import Flask
from .place import Place

Function = ast.FunctionDef | ast.AsyncFunctionDef

# Code that does not serve requests, or is not the app's.
SKIPPED_FOLDERS = frozenset(
    {"tests", "test", "venv", "env", "node_modules", "migrations", "alembic", "site-packages"}
    | {"dist-packages", "__pycache__", "build", "dist"}
)
SKIPPED_FILES = re.compile(r"(test_.*|.*_test|tests|conftest|setup|noxfile|fabfile)\.py")

IGNORED = re.compile(r"#\s*bolthead:\s*ignore\s+(B\d+(?:[\s,]+B\d+)*)")

# Methods of text whose result is as constant as what they are called on and with.
TEXT_METHODS = frozenset(
    {"strip", "lstrip", "rstrip", "replace", "lower", "upper", "join", "format"}
)
TEXT_FUNCTIONS = frozenset({"textwrap.dedent", "inspect.cleandoc"})


@dataclass(eq=False)
class Module:
    """A Python file: its syntax tree, and what the names in it stand for."""

    file: Path
    name: str
    text: str
    tree: ast.Module
    is_package: bool = False
    names: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each node."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the file."""
        return list(ast.walk(self.tree))

    @cached_property
    def functions(self) -> dict[str, Function]:
        """The functions at the top of the file, by name."""
        return {
            node.name: node
            for node in self.tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes at the top of the file, by name."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}

    @cached_property
    def constants(self) -> dict[str, ast.expr | None]:
        """What each name at the top of the file is set to; None for one that is set twice."""
        return _bindings(self.tree.body)

    @cached_property
    def ignored(self) -> dict[int, frozenset[str]]:
        """The ids that a comment on a line says to ignore there, by line."""
        return find_ignored(self.text, IGNORED)

    def at(self, node: ast.AST, setting: str | None = None) -> Place:
        """Return the place of a node."""
        return Place(self.file, getattr(node, "lineno", None), setting)

    def resolve(self, node: ast.AST) -> str:
        """Return the dotted name that an expression stands for; "" where it is none.

        Imports are followed, so that ``r.get`` after ``import requests as r`` is ``requests.get``.
        What is Bolthead's has Flask's name.
        """
        if isinstance(node, ast.Attribute):
            left = self.resolve(node.value)
            return f"{left}.{node.attr}" if left else ""
        if not isinstance(node, ast.Name):
            return ""
        found = self.names.get(node.id)
        if found is None:
            known = node.id in self.constants or node.id in self.functions
            star = next((star for star in self.stars if star == "flask"), None)
            found = f"{star}.{node.id}" if star and not known else node.id
        return found

    @cached_property
    def calls(self) -> list[tuple[ast.Call, str]]:
        """Every call with the dotted name of what is called; "" where it has none."""
        return [
            (node, self.resolve(node.func)) for node in self.nodes if isinstance(node, ast.Call)
        ]

    def function_around(self, node: ast.AST) -> Function | None:
        """Return the innermost function that a node stands in."""
        around = self.parents.get(node)
        while around is not None and not isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef):
            around = self.parents.get(around)
        return around

    def names_around(self, node: ast.AST) -> list[str]:
        """Return the names of the functions and classes that a node stands in."""
        found = []
        around = self.parents.get(node)
        while around is not None:
            if isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.append(around.name)
            around = self.parents.get(around)
        return found


class Sources:
    """The modules of an app, and what can be said of expressions across them."""

    def __init__(self, modules: t.Iterable[Module]) -> None:
        self.modules = sorted(modules, key=lambda module: module.file)
        self.by_name = {module.name: module for module in self.modules}

    def calls(self, *names: str) -> t.Iterator[tuple[Module, ast.Call, str]]:
        """Yield the calls whose dotted name ends with one of these, at a dot."""
        for module in self.modules:
            for node, called in module.calls:
                if any(called == name or called.endswith(f".{name}") for name in names):
                    yield module, node, called

    def flask_calls(self, *names: str) -> t.Iterator[tuple[Module, ast.Call, str]]:
        """Yield the calls of functions of Flask, wherever they were imported from."""
        for module, node, called in self.calls(*names):
            if is_flasks(called):
                yield module, node, called

    def find_constant(self, module: Module, name: ast.AST) -> tuple[Module, ast.expr] | None:
        """Return the expression that a name is bound to, once and for all, and its module.

        The name may be ``TEXT``, ``texts.TEXT`` of another module, ``self.TEXT`` or ``Page.TEXT``.
        """
        if isinstance(name, ast.Attribute):
            return self._find_attribute(module, name)
        if not isinstance(name, ast.Name):
            return None
        around = module.function_around(name)
        while around is not None:
            local = _bindings_in(around)
            if name.id in local:
                value = local[name.id]
                return None if value is None else (module, value)
            around = module.function_around(around)
        if name.id in module.constants:
            value = module.constants[name.id]
            return None if value is None else (module, value)
        holder, _, attribute = module.resolve(name).rpartition(".")
        other = self.by_name.get(holder)
        if other is None or other is module:
            return None
        value = other.constants.get(attribute)
        return None if value is None else (other, value)

    def _find_attribute(
        self, module: Module, name: ast.Attribute
    ) -> tuple[Module, ast.expr] | None:
        if isinstance(name.value, ast.Name) and name.value.id in {"self", "cls"}:
            around = module.parents.get(name)
            while around is not None and not isinstance(around, ast.ClassDef):
                around = module.parents.get(around)
            value = _bindings(around.body).get(name.attr) if around else None
            return None if value is None else (module, value)
        holder, _, attribute = module.resolve(name).rpartition(".")
        other = self.by_name.get(holder)
        if other is not None:
            value = other.constants.get(attribute)
            return None if value is None else (other, value)
        path, _, class_name = holder.rpartition(".")
        other = self.by_name.get(path) if path else module
        found = other.classes.get(class_name) if other else None
        value = _bindings(found.body).get(attribute) if found else None
        return None if value is None or other is None else (other, value)

    def is_literal(self, module: Module, node: ast.AST, depth: int = 0) -> bool:
        """Tell whether an expression is made of literals only, so that no request can change it."""
        if depth > 20:  # names that are bound to each other
            return False
        inner: t.Iterable[ast.AST]
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Name | ast.Attribute):
            found = self.find_constant(module, node)
            return found is not None and self.is_literal(*found, depth + 1)
        if isinstance(node, ast.Subscript):
            # Any of a fixed set, whichever the key.
            return self.is_literal(module, node.value, depth + 1)
        if isinstance(node, ast.BinOp):
            inner = (node.left, node.right)
        elif isinstance(node, ast.IfExp):
            inner = (node.body, node.orelse)
        elif isinstance(node, ast.JoinedStr):
            inner = node.values
        elif isinstance(node, ast.FormattedValue):
            inner = (node.value,)
        elif isinstance(node, ast.Tuple | ast.List):
            inner = node.elts
        elif isinstance(node, ast.Dict):
            inner = node.values
        elif isinstance(node, ast.Call):
            method = node.func
            of_text = isinstance(method, ast.Attribute) and method.attr in TEXT_METHODS
            if not of_text and module.resolve(method) not in TEXT_FUNCTIONS:
                return False
            owner = [method.value] if of_text and isinstance(method, ast.Attribute) else []
            inner = (*owner, *node.args, *(keyword.value for keyword in node.keywords))
        else:
            return False
        return all(self.is_literal(module, part, depth + 1) for part in inner)

    def texts(self, module: Module, node: ast.AST) -> list[str]:
        """Return the texts that an expression may be, as far as they stand in the source."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else []
        if isinstance(node, ast.IfExp):
            return self.texts(module, node.body) + self.texts(module, node.orelse)
        if isinstance(node, ast.Name):
            found = self.find_constant(module, node)
            return [] if found is None or isinstance(found[1], ast.Name) else self.texts(*found)
        return []

    def value(self, module: Module, node: ast.AST | None, default: t.Any = None) -> t.Any:
        """Return the value of an expression of literals, else the default."""
        if isinstance(node, ast.Name):
            found = self.find_constant(module, node)
            if found is None or isinstance(found[1], ast.Name):
                return default
            node = found[1]
        if not isinstance(node, ast.expr):
            return default
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return default

    def function(self, dotted: str, module: Module) -> tuple[Module, Function] | None:
        """Return an app's function by its dotted name, as seen from a module."""
        if dotted in module.functions:
            return module, module.functions[dotted]
        holder, _, name = dotted.rpartition(".")
        other = self.by_name.get(holder)
        if other is None or name not in other.functions:
            return None
        return other, other.functions[name]


def argument(node: ast.Call, position: int | None, *names: str) -> ast.expr | None:
    """Return an argument of a call by its position or name, None where it is not given."""
    for keyword in node.keywords:
        if keyword.arg in names:
            return keyword.value
    if position is None or position >= len(node.args):
        return None
    found = node.args[position]
    return None if isinstance(found, ast.Starred) else found


def is_flasks(dotted: str) -> bool:
    """Tell whether a resolved name is one of Flask's, and so of Bolthead's."""
    return dotted.partition(".")[0] == "flask"


def find_ignored(text: str, pattern: re.Pattern[str]) -> dict[int, frozenset[str]]:
    """Return the ids that comments say to ignore, by line."""
    if "bolthead" not in text:
        return {}
    return {
        number: frozenset(re.findall(r"B\d+", found[1]))
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := pattern.search(line))
    }


# Names in a module


def _bindings(body: t.Iterable[ast.stmt]) -> dict[str, ast.expr | None]:
    found: dict[str, ast.expr | None] = {}
    for statement in _statements(body):
        for name, value in _bound_by(statement):
            found[name] = None if name in found else value
    return found


def _statements(body: t.Iterable[ast.stmt]) -> t.Iterator[ast.stmt]:
    """Yield the statements of a body and of the blocks in it, without functions and classes."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for part in ast.iter_child_nodes(statement):
            if isinstance(part, ast.stmt):
                yield from _statements([part])
            elif isinstance(part, ast.ExceptHandler | ast.match_case):
                yield from _statements(part.body)


def _bound_by(statement: ast.stmt) -> t.Iterator[tuple[str, ast.expr | None]]:
    """Yield the names that a statement binds, with their value where it is one expression."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.value
            else:
                yield from _unknown(target)
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        if statement.value is not None:
            yield statement.target.id, statement.value
    elif isinstance(statement, ast.AugAssign):
        # What it was before is bound elsewhere: twice, so no constant.
        yield from _unknown(statement.target)
    elif isinstance(statement, ast.For | ast.AsyncFor):
        yield from _unknown(statement.target)
    elif isinstance(statement, ast.With | ast.AsyncWith):
        for item in statement.items:
            if item.optional_vars is not None:
                yield from _unknown(item.optional_vars)


def _unknown(target: ast.AST) -> t.Iterator[tuple[str, None]]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            yield node.id, None


def _bindings_in(function: Function) -> dict[str, ast.expr | None]:
    """Return what the names of a function are bound to; its parameters are bound to anything."""
    found = _bindings(function.body)
    given = function.args
    for parameter in (
        *given.posonlyargs,
        *given.args,
        *given.kwonlyargs,
        given.vararg,
        given.kwarg,
    ):
        if parameter is not None:
            found[parameter.arg] = None
    return found


def _read_imports(module: Module) -> None:
    package = module.name if module.is_package else module.name.rpartition(".")[0]
    for node in module.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                module.names[alias.asname or top] = _as_flask(alias.name if alias.asname else top)
        elif isinstance(node, ast.ImportFrom):
            origin = _as_flask(_origin(node, package))
            for alias in node.names:
                if alias.name == "*":
                    module.stars.append(origin)
                else:
                    dotted = f"{origin}.{alias.name}" if origin else alias.name
                    module.names[alias.asname or alias.name] = dotted


def _origin(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    kept = parts[: len(parts) - (node.level - 1)] if node.level > 1 else parts
    return ".".join([*kept, *([node.module] if node.module else [])])


def _as_flask(dotted: str) -> str:
    top, dot, rest = dotted.partition(".")
    return f"flask{dot}{rest}" if top == "bolthead" else dotted


# Which files are the app's


def read_sources(app: Flask) -> Sources:
    """Read the Python files of an app: its package or its file, and what these import of its own.

    Tests, migrations, libraries and virtual environments are left out.
    """
    read: dict[Path, Module] = {}
    for root in source_roots(app):
        waiting = [*_loaded_files(root), *_package_files(app, root)]
        while waiting:
            file = waiting.pop()
            if file in read or not is_own(file, root):
                continue
            module = _read(file, root)
            if module is not None:
                read[file] = module
                waiting += _imported_files(module, root)
    return Sources(read.values())


def source_roots(app: Flask) -> list[Path]:
    """Return the folders from which the modules of an app and its blueprints are imported."""
    found = [_root_of(app.import_name, app.root_path)]
    for blueprint in app.blueprints.values():
        root = _root_of(blueprint.import_name, blueprint.root_path)
        if not is_library(root):
            found.append(root)
    return list(dict.fromkeys(found))


def _root_of(import_name: str, root_path: str) -> Path:
    file = getattr(sys.modules.get(import_name), "__file__", None)
    folder = Path(file or os.path.join(root_path, "_")).resolve().parent
    root = folder
    while (root / "__init__.py").is_file():
        root = root.parent
    # Beside an installed app lie other people's packages.
    return folder if is_library(root) else root


def is_library(path: Path) -> bool:
    """Tell whether a path lies where libraries are installed, or in Bolthead itself."""
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    return path.is_relative_to(_BOLTHEAD) or path.is_relative_to(_STANDARD_LIBRARY)


_BOLTHEAD = Path(__file__).resolve().parent.parent
_STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"]).resolve()


def is_own(file: Path, root: Path) -> bool:
    """Tell whether a file below a root is the app's own code, to be looked at."""
    try:
        parts = file.relative_to(root).parts
    except ValueError:
        return False
    if any(part in SKIPPED_FOLDERS or part.startswith(".") for part in parts[:-1]):
        return False
    in_bolthead = file.is_relative_to(_BOLTHEAD) and not root.is_relative_to(_BOLTHEAD)
    return not in_bolthead and not SKIPPED_FILES.fullmatch(file.name)


def _loaded_files(root: Path) -> list[Path]:
    found = []
    standard = sysconfig.get_paths()["stdlib"] + os.sep
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py") or file.startswith(standard):
            continue
        # Most are libraries, and to resolve a path asks the disk for each of its parts.
        if "site-packages" in file and not is_library(root):
            continue
        path = Path(file).resolve()
        if path.is_relative_to(root):
            found.append(path)
    return found


def _package_files(app: Flask, root: Path) -> list[Path]:
    """Return the files of the app's and its blueprints' packages, imported or not."""
    found: list[Path] = []
    for owner in (app, *app.blueprints.values()):
        folder = Path(owner.root_path).resolve()
        if folder.is_relative_to(root) and (folder / "__init__.py").is_file():
            found += folder.rglob("*.py")
    return found


def _imported_files(module: Module, root: Path) -> t.Iterator[Path]:
    """Yield the files below the root that a module may import."""
    for dotted in (*module.names.values(), *module.stars):
        parts = dotted.split(".")
        if not all(parts):
            continue
        # ``from shop.views import show``: the last part may be a module, or a name in one.
        for length in range(1, len(parts) + 1):
            path = root.joinpath(*parts[:length])
            for file in (path.with_suffix(".py"), path / "__init__.py"):
                if file.is_file():
                    yield file


def _read(file: Path, root: Path) -> Module | None:
    try:
        data = file.read_bytes()
        with warnings.catch_warnings():
            # Of "\\d" and the like: the app's own matter, told when it is imported.
            warnings.simplefilter("ignore")
            tree = ast.parse(data, str(file))
    except (OSError, SyntaxError, ValueError, RecursionError):
        # What Python cannot read, no request can reach.
        return None
    parts = list(file.relative_to(root).with_suffix("").parts)
    is_package = parts[-1] == "__init__"
    if is_package:
        parts.pop()
    text = data.decode("utf-8", "replace")
    module = Module(file, ".".join(parts), text, tree, is_package)
    _read_imports(module)
    return module
