"""A JSON view in Flask."""

from flask import Flask
from workloads import DOCUMENT

app = Flask(__name__)


@app.get("/json")
def show():
    """Answer the document."""
    return DOCUMENT
