"""The only places where Bolthead may answer otherwise than Flask: those where Flask itself errs.

Flask errs where it answers 5xx to what a client did wrong, lets an exception escape the WSGI
callable, or silently cuts a body short. A difference names the case, what Flask does (its status,
or "escapes"), the statuses Bolthead may answer, and why.
A key is a case id or a pattern of ids; the first that fits counts.
"""

import dataclasses
import fnmatch
import typing as t

Escapes = t.Literal["escapes"]


@dataclasses.dataclass(frozen=True)
class Difference:
    """One case, or one kind of cases, where Flask errs."""

    flask: int | Escapes
    bolthead: tuple[int, ...] | Escapes
    why: str


DIFFERENCES: dict[str, Difference] = {
    "hooks_errors/hooks*TESTING=True*/*teardown*": Difference(
        "escapes", "escapes", "a failing teardown function stops the ones after it"
    ),
    "hooks_errors/hooks*/*-teardown*": Difference(
        "escapes", (200, 400, 500), "a failing teardown function loses an answer that was ready"
    ),
    "hooks_errors/errors_500_raises/*": Difference(
        "escapes", (500,), "an error in the handler for 500 leaves the client without an answer"
    ),
    "structure/async/*/template": Difference(
        500, (200,), "an async view cannot render a template whose context processor is async"
    ),
}


def known_difference(case_id: str) -> Difference | None:
    return next(
        (known for key, known in DIFFERENCES.items() if fnmatch.fnmatchcase(case_id, key)), None
    )
