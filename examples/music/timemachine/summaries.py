"""Summaries of a listener's plays: by day, by hour, by month and track, by track.

Pages read these instead of the plays, which are ten times as many. They are computed by the
database in the same transaction that changes the plays, so they never tell of other plays.
"""

from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.orm import Session

from .models import (
    DayTotal,
    MonthHour,
    MonthTrack,
    Play,
    TrackTotal,
    User,
    YearTrack,
    day_number,
    first_of_month,
)

TABLES = (DayTotal, MonthHour, MonthTrack, YearTrack, TrackTotal)
PLAYS = func.count()
MS = func.sum(Play.ms_played)
SKIPS = func.sum(case((Play.skipped, 1), else_=0))
# Whose, and which edition: the first columns of each summary.
OWNER = (Play.user_id, Play.edition)
# Day 0 was a Thursday.
WEEKDAY = (Play.day + 3) % 7


def rebuild(session: Session, user_id: int, edition: int, months: set[int] | None = None) -> None:
    """Compute a listener's summaries anew, or those of some months; nothing is committed."""
    add_up_months(session, user_id, edition, months)
    add_up_years(session, user_id, edition, months and {month // 12 for month in months})
    add_up_tracks(session, user_id, edition)
    session.execute(
        update(User).where(User.id == user_id).values(data_version=User.data_version + 1)
    )


def renew(session: Session, table, which: list, query) -> None:
    """Put a query's rows where those of a summary were."""
    session.execute(delete(table).where(*which).execution_options(synchronize_session=False))
    names = [column.key for column in table.__table__.columns]
    session.execute(insert(table).from_select(names, query))


def add_up_months(session: Session, user_id: int, edition: int, months=None) -> None:
    mine = [Play.user_id == user_id, Play.edition == edition]
    if months:
        # The days are what an index finds them by.
        first, last = first_of_month(min(months)), first_of_month(max(months) + 1)
        mine.append(Play.day.between(day_number(first), day_number(last) - 1))
        mine.append(Play.month.in_(months))
    tracks = (Play.track_id, Play.artist_id, Play.album_id)
    for table, group, sums in (
        (DayTotal, (*OWNER, Play.day, Play.month), (PLAYS, MS, SKIPS)),
        (MonthHour, (*OWNER, Play.month, WEEKDAY, Play.hour), (PLAYS, MS)),
        (MonthTrack, (*OWNER, Play.month, *tracks), (PLAYS, MS, SKIPS)),
    ):
        old = [table.user_id == user_id, table.edition == edition]
        if months:
            old.append(table.month.in_(months))
        renew(session, table, old, select(*group, *sums).where(*mine).group_by(*group))


def add_up_years(session: Session, user_id: int, edition: int, years=None) -> None:
    month = MonthTrack
    mine = [month.user_id == user_id, month.edition == edition]
    old = [YearTrack.user_id == user_id, YearTrack.edition == edition]
    if years is not None:
        mine.append((month.month // 12).in_(years))
        old.append(YearTrack.year.in_(years))
    group = (
        month.user_id, month.edition, month.month // 12,
        month.track_id, month.artist_id, month.album_id,
    )  # fmt: skip
    sums = (func.sum(month.plays), func.sum(month.ms), func.sum(month.skips))
    renew(session, YearTrack, old, select(*group, *sums).where(*mine).group_by(*group))


def add_up_tracks(session: Session, user_id: int, edition: int) -> None:
    group = (*OWNER, Play.track_id, Play.artist_id, Play.album_id)
    sums = (PLAYS, MS, SKIPS, func.min(Play.day), func.max(Play.day))
    mine = (Play.user_id == user_id, Play.edition == edition)
    old = [TrackTotal.user_id == user_id, TrackTotal.edition == edition]
    renew(session, TrackTotal, old, select(*group, *sums).where(*mine).group_by(*group))
