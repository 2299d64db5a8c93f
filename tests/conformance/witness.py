"""A pytest plugin: records each test's outcome, and bears witness which framework answered.

It is copied into a suite's environment and imports nothing of the runner. Each line of the record
is one JSON object, written at once, so that a killed run still tells how far it came: a test with
its outcome and the reason, or who answered to `import flask` and from which folder.
"""

import importlib
import json
import sys
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--conformance-record", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    record = config.getoption("--conformance-record")
    config.pluginmanager.register(Witness(record), "conformance-witness")


class Witness:
    """Hears pytest's reports and writes them down."""

    def __init__(self, record: Path) -> None:
        self.record = record

    def write(self, **line: object) -> None:
        with self.record.open("a", encoding="utf-8") as record:
            record.write(json.dumps(line) + "\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.write(test=report.nodeid, outcome="failed", why=reason_for(report))

    def pytest_collection_finish(self) -> None:
        self.write(**who_answers())

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.write(test=nodeid, outcome="started", why="")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # A fixture's quiet success says nothing; its failure fails the test.
        if report.when == "call" or not report.passed:
            self.write(test=report.nodeid, outcome=outcome_of(report), why=reason_for(report))

    def pytest_sessionfinish(self) -> None:
        # Asked again: a suite may take modules out of sys.modules and import them anew.
        self.write(**who_answers())


def outcome_of(report: pytest.TestReport) -> str:
    """pytest's outcome, but a test that is expected to fail never counts as passed."""
    return "skipped" if hasattr(report, "wasxfail") and not report.failed else report.outcome


def reason_for(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The ends of the traceback and of what the test printed, such as a child's own traceback."""
    if report.passed:
        return ""
    parts = (report.longreprtext, report.capstdout, report.capstderr)
    return "\n".join(line for part in parts for line in part.rstrip().splitlines()[-15:])


def who_answers() -> dict[str, str]:
    """Which framework `import flask` gives here, and the folder it was loaded from."""
    try:
        flask = importlib.import_module("flask")
    except ImportError as error:
        return {"answered": f"nobody ({error})", "home": ""}
    genuine = {name for name in flask_modules() if is_genuine(sys.modules[name])}
    others = flask_modules() - genuine
    bolthead = sys.modules.get("bolthead")
    if bolthead is None and not others:
        return {"answered": "flask", "home": home_of(flask)}
    if bolthead is not None and not genuine and flask.Flask is bolthead.Flask:
        return {"answered": "bolthead", "home": home_of(bolthead)}
    mixture = f"a mixture ({len(genuine)} modules of Flask itself; {sorted(others)}; {bolthead})"
    return {"answered": mixture, "home": home_of(flask)}


def flask_modules() -> set[str]:
    """The names under which modules of `flask` are loaded."""
    return {name for name in sys.modules if name.partition(".")[0] == "flask"}


def is_genuine(module: ModuleType) -> bool:
    """Whether the module was loaded from the installed distribution called Flask."""
    installed = Path(str(distribution("flask").locate_file("flask"))).resolve()
    return Path(home_of(module)).is_relative_to(installed)


def home_of(module: ModuleType) -> str:
    """The folder of a module; `flask.sansio` is a folder without a file."""
    places = [module.__file__] if module.__file__ else list(getattr(module, "__path__", ()))
    place = Path(places[0]).resolve() if places else Path()
    return str(place if place.is_dir() else place.parent)
