"""Settings with which no request could be answered are found where an app is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bolthead import Bolthead, Flask
from bolthead.plan.settings import find_invalid

INVALID = [
    ("TRUSTED_ORIGINS", "https://shop.example", "a list of origins"),
    ("TRUSTED_ORIGINS", ["shop.example"], "a list of origins"),
    ("TRUSTED_ORIGINS", ["https://shop.example/"], "without a path"),
    ("TRUSTED_ORIGINS", [5], "a list of origins"),
    ("TRUSTED_ORIGINS", 5, "a list of origins"),
    ("CROSS_ORIGIN_PROTECTION", "enforced", "'report'"),
    ("CROSS_ORIGIN_PROTECTION", [], "'report'"),
    ("SECURITY_HEADERS", "strictest", "'strict'"),
    ("SECURITY_HEADERS", True, "'strict'"),
    ("SECURITY_HEADERS", ["X-Frame-Options"], "a mapping"),
    ("SECURITY_HEADERS", {"X-A": "a\nb"}, "cannot be sent"),
    ("SECURITY_HEADERS", {"X A": "a"}, "cannot be sent"),
    ("SECURITY_HEADERS", {"X-A": 5}, "cannot be sent"),
    ("ALLOW_UNDERSCORE_HEADERS", True, "a list of names"),
    ("ALLOW_UNDERSCORE_HEADERS", ["X-Api-Key"], "a list of names"),
    ("ALLOW_UNDERSCORE_HEADERS", ["X_Forwarded_For"], "a proxy"),
    ("MAX_CONTENT_LENGTH", "16MB", "It is a number"),
    ("MAX_COOKIES", -1, "It is a number"),
    ("MAX_FORM_PARTS", [], "It is a number"),
]
VALID = {
    "TRUSTED_ORIGINS": [None, [], ("https://shop.example", "HTTP://localhost:3000")],
    "CROSS_ORIGIN_PROTECTION": ["enforce", "report", "off"],
    "SECURITY_HEADERS": [None, "basic", "strict", {}, {"X-A": "b", "X-B": None}],
    "ALLOW_UNDERSCORE_HEADERS": [None, [], ["X_Api_Key", "client_id"]],
    "MAX_CONTENT_LENGTH": [None, 0, 5, 1.5e6],
}


@pytest.mark.parametrize(("setting", "value", "says"), INVALID)
def test_invalid(setting, value, says):
    """What cannot be is found, with the setting's name and what it may be."""
    app = Bolthead("invalid")
    app.config[setting] = value
    ((found, what),) = find_invalid(app.config)
    assert found == setting
    assert setting in what
    assert says in what


@pytest.mark.parametrize("cls", [Flask, Bolthead])
def test_valid(cls):
    """What can be is not found, and the first settings are."""
    app = cls("valid")
    assert list(find_invalid(app.config)) == []
    for setting, values in VALID.items():
        for value in values:
            app.config[setting] = value
            assert list(find_invalid(app.config)) == []


@pytest.mark.parametrize("command", [["run", "--port", "0"], ["serve", "--port", "0"], ["check"]])
@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("TRUSTED_ORIGINS", ["shop.example"], "'https://shop.example'"),
        ("SECURITY_HEADERS", "strictest", "'strict'"),
        ("MAX_COOKIES", "many", "It is a number"),
    ],
)
def test_commands_refuse(tmp_path, command, setting, value, says):
    """``bolthead run``, ``serve`` and ``check`` end with an error that names setting and fix."""
    if command[0] == "serve":
        pytest.importorskip("granian")
    code = "from bolthead import Bolthead\napp = Bolthead(__name__)\n"
    code += "app.config['SECRET_KEY'] = '8c1f0e1c4f7a4a6e9f3b8d2c5a7e6b90'\n"
    code += f"app.config[{setting!r}] = {value!r}\n"
    (tmp_path / "shop.py").write_text(code)
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "BOLTHEAD_"))}
    done = subprocess.run(
        [sys.executable, "-m", "bolthead", "--app", "shop", *command],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert done.returncode != 0, printed
    assert setting in printed
    assert says in printed
    assert "Traceback" not in printed
