"""What does a request cost by WSGI, environ in and body out, against Flask and other peers?

All apps are in one process and take turns; the figure of each is its best turn.
"""

from __future__ import annotations

import importlib
import typing as t

import peers
from calling import Client, Turns, take_turns
from workloads import ROWS, WORKLOADS, Answer, Workload, folder

FLASK, BOLTHEAD = "Flask", "Bolthead"
FRAMEWORKS = {BOLTHEAD: "bolthead", FLASK: "flask"}
JINJA = "Jinja alone"

# Not made for a quick look: it takes most of a minute.
SLOW_TO_MAKE = {("Falcon", "typed-10000")}

# What changes between two answers to the same request.
VOLATILE = {"set-cookie", "date", "expires"}


def measure(
    workload: Workload, names: t.Collection[str], rounds: int, turn: float, *, quick: bool = False
) -> dict[str, t.Any]:
    """Return the microseconds of a request by each who does a workload: best and median."""
    timed: dict[str, Turns] = {}
    answers: dict[str, Answer] = {}
    for name, module in FRAMEWORKS.items():
        if name in names:
            client = Client(workload.build(importlib.import_module(module)), workload)
            timed[name], answers[name] = Turns(client.send), client.answer
    if len(answers) == 2:
        must_be_equal(workload, answers[BOLTHEAD], answers[FLASK])
    for name in peers.PEERS:
        build = peers.find(name, workload.name) if name in names else None
        if quick and (name, workload.name) in SLOW_TO_MAKE:
            continue
        if build is not None:
            timed[name] = Turns(Client(build(), workload).send)
    if workload.name == "template" and JINJA in names:
        timed[JINJA] = Turns(jinja_alone())
    if timed:
        take_turns(timed.values(), rounds, turn)
    return {
        name: {"best": round(each.best, 3), "median": round(each.median, 3)}
        for name, each in timed.items()
    }


def must_be_equal(workload: Workload, ours: Answer, theirs: Answer) -> None:
    """Raise if Bolthead's answer is not Flask's, byte for byte."""
    for answer in (ours, theirs):
        for name in VOLATILE & answer.headers.keys():
            answer.headers[name] = "(not compared)"
    if ours != theirs:
        raise AssertionError(f"{workload.name}: Bolthead: {ours}\nFlask: {theirs}")


def jinja_alone() -> t.Callable[[int], None]:
    """Return what renders the template of the workload without any framework."""
    import jinja2

    loader = jinja2.FileSystemLoader(folder() / "templates")
    # As Flask has it: files are looked at for changes only in debug mode.
    environment = jinja2.Environment(loader=loader, autoescape=True, auto_reload=False)

    def render(count: int) -> None:
        for _ in range(count):
            environment.get_template("rows.html").render(title="Rows", rows=ROWS).encode()

    return render


def run(options: t.Any) -> dict[str, t.Any]:
    """Measure the workloads, and print a line for each as it is done."""
    rounds = options.rounds or (7 if options.quick else 25)
    turn = 0.01 if options.quick else 0.03
    names = options.peers or [*FRAMEWORKS, *peers.PEERS, JINJA]
    figures: dict[str, t.Any] = {}
    for workload in WORKLOADS:
        if options.only and workload.name not in options.only:
            continue
        took = measure(workload, names, rounds, turn, quick=options.quick)
        if not took:
            continue
        figures[workload.name] = {"title": workload.title, "us": took} | ratios(workload, took)
        print(line(workload.name, figures[workload.name]), flush=True)
    return {"rounds": rounds, "seconds_per_turn": turn, "workloads": figures}


def ratios(workload: Workload, took: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return how many times faster Bolthead is than each, by the best turns."""
    if BOLTHEAD not in took:
        return {}
    ours = took[BOLTHEAD]["best"]
    found: dict[str, t.Any] = {
        "times_faster_than": {
            name: round(each["best"] / ours, 2) for name, each in took.items() if name != BOLTHEAD
        }
    }
    if JINJA in took:
        found["us_beside_jinja"] = round(ours - took[JINJA]["best"], 2)
    if workload.at_least is not None:
        found["at_least"] = workload.at_least
    return found


def line(name: str, figure: dict[str, t.Any]) -> str:
    """Return the line of one workload as it is printed."""
    parts = [f"{name:<12}"]
    for who, took in figure["us"].items():
        parts.append(f"{who} {took['best']:.2f}")
    for who, ratio in figure.get("times_faster_than", {}).items():
        if who == FLASK:
            wanted = figure.get("at_least")
            mark = "" if wanted is None else f" (>= {wanted}{'' if ratio >= wanted else ' MISSED'})"
            parts.append(f"| {ratio:.1f}x Flask{mark}")
        if who == "Falcon":
            parts.append(f"| {1 / ratio:.2f} of Falcon's time")
    if "us_beside_jinja" in figure:
        parts.append(f"| Jinja's time + {figure['us_beside_jinja']:.1f} us")
    return "  ".join(parts)
