"""The settings page and what its forms do."""

import logging

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    stream_with_context,
    url_for,
)
from flask_login import current_user, login_required, login_user, logout_user
from sqlalchemy import delete, select, update

from .. import zones
from ..api import tokens
from ..connect import account_of
from ..connect.provider import is_configured
from ..extensions import db, limiter
from ..imports import jobs
from ..models import FAILED, SWEEPING, ApiToken, Import, Play, StagedPlay, User
from . import archive
from .forms import DeletionForm, PasswordForm, ProfileForm, TokenForm

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
logger = logging.getLogger("timemachine.settings")


def page(status: int = 200, new_token: str = "", **forms):
    change = zone_state()
    wanted = change["wanted"] if change["wanted"] and not change["failed"] else change["timezone"]
    profile = {"name": current_user.name, "theme": current_user.theme, "timezone": wanted}
    forms.setdefault("profile", ProfileForm(formdata=None, data=profile))
    forms.setdefault("password", PasswordForm(formdata=None))
    forms.setdefault("token", TokenForm(formdata=None))
    forms.setdefault("deletion", DeletionForm(formdata=None))
    found = db.session.scalars(
        select(ApiToken).where(ApiToken.user_id == current_user.id).order_by(ApiToken.id)
    )
    text = render_template(
        "settings/show.html",
        account=account_of(current_user),
        can_connect=is_configured(),
        api_tokens=found.all(),
        new_token=new_token,
        change=change,
        **forms,
    )
    return text, status


@blueprint.get("/")
@login_required
def show():
    return page()


@blueprint.post("/profile")
@login_required
def save_profile():
    form = ProfileForm()
    if not form.validate_on_submit():
        return page(422, profile=form)
    session = db.session
    # Whoever holds the user's row is the only one who begins or ends a change of the zone.
    session.execute(
        update(User)
        .where(User.id == current_user.id)
        .values(name=form.name.data, theme=form.theme.data)
    )
    user = session.get(User, current_user.id, populate_existing=True)
    zones.ask(user, form.timezone.data)
    session.commit()
    current_app.extensions["background_worker"].wake()
    flash("Saved.", "success")
    return redirect(url_for("settings.show"))


@blueprint.get("/zone")
@login_required
def show_zone():
    """Tell how far a change of the time zone is."""
    return zone_state()


def zone_state() -> dict:
    """Return the time zone, the one that is wanted, and how far the change is (from 0 to 1)."""
    change = zones.change_of(current_user)
    # Asked after the change: one that is over was seen together with its zone.
    zone = db.session.scalar(select(User.timezone).where(User.id == current_user.id))
    if change is None or change.stage == SWEEPING:
        return {"timezone": zone, "wanted": None, "progress": 1.0, "failed": False}
    return {
        "timezone": zone,
        "wanted": change.timezone,
        "progress": round(change.progress, 3),
        "failed": change.stage == FAILED,
    }


@blueprint.post("/password")
@login_required
@limiter.limit("10 per minute", key_func=lambda: current_user.get_id())
def change_password():
    form = PasswordForm()
    valid = form.validate_on_submit()
    if valid and not current_user.has_password(form.current.data):
        form.current.errors = ["This is not your current password."]
        valid = False
    if not valid:
        return page(422, password=form)
    user = db.session.get(User, current_user.id)
    user.set_password(form.password.data)
    db.session.commit()
    # Every other session ends; this one goes on.
    login_user(user)
    logger.info("User %s changed the password", user.id)
    flash("Your password is changed, and you are logged out everywhere else.", "success")
    return redirect(url_for("settings.show"))


@blueprint.post("/tokens")
@login_required
@limiter.limit("30 per hour", key_func=lambda: current_user.get_id())
def create_token():
    form = TokenForm()
    if not form.validate_on_submit():
        return page(422, token=form)
    text = tokens.create(current_user, form.token_name.data)
    # Shown this once; only its digest is kept.
    return page(201, new_token=text)


@blueprint.post("/tokens/<int:token_id>/delete")
@login_required
def delete_token(token_id: int):
    db.session.execute(
        delete(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == current_user.id)
    )
    db.session.commit()
    flash("The token is deleted.", "success")
    return redirect(url_for("settings.show") + "#tokens")


@blueprint.get("/export")
@login_required
@limiter.limit("20 per hour", key_func=lambda: current_user.get_id())
def export():
    headers = {
        "Content-Type": "application/zip",
        "Content-Disposition": 'attachment; filename="music-time-machine.zip"',
    }
    user = db.session.get(User, current_user.id)
    return stream_with_context(archive.pieces(user)), 200, headers


@blueprint.post("/delete")
@login_required
@limiter.limit("10 per minute", key_func=lambda: current_user.get_id())
def delete_account():
    form = DeletionForm()
    valid = form.validate_on_submit()
    if valid and not current_user.has_password(form.confirm.data):
        form.confirm.errors = ["This is not your password."]
        valid = False
    if not valid:
        return page(422, deletion=form)
    number = current_user.id
    logout_user()
    delete_user(number)
    logger.info("User %s deleted the account", number)
    flash("Your account and all its data are deleted.", "info")
    return redirect(url_for("accounts.login"))


def delete_user(number: int) -> None:
    """Delete a user with all that is theirs; commits."""
    files = db.session.scalars(select(Import.id).where(Import.user_id == number)).all()
    # The many first, each in one statement; the rest follows the user by itself.
    db.session.execute(delete(Play).where(Play.user_id == number))
    db.session.execute(delete(StagedPlay).where(StagedPlay.user_id == number))
    db.session.execute(delete(User).where(User.id == number))
    # Before the end of the transaction, after which SQLite may give another import the same number.
    for job_id in files:
        jobs.path_of(job_id).unlink(missing_ok=True)
    db.session.commit()
