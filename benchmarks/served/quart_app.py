"""A JSON view in Quart."""

from quart import Quart
from workloads import DOCUMENT

app = Quart(__name__)


@app.get("/json")
async def show():
    """Answer the document."""
    return DOCUMENT
