"""Findings and settings as text, JSON and Markdown."""

from __future__ import annotations

import textwrap
import typing as t

from .finding import Finding, Rule, Severity
from .settings import SafeSetting

WIDTH = 96


def as_text(findings: t.Sequence[Finding]) -> t.Iterator[str]:
    """Yield the lines that tell of findings; why and fix stand under the last one of an id."""
    by_id: dict[str, list[Finding]] = {}
    for finding in findings:
        by_id.setdefault(finding.id, []).append(finding)
    for same in by_id.values():
        for finding in same:
            yield f"{finding.place}: {finding.severity} {finding.id}: {finding.what}"
        yield from _under("Why", same[-1].why)
        yield from _under("Fix", same[-1].fix)
        yield ""


def _under(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        f"{label}: {text}",
        WIDTH,
        initial_indent="    ",
        subsequent_indent="         ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def summary(findings: t.Sequence[Finding]) -> str:
    """Return how many errors and warnings there are."""
    parts = []
    for severity in Severity:
        count = sum(finding.severity is severity for finding in findings)
        if count:
            parts.append(f"{count} {severity}{'' if count == 1 else 's'}")
    return " and ".join(parts) + "." if parts else "No findings."


def settings_as_text(rows: t.Sequence[SafeSetting]) -> t.Iterator[str]:
    """Yield the lines of the table of settings, each column as wide as its longest cell."""
    table = [("Setting", "Flask", "Bolthead", "This app")]
    table += [
        (row.setting, repr(row.in_flask), repr(row.in_bolthead), repr(row.in_app)) for row in rows
    ]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    for number, row in enumerate(table):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)


def settings_as_json(rows: t.Sequence[SafeSetting]) -> list[dict[str, t.Any]]:
    """Return the table of settings as ``bolthead check --json`` prints it."""
    return [
        {
            "setting": row.setting,
            "flask": jsonable(row.in_flask),
            "bolthead": jsonable(row.in_bolthead),
            "app": jsonable(row.in_app),
            "why": row.why,
        }
        for row in rows
    ]


def jsonable(value: t.Any) -> t.Any:
    """Return a value that JSON has, or its text."""
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)


def rules_as_markdown(rules: t.Iterable[Rule]) -> str:
    """Return the reference of the findings: a table, then why and fix of each."""
    rows = ["| id | severity | | finding |", "|---|---|---|---|"]
    parts = []
    for rule in rules:
        when = "`--deploy`" if rule.only_deploy else ""
        rows.append(
            f"| [{rule.id}](#{rule.id.lower()}) | {rule.severity} | {when} | {rule.title} |"
        )
        only = " It is looked for with `--deploy` only." if rule.only_deploy else ""
        parts.append(
            f"## {rule.id}\n\n**{rule.title}** ({rule.severity}).{only}\n\n"
            f"{_prose(rule.why)}\n\n**Fix.** {_prose(rule.fix)}"
        )
    return "\n".join(rows) + "\n\n" + "\n\n".join(parts)


def _prose(text: str) -> str:
    """Return a text with what is Markdown in it taken as it stands."""
    return text.replace("*", "\\*").replace("_", "\\_").replace("|", "\\|").replace("<", "&lt;")
