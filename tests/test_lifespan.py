"""The life of a server's worker: start-up, shut-down, background tasks."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading

import pytest
from asgi import ask, run

from bolthead import current_app, has_request_context


async def live(app, work=None):
    """Play a server: start, do some work, stop; return what the app said."""
    queue: asyncio.Queue = asyncio.Queue()
    said = []

    async def send(message):
        said.append(message)

    server = asyncio.create_task(app({"type": "lifespan"}, queue.get, send))
    await queue.put({"type": "lifespan.startup"})
    while not said and not server.done():
        await asyncio.sleep(0.001)
    if said and said[-1]["type"] == "lifespan.startup.complete":
        if work is not None:
            await work()
        await queue.put({"type": "lifespan.shutdown"})
    await server
    return said


@pytest.fixture
def log(app):
    """What happened, in an app with functions of both kinds."""
    log = []

    @app.on_startup
    def first():
        log.append(f"start {current_app.name} {threading.current_thread().name[:8]}")

    @app.on_startup
    async def second():
        log.append(f"start {current_app.name} {threading.current_thread().name[:8]}")

    @app.on_shutdown
    async def last():
        log.append("stop")

    return log


def test_functions_run_with_the_server(app, log):
    """Start-up and shut-down functions run once, in order, in an app context, when asked."""
    app.add_url_rule("/", "index", lambda: "x")

    async def work():
        await ask(app)
        await ask(app)

    said = run(live(app, work))
    assert [message["type"] for message in said] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert log == ["start tested_app bolthead", "start tested_app MainThre", "stop"]


def test_first_request_starts_what_no_server_started(app, log):
    """Where a server has no lifespan, the functions run before the first request, once."""
    app.add_url_rule("/", "index", lambda: str(len(log)))

    async def talk():
        return await asyncio.gather(*(ask(app) for _ in range(5)))

    assert {answer.text for answer in run(talk())} == {"2"}
    assert len(log) == 2


def test_failing_start_is_told(quiet):
    """A start-up function that fails stops the server, with the reason."""
    quiet.on_startup(lambda: 1 // 0)
    (message,) = run(live(quiet))
    assert message["type"] == "lifespan.startup.failed"
    assert "ZeroDivisionError" in message["message"]


def test_all_shutdown_functions_run(quiet):
    """Each runs, though one before it fails; the server is told."""
    ended = []
    quiet.on_shutdown(lambda: 1 // 0)
    quiet.on_shutdown(lambda: ended.append("second"))
    said = run(live(quiet))
    assert said[-1]["type"] == "lifespan.shutdown.failed"
    assert ended == ["second"]


def test_wsgi_starts_at_the_first_request(app, log):
    """Under WSGI the start-up functions run at the first request, once."""
    app.add_url_rule("/", "index", lambda: str(len(log)))
    client = app.test_client()
    assert [client.get("/").text for _ in range(3)] == ["2", "2", "2"]


def test_wsgi_stops_at_the_exit():
    """Under WSGI the shut-down functions run when the process ends, background tasks before."""
    code = """
    import time
    import bolthead
    app = bolthead.Flask("alone")
    app.on_startup(lambda: print("start"))
    @app.on_shutdown
    async def stop():
        print("stop")
    def later():
        time.sleep(0.2)
        print("task")
    @app.get("/")
    def index():
        app.add_background_task(later)
        return "answer"
    with app.test_client().get("/") as response:
        print(response.text, flush=True)
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["start", "answer", "task", "stop"]


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_background_task_runs_when_the_answer_is_sent(app, kind):
    """A background task begins after the answer, in an app context and without the request."""
    done = []

    def note(value):
        done.append((value, current_app.name, has_request_context()))

    async def note_later(value):
        await asyncio.sleep(0)
        note(value)

    @app.get("/")
    async def index():
        app.add_background_task(note if kind == "plain" else note_later, "x")
        await asyncio.sleep(0.01)
        return str(len(done))

    async def talk():
        answer = await ask(app)
        for _ in range(200):
            if done:
                break
            await asyncio.sleep(0.005)
        return answer

    assert run(talk()).text == "0"
    assert done == [("x", "tested_app", False)]


def test_shutdown_waits_for_background_tasks(app):
    """The end of the worker waits for what is under way."""
    done = []

    async def slow():
        await asyncio.sleep(0.05)
        done.append("task")

    @app.get("/")
    async def index():
        app.add_background_task(slow)
        return "x"

    app.on_shutdown(lambda: done.append("stop"))

    async def work():
        await ask(app)

    run(live(app, work))
    assert done == ["task", "stop"]


def test_background_task_that_takes_too_long_is_cancelled(quiet):
    """Beyond BACKGROUND_TASK_SHUTDOWN_TIMEOUT a task is cancelled."""
    quiet.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.01
    ended = []

    async def endless():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")

    async def work():
        quiet.add_background_task(endless)
        await asyncio.sleep(0.01)

    run(live(quiet, work))
    assert ended == ["cancelled"]


def test_failing_background_task_is_logged(app, caplog):
    """An error of a background task harms nobody, and is logged."""

    async def fail():
        raise KeyError("x")

    async def work():
        app.add_background_task(fail)

    run(live(app, work))
    assert "A background task failed" in caplog.text
