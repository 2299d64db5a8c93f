"""What is answered when something goes wrong: a page, or a problem document (RFC 9457)."""

import logging

from flask import json, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from .extensions import db

logger = logging.getLogger("timemachine")

TEXTS = {
    403: ("Not yours to see", "Your account has no access to this page."),
    404: ("Nothing here", "This page does not exist, or it belongs to somebody else."),
    413: ("Too large", "What you sent is larger than this page takes."),
    429: ("Too many requests", "Please wait a moment before you try again."),
    500: ("Something broke", "The fault is ours and has been logged. Please try again soon."),
    503: ("Not available just now", "The database does not answer. Please try again in a moment."),
}


def init_app(app) -> None:
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(OperationalError, show_outage)
    app.register_error_handler(CSRFError, show_csrf_error)


def wants_json() -> bool:
    return request.path.startswith("/api/") or (
        request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )


def problem(status: int, title: str, detail: str = "", **more):
    """Return a problem document as an answer."""
    body = {"type": "about:blank", "title": title, "status": status, **more}
    if detail:
        body["detail"] = detail
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def show_error(error: HTTPException):
    if error.code is None or error.response is not None:
        return error
    # The error's own answer, for its headers: a 405 names the methods that are allowed.
    response = error.get_response()
    title, text = TEXTS.get(error.code, (error.name, error.description))
    if wants_json():
        detail = error.description or text
        body = {"type": "about:blank", "title": error.name, "status": error.code, "detail": detail}
        response.data = json.dumps(body)
        response.mimetype = "application/problem+json"
    else:
        response.data = render_template("error.html", code=error.code, title=title, text=text)
    return response


def show_csrf_error(error: CSRFError):
    text = "This form was open for too long, or came from elsewhere. Go back, reload and try again."
    if wants_json():
        return problem(400, "Form token missing or out of date", text)
    return render_template("error.html", code=400, title="Please try again", text=text), 400


def show_outage(error: OperationalError):
    logger.error("The database does not answer: %s", error.orig)
    db.session.rollback()
    title, text = TEXTS[503]
    if wants_json():
        response = problem(503, title, text)
    else:
        response = make_response(OUTAGE.format(title=title, text=text), 503)
    response.headers["Retry-After"] = "5"
    return response


# Without the template of the other pages, which shows who is logged in and asks the database.
OUTAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    '<link rel="stylesheet" href="/static/style.css">'
    '<main class="plain"><h1>{title}</h1><p>{text}</p></main></html>'
)
