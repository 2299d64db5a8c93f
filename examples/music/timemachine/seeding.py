"""Fill the database with a made history, in bulk."""

import datetime as dt

from sqlalchemy import select

from . import history, summaries
from .catalogue import Catalogue, in_parts, insert_new, name_track
from .devices import device_of
from .extensions import db
from .models import Play, User
from .times import LocalClock

BATCH = 20_000


def seed(user: User, seed_number: int, plays: int, last: dt.date | None = None) -> int:
    """Give a listener the history of a seed; return how many plays are new. Commits."""
    session = db.session()
    clock = LocalClock(user.timezone)
    catalogue = Catalogue(session)
    added = 0
    for part in in_parts(history.listen(seed_number, plays, last=last), BATCH):
        songs = {
            play.song: name_track(play.song.uri, play.song.name, play.song.artist, play.song.album)
            for play in part
        }
        known = catalogue.find(songs.values())
        ids = {song: known[names[0]] for song, names in songs.items()}
        added += insert_new(session, Play, [to_row(user, play, ids, clock) for play in part])
    summaries.rebuild(session, user.id, user.edition)
    session.commit()
    return added


def to_row(user: User, play: history.Listen, ids: dict, clock: LocalClock) -> dict:
    track, artist, album = ids[play.song]
    day, month, hour = clock.read(play.ended_at)
    return {
        "user_id": user.id,
        "edition": user.edition,
        "track_id": track,
        "artist_id": artist,
        "album_id": album,
        "played_at": play.ended_at,
        "ms_played": play.ms_played,
        "day": day,
        "month": month,
        "hour": hour,
        "device": device_of(play.platform),
        "reason_start": play.reason_start,
        "reason_end": play.reason_end,
        "shuffle": play.shuffle,
        "skipped": play.skipped,
        "offline": play.offline,
        "import_id": None,
    }


def find_user(email: str) -> User | None:
    return db.session.scalar(select(User).where(User.email == email.lower()))
