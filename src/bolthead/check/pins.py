"""The versions that a project's files pin, and how versions compare."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

from .place import Place

FILES = (
    "requirements*.txt",
    "requirements/*.txt",
    "constraints*.txt",
    "pyproject.toml",
    "Pipfile",
    "Pipfile.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "pylock*.toml",
)

# ``Flask==2.0.1``, ``flask[async] == 2.0.1 ; python_version > "3.8"``, also in quotes.
EQUAL = re.compile(r"""["'\s]*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([\w.!+-]+)""")
# ``flask = "==2.0.1"`` of a Pipfile, ``"flask": {... "version": "==2.0.1"`` of its lock.
PIPFILE = re.compile(r"""([A-Za-z0-9][\w.-]*)["']?\s*=\s*["']==\s*([\w.]+)["']""")
LOCKED_NAME = re.compile(r"""\s*(?:name\s*=\s*)?["']([A-Za-z0-9][\w.-]*)["'](?:\s*:\s*\{)?\s*$""")
LOCKED_VERSION = re.compile(r"""\s*["']?version["']?\s*[=:]\s*["'](?:==)?([\w.]+)["']""")


@dataclass(frozen=True, slots=True)
class Pin:
    """A distribution, by its normalised name, and the version that a line asks for."""

    name: str
    version: str
    place: Place


def find_pins(project: Path) -> list[Pin]:
    """Return the versions that requirements and lock files pin."""
    files: dict[Path, None] = {}
    for pattern in FILES:
        files |= dict.fromkeys(sorted(project.glob(pattern)))
    return [pin for file in files for pin in _read(file)]


def _read(file: Path) -> t.Iterator[Pin]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    is_lock = file.suffix == ".lock" or file.name.startswith("pylock")
    name = ""
    for number, line in enumerate(lines, start=1):
        if line.lstrip().startswith("#"):
            continue
        place = Place(file, number)
        if is_lock:
            named = LOCKED_NAME.match(line)
            name = named[1] if named else name
            version = LOCKED_VERSION.match(line)
            if version and name:
                yield Pin(normalise(name), version[1], place)
                name = ""
            continue
        pattern = PIPFILE if file.name == "Pipfile" else EQUAL
        if file.suffix == ".toml":
            # Several may stand on one line; anything else with "==" is in no list of texts.
            for part in re.findall(r"[\"']([^\"']+)[\"']", line):
                found = EQUAL.match(part)
                if found:
                    yield Pin(normalise(found[1]), found[2], place)
            continue
        found = pattern.match(line)
        if found:
            yield Pin(normalise(found[1]), found[2], place)


def normalise(name: str) -> str:
    """Return a distribution's name as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, without zeros at the end; those of ``3.0rc1`` are 3."""
    found = re.match(r"(?:\d+!)?(\d+(?:\.\d+)*)", version)
    numbers = [int(part) for part in found[1].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
