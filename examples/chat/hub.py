"""Passes on what happens in the rooms to all who listen, and knows who is present.

All of it is called on the server's event loop, so nothing is locked but the order of messages.
"""

import asyncio
from collections import Counter, defaultdict
from contextlib import contextmanager

# How many things may wait for a listener before it has to leave: a slow one fills no memory.
BACKLOG = 100


class Listener:
    """One WebSocket, or one reader of the feed, with what waits for it."""

    def __init__(self) -> None:
        self.has_missed = False
        self._waiting: asyncio.Queue = asyncio.Queue(BACKLOG)

    def tell(self, event: dict) -> None:
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.has_missed = True

    async def next(self) -> dict | None:
        """Return what happened next; None to one that was too slow and should come again."""
        if self.has_missed:
            return None
        return await self._waiting.get()


class Hub:
    def __init__(self) -> None:
        self.order = asyncio.Lock()
        """Held from where a message is stored to where it is told: both in one order."""
        self._in_room: dict[str, set[Listener]] = defaultdict(set)
        self._everywhere: set[Listener] = set()
        # A person with two windows is there until both are closed.
        self._present: dict[str, Counter[str]] = defaultdict(Counter)

    def present(self, room: str) -> list[str]:
        return sorted(self._present[room], key=str.lower) if room in self._present else []

    @contextmanager
    def entered(self, room: str, name: str):
        """While this is open, the person is in the room; give the listener."""
        listener = Listener()
        self._in_room[room].add(listener)
        self._present[room][name] += 1
        self._tell_presence(room)
        try:
            yield listener
        finally:
            self._in_room[room].discard(listener)
            self._present[room][name] -= 1
            # Names and rooms without anybody are dropped.
            self._present[room] = +self._present[room]
            self._tell_presence(room)
            if not self._in_room[room]:
                del self._in_room[room], self._present[room]

    @contextmanager
    def listening(self):
        """While this is open, the listener is told of all rooms."""
        listener = Listener()
        self._everywhere.add(listener)
        try:
            yield listener
        finally:
            self._everywhere.discard(listener)

    def tell(self, room: str, event: dict) -> None:
        for listener in (*self._in_room.get(room, ()), *self._everywhere):
            listener.tell(event)

    async def tell_of_room(self, slug: str, title: str) -> None:
        """Say that there is a new room."""
        self.tell(slug, {"type": "room", "room": slug, "title": title})

    def _tell_presence(self, room: str) -> None:
        self.tell(room, {"type": "present", "room": room, "names": self.present(room)})
