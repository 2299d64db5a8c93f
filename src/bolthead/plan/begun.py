"""A view that was begun before the steps of its request: they find here how it goes on."""

from __future__ import annotations

import typing as t

from .steps import go_on


class Rest:
    """Awaits what is left of a coroutine that has said what it waits for."""

    __slots__ = ("_coroutine", "_waiting")

    def __init__(self, coroutine: t.Any, waiting: t.Any) -> None:
        self._coroutine = coroutine
        self._waiting = waiting

    def __await__(self) -> t.Generator[t.Any, t.Any, t.Any]:
        return (yield from go_on(self._coroutine, self._waiting))


async def fail(error: BaseException) -> t.NoReturn:
    """Raise what a view has raised."""
    try:
        raise error
    finally:
        del error  # cuts the cycle of the error and this frame


async def give(answer: t.Any) -> t.Any:
    """Return what a view has answered."""
    return answer


async def call(plan: t.Any, ctx: t.Any) -> t.Any:
    """Return the answer of the view, as ``run_async.call`` does."""
    return await ctx.__dict__.pop("begun")
