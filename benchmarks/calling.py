"""Calls an app by WSGI, environ in and body out, and times it in turns with others."""

from __future__ import annotations

import gc
import io
import statistics
import typing as t
from dataclasses import dataclass, field
from time import perf_counter

from workloads import Answer, Asked, Environ, Workload, WsgiApp, new_environ

Call = t.Callable[[], None]


class Client:
    """Sends a workload's request to an app; each call is one request."""

    def __init__(self, app: WsgiApp, workload: Workload) -> None:
        self.app = app
        self.cookies = workload.cookies
        asked = workload.asked
        self.use(asked)
        if workload.prepare is not None:
            self.use(workload.prepare(asked, self.ask()))
        if workload.cookies:
            # The first answer gives the cookie; the second one is what all the others are.
            self.ask()
        answer = self.ask()
        if not workload.check(answer):
            raise AssertionError(f"{workload.name}: a wrong answer: {answer}")
        self.answer = answer

    def use(self, asked: Asked) -> None:
        self.environ: Environ = new_environ(asked)
        self.body = asked.body

    def ask(self) -> Answer:
        """Send the request and return its answer."""
        environ = self.environ.copy()
        environ["wsgi.input"] = io.BytesIO(self.body)
        started: list[t.Any] = []
        body = self.app(environ, lambda status, headers, exc_info=None: started.extend(
            (status, headers)))  # fmt: skip
        try:
            sent = b"".join(body)
        finally:
            if hasattr(body, "close"):
                body.close()
        status, headers = started
        if self.cookies:
            self._keep_cookie(headers)
        by_name = {name.lower(): value for name, value in headers}
        return Answer(int(status.split()[0]), by_name, sent)

    def _keep_cookie(self, headers: list[tuple[str, str]]) -> None:
        for name, value in headers:
            if name == "Set-Cookie":
                self.environ["HTTP_COOKIE"] = value.partition(";")[0]

    def send(self, count: int) -> None:
        """Send the request a number of times, with as little else as possible."""
        app, base, body_sent, stream = self.app, self.environ, self.body, io.BytesIO
        keep = self._start_and_keep if self.cookies else _start
        for _ in range(count):
            environ = base.copy()
            environ["wsgi.input"] = stream(body_sent)
            body = app(environ, keep)
            for _part in body:
                pass
            close = getattr(body, "close", None)
            if close is not None:
                close()

    def _start_and_keep(
        self, status: str, headers: list[tuple[str, str]], exc_info: t.Any = None
    ) -> None:
        for name, value in headers:
            if name == "Set-Cookie":
                self.environ["HTTP_COOKIE"] = value.partition(";")[0]


def _start(status: str, headers: list[tuple[str, str]], exc_info: t.Any = None) -> None:
    pass


@dataclass
class Turns:
    """Something that is timed: what runs it ``count`` times, and the seconds of one by turn.

    ``alike`` takes as long, and tells how many make a turn, where ``run`` itself has a cost of its
    own at each start.
    """

    run: t.Callable[[int], None]
    alike: t.Callable[[int], None] | None = None
    count: int = 1
    seconds: list[float] = field(default_factory=list)

    @property
    def best(self) -> float:
        """Microseconds for one, in the best turn."""
        return min(self.seconds) * 1e6

    @property
    def median(self) -> float:
        """Microseconds for one, in the median turn."""
        return statistics.median(self.seconds) * 1e6


def take_turns(timed: t.Iterable[Turns], rounds: int, turn: float) -> None:
    """Time all of them for about ``turn`` seconds each, one after another, in each round.

    The garbage collector stays on, since what an app leaves behind is its cost. It does not see
    what was there before: that would be the cost of whoever has more modules loaded.
    """
    timed = list(timed)
    for each in timed:
        each.run(20)
        each.count = _calibrated(each.alike or each.run, turn)
    for index in range(rounds):
        # Each goes first as often as the others.
        start = index % len(timed)
        for each in timed[start:] + timed[:start]:
            gc.collect()
            gc.freeze()
            begin = perf_counter()
            each.run(each.count)
            each.seconds.append((perf_counter() - begin) / each.count)
    gc.unfreeze()


def _calibrated(run: t.Callable[[int], None], turn: float) -> int:
    count = 1
    while True:
        begin = perf_counter()
        run(count)
        took = perf_counter() - begin
        if took >= turn / 5:
            return max(1, round(count * turn / took))
        count *= 4
