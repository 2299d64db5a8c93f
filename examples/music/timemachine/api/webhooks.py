"""The receiver of the provider's webhooks, signed as standardwebhooks.com says.

webhook-signature holds "v1," and the base64 of the HMAC-SHA256 of "{id}.{timestamp}.{body}". A
message is refused outside five minutes around its time, and taken once only.
"""

import base64
import hmac
import logging
import time

from flask import current_app, request
from sqlalchemy import delete, select, update

from ..catalogue import insert_new
from ..connect import plays
from ..errors import problem
from ..extensions import db
from ..models import Account, Delivery, now
from .views import blueprint

logger = logging.getLogger("timemachine.webhooks")

TOLERANCE = 300
KEPT_SECONDS = 4 * TOLERANCE


@blueprint.post("/webhooks/provider")
def receive():
    secret = current_app.config["MUSIC"].webhook_secret
    if not secret:
        return problem(404, "Not Found", "No webhooks are set up here.")
    number = request.headers.get("webhook-id", "")
    moment = request.headers.get("webhook-timestamp", "")
    body = request.get_data()
    if not 1 <= len(number) <= 64 or not is_signed(secret, number, moment, body):
        return problem(401, "Unauthorized", "The signature does not fit.")
    if abs(time.time() - int(moment)) > TOLERANCE:
        return problem(401, "Unauthorized", "The message is too old, or from the future.")
    message = request.get_json()
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return problem(400, "Bad Request", "A message is an object with a “type”.")
    return take(number, message)


def is_signed(secret: str, number: str, moment: str, body: bytes) -> bool:
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        return False
    expected = sign(secret, number, moment, body)
    # Several, where the secret is being changed.
    sent = request.headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in sent)


def sign(secret: str, number: str, moment: str, body: bytes) -> str:
    signed = b".".join((number.encode(), moment.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()


def take(number: str, message: dict):
    """Do what a message asks, unless it was done before."""
    kind = message["type"][:40]
    db.session.execute(delete(Delivery).where(Delivery.received_at < now() - KEPT_SECONDS))
    row = {"id": number, "event": kind, "received_at": now()}
    if not insert_new(db.session(), Delivery, [row]):
        db.session.rollback()
        return {"status": "taken before"}
    data = message.get("data")
    data = data if isinstance(data, dict) else {}
    accounts = db.session.scalars(
        select(Account).where(Account.subject == str(data.get("account", "")))
    ).all()
    added = 0
    try:
        if kind == "plays.recorded":
            added = sum(plays.add_plays(account.user_id, data["items"]) for account in accounts)
        elif kind == "account.revoked":
            db.session.execute(
                update(Account)
                .where(Account.id.in_([account.id for account in accounts]))
                .values(needs_consent=True)
            )
    except (KeyError, TypeError, ValueError, IndexError):
        # The delivery is not noted, so that a corrected one with its number is taken.
        db.session.rollback()
        return problem(422, "Unprocessable Content", f"The data of “{kind}” is of another form.")
    db.session.commit()
    logger.info("Webhook %s, %s: %s plays added", number, kind, added)
    return {"status": "taken", "plays_added": added}
