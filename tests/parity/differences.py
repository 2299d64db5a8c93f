"""The only places where Bolthead may answer otherwise than Flask: those where Flask itself errs.

Flask errs where it answers 5xx to what a client did wrong, lets an exception escape the WSGI
callable, or silently cuts a body short. A difference names the case, what Flask does (its status,
or "escapes"), the statuses Bolthead may answer, and why.
"""

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Difference:
    """One case where Flask errs."""

    flask: int | t.Literal["escapes"]
    bolthead: tuple[int, ...]
    why: str


DIFFERENCES: dict[str, Difference] = {}
