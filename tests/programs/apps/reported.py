"""An app under Sentry's integration of Flask; prints the events and transactions of some requests.

python reported.py (wsgi|asgi)
"""

import logging
import sys

import drive
import flask
import sentry_sdk
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.transport import Transport

sent = []


class Local(Transport):
    """Keeps what would be sent."""

    def capture_envelope(self, envelope):
        for item in envelope.items:
            if item.payload.json is not None and item.type in {"event", "transaction"}:
                sent.append(item.payload.json)


sentry_sdk.init(
    dsn="http://key@127.0.0.1:9/1",
    transport=Local,
    integrations=[FlaskIntegration()],
    traces_sample_rate=1.0,
    send_default_pii=True,
    auto_enabling_integrations=False,
)

(protocol,) = sys.argv[1:]
app = flask.Flask("reported")
app.secret_key = "0f9c2a5b7d1e4c3a8b6d"
app.logger.disabled = True


@app.route("/items/<int:number>", methods=["GET", "POST"])
def item(number):
    with sentry_sdk.start_span(op="db", name="look up"):
        pass
    return {"number": number}


@app.post("/fails/<name>")
def fails(name):
    sentry_sdk.set_user({"id": name})
    sentry_sdk.set_tag("asked", name)
    secret = {"name": name}
    raise LookupError(f"no {secret['name']}")


@app.get("/logs")
def logs():
    logging.getLogger("of.the.app").error("it is %s", "broken")
    return "fine"


@app.get("/aborts")
def aborts():
    flask.abort(403)


@app.get("/handled")
def handled():
    raise KeyError("handled")


@app.errorhandler(KeyError)
def handle(error):
    return "handled", 400


@app.get("/awaited")
async def awaited():
    raise ValueError("awaited")


def plain(event):
    request = event.get("request", {})
    headers = request.get("headers", {})
    trace = event.get("contexts", {}).get("trace", {})
    return {
        "type": event.get("type", "event"),
        "transaction": event.get("transaction"),
        "source": event.get("transaction_info"),
        "level": event.get("level"),
        "message": event.get("logentry"),
        "exceptions": [
            {
                "type": one["type"],
                "value": one["value"],
                "mechanism": one["mechanism"],
                "last": [
                    one["stacktrace"]["frames"][-1]["function"],
                    one["stacktrace"]["frames"][-1]["vars"],
                ],
            }
            for one in event.get("exception", {}).get("values", [])
        ],
        "request": [
            request.get("method"),
            request.get("url", "").split("/", 3)[-1],
            request.get("query_string"),
            request.get("data"),
            headers.get("X-Test"),
            headers.get("Cookie"),
        ],
        "user": event.get("user", {}).get("id"),
        "tags": event.get("tags"),
        "operation": [trace.get("op"), trace.get("status"), trace.get("origin")],
        "trace": trace.get("trace_id") if trace.get("trace_id") == TRACE else None,
        "spans": [[span["op"], span["description"]] for span in event.get("spans", [])],
    }


TRACE = "0af7651916cd43dd8448eb211c80319c"

with drive.served(app, protocol) as port:
    json_type = {"Content_Type": "application/json", "X_Test": "1", "Cookie": "a=b"}
    answers = [
        drive.ask(port, "GET", "/items/7?q=1", sentry_trace=f"{TRACE}-b7ad6b7169203331-1"),
        drive.ask(port, "POST", "/fails/this?q=2", '{"a": [1]}', **json_type),
        drive.ask(port, "GET", "/logs"),
        drive.ask(port, "GET", "/aborts"),
        drive.ask(port, "GET", "/handled"),
        drive.ask(port, "GET", "/none"),
        drive.ask(port, "GET", "/awaited"),
    ]
    events = drive.settled(lambda: sent, 10)

drive.tell(
    {
        "flask": type(app).__module__,
        "answers": [status for status, _ in answers],
        "events": [plain(event) for event in events],
    }
)
