"""A JSON view in Robyn, which is its own server: ``python -m served.robyn_app PORT``."""

import sys

from robyn import Robyn
from workloads import DOCUMENT

app = Robyn(__file__)


@app.get("/json")
async def show():
    """Answer the document."""
    return DOCUMENT


if __name__ == "__main__":
    port = int(sys.argv.pop(1))
    app.start(host="127.0.0.1", port=port)
