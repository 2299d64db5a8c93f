"""The ``check`` command: what is dangerous in the app's configuration and code."""

from __future__ import annotations

import json
import typing as t

import click

from .group import ScriptInfo, pass_script_info

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..check import Finding


@click.command("check", short_help="Find what is dangerous in the app.")
@click.option("--deploy", is_flag=True, help="Also what matters in a deployment only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--ignore",
    "-i",
    metavar="ID",
    multiple=True,
    help=(
        "Leave out the findings of an id, such as B005, or those in some files: 'B011:static/*'."
        " May be given several times."
    ),
)
@click.option(
    "--settings",
    "show_settings",
    is_flag=True,
    help="Show the safe settings: Flask's value, Bolthead's, and this app's.",
)
@pass_script_info
def check_command(
    info: ScriptInfo, deploy: bool, as_json: bool, ignore: tuple[str, ...], show_settings: bool
) -> None:
    """Read the app's configuration, code and templates, and name what is dangerous.

    Each finding has an id, a place, why it matters and how to mend it. The
    status is 1 if there is an error among them, 0 if there are warnings only.

    Findings are left out by '--ignore', by the setting CHECK_IGNORE, by
    'ignore' under [tool.bolthead.check] in pyproject.toml, or where a comment
    on the line says so: '# bolthead: ignore B010'.
    """
    from ..check import CheckOptionError, Severity, check_app, report
    from ..check.settings import compare_settings

    app, findings = _load(info)
    if app is not None:
        try:
            findings = check_app(app, deploy=deploy, ignore=ignore)
        except CheckOptionError as error:
            raise click.UsageError(str(error)) from None
    settings = compare_settings(app) if app is not None else []

    if as_json:
        printed: dict[str, t.Any] = {
            "app": None if app is None else app.name,
            "deploy": deploy,
            "findings": [finding.as_dict() for finding in findings],
        }
        if show_settings:
            printed["settings"] = report.settings_as_json(settings)
        click.echo(json.dumps(printed, indent=2))
    elif show_settings:
        for line in report.settings_as_text(settings):
            click.echo(line)
    else:
        for line in report.as_text(findings):
            click.echo(line)
        click.echo(report.summary(findings))
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise SystemExit(1)


def _load(info: ScriptInfo) -> tuple[Flask | None, list[Finding]]:
    """Return the app as a server would load it; else what is known of why it cannot be loaded."""
    from ..check import load_failure

    # Debug mode as the app sets it: other servers know no '--debug'.
    info.set_debug_flag = False
    try:
        return info.load_app(), []
    except Exception as error:
        findings = load_failure(error)
        if not findings:
            raise
        return None, findings
