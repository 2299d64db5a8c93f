"""The app's life in a worker: its start-up and shut-down functions, by ASGI's lifespan."""

from __future__ import annotations

import asyncio
import typing as t

if t.TYPE_CHECKING:
    from ..protocols.scope import Message


class StartupFailed(Exception):
    """A start-up function failed; the text says how."""


class Life:
    """Tells an ASGI application when the worker starts and ends."""

    def __init__(self, app: t.Any) -> None:
        self._app = app
        self._asked: asyncio.Queue[Message] = asyncio.Queue()
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Run the start-up functions; StartupFailed where one fails."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        call = self._app(scope, self._asked.get, self._told.put)
        self._task = asyncio.get_running_loop().create_task(call)
        answer = await self._ask("startup")
        if answer is not None and answer["type"] == "lifespan.startup.failed":
            raise StartupFailed(answer.get("message", ""))

    async def stop(self) -> None:
        """Run the shut-down functions."""
        if self._task is not None and not self._task.done():
            await self._ask("shutdown")

    async def _ask(self, stage: str) -> Message | None:
        """Return what the application says, or None where it knows nothing of lifespans."""
        assert self._task is not None  # noqa: S101  # it was started
        await self._asked.put({"type": f"lifespan.{stage}"})
        told = asyncio.ensure_future(self._told.get())
        await asyncio.wait({told, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if told.done():
            return told.result()
        told.cancel()
        if not self._task.cancelled():
            self._task.exception()  # seen: such applications raise
        return None
