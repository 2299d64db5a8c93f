"""A coroutine whose first step is done, and what is left of it: between its steps others work."""

from __future__ import annotations

import typing as t


def go_on(
    steps: t.Coroutine[t.Any, t.Any, t.Any],
    waiting: t.Any,
    look: t.Callable[[], object] | None = None,
) -> t.Generator[t.Any, t.Any, t.Any]:
    """Wait for what a coroutine waits for, step by step, and return its result.

    ``look`` is called before each wait. For an ``__await__``, which gives it to the loop.
    """
    try:
        while True:
            if look is not None:
                look()
            try:
                sent = yield waiting
            except BaseException as error:
                waiting = steps.throw(error)
            else:
                waiting = steps.send(sent)
    except StopIteration as done:
        return done.value
