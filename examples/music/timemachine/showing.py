"""How values are shown in templates: numbers, durations, local times."""

import datetime as dt
from zoneinfo import ZoneInfo

from flask_login import current_user

from . import framework
from .models import to_date
from .times import show_day


def init_app(app) -> None:
    app.jinja_env.filters.update(
        number=number,
        signed=signed,
        duration=duration,
        hours=hours,
        localtime=localtime,
        day=show_day,
        percent=percent,
        megabytes=megabytes,
        isoday=lambda day: to_date(day).isoformat(),
        plural=plural,
    )
    app.context_processor(lambda: {"theme": theme(), "live_progress": live_progress(app)})


def live_progress(app) -> bool:
    return framework.EventStream is not None and app.config["MUSIC"].live_progress


def theme() -> str:
    return current_user.theme if current_user.is_authenticated else "system"


def number(value: int | float | None) -> str:
    return f"{value or 0:,.0f}"


def signed(value: int) -> str:
    """Return a change with its sign: +1,234, or 0."""
    return f"{value:+,}".replace("-", "\N{MINUS SIGN}") if value else "0"


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def duration(ms: int | None) -> str:
    """Return milliseconds as 3:25, or 1:02:07."""
    seconds = round((ms or 0) / 1000)
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}:{seconds:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def hours(ms: int | None) -> str:
    """Return milliseconds as hours, or minutes where it is less than two hours."""
    minutes = (ms or 0) / 60_000
    return f"{minutes / 60:,.0f} h" if minutes >= 120 else f"{minutes:.0f} min"


def percent(share: float | None) -> str:
    return f"{100 * (share or 0):.0f} %"


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"


def localtime(seconds: int | None, pattern: str = "%d %b %Y, %H:%M") -> str:
    """Return a moment as it is called in the user's time zone."""
    if seconds is None:
        return "never"
    zone = ZoneInfo(current_user.timezone if current_user.is_authenticated else "UTC")
    return dt.datetime.fromtimestamp(seconds, zone).strftime(pattern)
