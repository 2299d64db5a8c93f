"""The same links as JSON, under /api."""

from bolthead import Blueprint, abort, current_app, request, url_for

from . import links
from .database import get_session
from .errors import describe

blueprint = Blueprint("api", __name__, url_prefix="/api")

MAX_LIMIT = 100


@blueprint.get("/links")
def list_links():
    """List the newest links: ?limit=1 to 100, 20 if left out."""
    text = request.args.get("limit", "20")
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0
    if not 1 <= limit <= MAX_LIMIT:
        abort(400, f"limit must be a whole number from 1 to {MAX_LIMIT}.")
    return {"links": [to_json(link) for link in links.newest_links(get_session(), limit)]}


@blueprint.post("/links")
def create_link():
    """Create a link from {"url": ..., "code": ...}, where the code may be left out."""
    sent = request.get_json()
    if not isinstance(sent, dict):
        abort(400, 'Send an object such as {"url": "https://example.org/"}.')
    target, code = sent.get("url", ""), sent.get("code") or ""
    if not isinstance(target, str) or not isinstance(code, str):
        abort(400, "url and code must be strings.")

    errors = links.find_errors(target, code, own_host=request.host)
    if errors:
        return describe(422, "The link has errors.", fields=errors), 422
    try:
        link = links.create_link(get_session(), target, code)
    except links.CodeTaken as taken:
        return describe(409, "The link has errors.", fields={"code": str(taken)}), 409
    return to_json(link), 201, {"Location": url_for("api.show_link", code=link.code)}


@blueprint.get("/links/<code>")
def show_link(code: str):
    """Show one link with its visits by day, oldest day first."""
    session = get_session()
    link = links.find_link(session, code) or abort(404, f"There is no link {code!r}.")
    days = links.visits_by_day(session, current_app.config["CHART_DAYS"], link)
    by_day = [{"day": day.isoformat(), "visits": visits} for day, visits in days]
    return to_json(link) | {"visits_by_day": by_day}


def to_json(link: links.Link) -> dict:
    return {
        "code": link.code,
        "url": link.target,
        "short_url": url_for("pages.follow", code=link.code, _external=True),
        "created_on": link.created_on.isoformat(),
        "visits": link.visits,
    }
