"""``async def`` functions called from plain code, on one event loop kept per thread."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref

import pytest

from bolthead import g, request, session
from bolthead.bridges import to_sync

variable = contextvars.ContextVar("variable", default="unset")


def test_result_is_returned():
    """The wrapped function takes the same arguments and returns the result."""

    async def add(a, *, b):
        await asyncio.sleep(0)
        return a + b

    plain = to_sync(add)
    assert plain(1, b=2) == 3
    assert plain.__name__ == "add"


def test_error_is_raised():
    """An error is raised as it is."""

    async def fail():
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        to_sync(fail)()


def test_loop_is_kept_for_the_thread():
    """Calls of one thread share a loop, so that clients made in one can be used in the next."""

    async def loop():
        return asyncio.get_running_loop()

    assert to_sync(loop)() is to_sync(loop)()


def test_threads_have_loops_of_their_own():
    """Another thread has another loop, closed when the thread ends."""
    found = []

    async def loop():
        return asyncio.get_running_loop()

    def work():
        found.append(to_sync(loop)())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0] is not to_sync(loop)()
    gc.collect()
    assert found[0].is_closed()


def test_context_variables_go_both_ways():
    """The function sees what the caller set, and the caller what the function set."""

    async def change():
        before = variable.get()
        variable.set("inside")
        return before

    def work():
        variable.set("outside")
        return to_sync(change)(), variable.get()

    assert contextvars.copy_context().run(work) == ("outside", "inside")


def test_within_a_running_loop():
    """Where a loop runs already, the function runs on one of a thread of its own."""

    async def inner():
        await asyncio.sleep(0)
        variable.set("inner")
        return threading.current_thread()

    async def outer():
        thread = to_sync(inner)()
        return thread, variable.get()

    thread, value = asyncio.run(outer())
    assert thread is not threading.current_thread()
    assert value == "inner"


def test_error_within_a_running_loop():
    """An error passes through the other thread, too."""

    async def inner():
        raise ValueError("inside")

    async def outer():
        to_sync(inner)()

    with pytest.raises(ValueError, match="inside"):
        asyncio.run(outer())


def test_nothing_of_a_call_is_kept():
    """What a call was given is freed after it."""

    class Thing:
        pass

    async def look(thing):
        return None

    thing = Thing()
    gone = weakref.ref(thing)
    to_sync(look)(thing)
    del thing
    gc.collect()
    assert gone() is None


def test_many_threads():
    """Many threads may call at once."""

    async def double(n):
        await asyncio.sleep(0.001)
        return n * 2

    found = []

    def work(n):
        found.append(to_sync(double)(n))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [n * 2 for n in range(20)]


def test_view_sees_the_request(app, client):
    """An ``async def`` view uses request, session and g as a plain one does, also in tasks."""

    @app.route("/<word>")
    async def view(word):
        async def task():
            await asyncio.sleep(0)
            return request.path

        g.word = word
        session["word"] = word
        paths = await asyncio.gather(task(), task())
        return f"{paths} {g.word}"

    assert client.get("/x").text == "['/x', '/x'] x"
    with client.session_transaction() as opened:
        assert opened["word"] == "x"
