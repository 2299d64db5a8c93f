"""Runs a suite on one framework, and compares what its tests did on the two."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from environments import (
    CACHE,
    CHECKOUT,
    WITNESS,
    Environment,
    SuiteError,
    adopted,
    digest,
    fetch_sdist,
    install_witness,
    unpack,
)
from table import Suite

# A test is reported several times (its fixtures, its call, its subtests): the last of these wins.
SEVERITY = ("started", "passed", "skipped", "failed")


@dataclass(frozen=True, slots=True)
class Run:
    """What each test of a suite did on one framework."""

    outcomes: Mapping[str, str]
    reasons: Mapping[str, str]
    ending: str
    seconds: float

    @property
    def passed(self) -> set[str]:
        return {test for test, outcome in self.outcomes.items() if outcome == "passed"}

    def reason(self, test: str) -> str:
        """Why a test did not pass, or why it was never reached."""
        if test in self.reasons:
            return self.reasons[test]
        module_error = self.reasons.get(test.partition("::")[0])
        return module_error or f"{self.outcomes.get(test, 'not found')}; the run {self.ending}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One suite on both frameworks; `lost` and `accidents` map a test to its reason."""

    suite: str
    version: str
    passing: int
    kept: int
    lost: Mapping[str, str]
    accidents: Mapping[str, str]
    gained: tuple[str, ...]
    seconds: float
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        return not self.lost and self.error is None

    @classmethod
    def failed(cls, suite: Suite, error: str) -> Self:
        """A suite that could not be run."""
        return cls(
            suite=suite.name,
            version=suite.version,
            passing=suite.passing,
            kept=0,
            lost={},
            accidents={},
            gained=(),
            seconds=0,
            error=error,
        )


def compare(suite: Suite, real: Run, bolthead: Run) -> Comparison:
    """Set the two runs side by side."""
    missing = sorted(real.passed - bolthead.passed)
    accidents = {test: named.why for test in missing if (named := suite.accident(test))}
    return Comparison(
        suite=suite.name,
        version=suite.version,
        passing=len(real.passed),
        kept=len(real.passed & bolthead.passed),
        lost={test: bolthead.reason(test) for test in missing if test not in accidents},
        accidents=accidents,
        gained=tuple(sorted(bolthead.passed - real.passed)),
        seconds=bolthead.seconds,
    )


def run_on_flask(environment: Environment, timeout: int | None) -> Run:
    """The baseline; kept until the row, the interpreter or an installed version changes."""
    sdist = fetch_sdist(environment)
    key = baseline_key(environment, sdist)
    kept = environment.folder / "baseline.json"
    if kept.exists() and (stored := json.loads(kept.read_text("utf-8")))["key"] == key:
        return Run(**stored["run"])
    run = run_suite(environment, sdist, "flask", timeout)
    if len(run.passed) < environment.suite.passing:
        raise SuiteError(
            f"Only {len(run.passed)} tests pass on real Flask, {environment.suite.passing} should:"
            f" the environment is broken.\n{environment.log_end('flask')}"
        )
    kept.write_text(json.dumps({"key": key, "run": asdict(run)}), "utf-8")
    return run


def run_on_bolthead(environment: Environment, timeout: int | None) -> Run:
    sdist = fetch_sdist(environment)
    with adopted(environment):
        return run_suite(environment, sdist, "bolthead", timeout)


def baseline_key(environment: Environment, sdist: Path) -> str:
    facts = [
        repr(environment.suite),
        str(environment.python.resolve()),
        environment.installed(),
        digest(sdist),
        digest(WITNESS),
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def run_suite(environment: Environment, sdist: Path, framework: str, timeout: int | None) -> Run:
    """Run the suite once in a new copy of its sources, sure that this framework answers."""
    suite = environment.suite
    start = unpack(suite, sdist, environment.folder / framework)
    install_witness(environment)
    # Without settings of its own a suite would be run under those of this repository.
    (CACHE / "pytest.ini").write_text("[pytest]\n", "utf-8")
    record = environment.folder / f"{framework}.jsonl"
    record.unlink(missing_ok=True)
    began = time.monotonic()
    status = environment.run(
        *pytest_command(suite, start, record),
        log=framework,
        cwd=start,
        timeout=timeout or suite.timeout,
    )
    seconds = time.monotonic() - began
    lines = read_record(record)
    check_witness(environment, framework, lines)
    ending = "was stopped by the timeout" if status is None else f"ended with {status}"
    return Run(*read_outcomes(lines), ending, seconds)


def pytest_command(suite: Suite, start: Path, record: Path) -> list[str | Path]:
    plugin = ["-p", "bolthead_conformance_witness", f"--conformance-record={record}"]
    habits = [
        f"--rootdir={start}",
        "--continue-on-collection-errors",
        "--tb=short",
        "--override-ini=faulthandler_timeout=60",
    ]
    skipped = [f"--deselect={named.id}" for named in suite.deselect]
    return ["-m", "pytest", *plugin, *habits, *skipped, *suite.args]


def read_record(record: Path) -> list[dict[str, str]]:
    if not record.exists():
        return []
    return [json.loads(line) for line in record.read_text("utf-8").splitlines()]


def check_witness(environment: Environment, framework: str, lines: list[dict[str, str]]) -> None:
    """Stop unless the framework that was to be tested is the one that was."""
    answers = [line for line in lines if "answered" in line]
    place = {"flask": environment.folder / "venv", "bolthead": CHECKOUT / "src"}[framework]
    wrong = {
        f"{line['answered']} in {line['home']}"
        for line in answers
        if line["answered"] != framework or not Path(line["home"]).is_relative_to(place)
    }
    if wrong or not answers:
        raise SuiteError(
            f"The tests were to run on {framework}, but `import flask` was answered by"
            f" {' and '.join(wrong) or 'nobody'}. If an earlier run was cut short, try --fresh."
            f"\n{environment.log_end(framework)}"
        )


def read_outcomes(lines: list[dict[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Each test's severest outcome, and for each that did not pass the first reason."""
    outcomes: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for line in lines:
        if "test" not in line:
            continue
        test, outcome = line["test"], line["outcome"]
        outcomes[test] = max(outcomes.get(test, "started"), outcome, key=SEVERITY.index)
        if outcome in ("failed", "skipped"):
            reasons.setdefault(test, line["why"])
    return outcomes, reasons
