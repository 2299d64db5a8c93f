"""The pages of analytics, each of them also as CSV (?format=csv)."""

import csv
import datetime as dt
import io
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, stream_with_context
from flask_login import current_user, login_required

from .. import listening
from ..devices import DEVICES
from ..times import Period, make_period, parse_day, show_day
from . import queries
from .queries import Column, Filters, Table

blueprint = Blueprint("analytics", __name__, url_prefix="/analytics")

KINDS = {"artist": "Artists", "album": "Albums", "track": "Tracks", "play": "Plays"}
TABS = (
    ("explore", "Explore"),
    ("compare", "Compare"),
    ("streaks", "Streaks"),
    ("discoveries", "Discoveries"),
    ("forgotten", "Forgotten favourites"),
)


def answer(template: str, table: Table, name: str, **more):
    """Return a page with a table, or the whole table as CSV."""
    if request.args.get("format") == "csv":
        return download(table, name)
    query = {key: value for key, value in request.args.items() if key not in ("page", "sort")}
    return render_template(
        template, shown=queries.show(table, request.args), query=query, tabs=TABS, **more
    )


def download(table: Table, name: str):
    columns, rows = queries.all_rows(table, request.args)
    zone = ZoneInfo(current_user.timezone)

    def lines():
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow([column.title for column in columns])
        for number, row in enumerate(rows, 1):
            writer.writerow(
                [cell(column, value, zone) for column, value in zip(columns, row, strict=False)]
            )
            if number % 500 == 0:
                yield file.getvalue()
                file.seek(0)
                file.truncate()
        yield file.getvalue()

    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return stream_with_context(lines()), 200, {"Content-Type": "text/csv; charset=utf-8", **headers}


def cell(column: Column, value, zone: ZoneInfo) -> str:
    if column.kind == "moment":
        return dt.datetime.fromtimestamp(value, zone).isoformat()
    text = queries.as_text(column.kind, value)
    # A spreadsheet would take this for a formula.
    return "'" + text if column.kind == "text" and text[:1] in ("=", "+", "-", "@", "\t") else text


def chosen(kinds, default: str) -> str:
    kind = request.args.get("kind", default)
    return kind if kind in kinds else default


@blueprint.get("/")
@login_required
def explore():
    known = listening.known_days(current_user)
    filters = Filters.read(request.args, make_period(request.args, known, current_user.timezone))
    kind = chosen(KINDS, "artist")
    if kind == "play":
        table = queries.plays(current_user, filters)
    else:
        table = queries.explore(current_user, kind, filters)
    return answer(
        "analytics/explore.html",
        table,
        f"{kind}s",
        kind=kind,
        kinds=KINDS,
        filters=filters,
        period=filters.period,
        years=listening.known_years(known),
        known=known,
        devices=DEVICES,
    )


@blueprint.get("/compare")
@login_required
def compare():
    known = listening.known_days(current_user)
    kind = chosen(listening.KINDS, "artist")
    year = known[1].year
    one = read_period("one", dt.date(year - 1, 1, 1), dt.date(year - 1, 12, 31))
    two = read_period("two", dt.date(year, 1, 1), dt.date(year, 12, 31))
    table = queries.compare(current_user, kind, one, two)
    totals = [listening.summary(current_user, period) for period in (one, two)]
    months = [listening.over_time(current_user, period) for period in (one, two)]
    return answer(
        "analytics/compare.html",
        table,
        f"compare-{kind}s",
        kind=kind,
        one=one,
        two=two,
        totals=totals,
        months=list(zip_longest(*months)),
    )


def zip_longest(first, second):
    """Yield the parts of two periods side by side: label, minutes of one, minutes of the other."""
    for place in range(max(len(first), len(second))):
        one = first[place] if place < len(first) else None
        two = second[place] if place < len(second) else None
        label = " / ".join(part[0] for part in (one, two) if part)
        yield label, one[2] if one else 0, two[2] if two else 0


def read_period(name: str, first: dt.date, last: dt.date) -> Period:
    first = parse_day(request.args.get(f"{name}_from")) or first
    last = parse_day(request.args.get(f"{name}_to")) or last
    first, last = min(first, last), max(first, last)
    whole_year = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)
    label = f"{show_day(first)} to {show_day(last)}"
    if whole_year and first.year == last.year:
        label = str(first.year)
    return Period(first, last, label, name)


@blueprint.get("/streaks")
@login_required
def streaks():
    found, table = queries.streaks(current_user)
    return answer("analytics/streaks.html", table, "streaks", streaks=found)


@blueprint.get("/discoveries")
@login_required
def discoveries():
    known = listening.known_days(current_user)
    period = make_period(request.args, known, current_user.timezone, default="12m")
    return answer(
        "analytics/discoveries.html",
        queries.discoveries(current_user, period),
        "discoveries",
        period=period,
        years=listening.known_years(known),
        known=known,
    )


@blueprint.get("/forgotten")
@login_required
def forgotten():
    kind = chosen(("artist", "track"), "track")
    return answer(
        "analytics/forgotten.html",
        queries.forgotten(current_user, kind),
        f"forgotten-{kind}s",
        kind=kind,
        days=queries.FORGOTTEN_DAYS,
        plays=queries.FAVOURITE_PLAYS,
    )
