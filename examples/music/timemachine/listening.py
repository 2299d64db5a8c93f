"""What a listener heard in a period: the queries behind charts and tables, all of them aggregates.

Whole months of a period are read from summaries, its other days from the plays.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Integer, Select, Subquery, case, func, literal, select, union_all

from .extensions import db
from .models import (
    Album,
    Artist,
    DayTotal,
    MonthHour,
    MonthTrack,
    Play,
    Track,
    TrackTotal,
    User,
    day_number,
    first_of_month,
    to_date,
)
from .times import Period, show_day, today

SKIPPED = case((Play.skipped, 1), else_=0)
KINDS = ("artist", "album", "track")


def known_days(user: User) -> tuple[dt.date, dt.date]:
    """Return the first and the last day with plays; today twice if there are none."""
    first, last = db.session.execute(
        select(func.min(DayTotal.day), func.max(DayTotal.day)).where(DayTotal.user_id == user.id)
    ).one()
    if first is None:
        return today(user.timezone), today(user.timezone)
    return to_date(first), to_date(last)


def known_years(days: tuple[dt.date, dt.date]) -> list[int]:
    return list(range(days[1].year, days[0].year - 1, -1))


def facts(user: User, period: Period) -> Subquery:
    """Return rows of track, artist, album, plays, ms, skips that add up to the period."""
    if period.key == "all":
        # All there is: one row for each track.
        total = TrackTotal
        return (
            select(
                total.track_id, total.artist_id, total.album_id, total.plays, total.ms, total.skips
            )
            .where(total.user_id == user.id)
            .subquery("facts")
        )
    parts = []
    whole = period.whole_months()
    if whole is not None:
        month = MonthTrack
        parts.append(
            select(
                month.track_id, month.artist_id, month.album_id, month.plays, month.ms, month.skips
            ).where(month.user_id == user.id, month.month.between(*whole))
        )
    for first, last in period.edges():
        parts.append(
            select(
                Play.track_id,
                Play.artist_id,
                Play.album_id,
                literal(1, Integer).label("plays"),
                Play.ms_played.label("ms"),
                SKIPPED.label("skips"),
            ).where(Play.user_id == user.id, Play.day.between(first, last))
        )
    return union_all(*parts).subquery("facts")


@dataclass(frozen=True, slots=True)
class Summary:
    plays: int
    ms: int
    skips: int
    active_days: int
    tracks: int
    artists: int
    days: int

    @property
    def skip_share(self) -> float:
        return self.skips / self.plays if self.plays else 0.0

    @property
    def ms_per_day(self) -> float:
        return self.ms / self.days if self.days else 0.0


def summary(user: User, period: Period) -> Summary:
    day = DayTotal
    plays, ms, skips, active = db.session.execute(
        select(
            func.coalesce(func.sum(day.plays), 0),
            func.coalesce(func.sum(day.ms), 0),
            func.coalesce(func.sum(day.skips), 0),
            func.count(),
        ).where(day.user_id == user.id, day.day.between(*period.bounds))
    ).one()
    rows = facts(user, period)
    tracks, artists = db.session.execute(
        select(func.count(rows.c.track_id.distinct()), func.count(rows.c.artist_id.distinct()))
    ).one()
    # PostgreSQL sums big integers as decimal numbers.
    return Summary(int(plays), int(ms), int(skips), active, tracks, artists, period.days)


def over_time(user: User, period: Period) -> list[tuple[str, int, int]]:
    """Return (label, plays, minutes) by day, or by month where there are more than 92 days."""
    day = DayTotal
    mine = (day.user_id == user.id, day.day.between(*period.bounds))
    by_day = period.days <= 92
    step = day.day if by_day else day.month
    found = {
        number: (int(plays), int(ms) // 60_000)
        for number, plays, ms in db.session.execute(
            select(step, func.sum(day.plays), func.sum(day.ms)).where(*mine).group_by(step)
        )
    }
    if by_day:
        first, last = period.bounds
        return [(show_day(number), *found.get(number, (0, 0))) for number in range(first, last + 1)]
    first = period.first.year * 12 + period.first.month - 1
    last = period.last.year * 12 + period.last.month - 1
    return [
        (f"{first_of_month(number):%b %Y}", *found.get(number, (0, 0)))
        for number in range(first, last + 1)
    ]


def heat(user: User, period: Period) -> list[list[int]]:
    """Return plays by weekday (Monday first) and hour."""
    parts = []
    whole = period.whole_months()
    if whole is not None:
        parts.append(
            select(MonthHour.weekday, MonthHour.hour, MonthHour.plays).where(
                MonthHour.user_id == user.id, MonthHour.month.between(*whole)
            )
        )
    for first, last in period.edges():
        parts.append(
            select(
                ((Play.day + 3) % 7).label("weekday"),
                Play.hour,
                literal(1, Integer).label("plays"),
            ).where(Play.user_id == user.id, Play.day.between(first, last))
        )
    rows = union_all(*parts).subquery()
    grid = [[0] * 24 for _ in range(7)]
    for weekday, hour, plays in db.session.execute(
        select(rows.c.weekday, rows.c.hour, func.sum(rows.c.plays)).group_by(
            rows.c.weekday, rows.c.hour
        )
    ):
        grid[weekday][hour] = int(plays)
    return grid


@dataclass(frozen=True, slots=True)
class Ranked:
    id: int
    name: str
    by: str
    plays: int
    ms: int


def named(kind: str, rows) -> Select:
    """Return a query of the kind's id, name and artist's name, to be joined to `rows`."""
    if kind == "artist":
        return select(Artist.id, Artist.name, literal("").label("by")).join_from(
            rows, Artist, Artist.id == rows.c.id
        )
    table = Album if kind == "album" else Track
    return (
        select(table.id, table.name, Artist.name.label("by"))
        .join_from(rows, table, table.id == rows.c.id)
        .join(Artist, Artist.id == table.artist_id)
    )


def top(user: User, period: Period, kind: str, limit: int = 10) -> list[Ranked]:
    """Return what was played most."""
    rows = facts(user, period)
    column = rows.c[f"{kind}_id"]
    plays, ms = func.sum(rows.c.plays), func.sum(rows.c.ms)
    best = (
        select(column.label("id"), plays.label("plays"), ms.label("ms"))
        .group_by(column)
        .order_by(plays.desc(), ms.desc(), column)
        .limit(limit)
        .subquery()
    )
    found = db.session.execute(
        named(kind, best)
        .add_columns(best.c.plays, best.c.ms)
        .order_by(best.c.plays.desc(), best.c.ms.desc(), best.c.id)
    )
    return [Ranked(number, name, by, int(plays), int(ms)) for number, name, by, plays, ms in found]


@dataclass(frozen=True, slots=True)
class Anniversary:
    day: dt.date
    years: int
    plays: int
    ms: int
    track: str
    artist: str
    times: int


def this_day(user: User, day: dt.date, years: int = 15) -> list[Anniversary]:
    """Return what was heard on the same day of earlier years, and its most played track."""
    days = {}
    for back in range(1, years + 1):
        year = day.year - back
        leap = day.month == 2 and day.day == 29 and (year % 4 or (not year % 100 and year % 400))
        if not leap:
            days[day_number(day.replace(year=year))] = back
    totals = {
        number: (plays, int(ms))
        for number, plays, ms in db.session.execute(
            select(DayTotal.day, DayTotal.plays, DayTotal.ms).where(
                DayTotal.user_id == user.id, DayTotal.day.in_(days)
            )
        )
    }
    times = func.count()
    ranked = (
        select(
            Play.day,
            Play.track_id,
            times.label("times"),
            func.row_number()
            .over(
                partition_by=Play.day,
                order_by=(times.desc(), func.sum(Play.ms_played).desc(), Play.track_id),
            )
            .label("place"),
        )
        .where(Play.user_id == user.id, Play.day.in_(days))
        .group_by(Play.day, Play.track_id)
        .subquery()
    )
    found = db.session.execute(
        select(ranked.c.day, Track.name, Artist.name, ranked.c.times)
        .join_from(ranked, Track, Track.id == ranked.c.track_id)
        .join(Artist, Artist.id == Track.artist_id)
        .where(ranked.c.place == 1)
        .order_by(ranked.c.day.desc())
    )
    return [
        Anniversary(to_date(number), days[number], *totals[number], track, artist, times)
        for number, track, artist, times in found
    ]


def has_plays(user: User) -> bool:
    found = select(DayTotal.day).where(DayTotal.user_id == user.id).limit(1)
    return db.session.scalar(found) is not None
