"""No setting, whatever it is set to, ends the check with an exception."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bolthead
import bolthead.check.rules
from bolthead.check import RULES, Finding, check_app

SOURCES = Path(bolthead.check.rules.__file__).parent.glob("*.py")
KEYS = sorted(
    {
        *bolthead.Bolthead.default_config,
        *(
            key
            for file in SOURCES
            for key in re.findall(r"\"([A-Z][A-Z_]{3,})\"", file.read_text(encoding="utf-8"))
        ),
    }
)
ODD = [None, -1, "", "x\x00[", b"\xff", [], {"a": object()}, object()]


@pytest.mark.parametrize("key", KEYS)
def test_odd_values(tmp_path, key):
    """Each value is either found or passed over."""
    app = bolthead.Flask("odd_app", root_path=str(tmp_path), instance_path=str(tmp_path / "i"))
    app.add_url_rule("/", "index", lambda: "", methods=["GET", "POST"])
    app.config["SECRET_KEY"] = "8c1f0e1c4f7a4a6e9f3b8d2c5a7e6b90"
    known = {rule.id for rule in RULES}
    for value in ODD:
        app.config[key] = value
        findings = check_app(app, deploy=True, environ={}, ignore=["B013"])
        assert {finding.id for finding in findings} <= known
        assert all(isinstance(finding, Finding) for finding in findings)
