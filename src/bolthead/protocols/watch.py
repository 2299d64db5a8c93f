"""Tells, in debug mode, where an ``async def`` function blocks the loop that all requests share."""

from __future__ import annotations

import linecache
import os
import site
import sys
import sysconfig
import threading
import time
import typing as t
from types import FrameType

if t.TYPE_CHECKING:
    from .served import Served

LOOP_BLOCK_WARNING = 0.05
"""For how many seconds one step may hold the loop, unless the app's setting says otherwise."""


def watched_for_blocking(app: Served, coroutine: t.Awaitable[t.Any]) -> t.Awaitable[t.Any]:
    """Return a coroutine whose steps are timed; one that takes too long is logged with its line."""
    limit = app.config.get("LOOP_BLOCK_WARNING", LOOP_BLOCK_WARNING)
    return coroutine if not limit else _Timed(app, coroutine, limit)


class _Timed:
    """Awaits a coroutine and notes when each of its steps begins and ends."""

    def __init__(self, app: Served, coroutine: t.Awaitable[t.Any], limit: float) -> None:
        self._step = _Step(app, limit)
        self._coroutine = coroutine

    def __await__(self) -> t.Generator[t.Any, t.Any, t.Any]:
        steps = self._coroutine.__await__()
        step = self._step
        go: t.Callable[[], t.Any] = lambda: next(steps)  # noqa: E731  # replaced for each step
        try:
            while True:
                step.begin()
                try:
                    waiting = go()
                finally:
                    step.end()
                try:
                    sent = yield waiting
                except BaseException as error:
                    go = _later(steps, "throw", error)
                else:
                    go = _later(steps, "send", sent)
        except StopIteration as done:
            return done.value


def _later(steps: t.Any, method: str, value: t.Any) -> t.Callable[[], t.Any]:
    # The iterator of a coroutine is a generator; that of another awaitable may be none.
    if method == "send" and (value is None or not hasattr(steps, "send")):
        return lambda: next(steps)
    return lambda: getattr(steps, method)(value)


class _Step:
    """One step of a coroutine, while it runs."""

    def __init__(self, app: Served, limit: float) -> None:
        self.app = app
        self.limit = limit
        self.thread = 0
        self.began = 0.0

    def begin(self) -> None:
        self.thread = threading.get_ident()
        self.began = time.monotonic()
        _watcher.watch(self)

    def end(self) -> None:
        _watcher.forget(self)


class _Watcher:
    """A thread that looks at the running steps; it ends when there are none for a while."""

    def __init__(self) -> None:
        self._steps: dict[_Step, None] = {}
        self._lock = threading.Lock()
        self._runs = False

    def watch(self, step: _Step) -> None:
        self._steps[step] = None
        if not self._runs:
            with self._lock:
                if not self._runs:
                    self._runs = True
                    threading.Thread(target=self._run, name="bolthead-watch", daemon=True).start()

    def forget(self, step: _Step) -> None:
        self._steps.pop(step, None)

    def _run(self) -> None:
        idle_since = time.monotonic()
        while True:
            steps = list(self._steps)
            now = time.monotonic()
            for step in steps:
                if now - step.began > step.limit and self._steps.pop(step, self) is None:
                    _tell(step)
            if steps:
                idle_since = now
            elif now - idle_since > 5:
                with self._lock:
                    if not self._steps:
                        self._runs = False
                        return
            time.sleep(min((step.limit for step in steps), default=LOOP_BLOCK_WARNING) / 4)


_watcher = _Watcher()

_LIBRARIES = tuple(
    {
        os.path.dirname(os.path.dirname(__file__)) + os.sep,
        *(sysconfig.get_paths()[name] + os.sep for name in ("stdlib", "purelib", "platlib")),
        *(folder + os.sep for folder in site.getsitepackages()),
    }
)


def _tell(step: _Step) -> None:
    frame: FrameType | None = sys._current_frames().get(step.thread)
    found = frame
    # The app's own line, though it is a library that waits.
    while found is not None and found.f_code.co_filename.startswith(_LIBRARIES):
        found = found.f_back
    found = found or frame
    if found is None:
        return
    file, line = found.f_code.co_filename, found.f_lineno
    step.app.logger.warning(
        "The event loop is blocked for more than %d ms by %r: %s, line %d: %s\n"
        "All requests wait for it. Await it, call it by 'await asyncio.to_thread(...)',"
        " or make the view a plain 'def', which gets a thread.",
        step.limit * 1000,
        found.f_code.co_name,
        file,
        line,
        linecache.getline(file, line).strip(),
    )
