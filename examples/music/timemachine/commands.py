"""Commands: `prepare`, `seed`, `import` and `create-admin`."""

import json
import logging
import secrets
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import func, select

from . import history, seeding
from .extensions import db
from .models import ADMIN, DONE, Import, Play, User, theirs
from .times import zone_names

DEMO_EMAIL, DEMO_PASSWORD = "demo@example.org", "time-machine"


def init_app(app) -> None:
    for command in (seed, import_files, create_admin, export_history, worker):
        app.cli.add_command(command)


@click.command()
@click.option("--email", default=DEMO_EMAIL, show_default=True)
@click.option("--password", default=DEMO_PASSWORD, show_default=True)
@click.option("--plays", default=200_000, show_default=True, help="How many plays to make.")
@click.option("--number", default=7, show_default=True, help="Which history to make.")
@click.option("--timezone", default="Europe/Stockholm", show_default=True)
@with_appcontext
def seed(email: str, password: str, plays: int, number: int, timezone: str) -> None:
    """Make the tables, a demo user, and a history of ten years if there is none."""
    if timezone not in zone_names():
        raise click.BadParameter(f"There is no time zone {timezone!r}.")
    upgrade_quietly()
    user = seeding.find_user(email)
    if user is None:
        user = User(email=email.lower(), name="Demo Listener", timezone=timezone, role=ADMIN)
        user.set_password(password)
        db.session.add(user)
        db.session.commit()
    has = db.session.scalar(select(func.count()).select_from(Play).where(*theirs(Play, user)))
    if has:
        click.echo(f"{email} has {has:,} plays.")
        return
    click.echo(f"Making {plays:,} plays …")
    added = seeding.seed(user, number, plays)
    click.echo(f"{email} has {added:,} plays now.")


def upgrade_quietly() -> None:
    """Bring the tables up to date, without telling of each step."""
    logging.disable(logging.INFO)
    try:
        upgrade()
    finally:
        logging.disable(logging.NOTSET)


@click.command("import")
@click.argument("email")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@with_appcontext
def import_files(email: str, paths: tuple[Path, ...]) -> None:
    """Import export files (JSON or zip) for the user with EMAIL, and wait for the end."""
    from .imports import jobs

    user = seeding.find_user(email)
    if user is None:
        raise click.ClickException(f"There is no user {email!r}.")
    failed = False
    for path in paths:
        worker = f"command-{secrets.token_hex(4)}"
        job = jobs.take_file(user, path.name, path, worker=worker)
        jobs.work(job.id, worker)
        job = db.session.get(Import, job.id, populate_existing=True)
        if job.status == DONE:
            click.echo(f"{path.name}: {job.added:,} of {job.found:,} plays are new.")
        else:
            failed = True
            click.echo(f"{path.name}: {job.status}: {job.reason}", err=True)
    if failed:
        sys.exit(1)


@click.command("create-admin")
@click.argument("email")
@click.option("--name", default="Administrator", show_default=True)
@click.password_option()
@with_appcontext
def create_admin(email: str, name: str, password: str) -> None:
    """Make a user who may see the admin page, or make an existing one that."""
    if len(password) < 10:
        raise click.ClickException("Use at least 10 characters for the password.")
    user = seeding.find_user(email)
    if user is None:
        user = User(email=email.lower(), name=name)
        db.session.add(user)
    user.role = ADMIN
    user.set_password(password)
    db.session.commit()
    click.echo(f"{email} is an administrator.")


@click.command("export-history")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--plays", default=200_000, show_default=True)
@click.option("--number", default=7, show_default=True)
@click.option("--size", default=16_000, show_default=True, help="Plays in each file.")
def export_history(folder: Path, plays: int, number: int, size: int) -> None:
    """Write a made history as files that the provider's export has."""
    from .catalogue import in_parts

    folder.mkdir(parents=True, exist_ok=True)
    for place, part in enumerate(in_parts(history.listen(number, plays), size)):
        path = folder / f"Streaming_History_Audio_{place}.json"
        with path.open("w") as file:
            json.dump([history.to_record(play) for play in part], file, indent=2)
        click.echo(path)


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Work in the background until stopped, beside the server's own workers."""
    from .worker import Worker

    Worker(current_app._get_current_object()).run()
