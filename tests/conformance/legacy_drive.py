"""Serves the app of a file over HTTP and lets its `check` ask: run by legacy.py in an environment.

The last line it prints is the warnings of removed names, as JSON.
"""

import http.client
import json
import runpy
import sys
import threading
import urllib.parse
import warnings
from http.cookies import SimpleCookie


class Answer:
    """What came back."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.text[:500]!r}>"


class Client:
    """Sends requests and keeps cookies; follows no redirect."""

    def __init__(self, port):
        self.port = port
        self.jar = SimpleCookie()

    def cookies(self):
        return {name: morsel.value for name, morsel in self.jar.items() if morsel.value}

    def __call__(self, path, method=None, headers=None, json=None, form=None, files=None):
        headers = dict(headers or {})
        body = None
        if json is not None:
            body, headers["Content-Type"] = dump(json), "application/json"
        elif form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif files is not None:
            body, headers["Content-Type"] = multipart(files)
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies().items())
        if kept:
            headers["Cookie"] = kept
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method or ("GET" if body is None else "POST"), path, body, headers)
        answer = Answer(connection.getresponse())
        for line in answer.headers.get_all("Set-Cookie") or ():
            self.jar.load(line)
        connection.close()
        return answer


def dump(value):
    return json.dumps(value)


def multipart(files):
    lines = []
    for name, (filename, text) in files.items():
        lines += ["--edge", f'Content-Disposition: form-data; name="{name}"; filename="{filename}"']
        lines += ["Content-Type: text/plain", "", text]
    return "\r\n".join([*lines, "--edge--", ""]), "multipart/form-data; boundary=edge"


def main(path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module = runpy.run_path(path)
        from werkzeug.serving import make_server

        server = make_server("127.0.0.1", 0, module["app"], threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        module["check"](Client(server.port))
        server.shutdown()
    told = sorted({str(w.message) for w in caught if "legacy=True" in str(w.message)})
    print(json.dumps(told))


if __name__ == "__main__":
    # A script's folder comes first on the path: the apps are named as the extensions are.
    sys.path.pop(0)
    main(sys.argv[1])
