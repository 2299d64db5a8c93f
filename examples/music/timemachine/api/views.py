"""The API's resources. Lists are paged with Link headers (RFC 8288); answers have ETags."""

import functools
import hashlib

from flask import Blueprint, abort, current_app, g, jsonify, make_response, request, url_for
from flask_limiter.util import get_remote_address
from sqlalchemy import func, select, tuple_
from werkzeug.http import is_resource_modified

from .. import listening
from ..analytics import queries
from ..errors import problem
from ..extensions import db, limiter
from ..models import Artist, Play, Playlist, Track, User, theirs
from ..playlists import store
from ..playlists.views import to_json as playlist_json
from ..times import make_period, today, utc_text
from . import tokens

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

MOST = 100


def who_asks() -> str:
    """Return what the API's limit counts by: the token, or the address where there is none."""
    token = request.headers.get("Authorization", "")
    return tokens.digest(token) if token else get_remote_address()


@blueprint.before_request
@limiter.limit(lambda: current_app.config["MUSIC"].api_limit, key_func=who_asks)
def authorize():
    if request.endpoint == "api.receive":
        return None
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    user = tokens.find_user(text.strip()) if kind.lower() == "bearer" else None
    if user is None:
        response = problem(
            401, "Unauthorized", "Send a token of yours: “Authorization: Bearer mtm_…”."
        )
        response.headers["WWW-Authenticate"] = 'Bearer realm="music"'
        return response
    g.user = user
    return None


def tagged(tag):
    """Give a view's answer an ETag that is known before its queries are made.

    `tag` returns what the answer depends on, beside its address.
    """

    def decorate(view):
        @functools.wraps(view)
        def answer(**arguments):
            parts = (request.full_path, g.user.id, g.user.timezone, *tag(**arguments))
            etag = hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
            if not is_resource_modified(request.environ, etag=etag):
                response = make_response("", 304)
            else:
                response = make_response(view(**arguments))
            if response.status_code in (200, 304):
                response.set_etag(etag)
                response.headers["Cache-Control"] = "private, no-cache"
                response.headers["Vary"] = "Authorization"
            return response

        return answer

    return decorate


def by_plays(**arguments):
    # Ranges such as "the last 30 days" move at midnight.
    return g.user.data_version, today(g.user.timezone)


def by_playlists(**arguments):
    found = db.session.execute(
        select(func.count(), func.sum(Playlist.version), func.max(Playlist.id)).where(
            Playlist.user_id == g.user.id, Playlist.deleted_at.is_(None)
        )
    ).one()
    return tuple(found)


def number_of(name: str, default: int, most: int) -> int:
    text = request.args.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0
    if not 1 <= number <= most:
        abort(400, f"{name} must be a whole number from 1 to {most}.")
    return number


def paged(name: str, items: list, page: int, pages: int, total: int, **more):
    links = {"first": 1, "last": pages}
    if page > 1:
        links["prev"] = page - 1
    if page < pages:
        links["next"] = page + 1
    response = jsonify({name: items, "page": page, "pages": pages, "total": total, **more})
    query = request.args.to_dict() | (request.view_args or {})
    for relation, number in links.items():
        address = url_for(request.endpoint, _external=True, **(query | {"page": number}))
        response.headers.add("Link", f'<{address}>; rel="{relation}"')
    return response


def asked_period(user: User):
    return make_period(request.args, listening.known_days(user), user.timezone)


def period_json(period) -> dict:
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "label": period.label,
    }


@blueprint.get("/me")
@tagged(lambda: (g.user.name, g.user.data_version))
def me():
    user = g.user
    first, last = listening.known_days(user)
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "timezone": user.timezone,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
    }


@blueprint.get("/summary")
@tagged(by_plays)
def summary():
    period = asked_period(g.user)
    found = listening.summary(g.user, period)
    return {
        "period": period_json(period),
        "plays": found.plays,
        "ms_played": found.ms,
        "skipped": found.skips,
        "active_days": found.active_days,
        "tracks": found.tracks,
        "artists": found.artists,
    }


@blueprint.get("/top/<any(artists, albums, tracks):kind>")
@tagged(by_plays)
def top(kind: str):
    """List what was played most: ?range=, ?artist=, ?device=, ?skipped=, ?page=, ?limit=."""
    period = asked_period(g.user)
    filters = queries.Filters.read(request.args, period)
    table = queries.explore(g.user, kind[:-1], filters)
    size = number_of("limit", 20, MOST)
    number_of("page", 1, 10**9)
    shown = queries.show(table, {"page": request.args.get("page", "1")}, size)
    keys = [column.key for column in table.columns]
    items = []
    for row in shown.rows:
        item = dict(zip(keys, row, strict=False))
        item["ms_played"] = int(item.pop("time"))
        item["skipped_percent"] = round(float(item.pop("skips")), 2)
        items.append(item)
    return paged(kind, items, shown.page, shown.pages, shown.total, period=period_json(period))


@blueprint.get("/plays")
@tagged(by_plays)
def plays():
    """List single plays, the newest first; ?before= (from the answer's `next`) goes on."""
    size = number_of("limit", 50, MOST)
    conditions = list(theirs(Play, g.user))
    # What a play has in every edition: a change of the time zone leaves the way through them whole.
    key = tuple_(Play.played_at, Play.track_id, Play.ms_played)
    before = request.args.get("before", "")
    if before:
        parts = before.split("-")
        if len(parts) != 3 or not all(
            part.isascii() and part.isdigit() and len(part) < 16 for part in parts
        ):
            abort(400, "before must be what an earlier answer gave as “next”.")
        conditions.append(key < tuple(map(int, parts)))
    found = db.session.execute(
        select(Play, Track.name, Track.uri, Artist.name)
        .join(Track, Track.id == Play.track_id)
        .join(Artist, Artist.id == Play.artist_id)
        .where(*conditions)
        .order_by(*(each.desc() for each in key))
        .limit(size + 1)
    ).all()
    items = [
        {
            "played_at": utc_text(play.played_at),
            "ms_played": play.ms_played,
            "track": track,
            "uri": uri or None,
            "artist": artist,
            "device": play.device,
            "skipped": play.skipped,
        }
        for play, track, uri, artist in found[:size]
    ]
    following = None
    if len(found) > size:
        last = found[size - 1][0]
        following = f"{last.played_at}-{last.track_id}-{last.ms_played}"
    response = jsonify({"plays": items, "next": following})
    if following:
        query = request.args.to_dict() | {"before": following}
        address = url_for("api.plays", _external=True, **query)
        response.headers.add("Link", f'<{address}>; rel="next"')
    return response


@blueprint.get("/playlists")
@tagged(by_playlists)
def playlists():
    size, page = number_of("limit", 20, MOST), number_of("page", 1, 10**9)
    found = [row for row in store.list_all(g.user) if not row[0].deleted_at]
    pages = max(1, -(-len(found) // size))
    page = min(page, pages)
    items = [
        {
            "id": playlist.id,
            "name": playlist.name,
            "tracks": tracks,
            "changed_at": utc_text(playlist.changed_at),
            "url": url_for("api.playlist", playlist_id=playlist.id, _external=True),
        }
        for playlist, tracks, _ in found[(page - 1) * size : page * size]
    ]
    return paged("playlists", items, page, pages, len(found))


@blueprint.get("/playlists/<int:playlist_id>")
@tagged(by_playlists)
def playlist(playlist_id: int):
    found = store.find(g.user, playlist_id)
    if found is None:
        abort(404, f"There is no playlist {playlist_id}.")
    return {"id": found.id, "changed_at": utc_text(found.changed_at), **playlist_json(found)}


@blueprint.route("/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def nothing(rest: str):
    """Let a path that does not exist ask for a token, too, and answer as the others do."""
    abort(404, f"There is no /api/v1/{rest}.")
