"""The pages: the rooms, and one of them with its history; plain views, usable without a script."""

import re

from flask_login import current_user, login_required

from bolthead import (
    Blueprint,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)

from .store import tone

# How many messages a page shows.
PAGE = 50
# Larger than any message's id.
END = 2**62

blueprint = Blueprint("pages", __name__)
blueprint.add_app_template_filter(tone)


@blueprint.get("/")
@login_required
def index():
    return show_rooms()


@blueprint.post("/rooms")
@login_required
def add_room():
    title = " ".join(request.form.get("title", "").split())
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if not slug or len(title) > 40:
        return show_rooms(error="A name has up to 40 characters, with a letter or digit."), 422
    if current_app.extensions["store"].add_room(slug, title):
        # An async function, called on the server's loop when the answer is sent.
        current_app.add_background_task(current_app.extensions["hub"].tell_of_room, slug, title)
    return redirect(url_for("pages.show_room", slug=slug), code=303)


@blueprint.get("/rooms/<slug>")
@login_required
def show_room(slug: str):
    store = current_app.extensions["store"]
    room = store.room(slug) or abort(404)
    before = request.args.get("before", END, type=int)
    messages = store.last_messages(slug, before, PAGE + 1)
    older = None
    if len(messages) > PAGE:
        older = url_for("pages.show_room", slug=slug, before=messages[1].id)
    return render_template(
        "room.html",
        room=room,
        rooms=store.rooms(),
        messages=messages[-PAGE:],
        older=older,
        is_latest=before == END,
        me=current_user.name,
    )


def show_rooms(error: str | None = None):
    rooms = current_app.extensions["store"].rooms()
    return render_template("index.html", rooms=rooms, error=error)
