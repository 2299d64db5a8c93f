"""Runs other people's test suites on Flask and on Bolthead; a test that only Flask passes is lost.

Without names it runs every suite of suites.toml; README.md tells how to add one.
"""

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from docs_page import TARGET, build_page, read_kept
from environments import SuiteError, digest, fetch_sdist, opened, python_version
from outcomes import Comparison, compare, run_on_bolthead, run_on_flask
from table import TABLE, Suite, append_row, load_suites, new_suite


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when no test is lost."""
    suites = load_suites()
    options = read_options(suites, arguments)
    if options.list:
        for suite in suites.values():
            print(f"{suite.name:20} {suite.dist} {suite.version}, {suite.passing} tests")
        return 0
    print(f"Python {python_version(options.python)}", flush=True)
    if options.add:
        return add(options)
    chosen = [suites[name] for name in options.suites or suites]
    results = run_all(chosen, options)
    print_total(results)
    if options.json:
        options.json.write_text(json.dumps(summary(results, options.python), indent=2) + "\n")
    if options.report:
        options.report.write_text(report(results), "utf-8")
    if options.write_docs and not any(result.error for result in results):
        kept = {result.suite: (result.kept, result.passing) for result in results}
        TARGET.write_text(build_page(suites, kept), "utf-8")
    return 0 if all(result.succeeded for result in results) else 1


def read_options(
    suites: Iterable[str], arguments: Sequence[str] | None = None
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="names from suites.toml")
    parser.add_argument("--list", action="store_true", help="print the suites and stop")
    parser.add_argument(
        "--add", metavar="DIST==VERSION", help="run a new suite, and write its row into the tables"
    )
    parser.add_argument("--fresh", action="store_true", help="build the environments again")
    parser.add_argument("--jobs", type=int, default=2, help="suites at the same time (2)")
    parser.add_argument("--timeout", type=int, help="seconds for one run of a suite")
    parser.add_argument("--python", default=sys.executable, help="interpreter to test with")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write why each was lost")
    parser.add_argument("--write-docs", action="store_true", help=f"write {TARGET.name}")
    options = parser.parse_args(arguments)
    if options.write_docs and options.suites:
        parser.error("--write-docs is for all suites: the page has a row for each")
    unknown = sorted(set(options.suites) - set(suites))
    if unknown:
        parser.error(f"suites.toml has no {', '.join(unknown)}; --list prints what it has")
    return options


def add(options: argparse.Namespace) -> int:
    """Run a suite that the table does not have, and write its row and its line of the docs."""
    try:
        suite = new_suite(options.add)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    result = run_one(suite, options)
    print(describe(result))
    if result.error:
        print("Nothing was written. The top of suites.toml lists what a row may say besides.")
        return 1
    append_row(suite, pinned(suite, options), result.passing)
    kept = read_kept() | {suite.name: (result.kept, result.passing)}
    TARGET.write_text(build_page(load_suites(), kept), "utf-8")
    print(f"{suite.name} is in {TABLE.name} and {TARGET.name}.")
    return 0 if result.succeeded else 1


def pinned(suite: Suite, options: argparse.Namespace) -> str:
    """The digest of the sdist that was run."""
    with opened(suite, options.python, fresh=False) as environment:
        return digest(fetch_sdist(environment))


def run_all(suites: Sequence[Suite], options: argparse.Namespace) -> list[Comparison]:
    """Run the suites side by side, and print each as soon as it is known."""
    with ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run_one, suite, options) for suite in suites]
        try:
            for future in as_completed(running):
                print(describe(future.result()), flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in running]


def run_one(suite: Suite, options: argparse.Namespace) -> Comparison:
    """One suite on both frameworks; what stops it is a result too."""
    try:
        with opened(suite, options.python, fresh=options.fresh) as environment:
            real = run_on_flask(environment, options.timeout)
            if suite.sha256 is None and not options.add:
                found = digest(fetch_sdist(environment))
                print(f'{suite.name}: pin sha256 = "{found}" and passing = {len(real.passed)}')
            return compare(suite, real, run_on_bolthead(environment, options.timeout))
    except (SuiteError, OSError, subprocess.SubprocessError) as error:
        return Comparison.failed(suite, str(error))


def describe(result: Comparison) -> str:
    """A suite's line, and under it each test that is not the same on both."""
    title = f"{result.suite:20} {result.version:8}"
    if result.error:
        return f"{title} could not be run: {result.error}"
    lines = [f"{title} kept {result.kept}/{result.passing} in {result.seconds:.0f} s"]
    lines += [f"  lost: {test}" for test in result.lost]
    lines += [f"  accident: {test} ({why})" for test, why in result.accidents.items()]
    lines += [f"  passes only on Bolthead: {test}" for test in result.gained]
    return "\n".join(lines)


def print_total(results: Sequence[Comparison]) -> None:
    kept = sum(result.kept for result in results)
    passing = sum(result.passing for result in results)
    broken = sum(not result.succeeded for result in results)
    print(f"kept {kept}/{passing} in {len(results)} suites, {broken} of them with losses")


def summary(results: Sequence[Comparison], python: str) -> dict[str, object]:
    return {
        "python": python_version(python),
        "machine": platform.machine(),
        "suites": {result.suite: asdict(result) for result in results},
    }


def report(results: Sequence[Comparison]) -> str:
    """Every lost test with the end of its traceback."""
    parts = [f"{result.suite}: {result.error}\n" for result in results if result.error]
    for result in results:
        parts += [f"{result.suite}  {test}\n{why}\n" for test, why in result.lost.items()]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
