"""Local time: what a moment is called where the listener is, and periods of local days."""

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from .models import day_number, first_of_month, month_number, to_date

DAY = 86_400


@lru_cache
def zone_names() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))


class LocalClock:
    """Turns seconds since 1970 into local day, month and hour; made for many of them.

    Offsets are looked up once per quarter of an hour's bounds: they change a few times a year, and
    `ZoneInfo` is asked only once for each UTC hour that occurs.
    """

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.known: dict[int, int] = {}

    def offset(self, seconds: int) -> int:
        quarter = seconds // 900
        offset = self.known.get(quarter)
        if offset is None:
            moment = dt.datetime.fromtimestamp(quarter * 900, self.zone)
            offset = self.known[quarter] = int(moment.utcoffset().total_seconds())
        return offset

    def read(self, seconds: int) -> tuple[int, int, int]:
        """Return local day, month and hour."""
        local = seconds + self.offset(seconds)
        day = local // DAY
        return day, month_of(day), local % DAY // 3600

    def spans(self, first: int, last: int):
        """Yield (begin, end, offset, month): end excluded, one offset and one month in each."""
        begin = first
        while begin <= last:
            offset = self.offset(begin)
            month = month_of((begin + offset) // DAY)
            month_end = day_number(first_of_month(month + 1)) * DAY - offset
            end = min(month_end, last + 1)
            if self.offset(end - 1) != offset:
                end = self._change(begin, end - 1, offset)
            yield begin, end, offset, month
            begin = end

    def _change(self, low: int, high: int, offset: int) -> int:
        # At most one change in a month; each lies on a quarter of an hour.
        low, high = low // 900, high // 900
        while high - low > 1:
            middle = (low + high) // 2
            if self.offset(middle * 900) == offset:
                low = middle
            else:
                high = middle
        return high * 900


_STARTS = [day_number(first_of_month(number)) for number in range(1990 * 12, 2100 * 12)]


def month_of(day: int) -> int:
    """Return the month of a day."""
    return 1990 * 12 + bisect_right(_STARTS, day) - 1


def today(zone: str) -> dt.date:
    return dt.datetime.now(ZoneInfo(zone)).date()


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from the first to the last, both included."""

    first: dt.date
    last: dt.date
    label: str
    key: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def bounds(self) -> tuple[int, int]:
        return day_number(self.first), day_number(self.last)

    @property
    def query(self) -> dict[str, str]:
        """Return what names the period in an address."""
        if self.key != "custom":
            return {"range": self.key}
        return {"range": self.key, "from": self.first.isoformat(), "to": self.last.isoformat()}

    def whole_months(self) -> tuple[int, int] | None:
        """Return the first and the last month that lie in the period with all their days."""
        begin = month_number(self.first) + (self.first.day > 1)
        end = month_number(self.last + dt.timedelta(days=1)) - 1
        return (begin, end) if begin <= end else None

    def parts(self):
        """Return the period as whole years, spans of whole months, and spans of days beside them.

        All of them first and last, both included; years is one span, or None.
        """
        whole = self.whole_months()
        if whole is None:
            return None, [], self.edges()
        begin, end = -(-whole[0] // 12), (whole[1] + 1) // 12 - 1
        if begin > end:
            return None, [whole], self.edges()
        spans = ((whole[0], begin * 12 - 1), (end * 12 + 12, whole[1]))
        return (begin, end), [span for span in spans if span[0] <= span[1]], self.edges()

    def edges(self) -> list[tuple[int, int]]:
        """Return the spans of days that lie in no whole month."""
        first, last = self.bounds
        whole = self.whole_months()
        if whole is None:
            return [(first, last)]
        begin = day_number(first_of_month(whole[0]))
        end = day_number(first_of_month(whole[1] + 1)) - 1
        return [span for span in ((first, begin - 1), (end + 1, last)) if span[0] <= span[1]]


def parse_day(text: str | None) -> dt.date | None:
    """Return a day from YYYY-MM-DD; None if it is something else, or out of range."""
    try:
        day = dt.date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 1990 <= day.year < 2099 else None


def utc_text(seconds: int | None) -> str | None:
    """Return a moment in UTC as ISO 8601 writes it."""
    if seconds is None:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def show_day(day: dt.date | int) -> str:
    if isinstance(day, int):
        day = to_date(day)
    return f"{day.day} {day:%b %Y}"


def make_period(args, known: tuple[dt.date, dt.date], zone: str, default: str = "all") -> Period:
    """Return the period that a query names: ?range=30d, year-2023, all, or custom from and to.

    `known` is the first and last day with plays. What cannot be read is the default.
    """
    first, last = known
    key = args.get("range", default)
    now = today(zone)
    start, end = parse_day(args.get("from")), parse_day(args.get("to"))
    if key == "custom" and start and end:
        start, end = min(start, end), max(start, end)
        return Period(start, end, f"{show_day(start)} to {show_day(end)}", key)
    if key.startswith("year-") and key[5:].isascii() and key[5:].isdigit() and len(key) == 9:
        year = int(key[5:])
        if 1990 <= year < 2099:
            return Period(dt.date(year, 1, 1), dt.date(year, 12, 31), str(year), key)
    spans = {"7d": (7, "Last 7 days"), "30d": (30, "Last 30 days"), "12m": (365, "Last 12 months")}
    if key in spans:
        days, label = spans[key]
        return Period(now - dt.timedelta(days=days - 1), now, label, key)
    return Period(first, max(first, last), "All time", "all")
