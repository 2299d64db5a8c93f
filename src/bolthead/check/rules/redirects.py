"""Redirects to where the client wants to be sent."""

from __future__ import annotations

import ast
import re
import typing as t

from ..finding import Found, Severity, rule
from ..source import Function, Module, argument
from ..subject import Subject

# What a client writes into a request.
OF_CLIENT = frozenset({"args", "form", "values", "json", "cookies", "headers", "referrer", "data"})
OF_CLIENT_CALLS = frozenset({"get_json", "get_data"})

CHECKED = re.compile(r"(?i)is_local|is_safe|safe_url|safe_redirect|allowed|valid|urlparse|urlsplit")


@rule(
    "B031",
    "A redirect leads where the request says",
    Severity.WARNING,
    why="A link to your site that ends on another one is what phishing is made of: the user sees"
    " your name, logs in, and is on the attacker's copy.",
    fix="redirect(target, local=True) leads to this site only; is_local_url(target) tells whether"
    " an address does.",
)
def open_redirect(subject: Subject) -> t.Iterator[Found]:
    """Look at redirects whose target is taken from the request unseen."""
    for module, node, _ in subject.sources.flask_calls("redirect"):
        target = argument(node, 0, "location")
        local = argument(node, None, "local")
        if target is None or (local is not None and subject.sources.value(module, local, True)):
            continue
        function = module.function_around(node)
        if comes_from_client(subject, module, target) and not _is_checked(function):
            yield module.at(node), f"redirect({ast.unparse(target)[:60]}) leads anywhere."


def comes_from_client(subject: Subject, module: Module, node: ast.AST, depth: int = 0) -> bool:
    """Tell whether an expression is, or may be, what the client wrote."""
    if depth > 5:
        return False
    if isinstance(node, ast.BoolOp):
        return any(comes_from_client(subject, module, part, depth + 1) for part in node.values)
    if isinstance(node, ast.IfExp):
        return any(
            comes_from_client(subject, module, part, depth + 1) for part in (node.body, node.orelse)
        )
    if isinstance(node, ast.Name):
        bound = subject.sources.find_constant(module, node)
        return bound is not None and comes_from_client(subject, *bound, depth + 1)
    while isinstance(node, ast.Subscript | ast.Call | ast.Attribute):
        owner, _, name = module.resolve(node).rpartition(".")
        if owner.endswith("request") and name in OF_CLIENT:
            return True
        if isinstance(node, ast.Call):
            owner, _, name = module.resolve(node.func).rpartition(".")
            if owner.endswith("request") and name in OF_CLIENT_CALLS:
                return True
            node = node.func
            if not isinstance(node, ast.Attribute):
                return False
        else:
            node = node.value
    return False


def _is_checked(function: Function | None) -> bool:
    """Tell whether a function seems to look at an address before it goes there."""
    if function is None:
        return False
    for node in ast.walk(function):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        if isinstance(node, ast.Attribute | ast.Name) and CHECKED.search(name):
            return True
        # ``if target in ALLOWED``, not ``if "next" in request.args``.
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            among = node.comparators[0]
            if not isinstance(among, ast.Attribute) or among.attr not in OF_CLIENT:
                return True
    return False
