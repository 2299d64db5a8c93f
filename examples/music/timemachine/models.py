"""What is stored. Days are numbered from 1970-01-01, months as year * 12 + month - 1."""

import datetime as dt
import time

from flask import current_app
from flask_login import UserMixin
from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.elements import ColumnElement
from werkzeug.security import check_password_hash, generate_password_hash

from .extensions import db

# SQLite numbers rows by itself only where the key is an INTEGER.
BigKey = BigInteger().with_variant(Integer, "sqlite")

MEMBER, ADMIN = "member", "admin"
WAITING, RUNNING, DONE, REFUSED, FAILED = "waiting", "running", "done", "refused", "failed"
MOVING, SWEEPING = "moving", "sweeping"


def now() -> int:
    """Return the time in seconds since 1970."""
    return int(time.time())


def day_number(day: dt.date) -> int:
    return day.toordinal() - 719_163


def to_date(number: int) -> dt.date:
    return dt.date.fromordinal(number + 719_163)


def month_number(day: dt.date) -> int:
    return day.year * 12 + day.month - 1


def first_of_month(number: int) -> dt.date:
    return dt.date(number // 12, number % 12 + 1, 1)


class User(UserMixin, db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(10), default=MEMBER)
    active: Mapped[bool] = mapped_column(default=True)
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    theme: Mapped[str] = mapped_column(String(10), default="system")
    session_version: Mapped[int] = mapped_column(default=1)
    """Counts up where every open session must end: when the password changes."""
    data_version: Mapped[int] = mapped_column(default=1)
    """Counts up with the plays; caches and ETags are keyed by it."""
    edition: Mapped[int] = mapped_column(default=1, server_default="1")
    """Which edition of their plays counts: another time zone makes a new one beside it."""
    created_at: Mapped[int] = mapped_column(BigInteger, default=now)

    imports: Mapped[list["Import"]] = relationship(back_populates="user", passive_deletes=True)

    def __str__(self) -> str:
        return self.email

    def get_id(self) -> str:
        return f"{self.id}.{self.session_version}"

    @property
    def is_active(self) -> bool:
        return self.active

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN

    def set_password(self, password: str) -> None:
        self.password_hash = generate_password_hash(
            password, current_app.config["MUSIC"].password_method
        )
        self.session_version = (self.session_version or 0) + 1

    def has_password(self, password: str) -> bool:
        return check_password_hash(self.password_hash, password)


def owner(*, primary_key: bool = False, unique: bool = False) -> Mapped[int]:
    """Return the column of whom a row belongs to; it goes when they go."""
    return mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=primary_key, unique=unique
    )


class ApiToken(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = owner()
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the token, which itself is not kept."""
    start: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[int] = mapped_column(BigInteger, default=now)
    used_at: Mapped[int | None] = mapped_column(BigInteger)

    user: Mapped[User] = relationship()


class Account(db.Model):
    """A connected account at the provider. `token` is encrypted."""

    __tablename__ = "connected_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = owner(unique=True)
    subject: Mapped[str] = mapped_column(String(120), index=True)
    name: Mapped[str] = mapped_column(String(120))
    token: Mapped[bytes] = mapped_column(LargeBinary)
    needs_consent: Mapped[bool] = mapped_column(default=False)
    connected_at: Mapped[int] = mapped_column(BigInteger, default=now)
    synced_at: Mapped[int | None] = mapped_column(BigInteger)
    retry_at: Mapped[int] = mapped_column(BigInteger, default=0)
    """Before this time the provider wants no further request."""

    user: Mapped[User] = relationship()


class Import(db.Model):
    """One uploaded file and what became of it."""

    __table_args__ = (Index("ix_import_status_lease", "status", "lease_until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(10), default=WAITING)
    stage: Mapped[str] = mapped_column(String(10), default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    """From 0 to 1."""
    found: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    ignored: Mapped[int] = mapped_column(default=0)
    """Entries that are no music: podcasts, videos."""
    reason: Mapped[str] = mapped_column(String(500), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(64), default="")
    lease_until: Mapped[float] = mapped_column(default=0.0)
    created_at: Mapped[int] = mapped_column(BigInteger, default=now)
    finished_at: Mapped[int | None] = mapped_column(BigInteger)

    user: Mapped[User] = relationship(back_populates="imports")

    @property
    def is_over(self) -> bool:
        return self.status in (DONE, REFUSED, FAILED)

    @property
    def duplicates(self) -> int:
        return self.found - self.added


class Artist(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(300), unique=True)


class Album(db.Model):
    __table_args__ = (Unique("artist_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    artist_id: Mapped[int] = mapped_column(ForeignKey("artist.id"))
    name: Mapped[str] = mapped_column(String(300))

    artist: Mapped[Artist] = relationship()


class Track(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    """A digest of the URI and the names."""
    uri: Mapped[str] = mapped_column(String(120), default="")
    """Empty for a local file."""
    name: Mapped[str] = mapped_column(String(300))
    artist_id: Mapped[int] = mapped_column(ForeignKey("artist.id"), index=True)
    album_id: Mapped[int] = mapped_column(ForeignKey("album.id"), index=True)

    artist: Mapped[Artist] = relationship()
    album: Mapped[Album] = relationship()


class Play(db.Model):
    """One time that a track was played. Times in columns beside `played_at` are local ones."""

    __table_args__ = (
        # The same play twice is one play.
        Unique("user_id", "edition", "played_at", "track_id", "ms_played"),
        # Each holds all that aggregates ask for, so that the table itself is not read.
        Index("ix_play_by_day", "user_id", "edition", "day", "track_id", "artist_id", "album_id",
              "ms_played", "skipped", "device", "hour"),
        Index("ix_play_by_track", "user_id", "edition", "track_id", "day", "artist_id", "album_id",
              "ms_played", "skipped", "device"),
        Index("ix_play_by_artist", "user_id", "edition", "artist_id", "day", "track_id", "album_id",
              "ms_played", "skipped", "device"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    user_id: Mapped[int] = owner()
    edition: Mapped[int]
    """Plays of another edition than the user's are being made, or are no longer needed."""
    track_id: Mapped[int] = mapped_column(ForeignKey("track.id"))
    artist_id: Mapped[int] = mapped_column(Integer)
    album_id: Mapped[int] = mapped_column(Integer)
    played_at: Mapped[int] = mapped_column(BigInteger)
    """When it ended, in seconds since 1970."""
    ms_played: Mapped[int]
    day: Mapped[int]
    month: Mapped[int]
    hour: Mapped[int] = mapped_column(SmallInteger)
    device: Mapped[str] = mapped_column(String(12))
    reason_start: Mapped[str] = mapped_column(String(32))
    reason_end: Mapped[str] = mapped_column(String(32))
    shuffle: Mapped[bool]
    skipped: Mapped[bool]
    offline: Mapped[bool]
    import_id: Mapped[int | None] = mapped_column(
        ForeignKey("import.id", ondelete="SET NULL"), index=True
    )

    track: Mapped[Track] = relationship()


class StagedPlay(db.Model):
    """A play of an import that is not finished; nobody sees it before all of them are there."""

    __table_args__ = (Index("ix_staged_play_time", "import_id", "played_at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("import.id", ondelete="CASCADE"))
    user_id: Mapped[int]
    track_id: Mapped[int]
    artist_id: Mapped[int]
    album_id: Mapped[int]
    played_at: Mapped[int] = mapped_column(BigInteger)
    ms_played: Mapped[int]
    day: Mapped[int]
    month: Mapped[int]
    hour: Mapped[int] = mapped_column(SmallInteger)
    device: Mapped[str] = mapped_column(String(12))
    reason_start: Mapped[str] = mapped_column(String(32))
    reason_end: Mapped[str] = mapped_column(String(32))
    shuffle: Mapped[bool]
    skipped: Mapped[bool]
    offline: Mapped[bool]


class ZoneChange(db.Model):
    """A listener's plays on their way to another time zone; zones.py says how."""

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = owner(unique=True)
    timezone: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(10), default=MOVING)
    progress: Mapped[float] = mapped_column(default=0.0)
    """From 0 to 1."""
    edition: Mapped[int]
    """The newest that was begun."""
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(64), default="")
    lease_until: Mapped[float] = mapped_column(default=0.0)


# --- summaries: kept by summaries.py, read by every chart ----------------------------------------


def theirs(table: type, user: User) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that plays, or sums of plays, are a listener's and count."""
    return table.user_id == user.id, table.edition == user.edition


class DayTotal(db.Model):
    user_id: Mapped[int] = owner(primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[int]
    plays: Mapped[int]
    ms: Mapped[int] = mapped_column(BigInteger)
    skips: Mapped[int]


class MonthHour(db.Model):
    user_id: Mapped[int] = owner(primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True)
    weekday: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """0 is Monday."""
    hour: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    plays: Mapped[int]
    ms: Mapped[int] = mapped_column(BigInteger)


class MonthTrack(db.Model):
    user_id: Mapped[int] = owner(primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(primary_key=True)
    artist_id: Mapped[int]
    album_id: Mapped[int]
    plays: Mapped[int]
    ms: Mapped[int] = mapped_column(BigInteger)
    skips: Mapped[int]


class YearTrack(db.Model):
    user_id: Mapped[int] = owner(primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(primary_key=True)
    artist_id: Mapped[int]
    album_id: Mapped[int]
    plays: Mapped[int]
    ms: Mapped[int] = mapped_column(BigInteger)
    skips: Mapped[int]


class TrackTotal(db.Model):
    user_id: Mapped[int] = owner(primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(primary_key=True)
    artist_id: Mapped[int]
    album_id: Mapped[int]
    plays: Mapped[int]
    ms: Mapped[int] = mapped_column(BigInteger)
    skips: Mapped[int]
    first_day: Mapped[int]
    last_day: Mapped[int]


# --- playlists, webhooks -------------------------------------------------------------------------


class Playlist(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    version: Mapped[int] = mapped_column(default=1)
    """Counts up with each change, so that a change made from an old page is noticed."""
    remote_id: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[int] = mapped_column(BigInteger, default=now)
    changed_at: Mapped[int] = mapped_column(BigInteger, default=now)
    deleted_at: Mapped[int | None] = mapped_column(BigInteger)

    items: Mapped[list["PlaylistItem"]] = relationship(
        order_by="PlaylistItem.position", cascade="all, delete-orphan", back_populates="playlist"
    )


class PlaylistItem(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    playlist_id: Mapped[int] = mapped_column(
        ForeignKey("playlist.id", ondelete="CASCADE"), index=True
    )
    track_id: Mapped[int] = mapped_column(ForeignKey("track.id"))
    position: Mapped[int]

    playlist: Mapped[Playlist] = relationship(back_populates="items")
    track: Mapped[Track] = relationship()


class Delivery(db.Model):
    """A webhook that was taken; the same one is not taken again."""

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    event: Mapped[str] = mapped_column(String(40))
    received_at: Mapped[int] = mapped_column(BigInteger, default=now)
