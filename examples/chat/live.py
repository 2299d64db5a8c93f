"""A room's WebSocket: messages both ways, and who is present.

The client sends ``{"text": ...}``. It is sent ``message``, ``present`` and ``refused``, told apart
by ``type``. With ``?after=ID`` it first gets what was said since that message.
"""

import asyncio

from flask_login import current_user

from bolthead import Blueprint, abort, current_app, websocket

# The longest message, in characters, and how many are sent to one who comes back.
LONGEST = 2000
MISSED = 200

blueprint = Blueprint("live", __name__)


@blueprint.before_websocket
def check():
    """Refuse the handshake to who is not logged in; the framework refuses it to other sites' pages.

    Flask-Login's ``login_required`` would keep a worker thread for as long as the WebSocket is.
    """
    if not current_user.is_authenticated:
        return "Log in first.", 401
    return None


@blueprint.websocket("/rooms/<slug>/live")
async def room(slug: str):
    store, hub = current_app.extensions["store"], current_app.extensions["hub"]
    if await asyncio.to_thread(store.room, slug) is None:
        abort(404)
    after = websocket.args.get("after", 0, type=int)
    name = current_user.name
    await websocket.accept()
    with hub.entered(slug, name) as listener:
        async with hub.order:
            missed = await asyncio.to_thread(store.messages_since, after, MISSED, slug)
            told = {message.id for message in missed}
        for message in missed:
            await websocket.send_json(type="message", **message.to_dict())
        sending = asyncio.create_task(pass_on(listener, told))
        try:
            async for said in websocket:
                await take(slug, name, said)
        finally:
            sending.cancel()


async def pass_on(listener, told: set[int]) -> None:
    """Send what happens in the room, but for the messages that were sent already."""
    while (event := await listener.next()) is not None:
        if event["type"] in {"message", "present"} and event.get("id") not in told:
            await websocket.send_json(event)
    # 1013, Try again later: the page comes back, and asks for what it has missed.
    await websocket.close(1013, "Too slow")


async def take(slug: str, name: str, said: str | bytes) -> None:
    """Keep what somebody said, and tell the room."""
    try:
        text = current_app.json.loads(said)["text"].strip()
    except (ValueError, LookupError, TypeError, AttributeError):
        await websocket.close(1007, 'A message is {"text": "..."}.')
        return
    if not text or len(text) > LONGEST:
        why = f"A message has 1 to {LONGEST} characters."
        await websocket.send_json(type="refused", why=why)
        return
    store, hub = current_app.extensions["store"], current_app.extensions["hub"]
    async with hub.order:
        message = await asyncio.to_thread(store.add_message, slug, name, text)
        hub.tell(slug, {"type": "message", **message.to_dict()})
