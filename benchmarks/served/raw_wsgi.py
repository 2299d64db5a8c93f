"""A WSGI function without any framework."""

from json import dumps

from workloads import DOCUMENT


def app(environ, start_response):
    """Answer the document, whatever is asked."""
    body = dumps(DOCUMENT).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]
