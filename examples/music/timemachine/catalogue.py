"""Artists, albums and tracks: found by their names, added where they are new."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from .models import Album, Artist, Track

# Key of the track, its URI or nothing, names of track, artist and album.
Names = tuple[str, str, str, str, str]
LOOKED_UP = 500
"""How many names are asked for in one statement."""


def insert_new(session: Session, table, rows: list[dict]) -> int:
    """Insert the rows that break no unique constraint; return how many that were."""
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    if not rows:
        return 0
    statement = dialect.insert(table.__table__).on_conflict_do_nothing()
    result = session.connection().execute(
        statement, rows, execution_options={"preserve_rowcount": True}
    )
    return result.rowcount


def name_track(uri: str | None, track: str, artist: str, album: str) -> Names:
    """Return a track's names with the key that it is known by.

    The names are part of the key. Else the first who imports a URI would name it for everybody.
    """
    known = uri if uri and uri.startswith("spotify:track:") and len(uri) <= 120 else ""
    digest = hashlib.sha256("\0".join((known, track, artist, album)).encode())
    return digest.hexdigest()[:40], known, track, artist, album


def in_parts(items: Iterable, size: int = LOOKED_UP):
    part = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


class Catalogue:
    """Numbers of tracks, artists and albums by a track's key, remembered while one works."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.known: dict[str, tuple[int, int, int]] = {}

    def find(self, wanted: Iterable[Names]) -> dict[str, tuple[int, int, int]]:
        """Return (track, artist, album) by key, adding what is missing."""
        missing = {names[0]: names for names in wanted if names[0] not in self.known}
        for part in in_parts(missing.values()):
            self._find_part(part)
        return self.known

    def _find_part(self, part: list[Names]) -> None:
        session = self.session
        known = self._stored([key for key, *_ in part])
        self.known.update(known)
        new = [names for names in part if names[0] not in known]
        if not new:
            return
        # In order: two imports that add the same names wait for each other, never in a circle.
        artist_names = sorted({artist for _, _, _, artist, _ in new})
        insert_new(session, Artist, [{"name": name} for name in artist_names])
        stored = session.execute(
            select(Artist.name, Artist.id).where(Artist.name.in_(artist_names))
        )
        artists = dict(stored.tuples().all())
        pairs = sorted({(artists[artist], album) for _, _, _, artist, album in new})
        insert_new(session, Album, [{"artist_id": a, "name": name} for a, name in pairs])
        found = session.execute(
            select(Album.artist_id, Album.name, Album.id).where(
                Album.artist_id.in_({a for a, _ in pairs})
            )
        )
        albums = {(artist, name): number for artist, name, number in found}
        rows = [
            {
                "key": key,
                "uri": uri,
                "name": track,
                "artist_id": artists[artist],
                "album_id": albums[artists[artist], album],
            }
            for key, uri, track, artist, album in sorted(new)
        ]
        insert_new(session, Track, rows)
        self.known.update(self._stored([key for key, *_ in new]))

    def _stored(self, keys: list[str]) -> dict[str, tuple[int, int, int]]:
        found = self.session.execute(
            select(Track.key, Track.id, Track.artist_id, Track.album_id).where(Track.key.in_(keys))
        )
        return {key: (track, artist, album) for key, track, artist, album in found}
