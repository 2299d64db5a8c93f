"""Commands: `init-db` makes the tables, `seed` fills them for a demonstration."""

import datetime as dt

import click

from bolthead import current_app
from bolthead.cli import with_appcontext

from . import links
from .database import create_tables, get_session
from .models import DailyVisits, Link

# Code, address, visits of each of the last 14 days, today last.
DEMO_LINKS = (
    ("python", "https://docs.python.org/3/", (9, 14, 12, 5, 4, 17, 21, 19, 23, 20, 8, 7, 26, 24)),
    ("sqlite", "https://www.sqlite.org/wal.html", (2, 3, 1, 0, 0, 4, 3, 6, 2, 5, 1, 0, 4, 3)),
    ("http", "https://www.rfc-editor.org/rfc/rfc9110", (4, 4, 6, 2, 1, 5, 8, 7, 3, 6, 2, 2, 5, 9)),
    ("jinja", "https://jinja.palletsprojects.com/", (1, 2, 0, 1, 0, 2, 5, 3, 3, 4, 1, 1, 6, 2)),
    (
        "svg-a11y",
        "https://www.w3.org/TR/SVG2/access.html",
        (0, 1, 0, 0, 0, 2, 1, 0, 3, 1, 0, 0, 2, 1),
    ),
    ("sqlalchemy", "https://docs.sqlalchemy.org/", (3, 5, 4, 1, 2, 6, 7, 5, 9, 8, 3, 1, 7, 5)),
)


@click.command("init-db")
@with_appcontext
def init_db():
    """Make the tables that are missing."""
    create_tables(current_app.extensions["database"])
    click.echo(f"The tables are in {current_app.config['DATABASE']}.")


@click.command("seed")
@with_appcontext
def seed():
    """Add the demo links that are missing; links that exist stay as they are."""
    session, last = get_session(), links.today()
    missing = [row for row in DEMO_LINKS if links.find_link(session, row[0]) is None]
    for code, target, visits in missing:
        first = last - dt.timedelta(days=len(visits) - 1)
        link = Link(code=code, target=target, created_on=first)
        session.add(link)
        session.flush()
        session.add_all(
            DailyVisits(link_id=link.id, day=first + dt.timedelta(days=place), count=count)
            for place, count in enumerate(visits)
            if count
        )
    session.commit()
    click.echo(f"Added {len(missing)} of {len(DEMO_LINKS)} demo links.")
