"""What goes into logs that nobody should read there."""

from __future__ import annotations

import ast
import re
import typing as t

from ..finding import Found, Severity, rule
from ..source import Module
from ..subject import Subject

LEVELS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log"})

# Parts of a request that hold everything: passwords, tokens, cookies.
WHOLE = frozenset({"data", "form", "values", "json", "headers", "cookies", "authorization"})
WHOLE_CALLS = frozenset({"get_data", "get_json"})
# What leaves a part whole.
KEEPS_ALL = frozenset({"to_dict", "items", "lists", "listvalues", "values", "copy", "decode"})

SECRET_PART = re.compile(r"(?i)passw|secret|token|authori[sz]ation|cookie|api[-_]?key")


@rule(
    "B015",
    "Bodies or secrets of requests are logged",
    Severity.WARNING,
    why="Logs are kept for long, copied to other systems, and read by many. Passwords and tokens"
    " of users do not belong there.",
    fix="Log what was done and for whom, by an id, and single fields that are no secrets.",
)
def logged_bodies(subject: Subject) -> t.Iterator[Found]:
    """Look at what is given to loggers and to print, and at SQLAlchemy's echo."""
    for module in subject.sources.modules:
        for node, called in module.calls:
            if not _is_log(node, called):
                continue
            for given in (*node.args, *(keyword.value for keyword in node.keywords)):
                what = logged_part(module, given)
                if what:
                    yield module.at(node), f"{what} is written to the log."
    if subject.setting("SQLALCHEMY_ECHO"):
        where = subject.place_of("SQLALCHEMY_ECHO")
        yield where, "SQLALCHEMY_ECHO writes each statement with its values."


def _is_log(node: ast.Call, called: str) -> bool:
    if called in {"print", "pprint.pprint"}:
        return True
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in LEVELS:
        return False
    owner = called.rpartition(".")[0] or ast.unparse(node.func.value)
    return "log" in owner.lower()


def logged_part(module: Module, node: ast.AST) -> str:
    """Return the part of the request that an expression writes out whole; "" for none."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr in WHOLE | WHOLE_CALLS:
            if not module.resolve(inner.value).endswith("request"):
                continue
            whole = _around(module, inner)
            if whole is None:
                continue
            return f"request.{inner.attr}{whole}"
    return ""


def _around(module: Module, node: ast.Attribute) -> str | None:
    """Return what of a part is taken, as text; None if it is a field that is no secret."""
    around = module.parents.get(node)
    if node.attr in WHOLE_CALLS and isinstance(around, ast.Call) and around.func is node:
        around = module.parents.get(around)
    if isinstance(around, ast.Subscript):
        return _secret_field(around.slice)
    if isinstance(around, ast.Attribute):
        if around.attr in KEEPS_ALL:
            return ""
        call = module.parents.get(around)
        if isinstance(call, ast.Call) and around.attr in {"get", "getlist"} and call.args:
            return _secret_field(call.args[0])
        return None
    # Only whether there is one: ``len(request.data)``, ``bool(request.form)``.
    if isinstance(around, ast.Call) and module.resolve(around.func) in {"len", "bool", "type"}:
        return None
    return ""


def _secret_field(key: ast.expr) -> str | None:
    if isinstance(key, ast.Constant) and SECRET_PART.search(str(key.value)):
        return f"[{key.value!r}]"
    return None
