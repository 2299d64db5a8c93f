"""The pages that people see: the form, a link's page, and the short links themselves."""

from bolthead import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)

from . import links
from .chart import draw_chart, short_day
from .database import get_session

blueprint = Blueprint("pages", __name__)
blueprint.add_app_template_filter(short_day)

SHOWN_LINKS = 10


@blueprint.get("/")
def index():
    return show_index(values={}, errors={})


@blueprint.post("/")
def create():
    target = request.form.get("url", "").strip()
    code = request.form.get("code", "").strip()
    errors = links.find_errors(target, code, own_host=request.host)
    if errors:
        flash("Nothing was shortened yet: see the note below.", "error")
        return show_index(values=request.form, errors=errors), 422
    try:
        link = links.create_link(get_session(), target, code)
    except links.CodeTaken as taken:
        flash("Nothing was shortened yet: see the note below.", "error")
        return show_index(values=request.form, errors={"code": str(taken)}), 409
    flash("Your short link is ready.", "success")
    # 303: the browser fetches the link's page with GET, and a reload does not post again.
    return redirect(url_for("pages.show_link", code=link.code), code=303)


def show_index(values, errors) -> str:
    session = get_session()
    return render_template(
        "index.html",
        values=values,
        errors=errors,
        links=links.newest_links(session, SHOWN_LINKS),
        chart=draw_chart(links.visits_by_day(session, current_app.config["CHART_DAYS"])),
    )


@blueprint.get("/links/<code>")
def show_link(code: str):
    session = get_session()
    link = links.find_link(session, code) or abort(404)
    visits = links.visits_by_day(session, current_app.config["CHART_DAYS"], link)
    return render_template("link.html", link=link, chart=draw_chart(visits))


@blueprint.get("/<code>")
def follow(code: str):
    session = get_session()
    # HEAD only asks where a link leads, as previews and link checkers do: that is no visit.
    if request.method == "GET":
        links.count_visit(session, code)
    link = links.find_link(session, code) or abort(404)
    # 302, not 301: a browser that remembers the answer would not come back to be counted.
    return redirect(link.target, code=302)
