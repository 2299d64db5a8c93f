"""What a listener heard in a period: the queries behind charts and tables, all of them aggregates.

Whole months of a period are read from summaries, its other days from the plays.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Integer, Select, Subquery, case, cast, func, literal, select, union_all

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
    YearTrack,
    day_number,
    first_of_month,
    theirs,
    to_date,
)
from .times import Period, show_day, today

SKIPPED = case((Play.skipped, 1), else_=0)
KINDS = ("artist", "album", "track")


def known_days(user: User) -> tuple[dt.date, dt.date]:
    """Return the first and the last day with plays; today twice if there are none."""
    first, last = db.session.execute(
        select(func.min(DayTotal.day), func.max(DayTotal.day)).where(*theirs(DayTotal, user))
    ).one()
    if first is None:
        return today(user.timezone), today(user.timezone)
    return to_date(first), to_date(last)


def known_years(days: tuple[dt.date, dt.date]) -> list[int]:
    return list(range(days[1].year, days[0].year - 1, -1))


def facts(user: User, period: Period) -> Subquery:
    """Return rows of track, artist, album, plays, ms, skips that add up to the period."""

    def rows(table, *conditions) -> Select:
        return select(
            table.track_id,
            table.artist_id,
            table.album_id,
            table.plays,
            table.ms,
            table.skips,
        ).where(*theirs(table, user), *conditions)

    if period.key == "all":
        # All there is: one row for each track.
        return rows(TrackTotal).subquery("facts")
    parts = []
    years, months, days = period.parts()
    if years is not None:
        parts.append(rows(YearTrack, YearTrack.year.between(*years)))
    parts += [rows(MonthTrack, MonthTrack.month.between(*span)) for span in months]
    parts += [
        select(
            Play.track_id,
            Play.artist_id,
            Play.album_id,
            literal(1, Integer).label("plays"),
            Play.ms_played.label("ms"),
            SKIPPED.label("skips"),
        ).where(*theirs(Play, user), Play.day.between(*span))
        for span in days
    ]
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
    return look(user, period, limit=0)[0]


def look(user: User, period: Period, limit: int = 10) -> tuple[Summary, dict[str, list["Ranked"]]]:
    """Return the summary of a period, and the artists, albums and tracks heard most in it.

    One statement: what was heard is added up by track once, and by artist and album from that.
    """
    day = DayTotal
    plays, ms, skips, active = db.session.execute(
        select(
            func.coalesce(func.sum(day.plays), 0),
            func.coalesce(func.sum(day.ms), 0),
            func.coalesce(func.sum(day.skips), 0),
            func.count(),
        ).where(*theirs(day, user), day.day.between(*period.bounds))
    ).one()
    rows = facts(user, period).c
    group = (rows.track_id, rows.artist_id, rows.album_id)
    heard = (
        select(*group, func.sum(rows.plays).label("plays"), func.sum(rows.ms).label("ms"))
        .group_by(*group)
        .cte("heard")
    )
    parts = [
        select(
            literal("count").label("kind"),
            func.count(heard.c.track_id.distinct()).label("id"),
            func.count(heard.c.artist_id.distinct()).label("plays"),
            literal(0, Integer).label("ms"),
        )
    ]
    for kind in KINDS if limit else ():
        column = heard.c[f"{kind}_id"]
        plays_of, ms_of = func.sum(heard.c.plays), func.sum(heard.c.ms)
        best = (
            select(
                literal(kind).label("kind"),
                column.label("id"),
                cast(plays_of, Integer).label("plays"),
                ms_of.label("ms"),
            )
            .group_by(column)
            .order_by(plays_of.desc(), ms_of.desc(), column)
            .limit(limit)
            .subquery()
        )
        parts.append(select(best))
    found: dict[str, list[tuple]] = {kind: [] for kind in ("count", *KINDS)}
    for kind, number, count, time in db.session.execute(union_all(*parts)):
        found[kind].append((number, int(count), int(time)))
    tracks, artists, _ = found.pop("count")[0]
    # PostgreSQL sums big integers as decimal numbers.
    total = Summary(int(plays), int(ms), int(skips), active, tracks, artists, period.days)
    return total, {kind: with_names(kind, rows) for kind, rows in found.items()}


def over_time(user: User, period: Period) -> list[tuple[str, int, int]]:
    """Return (label, plays, minutes) by day, or by month where there are more than 92 days."""
    day = DayTotal
    mine = (*theirs(day, user), day.day.between(*period.bounds))
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
                *theirs(MonthHour, user), MonthHour.month.between(*whole)
            )
        )
    for first, last in period.edges():
        parts.append(
            select(
                ((Play.day + 3) % 7).label("weekday"),
                Play.hour,
                literal(1, Integer).label("plays"),
            ).where(*theirs(Play, user), Play.day.between(first, last))
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


def with_names(kind: str, rows: list[tuple[int, int, int]]) -> list[Ranked]:
    """Return (id, plays, ms) with the names that belong to the ids, in the same order."""
    ids = [number for number, _, _ in rows]
    if not ids:
        return []
    if kind == "artist":
        query = select(Artist.id, Artist.name, literal("")).where(Artist.id.in_(ids))
    else:
        table = Album if kind == "album" else Track
        query = (
            select(table.id, table.name, Artist.name)
            .join(Artist, Artist.id == table.artist_id)
            .where(table.id.in_(ids))
        )
    names = {number: (name, by) for number, name, by in db.session.execute(query)}
    ranked = [Ranked(number, *names[number], plays, ms) for number, plays, ms in rows]
    return sorted(ranked, key=lambda row: (-row.plays, -row.ms, row.id))


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
                *theirs(DayTotal, user), DayTotal.day.in_(days)
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
        .where(*theirs(Play, user), Play.day.in_(days))
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
    found = select(DayTotal.day).where(*theirs(DayTotal, user)).limit(1)
    return db.session.scalar(found) is not None
