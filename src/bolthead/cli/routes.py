"""The ``routes`` command: the app's URL rules as a table."""

from __future__ import annotations

import typing as t

import click

from ..globals import current_app
from .group import with_appcontext

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

IMPLIED_METHODS = frozenset({"HEAD", "OPTIONS"})

SORT_KEYS: dict[str, t.Callable[[Rule], t.Any]] = {
    "endpoint": lambda rule: rule.endpoint,
    "methods": lambda rule: sorted(rule.methods or ()),
    "domain": lambda rule: rule.host or rule.subdomain or "",
    "rule": lambda rule: rule.rule,
}


@click.command("routes", short_help="Show the routes for the app.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice([*SORT_KEYS, "match"]),
    default="endpoint",
    help=("The column to sort by; 'match' keeps the order in which the rules are tried."),
)
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS too.")
@click.option("--plan", is_flag=True, help="Show what each endpoint's requests go through.")
@with_appcontext
def routes_command(sort: str, all_methods: bool, plan: bool) -> None:
    """Show which paths the app answers, by which view and to which methods."""
    rules = list(current_app.url_map.iter_rules())
    if plan:
        for endpoint in (*dict.fromkeys(str(rule.endpoint) for rule in rules), None):
            click.echo(f"{current_app.plan_for(endpoint).explain()}\n")
        return
    if not rules:
        click.echo("No routes were registered.")
        return
    if sort in SORT_KEYS:
        rules.sort(key=SORT_KEYS[sort])

    columns = {
        "Endpoint": [str(rule.endpoint) for rule in rules],
        "Methods": [_methods(rule, all_methods=all_methods) for rule in rules],
    }
    by_host = current_app.url_map.host_matching
    domains = [(rule.host if by_host else rule.subdomain) or "" for rule in rules]
    if any(domains):
        columns["Host" if by_host else "Subdomain"] = domains
    columns["Rule"] = [rule.rule for rule in rules]
    for line in _table(columns):
        click.echo(line)


def _methods(rule: Rule, *, all_methods: bool) -> str:
    shown = set(rule.methods or ())
    return ", ".join(sorted(shown if all_methods else shown - IMPLIED_METHODS))


def _table(columns: dict[str, list[str]]) -> t.Iterator[str]:
    """Yield the lines of a table, each column as wide as its longest cell."""
    widths = [max(map(len, [title, *cells])) for title, cells in columns.items()]
    for row in (columns, ["-" * width for width in widths], *zip(*columns.values(), strict=True)):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
