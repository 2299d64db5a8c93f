"""Between plain and ``async def`` code: either calls the other, with the same context variables.

Plain code calls async code on one event loop kept per thread, or, in a worker thread of a server's
loop, on that loop. Async code calls plain code in a bounded number of worker threads.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import os
import sys
import threading
import time
import types
import typing as t
from collections import deque
from queue import SimpleQueue

if t.TYPE_CHECKING:
    import asyncio
    from concurrent import futures
else:
    from .light import asyncio, futures

R = t.TypeVar("R")


class _Kept:
    """A loop that is closed when nothing holds it any more."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()

    def __del__(self, is_ending: t.Callable[[], bool] = sys.is_finalizing) -> None:
        # An open loop would keep its selector and sockets. At the interpreter's end all goes.
        if not is_ending():
            self.runner.close()


class _Loops(threading.local):
    """The event loop of a thread, made at its first use and let go with the thread."""

    kept: _Kept | None = None

    def running(self) -> asyncio.AbstractEventLoop | None:
        """Return the loop if it runs: it stands still when the function that runs on it ends."""
        return None if self.kept is None else self.kept.runner.get_loop()

    def get(self) -> asyncio.AbstractEventLoop:
        if self.kept is None:
            self.kept = _Kept()
        return self.kept.runner.get_loop()


_loops = _Loops()


def is_async(function: t.Callable[..., t.Any]) -> bool:
    """Tell whether calling a function gives an awaitable, as ``inspect`` does."""
    # PERF: of plain functions and methods the code tells; inspect takes ten times as long.
    plain = function.__func__ if type(function) is types.MethodType else function
    if type(plain) is types.FunctionType and not plain.__dict__:
        return bool(plain.__code__.co_flags & inspect.CO_COROUTINE)
    return inspect.iscoroutinefunction(function)


def to_sync(function: t.Callable[..., t.Awaitable[R]]) -> t.Callable[..., R]:
    """Wrap an ``async def`` function as a plain one that returns its result.

    Context variables that the function sets are set for the caller afterwards. In a worker thread
    of a server's loop the function runs on that loop. Where an event loop already runs in this
    thread (or in another greenlet of it), it runs on a loop of a thread of its own.
    """
    if _has_green_threads():

        @functools.wraps(function)
        def call_beside(*args: t.Any, **kwargs: t.Any) -> R:
            context = contextvars.copy_context()
            try:
                return _in_thread(context, function, args, kwargs)
            finally:
                _carry_back(context)

        return call_beside

    @functools.wraps(function)
    def call(*args: t.Any, **kwargs: t.Any) -> R:
        context = contextvars.copy_context()
        try:
            if asyncio._get_running_loop() is not None:
                return _in_thread(context, function, args, kwargs)
            serving = _working_for.loop
            if serving is not None and serving.is_running():
                return _on_loop(serving, context, function, args, kwargs)
            loop = _loops.get()
            if loop.is_running():
                return _in_thread(context, function, args, kwargs)
            return _drive(loop, context, function, args, kwargs)
        finally:
            _carry_back(context)

    return call


def _has_green_threads() -> bool:
    """Tell whether gevent has put greenlets in the place of threads.

    They share one thread, where one loop can run. The threads of gevent's pool are real ones.
    """
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and monkey.is_module_patched("threading")


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


def _on_loop(
    loop: asyncio.AbstractEventLoop,
    context: contextvars.Context,
    function: t.Callable[..., t.Awaitable[R]],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
) -> R:
    """Run the function on the loop that waits for this worker thread."""
    result: futures.Future[R] = futures.Future()

    def end(task: asyncio.Task[R]) -> None:
        if task.cancelled():
            result.set_exception(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            result.set_exception(error)
        else:
            result.set_result(task.result())

    def begin() -> None:
        task = loop.create_task(_awaited(function, args, kwargs), context=context)
        task.add_done_callback(end)

    loop.call_soon_threadsafe(begin)
    return result.result()


def _in_thread(
    context: contextvars.Context,
    function: t.Callable[..., t.Awaitable[R]],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
) -> R:
    result: futures.Future[R] = futures.Future()

    def work() -> None:
        try:
            with asyncio.Runner() as runner:
                result.set_result(_drive(runner.get_loop(), context, function, args, kwargs))
        except BaseException as error:
            result.set_exception(error)

    if _has_green_threads():
        sys.modules["gevent"].get_hub().threadpool.apply(work)
    else:
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


# The other way: plain functions called from a loop


class _WorkingFor(threading.local):
    """The loop that waits for what this worker thread does."""

    loop: asyncio.AbstractEventLoop | None = None


_working_for = _WorkingFor()


class _Inbox:
    """What worker threads have done for a loop; brought there with as few wake-ups as possible."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._done: deque[_Job] = deque()
        self._is_woken = False

    def put(self, job: _Job) -> None:
        """Hand a job that is done to the loop; called in a worker thread."""
        self._done.append(job)
        # PERF: a wake-up costs a system call; one serves all that is done until it is noticed.
        if not self._is_woken:
            self._is_woken = True
            try:
                self.loop.call_soon_threadsafe(self._take)
            except RuntimeError:
                self._is_woken = False  # the loop is closed: nobody waits any more

    def _take(self) -> None:
        self._is_woken = False
        while self._done:
            job = self._done.popleft()
            job.is_done = True
            if not job.future.done():
                job.future.set_result(None)


class _Inboxes(threading.local):
    """The inbox of the loop that runs in this thread."""

    kept: _Inbox | None = None

    def get(self) -> _Inbox:
        loop = asyncio.get_running_loop()
        inbox = self.kept
        if inbox is None or inbox.loop is not loop:
            inbox = self.kept = _Inbox(loop)
        return inbox


_inboxes = _Inboxes()


class ThreadJob:
    """Something for a worker thread to do."""

    __slots__ = ("has_to_wait", "is_expected")

    def __init__(self) -> None:
        # Whether an idle thread is known to wait for it, or all threads are busy.
        self.is_expected = self.has_to_wait = False

    def run(self, idle: deque[None]) -> None:
        """Do it, and put a mark into ``idle``: the thread is free from then on."""
        raise NotImplementedError


class _Job(ThreadJob):
    """A call that a worker thread makes for a loop."""

    __slots__ = ("call", "context", "error", "future", "inbox", "is_done", "is_dropped", "result")

    def __init__(
        self, context: contextvars.Context, call: tuple[t.Any, ...], inbox: _Inbox
    ) -> None:
        self.context = context
        self.call = call
        self.inbox = inbox
        self.future = inbox.loop.create_future()
        self.result: t.Any = None
        self.error: BaseException | None = None
        self.is_expected = self.has_to_wait = self.is_done = self.is_dropped = False

    def run(self, idle: deque[None]) -> None:
        """Make the call, in a worker thread, which is idle from then on."""
        if not self.is_dropped:
            function, args, kwargs = self.call
            _working_for.loop = self.inbox.loop
            try:
                self.result = self.context.run(function, *args, **kwargs)
            except BaseException as error:
                self.error = error
            _working_for.loop = None
        inbox, self.call = self.inbox, ()
        # Before the loop knows: it may have the next job at once.
        idle.append(None)
        inbox.put(self)


class _Line:
    """The jobs that wait for a busy thread: since when, and how long those before them took."""

    __slots__ = ("pace", "since")

    def __init__(self) -> None:
        # When each of those jobs was put into the queue.
        self.since: deque[float] = deque()
        # The mean time of a job, in seconds, of which the last ones count most.
        self.pace = 0.0


class Threads:
    """A bounded number of worker threads, each started when no other is idle.

    They end when nothing holds this object any more.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._jobs: SimpleQueue[ThreadJob | None] = SimpleQueue()
        self._line = _Line()
        # A mark for each thread that waits for a job, or is about to.
        self._idle: deque[None] = deque()
        self._starting = threading.Lock()
        self._count = 0

    async def call(self, function: t.Callable[..., R], *args: t.Any, **kwargs: t.Any) -> R:
        """Call a function in a worker thread, in a copy of the context that is carried back."""
        context = contextvars.copy_context()
        try:
            return await self.call_in(context, function, *args, **kwargs)
        finally:
            _carry_back(context)

    async def call_in(
        self,
        context: contextvars.Context,
        function: t.Callable[..., R],
        *args: t.Any,
        **kwargs: t.Any,
    ) -> R:
        """Call a function in a worker thread, in a given context.

        A thread cannot be stopped: whoever is cancelled while waiting waits to the end all the
        same, unless the call has not begun.
        """
        job = _Job(context, (function, args, kwargs), _inboxes.get())
        self.start(job)
        cancelled: asyncio.CancelledError | None = None
        while not job.is_done:
            try:
                await job.future
            except asyncio.CancelledError as error:
                cancelled = error
                job.is_dropped = True
                job.future = job.inbox.loop.create_future()
        if cancelled is not None:
            raise cancelled
        if job.error is not None:
            try:
                raise job.error
            finally:
                job.error = None  # cuts the cycle of the error and this frame
        return t.cast(R, job.result)

    def wait(self) -> float:
        """Return for how many seconds a job would wait for a thread, as far as can be told.

        It waits as long as the first in line has waited already, or as long as all before it take.
        """
        since = self._line.since
        if not since:
            return 0.0
        try:
            waited = time.monotonic() - since[0]
        except IndexError:
            return 0.0  # a thread has just taken it
        return max(waited, len(since) * self._line.pace / self.most)

    def start(self, job: ThreadJob) -> None:
        """Have a job done by a worker thread."""
        try:
            self._idle.pop()
            job.is_expected = True
        except IndexError:
            if not self._start_thread():
                job.has_to_wait = True
                self._line.since.append(time.monotonic())
        self._jobs.put(job)

    def _start_thread(self) -> bool:
        """Start one more thread, unless there are as many as there may be."""
        with self._starting:
            if self._count >= self.most:
                return False
            self._count += 1
            name = f"bolthead-worker-{self._count}"
        threading.Thread(
            target=_work, args=(self._jobs, self._line, self._idle), name=name, daemon=True
        ).start()
        return True

    def __del__(self) -> None:
        for _ in range(self._count):
            self._jobs.put(None)


def _work(jobs: SimpleQueue[ThreadJob | None], line: _Line, idle: deque[None]) -> None:
    is_marked = False
    while True:
        job = jobs.get()
        if job is None:
            return
        if job.has_to_wait:
            line.since.popleft()
        if is_marked and not job.is_expected:
            # It was given to a new thread, but this one is there first.
            with contextlib.suppress(IndexError):
                idle.pop()
        began = time.monotonic()
        job.run(idle)
        line.pace += (time.monotonic() - began - line.pace) / 16
        is_marked = True
        del job


# Apps with the same limit share their threads.
_threads: dict[int, Threads] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.clear)


def threads(most: int) -> Threads:
    """Return the worker threads of this process that are at most so many."""
    found = _threads.get(most)
    if found is None:
        found = _threads.setdefault(most, Threads(most))
    return found


def serving_loop() -> asyncio.AbstractEventLoop | None:
    """Return the server's loop that this code runs on, or that waits for this worker thread."""
    return _working_for.loop or (
        None if asyncio._get_running_loop() is _loops.running() else asyncio._get_running_loop()
    )


def to_async(function: t.Callable[..., t.Any], workers: Threads) -> t.Callable[..., t.Any]:
    """Return a function as one to await: a plain one is called in a worker thread."""
    if inspect.iscoroutinefunction(function):
        return function

    async def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
        return await workers.call(function, *args, **kwargs)

    return call
