"""Prints pip's constraints for the oldest dependencies that pyproject.toml allows.

Each lower bound of the package and its extras becomes a pin: ``jinja2>=3.1.2`` is ``==3.1.2``.
With ``--check`` it compares them with what is installed, and says which environment this is.
"""

from __future__ import annotations

import importlib.metadata
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
# Examples are apps, not the framework: they may ask for more.
EXTRAS = ("dotenv", "adhoc", "serve")


def oldest() -> dict[str, str]:
    """Each distribution and the oldest version that is allowed of it."""
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in EXTRAS:
        lines += project["optional-dependencies"][extra]
    return {requirement.name: bound(requirement) for requirement in map(Requirement, lines)}


def bound(requirement: Requirement) -> str:
    bounds = [part.version for part in requirement.specifier if part.operator == ">="]
    if len(bounds) != 1:
        sys.exit(f"pyproject.toml gives {requirement.name} no lower bound: write >= and a version.")
    return bounds[0]


def main() -> int:
    if sys.argv[1:] != ["--check"]:
        for name, version in oldest().items():
            print(f"{name}=={version}")
        return 0
    wrong = False
    for name, version in oldest().items():
        found = importlib.metadata.version(name)
        wrong = wrong or Version(found) != Version(version)
        print(f"{name} {found}{'' if Version(found) == Version(version) else f', not {version}'}")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
