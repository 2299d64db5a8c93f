"""Summaries of a listener's plays: by day, by hour, by month and track, by track.

Pages read these instead of the plays, which are ten times as many. They are computed by the
database in the same transaction that changes the plays, so they never tell of other plays.
"""

from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.orm import Session

from .models import DayTotal, MonthHour, MonthTrack, Play, TrackTotal, User, YearTrack
from .times import LocalClock

PLAYS = func.count()
MS = func.sum(Play.ms_played)
SKIPS = func.sum(case((Play.skipped, 1), else_=0))
# Day 0 was a Thursday.
WEEKDAY = (Play.day + 3) % 7


def rebuild(session: Session, user_id: int, months: set[int] | None = None) -> None:
    """Compute a listener's summaries anew, or those of some months; nothing is committed."""
    mine = [Play.user_id == user_id]
    if months is not None:
        mine.append(Play.month.in_(months))

    def renew(table, query):
        old = delete(table).where(table.user_id == user_id)
        if months is not None and hasattr(table, "month"):
            old = old.where(table.month.in_(months))
        session.execute(old)
        names = [column.key for column in table.__table__.columns]
        session.execute(insert(table).from_select(names, query))

    user = Play.user_id
    renew(
        DayTotal,
        select(user, Play.day, Play.month, PLAYS, MS, SKIPS)
        .where(*mine)
        .group_by(user, Play.day, Play.month),
    )
    renew(
        MonthHour,
        select(user, Play.month, WEEKDAY, Play.hour, PLAYS, MS)
        .where(*mine)
        .group_by(user, Play.month, WEEKDAY, Play.hour),
    )
    renew(
        MonthTrack,
        select(user, Play.month, Play.track_id, Play.artist_id, Play.album_id, PLAYS, MS, SKIPS)
        .where(*mine)
        .group_by(user, Play.month, Play.track_id, Play.artist_id, Play.album_id),
    )
    month = MonthTrack
    years = None if months is None else {number // 12 for number in months}
    ours = [month.user_id == user_id]
    old = delete(YearTrack).where(YearTrack.user_id == user_id)
    if years is not None:
        ours.append((month.month // 12).in_(years))
        old = old.where(YearTrack.year.in_(years))
    session.execute(old)
    group = (month.user_id, month.month // 12, month.track_id, month.artist_id, month.album_id)
    sums = (func.sum(month.plays), func.sum(month.ms), func.sum(month.skips))
    session.execute(
        insert(YearTrack).from_select(
            [column.key for column in YearTrack.__table__.columns],
            select(*group, *sums).where(*ours).group_by(*group),
        )
    )
    tracks = (Play.track_id, Play.artist_id, Play.album_id)
    renew(
        TrackTotal,
        select(user, *tracks, PLAYS, MS, SKIPS, func.min(Play.day), func.max(Play.day))
        .where(Play.user_id == user_id)
        .group_by(user, *tracks),
    )
    session.execute(
        update(User).where(User.id == user_id).values(data_version=User.data_version + 1)
    )


def retime(session: Session, user_id: int, zone: str) -> None:
    """Move a listener's plays to another time zone; nothing is committed."""
    first, last = session.execute(
        select(func.min(Play.played_at), func.max(Play.played_at)).where(Play.user_id == user_id)
    ).one()
    if first is None:
        return
    for begin, end, offset, month in LocalClock(zone).spans(first, last):
        local = Play.played_at + offset
        session.execute(
            update(Play)
            .where(Play.user_id == user_id, Play.played_at >= begin, Play.played_at < end)
            .values(
                day=local // 86_400,
                hour=local // 3600 % 24,
                month=month,
            )
            .execution_options(synchronize_session=False)
        )
    rebuild(session, user_id)
