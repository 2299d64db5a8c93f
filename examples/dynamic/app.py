"""What tutorials call a dynamic web app: one page that shows what a request can do.

bolthead --app examples/dynamic/app.py run

On it: a template, a cookie that counts visits, an upload with limits, an id put on `g` before the
request and into a header after it, and a class of views. Uploads go to instance/uploads beside
this file.
"""

import os
import secrets
from pathlib import Path

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.utils import secure_filename

from bolthead import (
    Blueprint,
    Bolthead,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from bolthead.views import MethodView

ALLOWED = {".txt", ".pdf", ".png", ".jpg"}
ONE_YEAR = 365 * 24 * 60 * 60

pages = Blueprint("pages", __name__)


def create_app(config=None):
    app = Bolthead(__name__)
    app.config.from_mapping(
        SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_hex(),
        SESSION_COOKIE_SAMESITE="Lax",
        UPLOADS=Path(app.instance_path) / "uploads",
        MAX_CONTENT_LENGTH=1_000_000,
    )
    app.config.from_mapping(config or {})
    Path(app.config["UPLOADS"]).mkdir(parents=True, exist_ok=True)

    app.before_request(give_id)
    app.after_request(stamp_id)
    app.register_error_handler(RequestEntityTooLarge, refuse_size)
    app.register_blueprint(pages)
    return app


def give_id():
    g.request_id = secrets.token_hex(8)


def stamp_id(response):
    response.headers["X-Request-ID"] = g.request_id
    return response


def refuse_size(error):
    return render_template("too_large.html", limit=current_app.config["MAX_CONTENT_LENGTH"]), 413


@pages.get("/")
def show_page():
    # The cookie is the visitor's to change: what is no number counts as a first visit.
    visits = max(0, request.cookies.get("visits", 0, type=int)) + 1
    names = sorted(path.name for path in Path(current_app.config["UPLOADS"]).iterdir())
    page = render_template("page.html", visits=visits, names=names, allowed=sorted(ALLOWED))
    response = make_response(page)
    response.set_cookie("visits", str(visits), max_age=ONE_YEAR, httponly=True, samesite="Lax")
    return response


class Upload(MethodView):
    """The files: GET sends one, POST takes a new one."""

    def get(self, name: str):
        # As an attachment, a visitor's file is saved; it cannot act as a page of this site.
        return send_from_directory(current_app.config["UPLOADS"], name, as_attachment=True)

    def post(self):
        file = request.files.get("file")
        name = secure_filename(file.filename or "") if file else ""
        if not name:
            flash("Choose a file first.", "error")
        elif Path(name).suffix.lower() not in ALLOWED:
            flash(f"Only these types are taken: {', '.join(sorted(ALLOWED))}.", "error")
        else:
            # A prefix of its own keeps one upload from replacing another.
            name = f"{secrets.token_hex(4)}-{name}"
            file.save(Path(current_app.config["UPLOADS"]) / name)
            flash(f"Saved as {name}.", "success")
        return redirect(url_for("pages.show_page"), code=303)


upload = Upload.as_view("upload")
pages.add_url_rule("/uploads", view_func=upload, methods=["POST"])
pages.add_url_rule("/uploads/<name>", view_func=upload, methods=["GET"])
