"""Reads suites.toml into one frozen Suite per row, with the defaults filled in."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("suites.toml")


@dataclass(frozen=True, slots=True)
class Named:
    """A test, or all tests of a class or module, and why it is named."""

    id: str
    why: str

    def covers(self, test: str) -> bool:
        return test == self.id or test.startswith((f"{self.id}[", f"{self.id}::"))


@dataclass(frozen=True, slots=True)
class Patch:
    """A text to replace in one file of the unpacked sdist."""

    path: str
    old: str
    new: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What one row says; the keys are explained at the top of suites.toml."""

    name: str
    dist: str
    version: str
    flask: str
    base: tuple[str, ...]
    timeout: int
    sha256: str | None = None
    passing: int = 1
    deps: tuple[str, ...] = ()
    subdir: str = "."
    args: tuple[str, ...] = ("tests",)
    remove: tuple[str, ...] = ()
    write: Mapping[str, str] = field(default_factory=dict)
    patch: tuple[Patch, ...] = ()
    deselect: tuple[Named, ...] = ()
    accidents: tuple[Named, ...] = ()
    note: str = ""

    @property
    def requirements(self) -> tuple[str, ...]:
        """All that its environment installs, Bolthead aside."""
        pins = (f"flask=={self.flask}", f"{self.dist}=={self.version}")
        return tuple(dict.fromkeys((*pins, *self.base, *self.deps)))

    def accident(self, test: str) -> Named | None:
        """The entry that lets this test fail on Bolthead, if there is one."""
        return next((named for named in self.accidents if named.covers(test)), None)


NESTED = {"patch": Patch, "deselect": Named, "accidents": Named}


def load_suites(path: Path = TABLE) -> dict[str, Suite]:
    """Every suite of the table by name, in its order."""
    document = tomllib.loads(path.read_text("utf-8"))
    rows: dict[str, dict[str, Any]] = document.pop("suite")
    return {name: read_row(name, document | row) for name, row in rows.items()}


def new_suite(requirement: str, path: Path = TABLE) -> Suite:
    """A suite that the table does not have yet, from ``dist==version``."""
    dist, equal, version = requirement.partition("==")
    if not dist.strip() or not equal or not version.strip():
        raise ValueError(f"{requirement!r} is no release. Write it as flask-example==1.2.3.")
    document = tomllib.loads(path.read_text("utf-8"))
    name = dist.strip().lower()
    if name in document.pop("suite"):
        raise ValueError(f"suites.toml has {name} already: change its version there.")
    return read_row(name, document | {"dist": dist.strip(), "version": version.strip()})


def append_row(suite: Suite, sha256: str, passing: int, path: Path = TABLE) -> None:
    """Write a suite's row at the end of the table, pinned to what was run."""
    row = (
        f'\n\n[suite.{suite.name}]\ndist = "{suite.dist}"\nversion = "{suite.version}"\n'
        f'sha256 = "{sha256}"\npassing = {passing}\n'
    )
    with path.open("a", encoding="utf-8") as file:
        file.write(row)


def read_row(name: str, row: Mapping[str, Any]) -> Suite:
    """One row as a Suite; a misspelt key is an error, not a row that quietly does less."""
    known = {each.name for each in fields(Suite)} - {"name"}
    missing = {"dist", "version"} - row.keys()
    if row.keys() - known or missing:
        raise ValueError(
            f"suites.toml: [suite.{name}] has unknown keys {sorted(row.keys() - known)}"
            f" and misses {sorted(missing)}. The top of the file lists what a row may say."
        )
    return Suite(name=name, **{key: read_value(key, value) for key, value in row.items()})


def read_value(key: str, value: Any) -> Any:
    """Lists become tuples, and tables in them the class that holds their kind."""
    if key in NESTED:
        return tuple(NESTED[key](**entry) for entry in value)
    return tuple(value) if isinstance(value, list) else value
