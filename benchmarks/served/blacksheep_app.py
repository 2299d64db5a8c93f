"""A JSON view in BlackSheep."""

from blacksheep import Application, get, json
from workloads import DOCUMENT

app = Application()


@get("/json")
async def show():
    """Answer the document."""
    return json(DOCUMENT)
