"""The queries of the analytics pages; each is one aggregate with its own count."""

import datetime as dt
import typing as t
from dataclasses import dataclass, field

from sqlalchemy import Integer, Select, and_, case, cast, func, literal, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from .. import listening
from ..devices import DEVICES
from ..extensions import db
from ..models import (
    Album,
    Artist,
    DayTotal,
    Play,
    Track,
    TrackTotal,
    User,
    day_number,
    theirs,
    to_date,
)
from ..times import Period, today

PAGE = 25
FORGOTTEN_DAYS, FAVOURITE_PLAYS = 365, 15


@dataclass(frozen=True, slots=True)
class Filters:
    period: Period
    artist: str = ""
    device: str = ""
    skipped: str = ""

    @classmethod
    def read(cls, args, period: Period) -> "Filters":
        device, skipped = args.get("device", ""), args.get("skipped", "")
        return cls(
            period,
            artist=args.get("artist", "").replace("\0", "").strip()[:300],
            device=device if device in DEVICES else "",
            skipped=skipped if skipped in ("yes", "no") else "",
        )

    @property
    def query(self) -> dict[str, str]:
        found = {"artist": self.artist, "device": self.device, "skipped": self.skipped}
        return self.period.query | {name: value for name, value in found.items() if value}

    @property
    def need_plays(self) -> bool:
        """Tell whether the summaries do not know enough."""
        return bool(self.device or self.skipped)


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    title: str
    expression: ColumnElement[t.Any]
    kind: str = "text"
    """text, number, hours, percent or day"""

    @property
    def is_number(self) -> bool:
        return self.kind != "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A query with what is shown of it: columns that it can be sorted by."""

    query: Select
    columns: list[Column]
    order: str
    descending: bool = True
    ids: ColumnElement[t.Any] | None = None
    """The track of a row, where a row is one."""
    count: Select | None = None
    narrow: dict[str, Select] = field(default_factory=dict)
    """The rows' keys alone, by column: where a table is long, names are joined to one page only."""
    key: ColumnElement[t.Any] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of a table."""

    table: Table
    rows: list[tuple]
    total: int
    page: int
    sort: str
    descending: bool
    pages: int = field(default=1)


def show(table: Table, args, size: int = PAGE) -> Shown:
    """Return the page and the order that a query asks for: ?sort=-plays&page=2."""
    sort = args.get("sort", "")
    descending = sort.startswith("-") if sort else table.descending
    key = sort.lstrip("-") or table.order
    known = {column.key: column for column in table.columns}
    if key not in known:
        key, descending = table.order, table.descending
    count = table.count
    if count is None:
        count = select(func.count()).select_from(table.query.subquery())
    total = db.session.scalar(count)
    pages = max(1, -(-total // size))
    wanted = args.get("page", "1")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 8 else 1
    number = min(max(1, number), pages)
    rows = db.session.execute(page_of(table, key, descending, size, (number - 1) * size))
    return Shown(table, [tuple(row) for row in rows], total, number, key, descending, pages)


def page_of(table: Table, key: str, descending: bool, limit: int, offset: int) -> Select:
    if key not in table.narrow:
        return order(table, key, descending=descending).limit(limit).offset(offset)
    expression = next(column.expression for column in table.columns if column.key == key)
    directed = [each.desc() if descending else each.asc() for each in (expression, table.key)]
    chosen = table.narrow[key].order_by(*directed).limit(limit).offset(offset).subquery()
    return table.query.where(table.key.in_(select(chosen))).order_by(*directed)


def order(table: Table, key: str, *, descending: bool) -> Select:
    expression = next(column.expression for column in table.columns if column.key == key)
    first = expression.desc() if descending else expression.asc()
    # A second order makes pages stable where the first has equals.
    rest = [column.expression for column in table.columns if column.key != key]
    return table.query.order_by(first, *rest[:2])


def all_rows(table: Table, args, limit: int = 200_000) -> tuple[list[Column], t.Iterable[tuple]]:
    """Return the columns and all rows, for a download."""
    sort = args.get("sort", "")
    known = {column.key for column in table.columns}
    key = sort.lstrip("-")
    descending = sort.startswith("-")
    if key not in known:
        key, descending = table.order, table.descending
    rows = db.session.execute(order(table, key, descending=descending).limit(limit))
    return table.columns, (tuple(row) for row in rows)


# --- explore -------------------------------------------------------------------------------------


def explore(user: User, kind: str, filters: Filters) -> Table:
    """Return artists, albums or tracks with what was heard of them."""
    rows = filtered(user, kind, filters)
    plays, ms, skips = rows.c.plays, rows.c.ms, rows.c.skips
    share = cast(skips, Integer) * 100.0 / plays
    measures = [
        Column("plays", "Plays", plays, "number"),
        Column("time", "Time", ms, "hours"),
        Column("skips", "Skipped", share, "percent"),
    ]
    if kind == "artist":
        names = [Column("name", "Artist", Artist.name)]
        joined = select().join_from(rows, Artist, Artist.id == rows.c.id)
    else:
        table = Album if kind == "album" else Track
        names = [
            Column("name", kind.title(), table.name),
            Column("artist", "Artist", Artist.name),
        ]
        joined = (
            select()
            .join_from(rows, table, table.id == rows.c.id)
            .join(Artist, Artist.id == table.artist_id)
        )
    columns = [*names, *measures]
    query = joined.add_columns(*(column.expression for column in columns), rows.c.id)
    return Table(
        query, columns, "plays", ids=rows.c.id, count=select(func.count()).select_from(rows)
    )


def filtered(user: User, kind: str, filters: Filters):
    """Return (id, plays, ms, skips) grouped by the kind."""
    artists = None
    if filters.artist:
        artists = select(Artist.id).where(matches(Artist.name, filters.artist))
    if not filters.need_plays:
        rows = listening.facts(user, filters.period)
        column = rows.c[f"{kind}_id"]
        grouped = select(
            column.label("id"),
            cast(func.sum(rows.c.plays), Integer).label("plays"),
            func.sum(rows.c.ms).label("ms"),
            cast(func.sum(rows.c.skips), Integer).label("skips"),
        ).group_by(column)
        if artists is not None:
            grouped = grouped.where(rows.c.artist_id.in_(artists))
        return grouped.subquery("grouped")
    column = getattr(Play, f"{kind}_id")
    grouped = (
        select(
            column.label("id"),
            func.count().label("plays"),
            func.sum(Play.ms_played).label("ms"),
            func.sum(listening.SKIPPED).label("skips"),
        )
        .where(*play_conditions(user, filters))
        .group_by(column)
    )
    if artists is not None:
        grouped = grouped.where(Play.artist_id.in_(artists))
    return grouped.subquery("grouped")


def play_conditions(user: User, filters: Filters) -> list[ColumnElement[bool]]:
    conditions = list(theirs(Play, user))
    if filters.period.key != "all":
        conditions.append(Play.day.between(*filters.period.bounds))
    if filters.device:
        conditions.append(Play.device == filters.device)
    if filters.skipped:
        conditions.append(Play.skipped.is_(filters.skipped == "yes"))
    return conditions


def matches(column, text: str):
    """Return the condition that a name contains a text, whatever its case."""
    return column.icontains(text, autoescape=True)


def plays(user: User, filters: Filters) -> Table:
    """Return the single plays."""
    columns = [
        Column("when", "When", Play.played_at, "moment"),
        Column("track", "Track", Track.name),
        Column("artist", "Artist", Artist.name),
        Column("time", "Heard", Play.ms_played, "duration"),
        Column("device", "Device", Play.device),
        Column("end", "Ended by", Play.reason_end),
    ]
    conditions = play_conditions(user, filters)
    if filters.artist:
        artists = select(Artist.id).where(matches(Artist.name, filters.artist))
        conditions.append(Play.artist_id.in_(artists))
    keys = select(Play.id).where(*conditions)
    query = (
        select(*(column.expression for column in columns), Play.track_id)
        .join_from(Play, Track, Track.id == Play.track_id)
        .join(Artist, Artist.id == Play.artist_id)
        .where(*conditions)
    )
    return Table(
        query,
        columns,
        "when",
        ids=Play.track_id,
        count=select(func.count()).select_from(Play).where(*conditions),
        narrow={
            **dict.fromkeys(("when", "time", "device", "end"), keys),
            "track": keys.join(Track, Track.id == Play.track_id),
            "artist": keys.join(Artist, Artist.id == Play.artist_id),
        },
        key=Play.id,
    )


# --- two periods ---------------------------------------------------------------------------------


def compare(user: User, kind: str, one: Period, two: Period) -> Table:
    """Return what was heard in two periods, side by side."""
    parts = []
    for side, period in enumerate((one, two)):
        rows = listening.facts(user, period).c
        parts.append(
            select(
                rows[f"{kind}_id"].label("id"),
                (rows.plays if side == 0 else literal(0, Integer)).label("one"),
                (rows.plays if side == 1 else literal(0, Integer)).label("two"),
            )
        )
    all_of = union_all(*parts).subquery()
    both = (
        select(
            all_of.c.id,
            cast(func.sum(all_of.c.one), Integer).label("one"),
            cast(func.sum(all_of.c.two), Integer).label("two"),
        )
        .group_by(all_of.c.id)
        .subquery("both")
    )
    in_one, in_two = both.c.one, both.c.two
    table = {"artist": Artist, "album": Album, "track": Track}[kind]
    names = [Column("name", kind.title(), table.name)]
    joined = select().select_from(both).join(table, table.id == both.c.id)
    if kind != "artist":
        names.append(Column("artist", "Artist", Artist.name))
        joined = joined.join(Artist, Artist.id == table.artist_id)
    columns = [
        *names,
        Column("one", one.label, in_one, "number"),
        Column("two", two.label, in_two, "number"),
        Column("change", "Change", in_two - in_one, "change"),
    ]
    query = joined.add_columns(*(column.expression for column in columns), both.c.id)
    return Table(query, columns, "two", ids=both.c.id, count=select(func.count()).select_from(both))


# --- streaks, discoveries, forgotten favourites --------------------------------------------------


@dataclass(frozen=True, slots=True)
class Streaks:
    longest: int
    current: int
    days: int


def streak_rows(user: User):
    """Return each unbroken run of days with music: its first and last day, its length and plays.

    Days less their place in the order are the same number for all days of one run.
    """
    day = DayTotal
    run = (day.day - func.row_number().over(order_by=day.day)).label("run")
    placed = select(day.day, day.plays, day.ms, run).where(*theirs(day, user)).subquery()
    return (
        select(
            func.min(placed.c.day).label("first"),
            func.max(placed.c.day).label("last"),
            func.count().label("days"),
            cast(func.sum(placed.c.plays), Integer).label("plays"),
            func.sum(placed.c.ms).label("ms"),
        )
        .group_by(placed.c.run)
        .subquery("streaks")
    )


def streaks(user: User) -> tuple[Streaks, Table]:
    rows = streak_rows(user)
    columns = [
        Column("first", "From", rows.c.first, "day"),
        Column("last", "To", rows.c.last, "day"),
        Column("days", "Days", rows.c.days, "number"),
        Column("plays", "Plays", rows.c.plays, "number"),
        Column("time", "Time", rows.c.ms, "hours"),
    ]
    now = day_number(today(user.timezone))
    still = and_(rows.c.last >= now - 1)
    longest, current, days = db.session.execute(
        select(
            func.coalesce(func.max(rows.c.days), 0),
            func.coalesce(func.max(case((still, rows.c.days), else_=0)), 0),
            func.coalesce(func.sum(rows.c.days), 0),
        )
    ).one()
    query = select(*(column.expression for column in columns))
    return Streaks(longest, current, int(days)), Table(query, columns, "days")


def artist_spans(user: User):
    """Return each artist's plays, and the first and last day."""
    total = TrackTotal
    return (
        select(
            total.artist_id.label("id"),
            cast(func.sum(total.plays), Integer).label("plays"),
            func.sum(total.ms).label("ms"),
            func.min(total.first_day).label("first"),
            func.max(total.last_day).label("last"),
        )
        .where(*theirs(total, user))
        .group_by(total.artist_id)
        .subquery("spans")
    )


def discoveries(user: User, period: Period) -> Table:
    """Return artists that were heard for the first time in the period."""
    rows = artist_spans(user)
    columns = [
        Column("name", "Artist", Artist.name),
        Column("first", "First heard", rows.c.first, "day"),
        Column("plays", "Plays since", rows.c.plays, "number"),
        Column("time", "Time", rows.c.ms, "hours"),
    ]
    query = (
        select(*(column.expression for column in columns))
        .join_from(rows, Artist, Artist.id == rows.c.id)
        .where(rows.c.first.between(*period.bounds))
    )
    return Table(query, columns, "first")


def forgotten(user: User, kind: str) -> Table:
    """Return what was played often, and not at all for a year."""
    until = day_number(today(user.timezone) - dt.timedelta(days=FORGOTTEN_DAYS))
    if kind == "track":
        rows = (
            select(
                TrackTotal.track_id.label("id"),
                TrackTotal.plays,
                TrackTotal.first_day.label("first"),
                TrackTotal.last_day.label("last"),
            )
            .where(*theirs(TrackTotal, user))
            .subquery("spans")
        )
        table = Track
    else:
        rows, table = artist_spans(user), Artist
    columns = [Column("name", kind.title(), table.name)]
    joined = select().join_from(rows, table, table.id == rows.c.id)
    if kind == "track":
        columns.append(Column("artist", "Artist", Artist.name))
        joined = joined.join(Artist, Artist.id == Track.artist_id)
    columns += [
        Column("plays", "Plays", rows.c.plays, "number"),
        Column("first", "First heard", rows.c.first, "day"),
        Column("last", "Last heard", rows.c.last, "day"),
    ]
    ids = rows.c.id if kind == "track" else literal(None)
    query = joined.add_columns(*(column.expression for column in columns), ids).where(
        rows.c.last < until, rows.c.plays >= FAVOURITE_PLAYS
    )
    return Table(query, columns, "plays", ids=rows.c.id if kind == "track" else None)


def top_track_ids(user: User, filters: Filters, limit: int = 50) -> list[int]:
    """Return the tracks that were played most under some filters."""
    rows = filtered(user, "track", filters)
    return list(
        db.session.scalars(
            select(rows.c.id)
            .order_by(rows.c.plays.desc(), rows.c.ms.desc(), rows.c.id)
            .limit(limit)
        )
    )


def as_text(kind: str, value: t.Any) -> str:
    """Return a cell of a download."""
    if value is None:
        return ""
    if kind == "day":
        return to_date(value).isoformat()
    if kind == "hours":
        return str(round(int(value) / 3_600_000, 2))
    if kind == "percent":
        return str(round(float(value), 1))
    return str(value)
