"""A JSON view in Starlette."""

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from workloads import DOCUMENT


async def show(request):
    """Answer the document."""
    return JSONResponse(DOCUMENT)


app = Starlette(routes=[Route("/json", show)])
