"""Runs extensions that a release of Flask ended, on Bolthead with the removed names given back.

Each is installed from its own distribution; an app that uses it is served and asked over HTTP.
Before that the same app is started on Flask itself, where it must fail. See legacy.toml.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from environments import (
    CACHE,
    Environment,
    SuiteError,
    install_bolthead,
    python_version,
    set_stamp,
    stamp,
)

HERE = Path(__file__).parent
TABLE = HERE / "legacy.toml"
DRIVE = HERE / "legacy_drive.py"
TIMEOUT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What one row says; the keys are explained at the top of legacy.toml."""

    name: str
    dist: str
    version: str
    died: str
    flask: str
    base: tuple[str, ...]
    deps: tuple[str, ...] = ()
    note: str = ""

    @property
    def app(self) -> Path:
        return HERE / "legacy_apps" / f"{self.name.replace('-', '_')}.py"


@dataclass(frozen=True, slots=True)
class Result:
    """How a row ended: `why` is empty where it works; `names` are the removed ones it used."""

    extension: Extension
    on_flask: str = ""
    why: str = ""
    names: tuple[str, ...] = ()


def load(path: Path = TABLE) -> dict[str, Extension]:
    """Every row by name, in the table's order."""
    document = tomllib.loads(path.read_text("utf-8"))
    shared = {"flask": document["flask"], "base": tuple(document["base"])}
    return {
        name: Extension(name=name, **shared, **row | {"deps": tuple(row.get("deps", ()))})
        for name, row in document["extension"].items()
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when every extension works."""
    extensions = load()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows of legacy.toml")
    parser.add_argument("--list", action="store_true", help="print the rows and stop")
    parser.add_argument("--fresh", action="store_true", help="build the environments again")
    parser.add_argument("--jobs", type=int, default=2, help="rows at the same time (2)")
    parser.add_argument("--python", default=sys.executable, help="interpreter to test with")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(extensions))
    if unknown:
        parser.error(f"legacy.toml has no {', '.join(unknown)}; --list prints what it has")
    if options.list:
        for extension in extensions.values():
            print(f"{extension.name:20} {extension.version:8} {extension.died}")
        return 0
    chosen = [extensions[name] for name in options.names or extensions]
    with ThreadPoolExecutor(options.jobs) as pool:
        results = []
        for result in pool.map(lambda extension: run(extension, options), chosen):
            print(describe(result), flush=True)
            results.append(result)
    working = sum(not result.why for result in results)
    print(f"{working} of {len(results)} extensions work")
    return 0 if working == len(results) else 1


def run(extension: Extension, options: argparse.Namespace) -> Result:
    """One extension on Flask and on Bolthead; what stops it is a result, too."""
    try:
        environment = prepare(extension, options.python, fresh=options.fresh)
        if environment.run(DRIVE, extension.app, log="flask", timeout=TIMEOUT) == 0:
            return Result(extension, why="it works on Flask: it needs no legacy=True")
        on_flask = environment.log_end("flask", 1)
        with adopted(environment):
            if environment.run(DRIVE, extension.app, log="bolthead", timeout=TIMEOUT) != 0:
                return Result(extension, on_flask, environment.log_end("bolthead"))
        names = json.loads(environment.log_end("bolthead", 1))
        return Result(extension, on_flask, "", tuple(name.split("'")[1] for name in names))
    except (SuiteError, OSError, ValueError, subprocess.SubprocessError) as error:
        return Result(extension, why=str(error))


def prepare(extension: Extension, python: str, *, fresh: bool) -> Environment:
    """Return the extension's environment, made where it is missing or its row has changed."""
    version = python_version(python)
    folder = CACHE.parent / "legacy" / f"py{version.rpartition('.')[0]}" / extension.name
    environment = Environment(extension, folder)  # type: ignore[arg-type]  # only its folder is used
    own = f"{extension.dist}=={extension.version}"
    beside = (*extension.base, f"flask=={extension.flask}", *extension.deps)
    recipe = json.dumps([version, own, beside])
    if fresh or stamp(environment, "packages") != recipe:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
        environment.must("-m", "pip", "install", *beside, log="install")
        alone = ("--no-deps", "--no-build-isolation")
        environment.must("-m", "pip", "install", *alone, own, log="install-extension")
        set_stamp(environment, "packages", recipe)
    install_bolthead(environment)
    return environment


@contextmanager
def adopted(environment: Environment) -> Iterator[None]:
    """While this is open, `import flask` in the environment gives Bolthead, as of old."""
    environment.must("-m", "bolthead", "adopt", "--legacy", log="adopt")
    try:
        yield
    finally:
        environment.must("-m", "bolthead", "adopt", "--undo", log="adopt-undo")


def describe(result: Result) -> str:
    """A row's line, and under it why it does not work."""
    extension = result.extension
    title = f"{extension.name:20} {extension.version:8}"
    if result.why:
        return f"{title} does not work:\n{result.why}"
    return f"{title} works, by {', '.join(result.names)} (on Flask: {result.on_flask})"


if __name__ == "__main__":
    sys.exit(main())
