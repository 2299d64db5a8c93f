"""A JSON view in Bolthead."""

from workloads import DOCUMENT

from bolthead import Flask

app = Flask(__name__)


@app.get("/json")
def show():
    """Answer the document."""
    return DOCUMENT
