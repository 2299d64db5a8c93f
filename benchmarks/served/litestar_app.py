"""A JSON view in Litestar."""

import typing as t

from litestar import Litestar, get
from workloads import DOCUMENT


@get("/json")
async def show() -> dict[str, t.Any]:
    """Answer the document."""
    return DOCUMENT


app = Litestar([show], openapi_config=None)
