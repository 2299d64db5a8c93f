"""The dashboard page."""

import typing as t

from flask import Blueprint, render_template, request
from flask_login import current_user, login_required

from .. import listening
from ..extensions import cache
from ..models import User
from ..times import Period, make_period, parse_day, today

blueprint = Blueprint("dashboard", __name__, url_prefix="/dashboard")

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@blueprint.get("/")
@login_required
def show():
    user = current_user
    known = listening.known_days(user)
    period = make_period(request.args, known, user.timezone)
    key = f"{user.id}:{user.data_version}:{period.key}:{period.bounds}"
    panels = find_panels(user, period, key)
    if not panels["has_plays"]:
        return render_template("dashboard/empty.html")
    machine = parse_day(request.args.get("day")) or today(user.timezone)
    return render_template(
        "dashboard/show.html",
        period=period,
        years=listening.known_years(known),
        known=known,
        machine=machine,
        anniversaries=listening.this_day(user, machine),
        weekdays=WEEKDAYS,
        key=key,
        **panels,
    )


def find_panels(user: User, period: Period, key: str) -> dict[str, t.Any]:
    """Return what the page shows of a period, kept until the listener's plays change."""
    key = f"panels:{key}"
    panels = cache.get(key)
    if panels is None:
        panels = compute_panels(user, period)
        cache.set(key, panels)
    return panels


def compute_panels(user: User, period: Period) -> dict[str, t.Any]:
    summary, tops = listening.look(user, period)
    heat = listening.heat(user, period)
    return {
        # An empty period is not an empty history.
        "has_plays": bool(summary.plays) or listening.has_plays(user),
        "summary": summary,
        "over_time": listening.over_time(user, period),
        "heat": heat,
        "hottest": max(map(max, heat)),
        "tops": tops,
    }
