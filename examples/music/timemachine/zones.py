"""A listener's plays moved to another time zone, in the background.

Local day, month and hour stand in each play, so that the database can add up by them. Another zone
changes them all:

1. A new edition of the plays is made beside the one that counts, in short transactions.
2. One transaction says that the new edition and zone count. If plays have come meanwhile, it
   begins anew; so it waits for imports of the listener that are open.
3. A while later, when no request reads it any more, the old edition is deleted.

Until the second step every page shows the old zone and its figures. A worker holds a lease, as for
imports: when it dies, another begins a further edition.
"""

import logging
import time

from sqlalchemy import Row, delete, func, insert, literal, select, update
from sqlalchemy.exc import DBAPIError

from . import leases, summaries
from .extensions import db
from .models import (
    FAILED,
    MOVING,
    RUNNING,
    SWEEPING,
    WAITING,
    Import,
    Play,
    User,
    ZoneChange,
)
from .times import LocalClock

logger = logging.getLogger("timemachine.zones")

MOST_ATTEMPTS = 3
GRACE = 60
"""Seconds for which the old edition is kept for requests that have begun to read it."""
BATCH = 5000
# How much of the bar each stage is; the rest is the last transaction.
COPIED, ADDED_UP = 0.75, 0.9

LOCAL = ("edition", "day", "month", "hour")
KEPT = [column for column in Play.__table__.columns if column.key not in ("id", *LOCAL)]


def ask(user: User, zone: str) -> None:
    """Note that a listener wants another time zone; nothing is committed.

    Who has no plays has it at once. The caller holds the user's row.
    """
    session = db.session()
    known = change_of(user)
    if zone == user.timezone:
        if known is not None and known.stage != SWEEPING:
            # Back to what it is: what was made of the other one is swept away.
            set_stage(known.id, stage=SWEEPING)
        return
    if known is not None and known.stage == MOVING and known.timezone == zone:
        return
    if known is not None:
        set_stage(known.id, stage=MOVING, timezone=zone, progress=0.0, attempts=0)
    elif session.scalar(select(Play.id).where(Play.user_id == user.id).limit(1)) is None:
        session.execute(update(User).where(User.id == user.id).values(timezone=zone))
    else:
        session.add(ZoneChange(user_id=user.id, timezone=zone, edition=user.edition))


def change_of(user: User) -> ZoneChange | None:
    """Return a listener's change that waits, runs, has failed or is to be tidied up after."""
    return db.session.scalar(
        select(ZoneChange)
        .where(ZoneChange.user_id == user.id)
        .execution_options(populate_existing=True)
    )


def set_stage(change_id: int, **values) -> None:
    """Begin another stage; whoever works on the change loses it."""
    db.session.execute(
        update(ZoneChange)
        .where(ZoneChange.id == change_id)
        .values(worker="", **{"lease_until": 0.0} | values)
        .execution_options(synchronize_session=False)
    )


def work_once(worker: str) -> bool:
    """Do one change that waits, or whose worker is silent; say whether there was one."""
    coming = select(Import.id).where(
        Import.user_id == ZoneChange.user_id, Import.status.in_([WAITING, RUNNING])
    )
    free = (
        ZoneChange.lease_until < time.time(),
        ZoneChange.stage != FAILED,
        ~coming.exists(),
    )
    values = {"edition": ZoneChange.edition + 1, "attempts": ZoneChange.attempts + 1}
    change_id = leases.claim(ZoneChange, worker, *free, **values)
    if change_id is None:
        return False
    change = db.session.execute(
        select(*ZoneChange.__table__.columns).where(ZoneChange.id == change_id)
    ).one_or_none()
    if change is None:
        return True
    try:
        if change.stage == SWEEPING:
            sweep(change, worker)
            drop(change, worker)
        elif change.attempts > MOST_ATTEMPTS:
            give_up(change, worker)
        else:
            move(change, worker)
    except leases.LostLease:
        logger.info("Change %s of a time zone is no longer this worker's", change_id)
    except DBAPIError as error:
        # Left as it is: when the lease has run out, somebody begins again.
        logger.warning("Change %s of a time zone is interrupted: %s", change_id, error.orig)
    except Exception:
        logger.exception("Change %s of a time zone failed", change_id)
        db.session.rollback()
        give_up(change, worker)
    db.session.rollback()
    return True


def give_up(change: Row, worker: str) -> None:
    sweep(change, worker)
    logger.error("User %s keeps the old time zone: the change failed", change.user_id)
    leases.renew(ZoneChange, change.id, worker, stage=FAILED)


class Move:
    """One edition of a listener's plays, made from another for another time zone."""

    def __init__(self, user_id: int, source: int, target: int, zone: str) -> None:
        self.user_id, self.source, self.target = user_id, source, target
        self.clock = LocalClock(zone)

    def spans(self) -> list[tuple[int, int, int, int]]:
        """Return what has one offset and lies in one local month: begin, end, offset, month."""
        first, last = db.session.execute(
            select(func.min(Play.played_at), func.max(Play.played_at)).where(*self.of(self.source))
        ).one()
        return [] if first is None else list(self.clock.spans(first, last))

    def of(self, edition: int):
        return Play.user_id == self.user_id, Play.edition == edition

    def copy(self, begin: int, end: int, offset: int, month: int) -> None:
        """Make the plays of a span."""
        local = Play.played_at + offset
        values = {
            "edition": literal(self.target),
            "day": local // 86_400,
            "month": literal(month),
            "hour": local // 3600 % 24,
        }
        rows = select(*KEPT, *values.values()).where(
            *self.of(self.source), Play.played_at >= begin, Play.played_at < end
        )
        names = [column.key for column in KEPT] + list(values)
        db.session.execute(insert(Play).from_select(names, rows))


def move(change: Row, worker: str) -> None:
    """Make an edition in a change's time zone, and let it count."""
    user_id, zone, target = change.user_id, change.timezone, change.edition
    source, version = db.session.execute(
        select(User.edition, User.data_version).where(User.id == user_id)
    ).one()

    def tell(progress: float, patience: int = 1) -> None:
        leases.renew(ZoneChange, change.id, worker, leases=patience, progress=progress)
        leases.pause()

    making = Move(user_id, source, target, zone)
    spans = making.spans()
    for place, span in enumerate(spans, 1):
        making.copy(*span)
        tell(COPIED * place / len(spans))
    months = sorted({month for *_, month in spans})
    for place in range(0, len(months), 12):
        some = set(months[place : place + 12])
        summaries.add_up_months(db.session(), user_id, target, some)
        tell(COPIED + (ADDED_UP - COPIED) * (place + len(some)) / len(months))
    # Nothing can be told from within one transaction, however long it takes.
    tell(ADDED_UP, patience=20)
    done = let_it_count(making, change.id, worker, zone, version)
    logger.info("User %s: %s", user_id, f"has the zone {zone} now" if done else "plays have come")


def let_it_count(making: Move, change_id: int, worker: str, zone: str, version: int) -> bool:
    """Let the new edition count, unless the plays are no longer those it was made of; commits."""
    session, user_id, target = db.session(), making.user_id, making.target
    # Whoever holds the user's row is the only one who changes their plays and summaries.
    session.execute(
        update(User).where(User.id == user_id).values(data_version=User.data_version + 1)
    )
    now = session.scalar(select(User.data_version).where(User.id == user_id))
    if now != version + 1:
        # Plays came, or went: another edition has to be made.
        session.rollback()
        free = {"worker": "", "lease_until": 0.0}
        attempts = ZoneChange.attempts - 1
        leases.renew(ZoneChange, change_id, worker, progress=0.0, attempts=attempts, **free)
        return False
    summaries.add_up_years(session, user_id, target)
    summaries.add_up_tracks(session, user_id, target)
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(edition=target, timezone=zone)
        .execution_options(synchronize_session=False)
    )
    # In the same transaction, so that one is true whenever the other is.
    leases.renew(
        ZoneChange,
        change_id,
        worker,
        stage=SWEEPING,
        progress=1.0,
        attempts=0,
        worker="",
        lease_until=time.time() + GRACE,
    )
    return True


def sweep(change: Row, worker: str) -> None:
    """Delete the editions that do not count, in short transactions."""
    user_id = change.user_id
    counts = db.session.scalar(select(User.edition).where(User.id == user_id))

    def old(table):
        # Later ones are somebody else's who began meanwhile.
        return (
            table.user_id == user_id,
            table.edition != counts,
            table.edition <= change.edition,
        )

    for table in summaries.TABLES:
        db.session.execute(
            delete(table).where(*old(table)).execution_options(synchronize_session=False)
        )
        leases.renew(ZoneChange, change.id, worker)
    while True:
        some = select(Play.id).where(*old(Play)).limit(BATCH)
        gone = db.session.execute(
            delete(Play).where(Play.id.in_(some)).execution_options(synchronize_session=False)
        )
        leases.renew(ZoneChange, change.id, worker)
        if not gone.rowcount:
            return
        leases.pause()


def drop(change: Row, worker: str) -> None:
    """Forget a change that nothing is left of."""
    db.session.execute(
        delete(ZoneChange).where(ZoneChange.id == change.id, ZoneChange.worker == worker)
    )
    db.session.commit()
