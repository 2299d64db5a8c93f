"""Endpoints, addresses and templates that are named and are not there."""

from __future__ import annotations

import ast
import re
import typing as t

from jinja2 import TemplateNotFound, nodes
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from .. import markup
from ..finding import Found, Severity, rule
from ..markup import Template
from ..place import Place
from ..source import argument, is_flasks
from ..subject import Subject

# What an app is called where its method is.
IS_APP = re.compile(r"(^|[._])(app|application)$")


@rule(
    "B022",
    "An endpoint does not exist",
    Severity.ERROR,
    why="url_for() cannot build the address: whoever asks for the page gets a 500. An address that"
    " nothing answers is a 404.",
    fix="Name an endpoint that 'bolthead routes' lists, with the arguments of its rule. A view of"
    " a blueprint is 'blueprint.view'.",
)
def no_such_endpoint(subject: Subject) -> t.Iterator[Found]:
    """Look at url_for in templates and code, at redirects, and at the views of logins."""
    if subject.app.url_build_error_handlers:
        return
    for template in subject.templates:
        yield from _in_template(subject, template)
    for module, node, called in subject.sources.calls("url_for"):
        if not is_flasks(called) and not IS_APP.search(called.rpartition(".")[0]):
            continue
        first = argument(node, 0, "endpoint")
        given = {keyword.arg for keyword in node.keywords}
        names = [] if first is None else subject.sources.texts(module, first)
        for name in names:
            problem = _problem(subject, name, given)
            if problem:
                yield module.at(node), problem
    yield from _redirects(subject)
    yield from _logins(subject)


def _in_template(subject: Subject, template: Template) -> t.Iterator[Found]:
    for node in template.find(nodes.Call):
        if not isinstance(node.node, nodes.Name) or node.node.name != "url_for":
            continue
        given = {keyword.key for keyword in node.kwargs}
        if node.dyn_kwargs is not None or node.dyn_args is not None:
            given.add(None)
        for name in markup.texts(node.args[0] if node.args else None):
            problem = _problem(subject, name, given)
            if problem:
                yield template.at(node), problem


def _problem(subject: Subject, name: str, given: t.Collection[str | None]) -> str | None:
    """Say why an endpoint's address cannot be built with these arguments; None if it can.

    None among the arguments stands for others that are not known.
    """
    rules = list(subject.app.url_map.iter_rules())
    if name.startswith("."):
        # Which blueprint it belongs to is known when the request comes.
        rules = [rule for rule in rules if f".{rule.endpoint}".endswith(name)]
    else:
        rules = [rule for rule in rules if rule.endpoint == name]
    if not rules:
        return f"There is no endpoint {name!r}."
    if None in given or subject.app.url_default_functions:
        return None
    needs = [sorted(rule.arguments - set(rule.defaults or ()) - set(given)) for rule in rules]
    if all(needs):
        missing = ", ".join(min(needs))
        return f"The endpoint {name!r} needs {missing}."
    return None


def _redirects(subject: Subject) -> t.Iterator[Found]:
    app = subject.app
    wrapped = subject.middlewares or subject.setting("APPLICATION_ROOT") != "/"
    if wrapped or app.url_map.host_matching or app.subdomain_matching:
        # Somebody else may answer the address.
        return
    adapter = app.url_map.bind("localhost")
    for module, node, called in subject.sources.flask_calls("redirect"):
        first = argument(node, 0, "location")
        for text in [] if first is None else subject.sources.texts(module, first):
            path = text.partition("?")[0].partition("#")[0]
            if not path.startswith("/") or path.startswith("//"):
                continue
            try:
                adapter.match(path, method="GET")
            except RequestRedirect:
                continue
            except HTTPException as error:
                if error.code == 404:
                    yield module.at(node), f"No route answers {path!r}, where {called} leads."


def _logins(subject: Subject) -> t.Iterator[Found]:
    manager = getattr(subject.app, "login_manager", None)
    views = [getattr(manager, "login_view", None), getattr(manager, "refresh_view", None)]
    views += dict(getattr(manager, "blueprint_login_views", None) or {}).values()
    for view in views:
        if isinstance(view, str) and "/" not in view:
            problem = _problem(subject, view, {None})
            if problem:
                yield Place(setting="login_manager.login_view"), problem


@rule(
    "B032",
    "A template is missing or cannot be read",
    Severity.ERROR,
    why="Whoever asks for the page gets a 500.",
    fix="Mend the template, or the name by which it is asked for: names are relative to the"
    " templates folder of the app or the blueprint.",
)
def broken_template(subject: Subject) -> t.Iterator[Found]:
    """Parse every template, and look for those that code and other templates name."""
    for template in subject.templates:
        if template.problem:
            where = Place(template.file, template.problem_line)
            yield where, f"{template.name} cannot be parsed: {template.problem}."
        for kind in (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport):
            for node in template.find(kind):
                if getattr(node, "ignore_missing", False):
                    continue
                for name in markup.texts(node.template):
                    if not _exists(subject, name):
                        yield template.at(node), f"There is no template {name!r}."
    for module, node, _ in subject.sources.flask_calls("render_template", "stream_template"):
        first = argument(node, 0, "template_name_or_list")
        choices = first.elts if isinstance(first, ast.List | ast.Tuple) else [first]
        names = [subject.sources.texts(module, choice) for choice in choices if choice]
        flat = [name for some in names for name in some]
        if isinstance(first, ast.List | ast.Tuple):
            if all(names) and flat and not any(_exists(subject, name) for name in flat):
                yield module.at(node), f"There is no template of these: {', '.join(flat)}."
            continue
        for name in flat:
            if not _exists(subject, name):
                yield module.at(node), f"There is no template {name!r}."


def _exists(subject: Subject, name: str) -> bool:
    environment = subject.app.jinja_env
    if environment.loader is None:
        return False
    try:
        environment.loader.get_source(environment, name)
    except TemplateNotFound:
        return False
    except (UnicodeDecodeError, OSError):
        return True
    return True
