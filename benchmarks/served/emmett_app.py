"""A JSON view in Emmett."""

from emmett import App
from emmett.tools import service
from workloads import DOCUMENT

app = App(__name__)


@app.route("/json", methods="get")
@service.json
async def show():
    """Answer the document."""
    return DOCUMENT
