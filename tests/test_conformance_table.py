"""The table of conformance suites says what a run needs, and why each exception is made."""

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

TABLE = runpy.run_path(str(Path(__file__).parent / "conformance" / "table.py"))
SUITES: dict[str, Any] = TABLE["load_suites"]()
CONFORMANCE = Path(__file__).parent / "conformance"
ENDED = tomllib.loads((CONFORMANCE / "legacy.toml").read_text("utf-8"))["extension"]
PAGE = CONFORMANCE.parents[1] / "docs" / "reference" / "extensions.md"


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_a_row_pins_its_sdist(suite):
    """Two runs of a row test the same sources."""
    assert suite.dist
    assert suite.version
    assert len(suite.sha256) == 64
    assert suite.passing > 0


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_each_exception_has_a_reason(suite):
    """A test is left out, or a text replaced, only for a reason that is written down."""
    for exception in (*suite.deselect, *suite.accidents, *suite.patch):
        assert exception.why.strip()


def test_flask_has_three_accidents_at_most():
    """Bolthead fails no more than three of Flask's own tests."""
    assert len(SUITES["flask"].accidents) <= 3


def test_a_suite_needs_two_keys():
    """A new extension is a distribution and a version."""
    shared = {"flask": "3", "base": ["pytest"], "timeout": 60}
    suite = TABLE["read_row"]("x", {**shared, "dist": "flask-x", "version": "1.0"})
    assert suite.requirements == ("flask==3", "flask-x==1.0", "pytest")
    assert suite.args == ("tests",)


def test_a_misspelt_key_is_an_error():
    """A key that does nothing is not passed over in silence."""
    with pytest.raises(ValueError, match=r"\[suite.x\] has unknown keys \['verson'\]"):
        TABLE["read_row"]("x", {"dist": "flask-x", "verson": "1.0"})


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_the_page_of_extensions_has_every_suite(suite):
    """The docs' page says what each row does; else run ``make conformance``."""
    row = re.escape(f"| {suite.name} | {suite.version} | ") + r"(\d+) of (\d+)"
    found = re.search(row + re.escape(f" | {suite.note} |"), PAGE.read_text("utf-8"))
    assert found, f"make conformance writes the row of {suite.name}"
    assert int(found[1]) <= int(found[2]) >= suite.passing


@pytest.mark.parametrize("name", ENDED)
def test_each_ended_extension_has_an_app(name):
    """A row of legacy.toml has the app to ask, says what ended it, and is on the docs' page."""
    row = ENDED[name]
    assert (CONFORMANCE / "legacy_apps" / f"{name.replace('-', '_')}.py").is_file()
    shown = f"| {row['dist']} | {row['version']} | {row['died']} | {row.get('note', '')} |"
    assert shown in PAGE.read_text("utf-8")


def test_a_suite_is_added_in_one_line(tmp_path):
    """``dist==version`` becomes a row, pinned to what was run, that is read back as it was."""
    table = tmp_path / "suites.toml"
    table.write_text(
        'flask = "3"\nbase = ["pytest"]\ntimeout = 60\n\n[suite.a]\ndist = "a"\nversion = "1"\n'
    )
    suite = TABLE["new_suite"]("Flask-X==1.0", table)
    TABLE["append_row"](suite, "0" * 64, 12, table)
    assert list(TABLE["load_suites"](table)) == ["a", "flask-x"]
    read = TABLE["load_suites"](table)["flask-x"]
    assert (read.dist, read.version, read.sha256, read.passing) == ("Flask-X", "1.0", "0" * 64, 12)


@pytest.mark.parametrize("text", ["flask-x", "flask-x==", "==1.0", ""])
def test_what_is_added_is_a_release(text):
    """Without a version it is not known what to run."""
    with pytest.raises(ValueError, match=r"flask-example==1\.2\.3"):
        TABLE["new_suite"](text)


def test_a_suite_is_added_once():
    """A suite of the table is changed there."""
    with pytest.raises(ValueError, match="has flask-login already"):
        TABLE["new_suite"]("Flask-Login==9.9")
