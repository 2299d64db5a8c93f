"""Templates: Jinja2 with the app's context, loading from the app's and its blueprints' folders."""

from __future__ import annotations

import logging
import os
import typing as t
from collections import ChainMap

from blinker import NamedSignal
from jinja2 import BaseLoader, Template, TemplateNotFound
from jinja2 import Environment as BaseEnvironment
from jinja2.runtime import Context, new_context

from . import current
from .helpers import _default_template_ctx_processor as _default_template_ctx_processor
from .helpers import stream_with_context
from .redaction import Lines
from .signals import before_render_template, template_rendered

TemplateName = str | Template | list[str | Template]


class _Template(Template):
    """A template that is given the names of its environment without a look at each."""

    def new_context(
        self,
        vars: dict[str, t.Any] | None = None,
        shared: bool = False,
        locals: t.Mapping[str, t.Any] | None = None,
    ) -> Context:
        # PERF: a ChainMap is asked for its names in Python, one by one; see
        # benchmarks/in_process.py. Mostly it holds nothing but the environment's.
        names = self.globals
        if type(names) is not ChainMap or len(names.maps) != 2 or names.maps[0]:
            return super().new_context(vars, shared, locals)
        return new_context(
            self.environment, self.name, self.blocks, vars, shared, names.maps[1], locals
        )


class Environment(BaseEnvironment):
    """Jinja's environment, with an app and its template folders; ``app.jinja_environment``."""

    template_class = _Template

    def __init__(self, app: t.Any, **options: t.Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app


class DispatchingJinjaLoader(BaseLoader):
    """Looks a template up in the app's folder, then in each blueprint's."""

    def __init__(self, app: t.Any) -> None:
        self.app = app

    def get_source(
        self, environment: BaseEnvironment, template: str
    ) -> tuple[str, str | None, t.Callable[[], bool] | None]:
        """Return the source of the first template of that name (Jinja's ``BaseLoader``)."""
        if self.app.config["EXPLAIN_TEMPLATE_LOADING"]:
            return self._explained(environment, template)
        for _, loader in self._loaders():
            try:
                return loader.get_source(environment, template)
            except TemplateNotFound:
                continue
        raise TemplateNotFound(template)

    def _explained(
        self, environment: BaseEnvironment, template: str
    ) -> tuple[str, str | None, t.Callable[[], bool] | None]:
        attempts: list[tuple[BaseLoader, t.Any, t.Any]] = []
        chosen = None
        for owner, loader in self._loaders():
            try:
                found = loader.get_source(environment, template)
            except TemplateNotFound:
                found = None
            chosen = chosen or found
            attempts.append((loader, owner, found))
        explain_template_loading_attempts(self.app, template, attempts)
        if chosen is None:
            raise TemplateNotFound(template)
        return chosen

    def _loaders(self) -> t.Iterator[tuple[t.Any, BaseLoader]]:
        """Yield each app or blueprint that has templates, with its loader."""
        for owner in (self.app, *self.app.iter_blueprints()):
            loader = owner.jinja_loader
            if loader is not None:
                yield owner, loader

    def list_templates(self) -> list[str]:
        """Return the names of all templates that can be loaded."""
        return list(
            {name: None for _, loader in self._loaders() for name in loader.list_templates()}
        )


def _loader_facts(loader: BaseLoader) -> t.Iterator[str]:
    """Yield lines that describe a loader by its simple attributes."""
    yield f"class: {type(loader).__module__}.{type(loader).__name__}"
    for name, value in sorted(vars(loader).items()):
        if name.startswith("_"):
            continue
        if isinstance(value, tuple | list):
            if all(isinstance(item, str) for item in value):
                yield f"{name}:"
                yield from (f"  - {item}" for item in value)
        elif isinstance(value, str | int | float | bool):
            yield f"{name}: {value!r}"


def _owner_title(app: t.Any, owner: t.Any) -> str:
    if owner is app:
        return f"application {owner.import_name!r}"
    return f"blueprint {owner.name!r} ({owner.import_name})"


def explain_template_loading_attempts(
    app: t.Any, template: str, attempts: list[tuple[BaseLoader, t.Any, t.Any]]
) -> None:
    """Log where a template was looked for and what was found, with a hint where that is unclear.

    On with ``EXPLAIN_TEMPLATE_LOADING`` (Flask docs, "Configuration Handling").
    """
    lines = [f"Locating template {template!r}:"]
    ctx = current._cv_request.get(None)
    blueprint = None if ctx is None else ctx.request.blueprint
    for number, (loader, owner, found) in enumerate(attempts, start=1):
        lines.append(f"{number:5}: trying loader of {_owner_title(app, owner)}")
        lines += [f"       {fact}" for fact in _loader_facts(loader)]
        result = "no match" if found is None else f"found ({found[1] or '<string>'!r})"
        lines.append(f"       -> {result}")

    hits = sum(found is not None for *_, found in attempts)
    if hits == 0:
        lines.append("Error: the template could not be found.")
    elif hits > 1:
        lines.append("Warning: multiple loaders returned a match for the template.")
    if blueprint is not None and hits != 1:
        lines.append(
            "  The template was looked up from an endpoint that belongs"
            f" to the blueprint {blueprint!r}."
        )
        lines.append("  Maybe you did not place a template in the right folder?")
        lines.append("  See https://flask.palletsprojects.com/blueprints/#templates")
    logger: logging.Logger = app.logger
    logger.info(Lines("\n".join(lines)))


def _render(app: t.Any, template: Template, context: dict[str, t.Any]) -> str:
    _update(app, context)
    if before_render_template.receivers:
        _tell(before_render_template, app, template, context)
    text = template.render(context)
    if template_rendered.receivers:
        _tell(template_rendered, app, template, context)
    return text


def _update(app: t.Any, context: dict[str, t.Any]) -> None:
    """Call ``app.update_template_context``; where nobody replaced that, what it does."""
    plans = app._current_plans()
    if plans.updates_context:
        app._update_context(plans, context)
    else:
        app.update_template_context(context)


def _tell(signal: NamedSignal, app: t.Any, template: Template, context: dict[str, t.Any]) -> None:
    signal.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def render_template(template_name_or_list: TemplateName, **context: t.Any) -> str:
    """Return a template's text, given its name, or the first found of several.

    Raises ``jinja2.TemplateNotFound`` (Flask API, "Template Rendering").
    """
    app = current.app()
    environment = app.jinja_env
    try:
        if type(template_name_or_list) is str:
            return _render(app, environment.get_template(template_name_or_list), context)
        return _render(app, environment.get_or_select_template(template_name_or_list), context)
    except TemplateNotFound as error:
        _tell_folders(app, error)
        raise


def _tell_folders(app: t.Any, error: TemplateNotFound) -> None:
    """Say in the traceback where templates are looked for."""
    if hasattr(error, "__notes__"):
        return  # said where a template was rendered within another
    loaders = [owner.jinja_loader for owner in (app, *app.iter_blueprints())]
    folders = [str(path) for loader in loaders for path in getattr(loader, "searchpath", ())]
    told = [
        folder if os.path.isdir(folder) else f"{folder} (there is no such folder)"
        for folder in dict.fromkeys(folders)
    ]
    if told:
        error.add_note(f"Looked in {', '.join(told)}.")


def render_template_string(source: str, **context: t.Any) -> str:
    """Return the text of a template given by its source, with autoescaping."""
    app = current.app()
    return _render(app, app.jinja_env.from_string(source), context)


def _stream(app: t.Any, template: Template, context: dict[str, t.Any]) -> t.Iterator[str]:
    _update(app, context)
    _tell(before_render_template, app, template, context)

    def pieces() -> t.Iterator[str]:
        yield from template.generate(context)
        _tell(template_rendered, app, template, context)

    # In a request the context must last as long as the stream.
    if current._cv_request.get(None) is None:
        return pieces()
    return stream_with_context(pieces())


def stream_template(template_name_or_list: TemplateName, **context: t.Any) -> t.Iterator[str]:
    """Yield a template's text piece by piece; return it from a view to send it so."""
    app = current.app()
    return _stream(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def stream_template_string(source: str, **context: t.Any) -> t.Iterator[str]:
    """Yield the text of a template given by its source, piece by piece."""
    app = current.app()
    return _stream(app, app.jinja_env.from_string(source), context)
