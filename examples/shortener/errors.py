"""What is answered when something goes wrong: a page for people, JSON under /api."""

from werkzeug.exceptions import HTTPException

from bolthead import json, render_template, request

TEXTS = {
    404: ("Nothing here", "This short link does not exist. Was it copied completely?"),
    500: ("Something broke", "The fault is ours and has been logged. Please try again soon."),
}


def init_app(app) -> None:
    # An exception that no view expected arrives here too, as a 500.
    app.register_error_handler(HTTPException, show_error)


def show_error(error: HTTPException):
    if error.code is None or error.response is not None:
        return error
    # The error's own answer, for its headers: a 405 names the methods that are allowed.
    response = error.get_response()
    if request.path.startswith("/api/"):
        response.data = json.dumps(describe(error.code, error.description))
        response.mimetype = "application/json"
    else:
        title, text = TEXTS.get(error.code, (error.name, error.description))
        response.data = render_template("error.html", code=error.code, title=title, text=text)
    return response


def describe(code: int, message: str, **more) -> dict:
    """Return the JSON form of an error, the same for every answer under /api."""
    return {"error": {"code": code, "message": message, **more}}
