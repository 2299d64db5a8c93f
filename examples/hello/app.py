"""Hello, world: the smallest app.

bolthead --app examples/hello/app.py run
"""

from bolthead import Bolthead

app = Bolthead(__name__)


@app.get("/")
def hello():
    return "Hello, world!"
