"""Connecting an account, fetching what was played, and ending it."""

import asyncio
import logging

import requests
from authlib.integrations.base_client import MismatchingStateError, OAuthError
from flask import Blueprint, abort, current_app, flash, redirect, url_for
from flask_login import current_user, login_required
from joserfc.errors import JoseError

from ..extensions import db, limiter, oauth
from ..models import Account, now
from . import client, plays
from .provider import is_configured

blueprint = Blueprint("connect", __name__, url_prefix="/connect")
logger = logging.getLogger("timemachine.connect")


def to_settings():
    return redirect(url_for("settings.show") + "#account")


@blueprint.post("/start")
@login_required
@limiter.limit("20 per minute")
def start():
    """Send the user to the provider. State, nonce and verifier are kept on the server."""
    if not is_configured():
        abort(404)
    base = current_app.config["MUSIC"].base_url.rstrip("/")
    callback_url = base + url_for("connect.callback", _external=not base)
    return oauth.provider.authorize_redirect(callback_url)


@blueprint.get("/callback")
@login_required
@limiter.limit("20 per minute")
def callback():
    """Take the user back from the provider, and exchange the code for tokens."""
    name = current_app.config["MUSIC"].oauth_name
    try:
        # Checks the state, and the nonce and signature of an ID token.
        token = oauth.provider.authorize_access_token()
        profile = oauth.provider.get("me", token=token)
        profile.raise_for_status()
        profile = profile.json()
    except MismatchingStateError:
        flash("This answer belongs to no request of yours. Please connect again.", "error")
        return to_settings()
    except OAuthError as error:
        logger.info("No account connected: %s", error.error)
        denied = error.error == "access_denied"
        flash(f"{name} was not connected" + (": you declined." if denied else "."), "error")
        return to_settings()
    except requests.RequestException:
        flash(f"{name} does not answer as it should. Please try again later.", "error")
        return to_settings()
    except (JoseError, ValueError) as error:
        # An ID token that does not fit: wrong nonce, issuer or signature; or no JSON.
        logger.warning("The provider's answer cannot be trusted: %s", error)
        flash(f"The answer of {name} could not be verified. Please connect again.", "error")
        return to_settings()
    account = client.account_of(current_user)
    if account is None:
        account = Account(user_id=current_user.id)
        db.session.add(account)
    account.subject = str(profile["id"])[:120]
    account.name = str(profile.get("display_name") or profile["id"])[:120]
    account.token = client.pack(token)
    account.needs_consent = False
    account.retry_at = 0
    account.connected_at = now()
    db.session.commit()
    flash(f"{name} is connected as {account.name}.", "success")
    return to_settings()


@blueprint.post("/sync")
@login_required
@limiter.limit("60 per minute")
async def sync():
    """Fetch what was played since the last time."""
    account = await asyncio.to_thread(client.account_of, current_user)
    if account is None:
        abort(404)
    try:
        items = await client.recently_played(account)
        added = await asyncio.to_thread(store, account, items)
    except client.ProviderError as error:
        flash(str(error), "error")
    except (KeyError, TypeError, ValueError):
        await asyncio.to_thread(db.session.rollback)
        logger.exception("The provider's plays are of a form we do not know")
        flash("The provider's answer could not be understood.", "error")
    else:
        flash(f"{added} new plays." if added != 1 else "One new play.", "success")
    return to_settings()


def store(account: Account, items: list[dict]) -> int:
    begun = now()
    added = plays.add_plays(account.user_id, items)
    account.synced_at = begun
    db.session.commit()
    return added


@blueprint.post("/disconnect")
@login_required
async def disconnect():
    account = await asyncio.to_thread(client.account_of, current_user)
    if account is not None:
        await client.revoke(account)
        await asyncio.to_thread(forget, account)
    flash("The account is disconnected, and our access to it is deleted.", "success")
    return to_settings()


def forget(account: Account) -> None:
    db.session.delete(account)
    db.session.commit()
