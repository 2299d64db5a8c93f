"""Work in the background that one worker at a time does, and another when that one is silent.

A row says what is to be done, who does it, and until when that is believed without a word. Its
table has the columns `id`, `worker` and `lease_until`.
"""

import time
import typing as t

from flask import current_app
from sqlalchemy import select, update

from .extensions import db


def pause() -> None:
    """Let requests in the same process have their turn."""
    time.sleep(current_app.config["MUSIC"].pause_seconds)


class LostLease(Exception):
    """Another worker has taken this work over, or it is no longer wanted."""


def claim(table, worker: str, *free, **values: t.Any) -> int | None:
    """Take the oldest work that fulfils the conditions `free`; return its number. Commits."""
    number = db.session.scalar(select(table.id).where(*free).order_by(table.id).limit(1))
    if number is None:
        db.session.rollback()
        return None
    lease = current_app.config["MUSIC"].lease_seconds
    taken = db.session.execute(
        update(table)
        .where(table.id == number, *free)
        .values(worker=worker, lease_until=time.time() + lease, **values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return number if taken.rowcount else None


def renew(table, number: int, holder: str, *conditions, leases: int = 1, **values: t.Any) -> None:
    """Tell of progress and go on holding the work; commits. LostLease if it is not ours any more.

    `leases` is for how many of them nothing will be told.
    """
    lease = leases * current_app.config["MUSIC"].lease_seconds
    values.setdefault("lease_until", time.time() + lease)
    renewed = db.session.execute(
        update(table)
        .where(table.id == number, table.worker == holder, *conditions)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not renewed.rowcount:
        db.session.rollback()
        raise LostLease(number)
    db.session.commit()
