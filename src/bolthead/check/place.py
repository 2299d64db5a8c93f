"""Where a check found something."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, a file, a setting, or a file and the setting that it sets."""

    file: Path | None = None
    line: int | None = None
    setting: str | None = None

    def __str__(self) -> str:
        if self.file is None:
            return self.setting or "the app"
        shown = shorten(self.file)
        return shown if self.line is None else f"{shown}:{self.line}"


def shorten(path: Path) -> str:
    """Return a path from the working directory, where it lies below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
