"""What can be done with a playlist. Each change names the version it was made from."""

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import joinedload

from ..extensions import db
from ..models import Playlist, PlaylistItem, Track, User, now

KEPT_SECONDS = 30 * 86_400
"""How long a deleted playlist can be had back."""
MOST_TRACKS = 1000


class Changed(Exception):
    """Somebody else, perhaps another tab, changed the playlist meanwhile."""


def find(user: User, playlist_id: int, *, deleted: bool = False) -> Playlist | None:
    """Return a playlist as it is now, if it is the user's."""
    found = db.session.get(Playlist, playlist_id, populate_existing=True)
    if found is None or found.user_id != user.id or bool(found.deleted_at) is not deleted:
        return None
    return found


def list_all(user: User) -> list[tuple[Playlist, int, int]]:
    """Return (playlist, tracks, artists), the newest change first; drops what is long deleted."""
    db.session.execute(
        delete(Playlist).where(
            Playlist.user_id == user.id, Playlist.deleted_at < now() - KEPT_SECONDS
        )
    )
    db.session.commit()
    found = db.session.execute(
        select(
            Playlist,
            func.count(PlaylistItem.id),
            func.count(Track.artist_id.distinct()),
        )
        .outerjoin(PlaylistItem, PlaylistItem.playlist_id == Playlist.id)
        .outerjoin(Track, Track.id == PlaylistItem.track_id)
        .where(Playlist.user_id == user.id)
        .group_by(Playlist.id)
        .order_by(Playlist.changed_at.desc(), Playlist.id.desc())
    )
    return [(playlist, tracks, artists) for playlist, tracks, artists in found]


def create(user: User, name: str, track_ids: list[int]) -> Playlist:
    playlist = Playlist(user_id=user.id, name=name)
    db.session.add(playlist)
    db.session.flush()
    add_items(playlist.id, track_ids[:MOST_TRACKS], 0)
    db.session.commit()
    return playlist


def add_items(playlist_id: int, track_ids: list[int], first: int) -> None:
    if track_ids:
        rows = [
            {"playlist_id": playlist_id, "track_id": track, "position": first + place}
            for place, track in enumerate(track_ids)
        ]
        db.session.execute(insert(PlaylistItem), rows)


def begin_change(playlist: Playlist, version: int) -> None:
    """Count the version up, which locks the playlist; Changed if it is not `version` any more."""
    done = db.session.execute(
        update(Playlist)
        .where(Playlist.id == playlist.id, Playlist.version == version)
        .values(version=version + 1, changed_at=now())
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:
        db.session.rollback()
        raise Changed


def end_change(playlist: Playlist) -> None:
    db.session.commit()
    db.session.refresh(playlist)


def rename(playlist: Playlist, version: int, name: str) -> None:
    begin_change(playlist, version)
    db.session.execute(update(Playlist).where(Playlist.id == playlist.id).values(name=name))
    end_change(playlist)


def item_ids(playlist: Playlist) -> list[int]:
    return list(
        db.session.scalars(
            select(PlaylistItem.id)
            .where(PlaylistItem.playlist_id == playlist.id)
            .order_by(PlaylistItem.position, PlaylistItem.id)
        )
    )


def reorder(playlist: Playlist, version: int, wanted: list[int]) -> None:
    """Put the items in another order; ValueError if they are not exactly the playlist's."""
    begin_change(playlist, version)
    if sorted(item_ids(playlist)) != sorted(wanted):
        db.session.rollback()
        raise ValueError("The order must name each track of the playlist once.")
    db.session.execute(
        update(PlaylistItem), [{"id": item, "position": place} for place, item in enumerate(wanted)]
    )
    end_change(playlist)


def move(playlist: Playlist, version: int, item: int, by: int) -> None:
    """Move one item up (-1) or down (1)."""
    order = item_ids(playlist)
    if item in order:
        place = order.index(item)
        order.remove(item)
        order.insert(max(0, place + by), item)
    reorder(playlist, version, order)


def remove(playlist: Playlist, version: int, item: int) -> tuple[int, int] | None:
    """Take an item out; return its track and place, which `put_back` takes."""
    begin_change(playlist, version)
    order = item_ids(playlist)
    if item not in order:
        db.session.rollback()
        return None
    track = db.session.scalar(select(PlaylistItem.track_id).where(PlaylistItem.id == item))
    db.session.execute(delete(PlaylistItem).where(PlaylistItem.id == item))
    end_change(playlist)
    return track, order.index(item)


def put_back(playlist: Playlist, version: int, track: int, place: int) -> None:
    """Undo a removal; ValueError if there is no such track."""
    if db.session.get(Track, track) is None:
        raise ValueError("There is no such track.")
    begin_change(playlist, version)
    order = item_ids(playlist)
    if len(order) >= MOST_TRACKS:
        db.session.rollback()
        raise ValueError(f"A playlist holds {MOST_TRACKS} tracks at most.")
    item = db.session.scalar(
        insert(PlaylistItem)
        .values(playlist_id=playlist.id, track_id=track, position=len(order))
        .returning(PlaylistItem.id)
    )
    order.insert(min(max(0, place), len(order)), item)
    db.session.execute(
        update(PlaylistItem), [{"id": each, "position": n} for n, each in enumerate(order)]
    )
    end_change(playlist)


def set_deleted(playlist: Playlist, *, deleted: bool) -> None:
    playlist.deleted_at = now() if deleted else None
    playlist.version += 1
    db.session.commit()


def tracks_of(playlist: Playlist) -> list[Track]:
    return list(
        db.session.scalars(
            select(Track)
            .join(PlaylistItem, PlaylistItem.track_id == Track.id)
            .where(PlaylistItem.playlist_id == playlist.id)
            .order_by(PlaylistItem.position, PlaylistItem.id)
            .options(joinedload(Track.artist), joinedload(Track.album))
        )
    )


def items_of(playlist: Playlist) -> list[PlaylistItem]:
    return list(
        db.session.scalars(
            select(PlaylistItem)
            .where(PlaylistItem.playlist_id == playlist.id)
            .order_by(PlaylistItem.position, PlaylistItem.id)
            .options(
                joinedload(PlaylistItem.track).joinedload(Track.artist),
                joinedload(PlaylistItem.track).joinedload(Track.album),
            )
        )
    )
