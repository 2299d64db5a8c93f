"""An ASGI function without any framework."""

import asyncio
from json import dumps

from workloads import DOCUMENT


async def app(scope, receive, send):
    """Answer the document, whatever is asked; on /sleep after a tenth of a second."""
    if scope["type"] != "http":
        raise ValueError("this answers HTTP only")
    if scope["path"] == "/sleep":
        await asyncio.sleep(0.1)
    body = dumps(DOCUMENT).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
