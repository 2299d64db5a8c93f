"""Run the benchmarks: ``python benchmarks/run.py [question ...] [--quick] [--rounds N]``.

It runs itself in a virtual environment of its own, ``.cache/bench``, with Bolthead's peers in it.
Each question prints a table and writes ``benchmarks/results/<question>.json``, unless it was only
looked at: with ``--quick``, ``--only`` or ``--peers``.

    python benchmarks/run.py in_process --quick --only text json --peers Bolthead Flask
    python benchmarks/run.py --write-docs      # put the results into README.md and docs/
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys

import environment

QUESTIONS = ["in_process", "growth", "start_and_size", "servers", "async_servers", "steps"]


def main() -> None:
    """Answer the questions that the command line names, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("questions", nargs="*", help=f"of {', '.join(QUESTIONS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, no file")
    parser.add_argument("--rounds", type=int, help="how many turns each takes")
    parser.add_argument("--only", nargs="+", help="workloads, or frameworks of servers; no file")
    parser.add_argument("--peers", nargs="+", help="who takes turns in_process; no file")
    parser.add_argument(
        "--write-docs", action="store_true", help="put the results at hand into the documentation"
    )
    options = parser.parse_args()
    for question in options.questions:
        if question not in QUESTIONS:
            parser.error(f"no question {question!r}: take one of {', '.join(QUESTIONS)}")

    chosen = options.questions or ([] if options.write_docs else QUESTIONS)
    if chosen:
        environment.enter()
    # Also when it is ended from outside, servers are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    for question in chosen:
        module = importlib.import_module(question)
        print(f"\n{module.__doc__.partition(chr(10))[0]}\n", flush=True)
        figures = module.run(options)
        if not (options.quick or options.only or options.peers):
            path = importlib.import_module("report").write(question, figures)
            print(f"\nwritten: {path}")
    if options.write_docs:
        changed = importlib.import_module("documentation").write()
        print(f"\nwritten: {', '.join(changed) or 'nothing, all is as it was'}")


if __name__ == "__main__":
    sys.exit(main())
