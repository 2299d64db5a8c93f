"""Add plays that the provider tells of: of the recently played, or by a webhook."""

import datetime as dt
import typing as t

from sqlalchemy import select, update

from .. import summaries
from ..catalogue import Catalogue, insert_new, name_track
from ..extensions import db
from ..models import Play, Track, User
from ..times import LocalClock

SYNCED = "sync"
"""The `reason_start` of plays that came this way: the export says more of the same play."""
NEAR = 60
"""Seconds within which a play of the same track is the same play, told by another source."""


def add_plays(user_id: int, items: list[dict[str, t.Any]]) -> int:
    """Add plays as the provider's API gives them; return how many are new. Commits.

    KeyError, TypeError or ValueError if they are of another form.
    """
    names, times = [], []
    for item in items:
        track = item["track"]
        artist = str(track["artists"][0]["name"])[:300]
        album = str(track["album"]["name"])[:300]
        title = str(track["name"])[:300]
        ended = dt.datetime.fromisoformat(item["played_at"])
        names.append(name_track(track.get("uri"), title, artist, album))
        times.append((int(ended.timestamp()), int(track["duration_ms"])))

    session = db.session()
    # Whoever holds the user's row is the only one who changes their plays and summaries.
    session.execute(
        update(User).where(User.id == user_id).values(data_version=User.data_version + 1)
    )
    zone, edition = session.execute(
        select(User.timezone, User.edition).where(User.id == user_id)
    ).one()
    ids = Catalogue(session).find(names)
    clock = LocalClock(zone)
    rows, months = [], set()
    for (key, uri, *_), (played_at, ms) in zip(names, times, strict=True):
        track, artist, album = ids[key]
        # By the URI: the two sources may write a name differently.
        same = Track.uri == uri if uri else Track.id == track
        near = (select(Play.id).join(Track, Track.id == Play.track_id)).where(
            Play.user_id == user_id,
            Play.edition == edition,
            same,
            Play.played_at.between(played_at - NEAR, played_at + NEAR),
        )
        if session.scalar(near.limit(1)) is not None:
            continue
        day, month, hour = clock.read(played_at)
        months.add(month)
        rows.append({
            "user_id": user_id, "edition": edition,
            "track_id": track, "artist_id": artist, "album_id": album, "played_at": played_at,
            "ms_played": ms, "day": day, "month": month, "hour": hour, "device": "other",
            "reason_start": SYNCED, "reason_end": "", "shuffle": False, "skipped": False,
            "offline": False, "import_id": None,
        })  # fmt: skip
    added = insert_new(session, Play, rows)
    if added:
        summaries.rebuild(session, user_id, edition, months)
    session.commit()
    return added
