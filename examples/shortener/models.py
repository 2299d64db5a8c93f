"""What is stored: links, and for each link and day how often it was followed."""

import datetime as dt

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column


class Base(DeclarativeBase):
    pass


class DailyVisits(Base):
    __tablename__ = "daily_visits"

    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    count: Mapped[int]


class Link(Base):
    __tablename__ = "links"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    target: Mapped[str] = mapped_column(String(2000))
    created_on: Mapped[dt.date]

    # Summed from the days, so the total and the chart cannot disagree.
    visits: Mapped[int] = column_property(
        select(func.coalesce(func.sum(DailyVisits.count), 0))
        .where(DailyVisits.link_id == id)
        .correlate_except(DailyVisits)
        .scalar_subquery()
    )
