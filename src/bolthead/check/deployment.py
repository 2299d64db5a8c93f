"""Files beside the app that say how it is served and what it needs."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

from .place import Place

TOP_FILES = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "Pipfile",
    "Procfile",
    "Dockerfile",
    ".git",
)

SERVED_BY = (
    "Procfile",
    "Dockerfile*",
    "*.dockerfile",
    "docker-compose*.y*ml",
    "compose*.y*ml",
    "gunicorn.conf.py",
    "gunicorn*.py",
    "uwsgi*.ini",
    "*.service",
    "start*.sh",
    "entrypoint*.sh",
    "run.sh",
    "boot.sh",
    "nginx*.conf",
)
FOLDERS = (".", "deploy", "deployment", "docker", "etc", "ops", "systemd", "nginx")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of such a file, without its comment."""

    file: Path
    number: int
    text: str

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.file, self.number)


def find_project(folder: Path) -> Path:
    """Return the nearest folder above that looks like the top of a project, else the folder."""
    for candidate in (folder, *folder.parents):
        if any((candidate / name).exists() for name in TOP_FILES):
            return candidate
    return folder


def find_lines(project: Path) -> list[Line]:
    """Return the lines of the files that say how the app is served."""
    files: dict[Path, None] = {}
    for folder in FOLDERS:
        for pattern in SERVED_BY:
            for file in sorted((project / folder).glob(pattern)):
                if file.is_file():
                    files[file.resolve()] = None
    return [line for file in files for line in read_lines(file)]


def read_lines(file: Path) -> t.Iterator[Line]:
    """Yield the lines of a file; one that ends with a backslash is joined with the next."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    joined = ""
    began = 1
    for number, raw in enumerate(text.splitlines(), start=1):
        line = re.sub(r"(^|\s)#.*", "", raw).rstrip()
        if not joined:
            began = number
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        whole = joined + line
        joined = ""
        if whole.strip():
            yield Line(file, began, whole)
