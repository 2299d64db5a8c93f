"""Calls an ``async def`` function from plain code, on one event loop kept per thread."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
import typing as t
from concurrent.futures import Future

R = t.TypeVar("R")


class _Kept:
    """A loop that is closed when nothing holds it any more."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()

    def __del__(self) -> None:
        # An open loop would keep its selector and sockets.
        self.runner.close()


class _Loops(threading.local):
    """The event loop of a thread, made at its first use and let go with the thread."""

    kept: _Kept | None = None

    def get(self) -> asyncio.AbstractEventLoop:
        if self.kept is None:
            self.kept = _Kept()
        return self.kept.runner.get_loop()


_loops = _Loops()


def to_sync(function: t.Callable[..., t.Awaitable[R]]) -> t.Callable[..., R]:
    """Wrap an ``async def`` function as a plain one that returns its result.

    Context variables that the function sets are set for the caller afterwards. Where an event
    loop already runs in this thread (or in another greenlet of it), the function runs on a loop
    of a thread of its own.
    """

    @functools.wraps(function)
    def call(*args: t.Any, **kwargs: t.Any) -> R:
        context = contextvars.copy_context()
        if asyncio._get_running_loop() is None and not (loop := _loops.get()).is_running():
            try:
                return _drive(loop, context, function, args, kwargs)
            finally:
                _carry_back(context)
        try:
            return _in_thread(context, function, args, kwargs)
        finally:
            _carry_back(context)

    return call


async def _awaited(
    function: t.Callable[..., t.Awaitable[R]],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
) -> R:
    return await function(*args, **kwargs)


def _drive(
    loop: asyncio.AbstractEventLoop,
    context: contextvars.Context,
    function: t.Callable[..., t.Awaitable[R]],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
) -> R:
    task = loop.create_task(_awaited(function, args, kwargs), context=context)
    try:
        return loop.run_until_complete(task)
    except BaseException:
        # The wait was broken off (a key press, a kill of the greenlet): do not leave the task.
        if not task.done():
            task.cancel()
        raise


def _in_thread(
    context: contextvars.Context,
    function: t.Callable[..., t.Awaitable[R]],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
) -> R:
    result: Future[R] = Future()

    def work() -> None:
        try:
            with asyncio.Runner() as runner:
                result.set_result(_drive(runner.get_loop(), context, function, args, kwargs))
        except BaseException as error:
            result.set_exception(error)

    thread = threading.Thread(target=work, name="bolthead-async", daemon=True)
    thread.start()
    thread.join()
    return result.result()


def _carry_back(context: contextvars.Context) -> None:
    """Set here what was set in a copied context, so that a call looks like a plain one."""
    for variable, value in context.items():
        if variable.get(_UNSET) is not value:
            variable.set(value)


_UNSET: t.Any = object()
