"""The pages of accounts."""

import logging

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_limiter.util import get_remote_address
from flask_login import current_user, login_required, login_user, logout_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.security import generate_password_hash

from ..extensions import db, limiter, login_manager
from ..models import User
from . import mail
from .forms import EmailForm, LoginForm, NewPasswordForm, RegistrationForm

blueprint = Blueprint("accounts", __name__, url_prefix="/account")
logger = logging.getLogger("timemachine.accounts")

RESET_SECONDS = 3600
# Compared with when there is no such user, so that both answers take as long.
NO_PASSWORD = generate_password_hash("no user has this")


@login_manager.user_loader
def load_user(text: str) -> User | None:
    """Return the user of a session, unless it is from before the password changed."""
    number, _, version = text.partition(".")
    user = db.session.get(User, int(number)) if number.isdigit() else None
    if user is None or not user.active or str(user.session_version) != version:
        return None
    return user


def find_by_email(email: str) -> User | None:
    return db.session.scalar(select(User).where(User.email == email.lower()))


def who_tries() -> str:
    """Return what the limit of logins counts by: one visitor with one address."""
    return f"{get_remote_address()} {request.form.get('email', '').lower()}"


def own_path(target: str | None) -> str:
    """Return where to go after the login: a path of this site, never another one."""
    # "//host" leads away, and browsers drop tabs and turn backslashes before they look.
    inside = target and target.startswith("/") and not target.startswith("//")
    if inside and target.isprintable() and "\\" not in target:
        return target
    return url_for("dashboard.show")


@blueprint.route("/register", methods=["GET", "POST"])
@limiter.limit("30 per hour", methods=["POST"])
def register():
    form = RegistrationForm()
    if form.validate_on_submit():
        user = User(email=form.email.data.lower(), name=form.name.data, timezone=form.chosen_zone())
        user.set_password(form.password.data)
        db.session.add(user)
        try:
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            form.email.errors = ["There is an account with this address. Log in instead?"]
        else:
            login_user(user)
            logger.info("User %s registered", user.id)
            flash(f"Welcome, {user.name}. Import your history to see it here.", "success")
            return redirect(url_for("imports.show"))
    return render_template("accounts/register.html", form=form), 422 if form.errors else 200


@blueprint.route("/login", methods=["GET", "POST"])
@limiter.limit("10 per minute", methods=["POST"], key_func=who_tries)
def login():
    if current_user.is_authenticated:
        return redirect(own_path(request.args.get("next")))
    form = LoginForm()
    if form.validate_on_submit():
        user = find_by_email(form.email.data)
        if user is None:
            form.form_errors = ["Email and password do not match."]
            User(password_hash=NO_PASSWORD).has_password(form.password.data)
        elif not user.has_password(form.password.data):
            form.form_errors = ["Email and password do not match."]
        elif not user.active:
            form.form_errors = ["This account is locked. Please ask the administrator."]
        else:
            login_user(user, remember=form.remember.data)
            return redirect(own_path(request.args.get("next")))
    failed = form.errors or form.form_errors
    return render_template("accounts/login.html", form=form), 422 if failed else 200


@blueprint.post("/logout")
@login_required
def logout():
    logout_user()
    flash("You are logged out.", "info")
    return redirect(url_for("accounts.login"))


def signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key, salt="password reset")


@blueprint.route("/forgot", methods=["GET", "POST"])
@limiter.limit("5 per minute", methods=["POST"])
def forgot():
    form = EmailForm()
    if form.validate_on_submit():
        user = find_by_email(form.email.data)
        if user is not None and user.active:
            # It names the version of the session, so it works once.
            token = signer().dumps([user.id, user.session_version])
            path = url_for("accounts.reset", token=token)
            base = current_app.config["MUSIC"].base_url or request.host_url
            mail.send(
                user.email,
                "Choose a new password",
                f"Hello {user.name},\n\nchoose a new password on this page, within an hour:\n\n"
                f"{base.rstrip('/')}{path}\n\nIf you did not ask for this, ignore this mail.\n",
            )
        flash("If there is such an account, a mail with a link is on its way.", "info")
        return redirect(url_for("accounts.login"))
    return render_template("accounts/forgot.html", form=form), 422 if form.errors else 200


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@limiter.limit("20 per minute")
def reset(token: str):
    user = find_by_token(token)
    if user is None:
        flash("This link is not valid any more. Ask for a new one.", "error")
        return redirect(url_for("accounts.forgot"))
    form = NewPasswordForm()
    if form.validate_on_submit():
        user.set_password(form.password.data)
        db.session.commit()
        logger.info("User %s has a new password by mail", user.id)
        flash("Your password is changed. Log in with the new one.", "success")
        return redirect(url_for("accounts.login"))
    return render_template("accounts/reset.html", form=form), 422 if form.errors else 200


def find_by_token(token: str) -> User | None:
    try:
        number, version = signer().loads(token, max_age=RESET_SECONDS)
    except BadSignature:
        return None
    user = db.session.get(User, number)
    return user if user is not None and user.session_version == version else None
