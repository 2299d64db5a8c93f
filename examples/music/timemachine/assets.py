"""Chart.js, taken from the package `chartkick` at set-up and kept among the static files."""

import os
import tempfile
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import rjsmin

SOURCE = "django/static/chartkick/Chart.bundle.js"


def prepare(static: Path) -> Path:
    """Write static/vendor/chart.js unless it is there for this version of the package."""
    target = static / "vendor" / "chart.js"
    mark = f"/* From chartkick {version('chartkick')}. Chart.js is under the MIT licence. */\n"
    if target.exists():
        with target.open() as file:
            if file.readline() == mark:
                return target
    target.parent.mkdir(parents=True, exist_ok=True)
    script = rjsmin.jsmin(files("chartkick").joinpath(SOURCE).read_text("utf-8"))
    # Several workers may start at once: each writes its own file and moves it into place.
    with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False) as draft:
        draft.write(mark + script)
    os.chmod(draft.name, 0o644)
    os.replace(draft.name, target)
    return target
