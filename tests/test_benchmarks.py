"""The benchmarks measure what they say: equal work, and tables made of the results."""

import importlib
import sys
from pathlib import Path

import flask
import pytest

import bolthead

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"

sys.path.insert(0, str(BENCHMARKS))
calling = importlib.import_module("calling")
documentation = importlib.import_module("documentation")
in_process = importlib.import_module("in_process")
workloads = importlib.import_module("workloads")
sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize("workload", workloads.WORKLOADS, ids=lambda workload: workload.name)
def test_both_do_the_same_work(workload):
    """Flask and Bolthead give the right answer to a workload's request, and the same one."""
    ours, theirs = (
        calling.Client(workload.build(framework), workload).answer
        for framework in (bolthead, flask)
    )
    in_process.must_be_equal(workload, ours, theirs)


def test_wrong_answers_are_not_timed():
    """An app that answers something else is refused before anything is measured."""
    with pytest.raises(AssertionError, match="a wrong answer"):
        calling.Client(workloads.text(bolthead), workloads.BY_NAME["json"])


def test_everyone_takes_turns():
    """Who is compared is timed in each round, and is the first one in turn."""
    order = []
    timed = [
        calling.Turns(lambda count, name=name: order.append(name), count=1) for name in ("a", "b")
    ]
    calling.take_turns(timed, rounds=2, turn=0)
    assert order[-4:] == ["a", "b", "b", "a"]
    assert [len(each.seconds) for each in timed] == [2, 2]


@pytest.mark.parametrize("page", documentation.PAGES)
def test_tables_are_those_of_the_results(page):
    """The tables of a page are made of the results: ``benchmarks/run.py --write-docs``."""
    text = (documentation.CHECKOUT / page).read_text("utf-8")
    assert documentation.MARKED.sub(documentation.filled, text) == text
