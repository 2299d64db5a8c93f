"""The pages of imports: drop files, watch their progress."""

import errno
import logging
import tempfile
import time
from pathlib import Path

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user, login_required
from sqlalchemy import select

from .. import framework
from ..errors import problem
from ..extensions import db, limiter
from ..models import Import
from . import jobs

blueprint = Blueprint("imports", __name__, url_prefix="/imports")
logger = logging.getLogger("timemachine.imports")

CHUNK = 1 << 20
LOOK_EVERY = 0.3
STREAM_SECONDS = 120
"""After so long a stream of events ends; the browser comes back by itself."""
OPEN_IMPORTS = 100


@blueprint.url_value_preprocessor
def allow_large_bodies(endpoint, values):
    """Raise the limit of uploads before anything looks at the body, as the CSRF check does."""
    if endpoint in ("imports.upload", "imports.upload_one"):
        request.max_content_length = current_app.config["MUSIC"].upload_limit


@blueprint.get("/")
@login_required
def show():
    found = db.session.scalars(
        select(Import).where(Import.user_id == current_user.id).order_by(Import.id.desc()).limit(50)
    ).all()
    return render_template(
        "imports/show.html", jobs=found, limit=current_app.config["MUSIC"].upload_limit
    )


@blueprint.post("/")
@login_required
@limiter.limit("600 per hour", key_func=lambda: str(current_user.get_id()))
def upload():
    """Take files of a form, for browsers without scripts."""
    taken = []
    for file in request.files.getlist("files"):
        if file.filename:
            taken.append(keep(file.stream, file.filename))
    if not taken:
        flash("Choose at least one file.", "error")
    else:
        flash(f"{len(taken)} file(s) taken. They are imported now.", "success")
    return redirect(url_for("imports.show"))


@blueprint.post("/files")
@login_required
@limiter.limit("600 per hour", key_func=lambda: str(current_user.get_id()))
def upload_one():
    """Take one file, which is the body itself; ?name= is what it is called."""
    job = keep(request.stream, request.args.get("name", "upload"))
    return jsonify(to_json(job)), 202, {"Location": url_for("imports.status", job_id=job.id)}


def keep(stream, name: str) -> Import:
    """Write a stream to disk, and note that it is to be imported."""
    name = name.replace("\\", "/").rpartition("/")[2].replace("\0", "") or "upload"
    waiting = db.session.scalars(
        select(Import.id).where(
            Import.user_id == current_user.id, Import.status.in_(["waiting", "running"])
        )
    ).all()
    if len(waiting) >= OPEN_IMPORTS:
        abort(429, f"{len(waiting)} files are waiting already. Send more when they are done.")
    # The transaction ends here: writing to disk takes as long as the client does.
    db.session.commit()
    draft = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=jobs.uploads(), suffix=".draft", delete=False
        ) as draft:
            while chunk := stream.read(CHUNK):
                draft.write(chunk)
        job = jobs.take_file(current_user, name, Path(draft.name), move=True)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        logger.error("The disk is full: an upload of user %s is refused", current_user.id)
        # A client that is still sending would not read the answer.
        while stream.read(CHUNK):
            pass
        abort(problem(507, "Insufficient Storage", "The server's disk is full. Nothing was kept."))
    finally:
        if draft is not None:
            Path(draft.name).unlink(missing_ok=True)
    current_app.extensions["background_worker"].wake()
    return job


def own_job(job_id: int) -> Import:
    job = db.session.get(Import, job_id, populate_existing=True)
    if job is None or job.user_id != current_user.id:
        abort(404)
    return job


@blueprint.get("/<int:job_id>/status")
@login_required
def status(job_id: int):
    return to_json(own_job(job_id))


@blueprint.get("/events")
@login_required
def events():
    """Tell the progress of the listener's imports as server-sent events, while any is open."""
    if framework.EventStream is None:
        abort(404)
    app = current_app._get_current_object()
    return framework.EventStream(follow(app, current_user.id), retry=2)


def follow(app, user_id: int):
    told: dict[int, dict] = {}
    until = time.monotonic() + STREAM_SECONDS
    while time.monotonic() < until:
        # A context for each look: no connection is held while nothing happens.
        with app.app_context():
            found = db.session.scalars(
                select(Import).where(Import.user_id == user_id).order_by(Import.id.desc()).limit(50)
            ).all()
            states = [to_json(job) for job in reversed(found)]
        for state in states:
            if told.get(state["id"]) != state:
                told[state["id"]] = state
                yield framework.Event(state, event="import")
        if all(state["over"] for state in states):
            yield framework.Event({}, event="idle")
            return
        time.sleep(LOOK_EVERY)


def to_json(job: Import) -> dict:
    return {
        "id": job.id,
        "name": job.name,
        "size": job.size,
        "status": job.status,
        "stage": job.stage,
        "progress": round(job.progress, 3),
        "found": job.found,
        "added": job.added,
        "ignored": job.ignored,
        "reason": job.reason,
        "attempts": job.attempts,
        "over": job.is_over,
        "text": describe(job),
    }


@blueprint.app_template_filter("job_text")
def describe(job: Import) -> str:
    """Return what became of an import, in a sentence."""
    if job.status == "waiting":
        return "Waiting for its turn."
    if job.status == "running":
        again = " It was interrupted and begins again." if job.attempts > 1 else ""
        what = {"checking": "Checking the file", "reading": "Reading the plays"}
        return what.get(job.stage, "Adding the plays") + " …" + again
    if job.status != "done":
        return job.reason
    parts = [f"{job.added:,} new plays"]
    if job.duplicates:
        parts.append(f"{job.duplicates:,} were there already")
    if job.ignored:
        parts.append(f"{job.ignored:,} podcasts and videos left out")
    return ", ".join(parts) + "."
