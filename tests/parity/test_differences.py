"""The list of allowed differences: each entry is about a case that exists, and says why."""

import fnmatch
from pathlib import Path

import pytest

from parity import (
    test_bad_input,
    test_hooks_errors,
    test_requests,
    test_responses,
    test_routing,
    test_sessions,
    test_structure,
    test_templates,
)
from parity.differences import DIFFERENCES, OF_THIS_PYTHON, documented
from parity.over_http import NOT_BY_ASGI, NOT_ON, NOT_OVER_HTTP

COMPARED = (
    test_hooks_errors,
    test_requests,
    test_responses,
    test_routing,
    test_sessions,
    test_structure,
    test_templates,
)
CASE_IDS = [row.values[-1] for module in COMPARED for row in module.ALL]
CASE_IDS += [row.values[-1] for row in test_bad_input.ROWS]
NOT_ON_SERVERS = {*NOT_OVER_HTTP, *NOT_BY_ASGI}.union(*NOT_ON.values())


@pytest.mark.parametrize("pattern", DIFFERENCES)
def test_a_difference_is_about_a_case(pattern):
    """An entry that fits no case is left over and must go."""
    assert fnmatch.filter(CASE_IDS, pattern)


@pytest.mark.parametrize("known", DIFFERENCES.values(), ids=DIFFERENCES)
def test_a_difference_says_why(known):
    """Every entry gives its reason and something Bolthead may answer."""
    assert known.why
    assert known.bolthead


@pytest.mark.parametrize("pattern", NOT_ON_SERVERS)
def test_what_no_server_is_asked_is_a_case(pattern):
    """A pattern of cases that are left out over HTTP fits some, or it must go."""
    assert fnmatch.filter(CASE_IDS, pattern)


def test_case_ids_are_unique():
    """A case id names one case, so that an entry cannot excuse another one."""
    assert len(CASE_IDS) == len(set(CASE_IDS))


def test_the_docs_have_every_difference():
    """The table of the page on hostile input has a row for each difference, and no other."""
    page = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "hostile-input.md"
    table = page.read_text("utf-8").partition("| what Flask does |")[2]
    rows = {line for line in table.splitlines() if line.startswith("| ")}
    expected = set(documented())
    assert expected <= rows, "\n".join(sorted(expected - rows))
    # Some are of other versions of Python.
    assert len(rows - expected) <= 1, rows - expected
    assert OF_THIS_PYTHON
