"""What reaches a page without being escaped, and templates that a request can write."""

from __future__ import annotations

import ast
import re
import typing as t

from jinja2 import nodes

from ..finding import Found, Severity, rule
from ..markup import Template
from ..place import Place
from ..source import Module, argument, is_flasks
from ..subject import Subject

# Functions and filters whose result is safe, or whose name says that they make it so.
CLEANS = re.compile(
    r"(?i)(^|[._])(clean|escape|e|forceescape|tojson|sanitiz\w*|sanitis\w*|bleach)"
    r"($|[._])|sanitiz|sanitis|bleach|nh3"
)
SAFE_CALLS = frozenset({"caller", "super", "url_for", "csrf_token"})

PLAIN_TEXT = (".txt", ".md", ".eml", ".csv", ".json", ".js", ".css", ".sql", ".rst", ".ics")


@rule(
    "B010",
    "Something goes into a page unescaped",
    Severity.WARNING,
    why="What is marked as safe is not escaped. If any part of it comes from a user, the user puts"
    " scripts into other users' pages (XSS).",
    fix="Let Jinja escape it: leave '|safe' out, and write Markup('<b>{}</b>').format(text) for"
    " markup of your own. Clean HTML of users with a library such as nh3 in a filter whose name"
    " says so (clean_html), which returns Markup.",
)
def unescaped(subject: Subject) -> t.Iterator[Found]:
    """Look at the filter ``safe`` in templates, and at calls of Markup."""
    for template in subject.templates:
        if template.escapes:
            yield from _marked_safe(template)
    for module, node, called in subject.sources.calls("Markup"):
        if called not in {"Markup", "markupsafe.Markup", "flask.Markup", "jinja2.Markup"}:
            continue
        given = argument(node, 0, "base", "object")
        if given is not None and not _is_safe_code(subject, module, given):
            yield module.at(node), f"Markup({ast.unparse(given)[:60]}) is not escaped."


def _marked_safe(template: Template) -> t.Iterator[Found]:
    blocks = {
        target.name
        for node in template.find(nodes.AssignBlock)
        for target in node.target.find_all(nodes.Name)
    } | {
        node.target.name
        for node in template.find(nodes.AssignBlock)
        if isinstance(node.target, nodes.Name)
    }
    for node in template.find(nodes.Filter):
        if node.name == "safe" and node.node is not None and not _is_safe(node.node, blocks):
            yield template.at(node), "'|safe' is on what is no literal."


def _is_safe(node: nodes.Expr, blocks: set[str]) -> bool:
    """Tell whether an expression of a template is a literal, or markup already."""
    if isinstance(node, nodes.Const | nodes.TemplateData):
        return True
    if isinstance(node, nodes.Name):
        return node.name in blocks
    if isinstance(node, nodes.CondExpr):
        return all(_is_safe(part, blocks) for part in (node.expr1, node.expr2) if part)
    if isinstance(node, nodes.Concat):
        return all(_is_safe(part, blocks) for part in node.nodes)
    if isinstance(node, nodes.Add):
        return _is_safe(node.left, blocks) and _is_safe(node.right, blocks)
    if isinstance(node, nodes.Filter):
        cleaned = bool(CLEANS.search(node.name))
        return cleaned or (node.node is not None and _is_safe(node.node, blocks))
    if isinstance(node, nodes.Call):
        called = node.node
        if isinstance(called, nodes.Getattr):  # self.title()
            owner = called.node
            return isinstance(owner, nodes.Name) and owner.name == "self"
        name = called.name if isinstance(called, nodes.Name) else ""
        return name in SAFE_CALLS or bool(CLEANS.search(name))
    return False


def _is_safe_code(subject: Subject, module: Module, node: ast.expr) -> bool:
    if subject.sources.is_literal(module, node):
        return True
    if isinstance(node, ast.BinOp):
        return _is_safe_code(subject, module, node.left) and _is_safe_code(
            subject, module, node.right
        )
    if isinstance(node, ast.Call):
        called = module.resolve(node.func)
        rendered = is_flasks(called) and called.endswith("render_template")
        return rendered or bool(CLEANS.search(called)) or called == "Markup"
    return False


@rule(
    "B029",
    "A template is made of what is not a literal",
    Severity.ERROR,
    why="A template is a program. Text of a user in its source is run: {{ config }} shows the"
    " secret key, and a few more characters run any command (server-side template injection).",
    fix="Keep the source of templates fixed, and pass what varies as a variable:"
    " render_template_string('Hello, {{ name }}', name=name).",
)
def template_of_anything(subject: Subject) -> t.Iterator[Found]:
    """Look at the sources that templates are made of in the code."""
    made = subject.sources.calls(
        "render_template_string",
        "stream_template_string",
        "jinja_env.from_string",
        "jinja2.Template",
    )
    for module, node, called in made:
        name = called.rpartition(".")[2]
        if name.endswith("_string") and name != "from_string" and not is_flasks(called):
            continue
        given = argument(node, 0, "source")
        if given is not None and not subject.sources.is_literal(module, given):
            yield module.at(node), f"{name}() is given {ast.unparse(given)[:60]}, no literal."


@rule(
    "B030",
    "A page is made without escaping",
    Severity.WARNING,
    why="Jinja escapes by the template's name: .html, .htm, .xml, .xhtml, .svg. In a page of"
    " another name, or where escaping is switched off, text of users is markup (XSS).",
    fix="Name pages .html, and leave '{% autoescape false %}' to what is no HTML.",
)
def escaping_is_off(subject: Subject) -> t.Iterator[Found]:
    """Look at the environment, at the names of pages, and at blocks that switch it off."""
    if subject.app.jinja_env.autoescape is False:
        yield Place(setting="jinja_options"), "Autoescaping is switched off for all templates."
        return
    for template in subject.templates:
        if template.escapes:
            for node in template.find(nodes.ScopedEvalContextModifier):
                off = any(
                    option.key == "autoescape"
                    and isinstance(option.value, nodes.Const)
                    and not option.value.value
                    for option in node.options
                )
                if off and _writes(node):
                    yield template.at(node), "Autoescaping is switched off for this block."
            continue
        is_page = template.is_html and not template.name.endswith(PLAIN_TEXT)
        if is_page and template.tree is not None and _writes(template.tree):
            yield Place(template.file, 1), f"{template.name} is HTML, and is not escaped."


def _writes(node: nodes.Node) -> bool:
    """Tell whether a part of a template writes anything but its own text."""
    return any(
        not isinstance(part, nodes.TemplateData | nodes.Const)
        for output in node.find_all(nodes.Output)
        for part in output.nodes
    )
