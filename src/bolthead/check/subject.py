"""The app as a check looks at it: its configuration, code, templates and files."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..app import Flask
from . import deployment
from .assigned import Assigned, find_assigned
from .markup import Template, read_templates
from .place import Place
from .source import Sources, read_sources, source_roots


@dataclass
class Subject:
    """An app that is checked; what is read of it is read once, when a rule asks.

    ``deploy``: it is about to be deployed. ``environ``: the variables it is run with.
    """

    app: Flask
    deploy: bool = False
    environ: t.Mapping[str, str] = field(default_factory=lambda: os.environ)

    @cached_property
    def sources(self) -> Sources:
        """The app's Python files."""
        return read_sources(self.app)

    @cached_property
    def templates(self) -> list[Template]:
        """The app's templates."""
        return read_templates(self.app)

    @cached_property
    def assigned(self) -> dict[str, list[Assigned]]:
        """The places in the source that set a setting, by setting."""
        return find_assigned(self.sources)

    @cached_property
    def project(self) -> Path:
        """The top folder of the project that the app belongs to."""
        return deployment.find_project(source_roots(self.app)[0])

    @cached_property
    def served_by(self) -> list[deployment.Line]:
        """The lines of the files that say how the app is served."""
        return deployment.find_lines(self.project)

    @property
    def config(self) -> t.Mapping[str, t.Any]:
        """The app's configuration."""
        return self.app.config

    def setting(self, key: str, default: t.Any = None) -> t.Any:
        """Return a setting's value."""
        return self.app.config.get(key, default)

    def place_of(self, key: str) -> Place:
        """Return where a setting got its value: the last line that may, or its name alone."""
        value, unknown = self.setting(key), object()
        computed = Place(setting=key)
        for found in reversed(self.assigned.get(key, ())):
            written = self.sources.value(found.module, found.value, unknown)
            if written is not unknown and type(written) is type(value) and written == value:
                return found.place
            if written is unknown and computed.file is None:
                computed = found.place
        return computed

    def has_extension(self, *modules: str) -> bool:
        """Tell whether the app's code imports one of these modules."""
        return any(
            dotted.partition(".")[0] in modules
            for module in self.sources.modules
            for dotted in module.names.values()
        )

    @cached_property
    def middlewares(self) -> list[t.Any]:
        """What is wrapped around the app, the outermost first, as far as it can be looked into."""
        found: list[t.Any] = []
        current: t.Any = self.app.wsgi_app
        while current is not None and getattr(current, "__self__", None) is not self.app:
            if any(layer is current for layer in found):
                break
            found.append(current)
            inside = vars(current) if hasattr(current, "__dict__") else {}
            names = ("app", "wsgi_app", "application", "wrapped", "_app")
            current = next((inside[name] for name in names if name in inside), None)
        return found

    @property
    def takes_bodies(self) -> bool:
        """Whether a route answers methods that send a body."""
        bodies = {"POST", "PUT", "PATCH"}
        return any(bodies & set(rule.methods or ()) for rule in self.app.url_map.iter_rules())
