"""The ``deploy-files`` command: print a file that an app is deployed with."""

from __future__ import annotations

import importlib.resources
import re

import click

from .group import ScriptInfo, pass_script_info

# What each kind is called among the templates, which are the files in "deploy".
TEMPLATES = {
    "dockerfile": "Dockerfile",
    "dockerignore": "dockerignore",
    "procfile": "Procfile",
    "systemd": "systemd.service",
    "nginx": "nginx.conf",
    "gunicorn": "gunicorn.conf",
    "uwsgi": "uwsgi.ini",
}
_SERVICE = re.compile(r"[a-z][a-z0-9_]*")
_IMPORT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+")


@click.command("deploy-files", short_help="Print a file to deploy the app with.")
@click.argument("kind", type=click.Choice(list(TEMPLATES)))
@click.option("--name", default="shop", show_default=True, help="What the service is called.")
@click.option("--domain", default="shop.example", show_default=True, help="The site's host name.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="The port that the app's server listens on.",
)
@pass_script_info
def deploy_files_command(info: ScriptInfo, kind: str, name: str, domain: str, port: int) -> None:
    """Print a file that an app is deployed with, to be read and changed.

    The app is the one of '--app', as 'module:name', and 'app:app' without it.
    It is not imported.
    """
    values = {"APP": _app(info), "NAME": name, "DOMAIN": domain, "PORT": str(port)}
    for option, pattern in (("NAME", _SERVICE), ("DOMAIN", _DOMAIN)):
        if not pattern.fullmatch(values[option]):
            raise click.BadParameter(
                f"{values[option]!r} does not fit {pattern.pattern}.",
                param_hint=f"'--{option.lower()}'",
            )
    click.echo(render(kind, values), nl=False)


def _app(info: ScriptInfo) -> str:
    """Return the app's place as 'module:name', which all servers understand."""
    path = info.app_import_path or "app:app"
    if ":" not in path:
        path = f"{path}:app"
    if not _IMPORT.fullmatch(path):
        raise click.UsageError(
            f"A server finds the app as 'module:name', and not as {path!r}. For a factory, make a"
            " module 'wsgi.py' that holds 'app = create_app()', and give '--app wsgi:app'."
        )
    return path


def render(kind: str, values: dict[str, str]) -> str:
    """Return the file of a kind, its marks such as ``@PORT@`` replaced by these values."""
    folder = importlib.resources.files("bolthead.cli") / "deploy"
    text = (folder / TEMPLATES[kind]).read_text(encoding="utf-8")
    module, _, attribute = values["APP"].partition(":")
    for mark, value in {**values, "MODULE": module, "CALLABLE": attribute}.items():
        text = text.replace(f"@{mark}@", value)
    return text
