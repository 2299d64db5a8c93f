"""What can be done with links: check, create, find, follow, count. Knows nothing of HTTP."""

import datetime as dt
import re
import secrets
from urllib.parse import urlsplit

from sqlalchemy import func, literal, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.urls import iri_to_uri

from .models import DailyVisits, Link

MAX_TARGET = 2000
# Without 0 and O, 1, l and I: a code may be read aloud or copied by hand.
ALPHABET = "23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 6
CODE_TRIES = 10
CUSTOM_CODE = re.compile(r"[A-Za-z0-9_-]{3,32}", re.ASCII)
# First parts of the app's own paths, which a code would hide behind.
RESERVED = frozenset({"api", "links", "static"})
HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")


class CodeTaken(Exception):
    """Somebody else has the custom code."""

    def __init__(self, code: str):
        super().__init__(f"The code “{code}” is taken. Choose another one.")


# --- checking ------------------------------------------------------------------------------------


def find_errors(target: str, code: str, *, own_host: str) -> dict[str, str]:
    """Return what is wrong with a new link, by field; empty when nothing is."""
    found = {"url": find_target_error(target, own_host), "code": find_code_error(code)}
    return {field: message for field, message in found.items() if message}


def find_target_error(target: str, own_host: str) -> str | None:
    if not target:
        return "Enter the address to shorten."
    if len(target) > MAX_TARGET:
        return f"An address can have at most {MAX_TARGET} characters; this one has {len(target)}."
    if re.search(r"[\s\x00-\x1f\x7f\\]", target):
        return "An address cannot contain spaces or backslashes."
    if not re.match(r"https?://", target, re.IGNORECASE):
        return "An address starts with http:// or https://."
    try:
        parts = urlsplit(clean_target(target))
        port_is_fine = parts.port != 0
    except ValueError:
        return "This is not a complete address. Check the part after the two slashes."
    host = parts.hostname or ""
    # A colon is left only in an IPv6 address, which urlsplit has checked.
    if not port_is_fine or not (":" in host or (HOST.fullmatch(host) and len(host) <= 253)):
        return "This is not a complete address. Check the part after the two slashes."
    if parts.username is not None:
        return "An address with a user name or password in it cannot be shortened."
    if parts.netloc.lower() == own_host.lower():
        return "This address is on this site and short already."
    if len(clean_target(target)) > MAX_TARGET:
        return f"With its special characters encoded this address is over {MAX_TARGET} characters."
    return None


def find_code_error(code: str) -> str | None:
    if not code:
        return None
    if not CUSTOM_CODE.fullmatch(code):
        return "Use 3 to 32 of a-z, A-Z, 0-9, “-” and “_”."
    if code.lower() in RESERVED:
        return f"The code “{code}” is reserved. Choose another one."
    return None


def clean_target(target: str) -> str:
    """Return an address in the plain ASCII that a Location header needs."""
    return iri_to_uri(target)


# --- creating ------------------------------------------------------------------------------------


def create_link(session: Session, target: str, code: str = "") -> Link:
    """Store a link that find_errors() had nothing against; raise CodeTaken for a taken code.

    The database's unique constraint decides who has a code. Looking first would leave a moment in
    which somebody else can take it.
    """
    if code:
        link = store_link(session, target, code)
        if link is None:
            raise CodeTaken(code)
        return link

    for _ in range(CODE_TRIES):
        link = store_link(session, target, new_code())
        if link is not None:
            return link
    raise RuntimeError(f"{CODE_TRIES} random codes in a row were taken. Raise CODE_LENGTH.")


def store_link(session: Session, target: str, code: str) -> Link | None:
    """Return the stored link, or None if its code is taken."""
    link = Link(code=code, target=clean_target(target), created_on=today())
    session.add(link)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        return None
    return link


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


# --- finding and following -----------------------------------------------------------------------


def find_link(session: Session, code: str) -> Link | None:
    return session.scalar(select(Link).where(Link.code == code))


def newest_links(session: Session, limit: int) -> list[Link]:
    return list(session.scalars(select(Link).order_by(Link.id.desc()).limit(limit)))


def count_visit(session: Session, code: str) -> None:
    """Count one visit of today; a code that nobody has counts nothing.

    One statement finds the link, makes the day's row or adds to it. A count that was read first
    and written back later would lose what others added in between.
    """
    found = select(Link.id, literal(today()), literal(1)).where(Link.code == code)
    statement = sqlite.insert(DailyVisits).from_select(["link_id", "day", "count"], found)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["link_id", "day"], set_={"count": DailyVisits.count + 1}
        )
    )
    session.commit()


def today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


# --- statistics ----------------------------------------------------------------------------------


def visits_by_day(session: Session, days: int, link: Link | None = None) -> list[tuple]:
    """Return (day, visits) for each of the last `days` days, of one link or of all of them."""
    last = today()
    first = last - dt.timedelta(days=days - 1)
    query = (
        select(DailyVisits.day, func.sum(DailyVisits.count))
        .where(DailyVisits.day.between(first, last))
        .group_by(DailyVisits.day)
    )
    if link is not None:
        query = query.where(DailyVisits.link_id == link.id)
    counted = dict(session.execute(query).all())
    return [
        (day, counted.get(day, 0)) for day in (first + dt.timedelta(days=n) for n in range(days))
    ]
