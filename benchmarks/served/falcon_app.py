"""A JSON view in Falcon."""

import falcon
from workloads import DOCUMENT


class Show:
    """The document."""

    def on_get(self, req, resp):
        """Answer the document."""
        resp.media = DOCUMENT


app = falcon.App()
app.add_route("/json", Show())
