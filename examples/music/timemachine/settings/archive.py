"""All that is known of a user, as a zip that is made while it is sent."""

import io
import json
import typing as t
import zipfile
from collections.abc import Iterator

from sqlalchemy import select, tuple_

from ..connect import account_of
from ..extensions import db
from ..models import Album, Artist, Import, Play, Playlist, Track, User
from ..playlists import views as playlist_views
from ..times import utc_text

BATCH = 5000
PER_FILE = 50_000


class Pipe(io.RawIOBase):
    """What is written is kept until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: t.Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def pieces(user: User) -> Iterator[bytes]:
    """Yield the bytes of the zip."""
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        archive.writestr("profile.json", dump(profile(user)))
        archive.writestr("playlists.json", dump(playlists(user)))
        archive.writestr("imports.json", dump(imports(user)))
        yield pipe.take()
        number, file, count = 0, None, 0
        for batch in plays(user):
            if file is None:
                name = f"history/Streaming_History_Audio_{number}.json"
                file = archive.open(name, "w")
                file.write(b"[\n")
            else:
                file.write(b",\n")
            file.write(",\n".join(json.dumps(play) for play in batch).encode())
            count += len(batch)
            if count >= PER_FILE:
                file.write(b"\n]\n")
                file.close()
                number, file, count = number + 1, None, 0
            yield pipe.take()
        if file is not None:
            file.write(b"\n]\n")
            file.close()
    yield pipe.take()


def dump(value: t.Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def profile(user: User) -> dict:
    account = account_of(user)
    return {
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "timezone": user.timezone,
        "theme": user.theme,
        "registered": utc_text(user.created_at),
        "connected_account": account
        and {"name": account.name, "connected": utc_text(account.connected_at)},
    }


def playlists(user: User) -> list[dict]:
    found = db.session.scalars(select(Playlist).where(Playlist.user_id == user.id))
    return [
        playlist_views.to_json(playlist) | {"deleted": utc_text(playlist.deleted_at)}
        for playlist in found.all()
    ]


def imports(user: User) -> list[dict]:
    found = db.session.scalars(select(Import).where(Import.user_id == user.id))
    return [
        {
            "name": job.name,
            "status": job.status,
            "added": job.added,
            "time": utc_text(job.created_at),
            "reason": job.reason,
        }
        for job in found
    ]


def plays(user: User) -> Iterator[list[dict]]:
    """Yield plays in the form of an export, which can be imported again."""
    # By what a play has in every edition: the time zone may change while this goes on.
    key = tuple_(Play.played_at, Play.track_id, Play.ms_played)
    counts = select(User.edition).where(User.id == user.id).scalar_subquery()
    last = (0, 0, 0)
    while True:
        found = db.session.execute(
            select(Play, Track.uri, Track.name, Artist.name, Album.name)
            .join(Track, Track.id == Play.track_id)
            .join(Artist, Artist.id == Play.artist_id)
            .join(Album, Album.id == Play.album_id)
            .where(Play.user_id == user.id, Play.edition == counts, key > last)
            .order_by(*key)
            .limit(BATCH)
        ).all()
        if not found:
            return
        end = found[-1][0]
        last = (end.played_at, end.track_id, end.ms_played)
        yield [record(*row) for row in found]
        db.session.expunge_all()


def record(play: Play, uri: str, track: str, artist: str, album: str) -> dict:
    return {
        "ts": utc_text(play.played_at),
        "platform": play.device,
        "ms_played": play.ms_played,
        "master_metadata_track_name": track,
        "master_metadata_album_artist_name": artist,
        "master_metadata_album_album_name": album,
        "spotify_track_uri": uri or None,
        "reason_start": play.reason_start,
        "reason_end": play.reason_end,
        "shuffle": play.shuffle,
        "skipped": play.skipped,
        "offline": play.offline,
    }
