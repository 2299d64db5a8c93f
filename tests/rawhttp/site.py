"""The app that is served: it remembers what it has seen, and tells."""

SOURCE = """
import time
from bolthead import Flask, request

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1_000_000
SEEN = []


def see():
    target = request.path
    if request.query_string:
        target += "?" + request.query_string.decode("latin-1")
    body = b"" if request.path == "/unread" else request.get_data()
    headers = {name.lower(): value for name, value in request.headers}
    return {
        "method": request.method,
        "target": target,
        "headers": headers,
        "body": body.decode("latin-1"),
    }


@app.before_request
def note():
    if request.path not in {"/seen", "/probe"}:
        SEEN.append(see())


@app.get("/seen")
def seen():
    told = SEEN[:]
    SEEN.clear()
    return told


@app.get("/probe")
def probe():
    return "probe"


@app.get("/slow")
def slow():
    time.sleep(0.3)
    return "slow"


@app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
@app.route("/<path:path>", methods=["GET", "POST"])
def echo(path):
    return {name: SEEN[-1][name] for name in ("method", "target")}


@app.get("/stream")
def stream():
    def pieces():
        for number in range(2000):
            yield b"a" * 10_000

    return pieces()
"""
