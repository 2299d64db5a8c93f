"""The results as tables in the documentation, between markers: ``run.py --write-docs``.

A marker is ``<!-- benchmark: NAME -->``; its end is ``<!-- end -->``. What is between them is
written anew. The tables are made of ``benchmarks/results``, and name what they were measured on.
"""

from __future__ import annotations

import json
import re
import typing as t

from environment import CHECKOUT

RESULTS = CHECKOUT / "benchmarks" / "results"
PAGES = ["README.md", "docs/explanation/speed.md"]
MARKED = re.compile(r"(<!-- benchmark: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

PEERS = ["Falcon", "Bottle", "Pyramid", "Django"]
# What the README shows.
SHORT = ["text", "json", "typed-200", "hooks", "form", "session", "url-for", "async"]

# The steps in the order of a request.
STEPS = [
    "match",
    "make the request",
    "make the request, open the session",
    "check",
    "call the view",
    "call, raise, recover",
    "respond",
    "respond, after, save the session",
    "send",
    "receive, enter, leave",
    "the benchmark's own (environ copied, body read)",
    "the whole request",
]

Result = dict[str, t.Any]


def write() -> list[str]:
    """Write all tables for which there are results; return the pages that changed."""
    changed = []
    for name in PAGES:
        path = CHECKOUT / name
        text = path.read_text("utf-8")
        written = MARKED.sub(filled, text)
        if written != text:
            path.write_text(written, "utf-8")
            changed.append(name)
    return changed


def filled(marked: re.Match[str]) -> str:
    """Return a marked part with its table made anew."""
    begin, name, end = marked.groups()
    try:
        table = TABLES[name]()
    except FileNotFoundError:
        program = "music.py" if name == "music" else f"run.py {name}"
        table = f"Not measured yet: `python benchmarks/{program}`."
    return f"{begin}{table}\n{end}"


def result(question: str) -> Result:
    """Return a question's result as it was written last."""
    return t.cast("Result", json.loads((RESULTS / f"{question}.json").read_text("utf-8")))


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; all columns but the first are numbers."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def measured_on(question: str, *packages: str) -> str:
    """Return the sentence that says on what a question was answered, when and how."""
    found = result(question)
    machine = found["machine"]
    versions = ", ".join(f"{name} {found['packages'][name.lower()]}" for name in packages)
    return (
        f"`{found['command']}` on {found['date']}: {machine['cpu']}, {machine['cores']} cores,"
        f" {found['python']}{', ' if versions else ''}{versions}."
    )


def in_process() -> str:
    """Return the table of microseconds by workload, and times faster than Flask."""
    rows = []
    for figure in result("in_process")["workloads"].values():
        took = {name: each["best"] for name, each in figure["us"].items()}
        rows.append(
            [
                figure["title"],
                *(number(took.get(name)) for name in ["Bolthead", "Flask", *PEERS]),
                f"{took['Flask'] / took['Bolthead']:.1f}",
            ]
        )
    head = ["µs for a request", "Bolthead", "Flask", *PEERS, "times faster than Flask"]
    note = measured_on("in_process", "Flask", "Werkzeug", *PEERS)
    return f"{table(head, rows)}\n\n{note} {beside()}"


def beside() -> str:
    """Return what the same loop takes for a plain function, and Jinja for the template."""
    found = result("in_process")["workloads"]
    raw = found["text"]["us"]["raw WSGI"]["best"]
    jinja = found["template"]["us"]["Jinja alone"]["best"]
    return (
        f"In the same loop a plain WSGI function that answers a text takes {raw:.2f} µs, and Jinja"
        f" takes {jinja:.1f} µs for the template by itself."
    )


def number(microseconds: float | None) -> str:
    """Return microseconds with three digits that count, or a dash."""
    if microseconds is None:
        return "-"
    if microseconds >= 100:
        return f"{microseconds:,.0f}"
    return f"{microseconds:.1f}" if microseconds >= 10 else f"{microseconds:.2f}"


def servers() -> str:
    """Return the table of requests per second, the fastest first."""
    found = result("servers")
    best = found["servers"][0]["requests_per_second"]
    rows = [
        [
            f"{one['framework']} on {one['server']}",
            f"{one['requests_per_second']:,}",
            f"{one['requests_per_second'] / best:.2f}",
            f"{one['p99_ms']:.2f}",
        ]
        for one in found["servers"]
    ]
    head = ["one worker on one core, JSON", "requests/s", "of the first", "p99 in ms"]
    names = ["Flask", "Falcon", "Django", "FastAPI", "Starlette", "Litestar", "BlackSheep"]
    names += ["Quart", "Emmett", "Robyn", "Granian", "Gunicorn", "uvicorn"]
    return f"{table(head, rows)}\n\n{measured_on('servers', *names)}"


def async_servers() -> str:
    """Return a table for all questions about async views, WebSockets and ``bolthead serve``."""
    found = result("async_servers")
    rows = []
    for question in found["questions"].values():
        best = question["servers"][0]["per_second"]
        rows += [
            [
                question["title"],
                f"{one['framework']} on {one['server']}",
                f"{one['per_second']:,}",
                f"{one['per_second'] / best:.2f}",
            ]
            for one in question["servers"]
        ]
    head = ["one worker on one core", "", "a second", "of the first"]
    names = ["FastAPI", "Starlette", "Litestar", "BlackSheep", "Quart", "Emmett", "Robyn"]
    return f"{table(head, rows)}\n\n{measured_on('async_servers', *names, 'Granian', 'uvicorn')}"


def start_and_size() -> str:
    """Return the table of starts and memory."""
    found = result("start_and_size")
    titles = {
        "import_ms": "import, ms",
        "first_answer_ms": "import, 200 routes, first answer, ms",
        "memory_mb_at_first": "memory of a worker at its first answer, MB",
        "memory_mb_after_100000": "memory of a worker after 100,000 requests, MB",
    }
    rows = [
        [
            title,
            *(f"{found[key][name]:.1f}" for name in ("Bolthead", "Flask")),
            f"{found['of_flask'][key]:.2f}",
        ]
        for key, title in titles.items()
        if key in found
    ]
    note = measured_on("start_and_size", "Flask", "Werkzeug", "Granian")
    return f"{table(['', 'Bolthead', 'Flask', 'ratio'], rows)}\n\n{note}"


def growth() -> str:
    """Return the tables of growth by routes and by threads."""
    found = result("growth")
    parts = []
    for what in ("routes", "threads"):
        rows = [
            [
                f"{int(size):,}",
                *(number(figure["us"][name]) for name in ("Bolthead", "Flask")),
                *(f"{figure['growth'][name]:.2f}" for name in ("Bolthead", "Flask")),
            ]
            for size, figure in found[what].items()
        ]
        head = [what, "Bolthead, µs", "Flask, µs", "Bolthead, of the first", "Flask, of the first"]
        parts.append(table(head, rows))
    return "\n\n".join([*parts, measured_on("growth", "Flask", "Werkzeug")])


def steps() -> str:
    """Return the table of the steps of a request, a column for each workload."""
    ways = result("steps")["ways"]
    rows = [
        [step, *(number(way["us"].get(step)) for way in ways.values())]
        for step in STEPS
        if any(step in way["us"] for way in ways.values())
    ]
    head = ["µs", *(way["title"] for way in ways.values())]
    return f"{table(head, rows)}\n\n{measured_on('steps', 'Werkzeug')}"


def readme() -> str:
    """Return a small table: some workloads, and the servers' ratios."""
    workloads = result("in_process")["workloads"]
    rows = []
    for name in SHORT:
        took = {peer: each["best"] for peer, each in workloads[name]["us"].items()}
        ratio = f"{took['Flask'] / took['Bolthead']:.1f}"
        rows.append(
            [workloads[name]["title"], *map(number, (took["Bolthead"], took["Flask"])), ratio]
        )
    head = ["µs for a request, in process", "Bolthead", "Flask", "times faster"]
    return f"{table(head, rows)}\n\n{measured_on('in_process', 'Flask')}"


def music() -> str:
    """Return the table of what users of the music app wait."""
    found = result("music")
    names = ["requests", "errors", "p50_ms", "p95_ms", "p99_ms", "max_ms"]
    labels = {"Bolthead": "Bolthead on `bolthead serve`", "Flask": "Flask on Gunicorn"}
    rows = [
        [label, *(f"{found['results'][framework][name]:,}" for name in names)]
        for framework, label in labels.items()
    ]
    head = ["50 users, two workers", *(name.replace("_", " ") for name in names)]
    return f"{table(head, rows)}\n\n{measured_on('music', 'Flask', 'Granian', 'Gunicorn')}"


TABLES: dict[str, t.Callable[[], str]] = {
    "in_process": in_process,
    "servers": servers,
    "async_servers": async_servers,
    "start_and_size": start_and_size,
    "growth": growth,
    "steps": steps,
    "music": music,
    "readme": readme,
}
