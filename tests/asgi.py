"""Calls an app by ASGI as a server does, in process."""

from __future__ import annotations

import asyncio
import typing as t
from dataclasses import dataclass, field


class Gone(OSError):
    """The client is not there any more."""


@dataclass
class Answer:
    """What an app sent."""

    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    is_whole: bool = False

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name.lower()), None)


def make_scope(
    path: str = "/",
    method: str = "GET",
    headers: t.Iterable[tuple[str, str]] = (),
    **rest: t.Any,
) -> dict[str, t.Any]:
    """The scope of a request."""
    path, _, query = path.partition("?")
    given = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if not any(name == b"host" for name, _ in given):
        given.insert(0, (b"host", b"localhost"))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": given,
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
        **rest,
    }


class Client:
    """The server's side of one request: gives the body, takes the answer, may hang up."""

    def __init__(self, body: t.Iterable[bytes] = (), hang_up_after: int | None = None) -> None:
        self.answer = Answer()
        self.gone = asyncio.Event()
        self._parts = list(body) or [b""]
        self._hang_up_after = hang_up_after

    async def receive(self) -> dict[str, t.Any]:
        if self._parts:
            part = self._parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self._parts)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: t.MutableMapping[str, t.Any]) -> None:
        if self.gone.is_set():
            raise Gone
        answer = self.answer
        if message["type"] == "http.response.start":
            assert answer.status is None
            answer.status = message["status"]
            answer.headers = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message["headers"]
            ]
            return
        assert message["type"] == "http.response.body"
        assert answer.status is not None
        assert not answer.is_whole
        if message.get("body"):
            answer.pieces.append(message["body"])
        answer.is_whole = not message.get("more_body", False)
        if len(answer.pieces) == self._hang_up_after:
            self.gone.set()
            # Whoever waits for the client to go has its turn.
            await asyncio.sleep(0)
            await asyncio.sleep(0)


async def ask(
    app: t.Any, path: str = "/", method: str = "GET", body: bytes | None = None, **rest: t.Any
) -> Answer:
    """Send one request and return the answer."""
    headers = list(rest.pop("headers", ()))
    if body is not None:
        headers.append(("content-length", str(len(body))))
    client = Client([body] if body else ())
    await app(make_scope(path, method, headers, **rest), client.receive, client.send)
    return client.answer


def run(coroutine: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any:
    """Run a coroutine on a loop of its own; it must not leave tasks behind."""

    async def checked() -> t.Any:
        result = await coroutine
        for _ in range(5):
            await asyncio.sleep(0)
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, left
        return result

    return asyncio.run(checked())
