"""An app under OpenTelemetry's instrumentation of Flask; prints the spans of some requests.

python traced.py (wsgi|asgi) (class|app): what is instrumented is flask.Flask or the app.
"""

import sys

import drive
import flask
from opentelemetry import trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("app")

protocol, how = sys.argv[1:]


def response_hook(span, status, headers):
    span.set_attribute("test.status", status)


options = {"excluded_urls": "silent", "response_hook": response_hook}
if how == "class":
    FlaskInstrumentor().instrument(**options)
app = flask.Flask("traced")
if how == "app":
    FlaskInstrumentor().instrument_app(app, **options)


@app.route("/items/<int:number>", methods=["GET", "POST"])
def item(number):
    with tracer.start_as_current_span("look up") as span:
        span.set_attribute("number", number)
    current = trace.get_current_span()
    current.set_attribute("seen.in.view", True)
    return {"number": number, "form": dict(flask.request.form)}


@app.get("/fails")
def fails():
    raise LookupError("no such thing")


@app.get("/aborts")
def aborts():
    flask.abort(403)


@app.get("/silent")
def silent():
    return "not traced"


@app.get("/streamed")
def streamed():
    return (f"{n}" for n in range(3))


async def awaited():
    with tracer.start_as_current_span("awaited"):
        return "awaited"


app.add_url_rule("/awaited", view_func=awaited)
app.logger.disabled = True


def plain(span):
    skipped = ("port", "peer", "user_agent", "server_name", "flavor", "host", "server.address")
    parent = span.parent and f"{span.parent.span_id:016x}"
    return {
        "name": span.name,
        "kind": span.kind.name,
        "status": span.status.status_code.name,
        "attributes": {
            name: value
            for name, value in span.attributes.items()
            if not any(word in name for word in skipped)
        },
        "events": [[event.name, event.attributes.get("exception.type")] for event in span.events],
        "parent": parent,
        "id": f"{span.context.span_id:016x}",
        "trace": f"{span.context.trace_id:032x}",
    }


def family(spans):
    """Spans with the names of their parents for their ids."""
    names = {span["id"]: span["name"] for span in spans}
    for span in spans:
        span["parent"] = names.get(span["parent"], span["parent"])
    for span in spans:
        del span["id"]
        if span["trace"] != "0af7651916cd43dd8448eb211c80319c":
            del span["trace"]
    return spans


PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

with drive.served(app, protocol) as port:
    answers = [
        drive.ask(port, "GET", "/items/7?q=1"),
        drive.ask(
            port, "POST", "/items/8", "a=1", Content_Type="application/x-www-form-urlencoded"
        ),
        drive.ask(port, "GET", "/items/9", traceparent=PARENT),
        drive.ask(port, "GET", "/fails"),
        drive.ask(port, "GET", "/aborts"),
        drive.ask(port, "GET", "/none"),
        drive.ask(port, "PUT", "/items/7"),
        drive.ask(port, "GET", "/silent"),
        drive.ask(port, "GET", "/streamed"),
        drive.ask(port, "GET", "/awaited"),
    ]
    spans = drive.settled(exporter.get_finished_spans, 13)

drive.tell(
    {
        "flask": flask.Flask.__mro__[-3].__module__ if how == "class" else type(app).__module__,
        "answers": [status for status, _ in answers],
        "spans": family([plain(span) for span in spans]),
    }
)
