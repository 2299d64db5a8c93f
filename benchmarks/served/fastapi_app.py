"""A JSON view in FastAPI."""

from fastapi import FastAPI
from workloads import DOCUMENT

app = FastAPI()


@app.get("/json")
async def show():
    """Answer the document."""
    return DOCUMENT
