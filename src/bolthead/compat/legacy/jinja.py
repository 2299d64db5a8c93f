"""What Jinja and MarkupSafe removed in the same years, and extensions imported beside Flask."""

from __future__ import annotations

import jinja2
import markupsafe
from jinja2.ext import Extension

from .giving import give_value

# The decorators of Jinja 2, and those that replaced them.
DECORATORS = {
    "contextfunction": jinja2.pass_context,
    "contextfilter": jinja2.pass_context,
    "evalcontextfunction": jinja2.pass_eval_context,
    "evalcontextfilter": jinja2.pass_eval_context,
    "environmentfunction": jinja2.pass_environment,
    "environmentfilter": jinja2.pass_environment,
}


class BuiltIn(Extension):
    """An extension whose tags Jinja itself has now."""


def install() -> None:
    """Give the names back."""
    give_value("jinja2.Markup", markupsafe.Markup)
    give_value("jinja2.escape", markupsafe.escape)
    give_value("jinja2.ext.autoescape", BuiltIn)
    give_value("jinja2.ext.with_", BuiltIn)
    for name, replacement in DECORATORS.items():
        give_value(f"jinja2.{name}", replacement, "jinja2", "jinja2.filters", "jinja2.utils")
    give_value("markupsafe.soft_unicode", markupsafe.soft_str)
