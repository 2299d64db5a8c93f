"""One import from its file to the plays: claimed by a worker, read twice, added as a whole.

1. The file is read to its end and checked; nothing is stored of a broken one.
2. It is read again, and its plays are staged in short transactions, where nobody sees them.
3. One transaction moves them to the plays, computes the summaries and says that it is done.

A worker renews a lease while it works. When it dies, the lease runs out, and another worker
begins again: what was staged is dropped, so that nothing is lost and nothing doubled.
"""

import contextlib
import logging
import os
import shutil
import time
import typing as t
from pathlib import Path

from flask import current_app
from sqlalchemy import delete, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from .. import leases, summaries
from ..catalogue import Catalogue
from ..connect.plays import NEAR, SYNCED
from ..extensions import db
from ..models import (
    DONE,
    FAILED,
    REFUSED,
    RUNNING,
    WAITING,
    Import,
    Play,
    StagedPlay,
    Track,
    User,
    now,
)
from ..times import LocalClock
from . import reader

logger = logging.getLogger("timemachine.imports")

BATCH = 4000
MOST_ATTEMPTS = 3
TURN = 0.002
"""Seconds in which requests in the same process have their turn, while a file is checked."""
LEFT_AFTER = 6 * 3600
"""Seconds without a change after which a file that belongs to no open import is left behind."""
COLUMNS = [column for column in StagedPlay.__table__.columns if column.key not in ("id",)]
# How much of the bar each stage is.
CHECKED, STAGED = 0.35, 0.9


class ZoneChanged(Exception):
    """The listener chose another time zone while their plays were staged."""


def uploads() -> Path:
    folder = current_app.config["MUSIC"].data_folder / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def path_of(job_id: int) -> Path:
    return uploads() / f"{job_id}.upload"


def tidy() -> None:
    """Delete files that a killed process has left: of imports that are over, or never began."""
    old = time.time() - LEFT_AFTER
    for path in uploads().iterdir():
        with contextlib.suppress(FileNotFoundError):
            tidy_file(path, old)
    db.session.rollback()


def tidy_file(path: Path, old: float) -> None:
    if path.stat().st_mtime < old:
        number = path.stem
        job = db.session.get(Import, int(number)) if number.isdigit() else None
        if path.suffix == ".draft" or job is None or job.is_over:
            logger.info("Deleting %s, which was left behind", path.name)
            path.unlink()


def take_file(user: User, name: str, path: Path, *, move: bool = False, worker: str = "") -> Import:
    """Keep a file and note that it is to be imported, by `worker` or by anyone; commits.

    The file is in its place before anybody can see that there is work.
    """
    job = Import(user_id=user.id, name=name[-200:] or "upload", size=path.stat().st_size)
    if worker:
        job.status, job.worker, job.attempts, job.lease_until = RUNNING, worker, 1, time.time() + 60
    db.session.add(job)
    db.session.flush()
    place = path_of(job.id)
    try:
        if move:
            os.replace(path, place)
        else:
            shutil.copyfile(path, place)
        db.session.commit()
    except BaseException:
        place.unlink(missing_ok=True)
        db.session.rollback()
        raise
    return job


def work_once(worker: str) -> bool:
    """Do one import that waits, or whose worker is silent; say whether there was one."""
    free = or_(
        Import.status == WAITING, (Import.status == RUNNING) & (Import.lease_until < time.time())
    )
    attempts = Import.attempts + 1
    begun = {"status": RUNNING, "attempts": attempts, "progress": 0.0, "stage": ""}
    job_id = leases.claim(Import, worker, free, **begun)
    if job_id is not None:
        work(job_id, worker)
    return job_id is not None


def note(job_id: int, worker: str, *, patience: int = 1, **values: t.Any) -> None:
    """Tell of progress and renew the lease; commits. LostLease if it is not ours any more."""
    runs = Import.status == RUNNING
    leases.renew(Import, job_id, worker, runs, leases=patience, **values)


def work(job_id: int, worker: str) -> None:
    """Do an import that is claimed, to its end: done, refused, failed, or left to a later try."""
    job = db.session.get(Import, job_id, populate_existing=True)
    if job is None:
        return
    path = path_of(job_id)
    try:
        if job.attempts > MOST_ATTEMPTS:
            finish(job_id, worker, FAILED, "It was interrupted three times. Nothing was added.")
        elif not path.exists():
            finish(job_id, worker, FAILED, "The uploaded file is gone. Please send it again.")
        else:
            add_file(job_id, worker, job.user_id, path)
    except reader.Refused as refusal:
        finish(job_id, worker, REFUSED, str(refusal))
    except ZoneChanged:
        logger.info("Import %s begins again: the listener's time zone changed", job_id)
        note(job_id, worker, status=WAITING, attempts=Import.attempts - 1)
        return
    except leases.LostLease:
        db.session.rollback()
        if db.session.get(Import, job_id, populate_existing=True) is not None:
            logger.warning("Import %s was taken over by another worker", job_id)
            return
        logger.info("Import %s was deleted while it ran", job_id)
    except DBAPIError as error:
        # Left as it is: when the lease has run out, somebody begins again.
        logger.warning("Import %s is interrupted by the database: %s", job_id, error.orig)
        db.session.rollback()
        return
    except Exception:
        logger.exception("Import %s failed", job_id)
        db.session.rollback()
        finish(job_id, worker, FAILED, "The fault is ours and has been logged. Nothing was added.")
    path.unlink(missing_ok=True)


def finish(job_id: int, worker: str, status: str, reason: str) -> None:
    """End an import of which nothing is kept; commits."""
    db.session.rollback()
    db.session.execute(delete(StagedPlay).where(StagedPlay.import_id == job_id))
    note(job_id, worker, status=status, reason=reason[:500], finished_at=now())
    logger.info("Import %s %s: %s", job_id, status, reason)


class Bar:
    """Tells of progress, at most four times a second, however often it is called."""

    def __init__(self, job_id: int, worker: str, stage: str, begin: float, end: float) -> None:
        self.job_id, self.worker, self.stage = job_id, worker, stage
        self.begin, self.end = begin, end
        self.told = 0.0

    def tell(self, share: float) -> None:
        if time.monotonic() - self.told < 0.25:
            return
        self.told = time.monotonic()
        progress = self.begin + min(1.0, share) * (self.end - self.begin)
        note(self.job_id, self.worker, stage=self.stage, progress=progress)
        time.sleep(TURN)


def add_file(job_id: int, worker: str, user_id: int, path: Path) -> None:
    limit = current_app.config["MUSIC"].unpacked_limit
    checking = Bar(job_id, worker, "checking", 0.0, CHECKED)
    found = ignored = 0
    for entry in reader.read_file(path, checking.tell, limit):
        if entry is None:
            ignored += 1
        else:
            found += 1
    db.session.execute(delete(StagedPlay).where(StagedPlay.import_id == job_id))
    note(job_id, worker, stage="reading", progress=CHECKED, found=found, ignored=ignored)

    zone, edition = db.session.execute(
        select(User.timezone, User.edition).where(User.id == user_id)
    ).one()
    months = stage(job_id, worker, user_id, zone, path, found)
    # Nothing can be told from within one transaction, however long it takes.
    note(job_id, worker, stage="adding", progress=STAGED, patience=20)
    added = publish(job_id, worker, user_id, edition, months)
    logger.info("Import %s is done: %s of %s plays are new", job_id, added, found)


def stage(job_id: int, worker: str, user_id: int, zone: str, path: Path, found: int) -> set[int]:
    """Store the plays where nobody sees them; return their months."""
    limit = current_app.config["MUSIC"].unpacked_limit
    catalogue = Catalogue(db.session())
    clock = LocalClock(zone)
    months: set[int] = set()
    done = 0

    def store(batch: list[reader.Entry]) -> None:
        ids = catalogue.find(entry[:5] for entry in batch)
        rows = []
        for entry in batch:
            track, artist, album = ids[entry.key]
            day, month, hour = clock.read(entry.played_at)
            months.add(month)
            rows.append({
                "import_id": job_id, "user_id": user_id, "track_id": track, "artist_id": artist,
                "album_id": album, "played_at": entry.played_at, "ms_played": entry.ms_played,
                "day": day, "month": month, "hour": hour, "device": entry.device,
                "reason_start": entry.reason_start, "reason_end": entry.reason_end,
                "shuffle": entry.shuffle, "skipped": entry.skipped, "offline": entry.offline,
            })  # fmt: skip
        db.session.execute(insert(StagedPlay.__table__), rows)
        share = (done + len(batch)) / max(1, found)
        note(job_id, worker, progress=CHECKED + share * (STAGED - CHECKED))
        leases.pause()

    batch: list[reader.Entry] = []
    for entry in reader.read_file(path, lambda share: None, limit):
        if entry is not None:
            batch.append(entry)
        if len(batch) >= BATCH:
            store(batch)
            done += len(batch)
            batch = []
    if batch:
        store(batch)
    return months


def publish(job_id: int, worker: str, user_id: int, edition: int, months: set[int]) -> int:
    """Make the staged plays the listener's, all at once; return how many are new."""
    session = db.session()
    # Whoever holds the user's row is the only one who changes their plays and summaries.
    locked = session.execute(
        update(User).where(User.id == user_id).values(data_version=User.data_version + 1)
    )
    if not locked.rowcount:
        raise leases.LostLease(job_id)
    if session.scalar(select(User.edition).where(User.id == user_id)) != edition:
        session.rollback()
        raise ZoneChanged(job_id)
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    drop_synced(session, job_id, user_id, edition)
    names = [*(column.key for column in COLUMNS), "edition"]
    staged = (
        select(*COLUMNS, literal(edition))
        .where(StagedPlay.import_id == job_id)
        .order_by(StagedPlay.id)
    )
    added = session.connection().execute(
        dialect.insert(Play.__table__).from_select(names, staged).on_conflict_do_nothing(),
        execution_options={"preserve_rowcount": True},
    )
    if added.rowcount:
        summaries.rebuild(session, user_id, edition, months)
    session.execute(delete(StagedPlay).where(StagedPlay.import_id == job_id))
    # In the same transaction as the plays, so that one is true whenever the other is.
    note(
        job_id,
        worker,
        status=DONE,
        stage="",
        progress=1.0,
        added=added.rowcount,
        finished_at=now(),
    )
    return added.rowcount


def drop_synced(session, job_id: int, user_id: int, edition: int) -> None:
    """Delete plays of the connected account that the export tells of, too, and more exactly."""
    told, synced = aliased(Track), aliased(Track)
    # By the URI: the two sources may write a name differently.
    same = (
        select(StagedPlay.id)
        .join(told, told.id == StagedPlay.track_id)
        .join(synced, (synced.id == told.id) | ((synced.uri == told.uri) & (told.uri != "")))
        .where(
            StagedPlay.import_id == job_id,
            synced.id == Play.track_id,
            StagedPlay.played_at.between(Play.played_at - NEAR, Play.played_at + NEAR),
        )
        .exists()
    )
    session.execute(
        delete(Play)
        .where(Play.user_id == user_id, Play.edition == edition, Play.reason_start == SYNCED, same)
        .execution_options(synchronize_session=False)
    )
