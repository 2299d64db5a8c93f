"""Turn visits by day into the geometry of a bar chart; templates/_chart.html draws it."""

import datetime as dt
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 6, 20, 30
GAP = 0.3  # of a day's share of the width


@dataclass(frozen=True, slots=True)
class Bar:
    day: dt.date
    count: int
    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    value: int
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    total: int
    peak: Bar
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM


def draw_chart(visits: list[tuple[dt.date, int]]) -> Chart:
    """Return the chart of one or more days."""
    step = tick_step(max(count for _, count in visits))
    highest = step * max(1, -(-max(count for _, count in visits) // step))
    plot = HEIGHT - TOP - BOTTOM
    share = (WIDTH - LEFT - RIGHT) / len(visits)

    def y_of(value: int) -> float:
        return round(TOP + plot * (1 - value / highest), 1)

    bars = tuple(
        Bar(
            day=day,
            count=count,
            x=round(LEFT + share * (place + GAP / 2), 1),
            y=y_of(count),
            width=round(share * (1 - GAP), 1),
            height=round(HEIGHT - BOTTOM - y_of(count), 1),
            # Every third day, counted from today, which is what one looks for.
            label=short_day(day) if (len(visits) - 1 - place) % 3 == 0 else "",
        )
        for place, (day, count) in enumerate(visits)
    )
    return Chart(
        bars=bars,
        ticks=tuple(Tick(value, y_of(value)) for value in range(0, highest + 1, step)),
        total=sum(bar.count for bar in bars),
        peak=max(bars, key=lambda bar: bar.count),
    )


def tick_step(highest: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50, … that needs at most four ticks above zero."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * 4 >= highest:
                return factor * power
        power *= 10


def short_day(day: dt.date) -> str:
    return f"{day.day} {day:%b}"
