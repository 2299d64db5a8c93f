"""The feed: what is new in all rooms, as server-sent events.

A message has its id, so that the browser says after a break which was its last.
"""

import asyncio

from flask_login import login_required

from bolthead import Blueprint, Event, EventStream, current_app, request

# How many messages are sent to one who comes back.
MISSED = 50

blueprint = Blueprint("feed", __name__)


@blueprint.get("/feed")
@login_required
async def feed():
    store, hub = current_app.extensions["store"], current_app.extensions["hub"]
    after = request.headers.get("Last-Event-ID", type=int)
    return EventStream(news(store, hub, after), retry=2)


async def news(store, hub, after: int | None):
    with hub.listening() as listener:
        for room in await asyncio.to_thread(store.rooms):
            names = hub.present(room["slug"])
            yield as_event({"type": "present", "room": room["slug"], "names": names})
        told = set()
        if after is not None:
            async with hub.order:
                missed = await asyncio.to_thread(store.messages_since, after, MISSED)
            told = {message.id for message in missed}
            for message in missed:
                yield as_event({"type": "message", **message.to_dict()})
        while (event := await listener.next()) is not None:
            if event.get("id") not in told:
                yield as_event(event)


def as_event(event: dict) -> Event:
    return Event(event, event=event["type"], id=event.get("id"))
