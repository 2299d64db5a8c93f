"""The app's own templates, parsed by its own Jinja environment."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, TemplateNotFound, TemplateSyntaxError, nodes

from ..app import Flask
from .place import Place
from .source import find_ignored, is_library

IGNORED = re.compile(r"\{#-?\s*bolthead:\s*ignore\s+(B\d+(?:[\s,]+B\d+)*)\s*-?#\}")

# Text in a template that a browser is to show.
HTML = re.compile(r"(?i)<(!doctype html|html|body|head|div|p|a|form|table|ul|ol|h[1-6]|span)\b")


@dataclass(eq=False)
class Template:
    """A template file: its tree, or why it has none."""

    name: str
    file: Path
    text: str
    tree: nodes.Template | None
    escapes: bool
    problem: str = ""
    problem_line: int = 1

    @cached_property
    def ignored(self) -> dict[int, frozenset[str]]:
        """The ids that a comment on a line says to ignore there, by line."""
        return find_ignored(self.text, IGNORED)

    @property
    def is_html(self) -> bool:
        """Whether the template's text is HTML, whatever its name."""
        return bool(HTML.search(self.text))

    def at(self, node: nodes.Node) -> Place:
        """Return the place of a node."""
        return Place(self.file, node.lineno)

    def find(self, kind: type[nodes.Node]) -> t.Iterator[t.Any]:
        """Yield every node of a kind."""
        if self.tree is not None:
            yield from self.tree.find_all(kind)


def read_templates(app: Flask) -> list[Template]:
    """Parse the templates of an app and its blueprints; those of libraries are left out."""
    environment = app.jinja_env
    loader = environment.loader
    if loader is None:
        return []
    try:
        names = sorted(loader.list_templates())
    except TypeError:
        # A loader of the app's own that cannot list what it has.
        return []
    found = []
    for name in names:
        template = _read(environment, name)
        if template is not None:
            found.append(template)
    return found


def _read(environment: Environment, name: str) -> Template | None:
    assert environment.loader is not None  # noqa: S101  # asked by the caller
    try:
        text, filename, _ = environment.loader.get_source(environment, name)
    except (TemplateNotFound, UnicodeDecodeError, OSError):
        # A picture, or another file that is no text, in the folder.
        return None
    if filename is None or is_library(Path(filename).resolve()):
        return None
    asked = environment.autoescape
    escapes = bool(asked(name) if callable(asked) else asked)
    template = Template(name, Path(filename).resolve(), text, None, escapes)
    try:
        template.tree = environment.parse(text, name, filename)
    except TemplateSyntaxError as error:
        template.problem = str(error.message)
        template.problem_line = error.lineno
    except RecursionError:
        template.problem = "it is nested too deeply"
    return template


def texts(node: nodes.Node | None) -> list[str]:
    """Return the texts that an expression of a template may be, as far as they stand in it."""
    if isinstance(node, nodes.Const):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, nodes.CondExpr):
        return texts(node.expr1) + texts(node.expr2)
    return []
