"""The pages of playlists. Changes come from forms, or as JSON from the page's script."""

import re

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    json,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user, login_required

from .. import connect, listening
from ..analytics import queries
from ..errors import problem, wants_json
from ..models import Playlist
from ..times import make_period
from . import store

blueprint = Blueprint("playlists", __name__, url_prefix="/playlists")

CHANGED = "The playlist was changed elsewhere, perhaps in another tab. Reload to see it as it is."


@blueprint.errorhandler(store.Changed)
def show_changed(error):
    if wants_json():
        return problem(409, "Conflict", CHANGED)
    flash(CHANGED, "error")
    playlist_id = (request.view_args or {}).get("playlist_id")
    return redirect(url_for("playlists.show", playlist_id=playlist_id))


def own(playlist_id: int, *, deleted: bool = False) -> Playlist:
    return store.find(current_user, playlist_id, deleted=deleted) or abort(404)


def sent(name: str, default=""):
    """Return a value of the form, or of the JSON that a script sends."""
    source = request.get_json() if request.is_json else request.form
    if not isinstance(source, dict) and request.is_json:
        abort(400, "Send an object.")
    return source.get(name, default)


def sent_number(name: str) -> int:
    try:
        return int(sent(name, ""))
    except (TypeError, ValueError):
        abort(400, f"“{name}” must be a whole number.")


def clean_name(text) -> str:
    return " ".join(str(text or "").replace("\0", "").split())[:120]


def state(playlist: Playlist) -> dict:
    return {"version": playlist.version, "items": store.item_ids(playlist), "name": playlist.name}


def answer(playlist: Playlist, **more):
    if wants_json():
        return jsonify(state(playlist) | more)
    return redirect(url_for("playlists.show", playlist_id=playlist.id))


@blueprint.get("/")
@login_required
def index():
    found = store.list_all(current_user)
    return render_template(
        "playlists/index.html",
        playlists=[row for row in found if not row[0].deleted_at],
        deleted=[row for row in found if row[0].deleted_at],
        just_deleted=request.args.get("deleted", ""),
    )


@blueprint.post("/")
@login_required
def create():
    """Make a playlist: of the tracks that a view shows, or an empty one."""
    name, tracks = clean_name(request.form.get("name")), []
    if request.form.get("view") == "forgotten":
        table = queries.forgotten(current_user, "track")
        shown = queries.show(table, {}, size=50)
        tracks = [row[-1] for row in shown.rows]
        name = name or "Forgotten favourites"
    elif "range" in request.form:
        known = listening.known_days(current_user)
        period = make_period(request.form, known, current_user.timezone)
        filters = queries.Filters.read(request.form, period)
        tracks = queries.top_track_ids(current_user, filters)
        parts = [filters.artist, filters.device, period.label]
        name = name or clean_name("Best of " + ", ".join(part for part in parts if part))
    playlist = store.create(current_user, name or "New playlist", tracks)
    flash(f"“{playlist.name}” has {len(tracks)} tracks.", "success")
    return redirect(url_for("playlists.show", playlist_id=playlist.id))


@blueprint.get("/<int:playlist_id>")
@login_required
def show(playlist_id: int):
    playlist = own(playlist_id)
    return render_template(
        "playlists/show.html",
        playlist=playlist,
        items=store.items_of(playlist),
        account=connect.account_of(current_user),
    )


@blueprint.post("/<int:playlist_id>/name")
@login_required
def rename(playlist_id: int):
    playlist = own(playlist_id)
    name = clean_name(sent("name"))
    if not name:
        if wants_json():
            return problem(422, "Unprocessable Content", "A playlist needs a name.")
        flash("A playlist needs a name.", "error")
        return answer(playlist)
    store.rename(playlist, sent_number("version"), name)
    return answer(playlist)


@blueprint.post("/<int:playlist_id>/order")
@login_required
def reorder(playlist_id: int):
    playlist = own(playlist_id)
    items = sent("items", [])
    if not isinstance(items, list) or not all(type(item) is int for item in items):
        return problem(400, "Bad Request", "“items” must be a list of numbers.")
    try:
        store.reorder(playlist, sent_number("version"), items)
    except ValueError as error:
        return problem(422, "Unprocessable Content", str(error))
    return answer(playlist)


@blueprint.post("/<int:playlist_id>/items/<int:item>/move")
@login_required
def move(playlist_id: int, item: int):
    playlist = own(playlist_id)
    by = -1 if sent("direction") == "up" else 1
    store.move(playlist, sent_number("version"), item, by)
    return answer(playlist)


@blueprint.post("/<int:playlist_id>/items/<int:item>/remove")
@login_required
def remove(playlist_id: int, item: int):
    playlist = own(playlist_id)
    removed = store.remove(playlist, sent_number("version"), item)
    if removed is None:
        abort(404)
    return answer(playlist, track=removed[0], place=removed[1])


@blueprint.post("/<int:playlist_id>/items")
@login_required
def put_back(playlist_id: int):
    """Undo the removal of a track."""
    playlist = own(playlist_id)
    try:
        store.put_back(playlist, sent_number("version"), sent_number("track"), sent_number("place"))
    except ValueError as error:
        return problem(422, "Unprocessable Content", str(error))
    return answer(playlist)


@blueprint.post("/<int:playlist_id>/delete")
@login_required
def delete(playlist_id: int):
    playlist = own(playlist_id)
    store.set_deleted(playlist, deleted=True)
    return redirect(url_for("playlists.index", deleted=playlist.id))


@blueprint.post("/<int:playlist_id>/restore")
@login_required
def restore(playlist_id: int):
    playlist = own(playlist_id, deleted=True)
    store.set_deleted(playlist, deleted=False)
    flash(f"“{playlist.name}” is back.", "success")
    return redirect(url_for("playlists.show", playlist_id=playlist.id))


def file_name(playlist: Playlist, ending: str) -> dict[str, str]:
    plain = re.sub(r"[^A-Za-z0-9 _-]+", "", playlist.name).strip() or "playlist"
    return {"Content-Disposition": f'attachment; filename="{plain}.{ending}"'}


@blueprint.get("/<int:playlist_id>.m3u")
@login_required
def as_m3u(playlist_id: int):
    playlist = own(playlist_id)
    lines = ["#EXTM3U", f"#PLAYLIST:{playlist.name}"]
    for track in store.tracks_of(playlist):
        names = f"{track.artist.name} - {track.name}".replace("\n", " ")
        lines += [f"#EXTINF:-1,{names}", address_of(track.uri, names)]
    text = "\n".join(lines) + "\n"
    return Response(
        text, content_type="audio/x-mpegurl; charset=utf-8", headers=file_name(playlist, "m3u")
    )


def address_of(uri: str, names: str) -> str:
    if uri:
        return "https://open.spotify.com/track/" + uri.rpartition(":")[2]
    return f"{names}.mp3"


@blueprint.get("/<int:playlist_id>.json")
@login_required
def as_json(playlist_id: int):
    playlist = own(playlist_id)
    body = to_json(playlist)
    return Response(
        json.dumps(body, ensure_ascii=False, indent=2) + "\n",
        content_type="application/json",
        headers=file_name(playlist, "json"),
    )


def to_json(playlist: Playlist) -> dict:
    return {
        "name": playlist.name,
        "tracks": [
            {
                "name": track.name,
                "artist": track.artist.name,
                "album": track.album.name,
                "uri": track.uri or None,
            }
            for track in store.tracks_of(playlist)
        ],
    }


@blueprint.post("/<int:playlist_id>/push")
@login_required
async def push(playlist_id: int):
    """Write the playlist to the connected account."""
    # Three short queries may hold up the loop; the provider, which may take seconds, is awaited.
    playlist = own(playlist_id)  # bolthead: ignore B021
    tracks = store.tracks_of(playlist)  # bolthead: ignore B021
    uris = [track.uri for track in tracks if track.uri]
    account = connect.account_of(current_user)
    if account is None:
        flash("Connect an account first.", "info")
        return redirect(url_for("settings.show") + "#account")
    try:
        remote = await connect.push_playlist(account, playlist.name, playlist.remote_id, uris)
    except connect.ProviderError as error:
        flash(str(error), "error")
    else:
        playlist.remote_id = remote
        store.end_change(playlist)  # bolthead: ignore B021
        flash(f"“{playlist.name}” is in your account, with {len(uris)} tracks.", "success")
    return redirect(url_for("playlists.show", playlist_id=playlist_id))
