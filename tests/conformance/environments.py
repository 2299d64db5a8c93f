"""Makes and keeps the virtual environment of each suite, and unpacks its sdist."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from table import Suite

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache" / "conformance"
WITNESS = Path(__file__).with_name("witness.py")
PIP_TIMEOUT = 600

# Settings of the caller's shell that would change what a suite sees.
FOREIGN = ("PYTHON", "PYTEST_", "FLASK_", "BOLTHEAD_", "COVERAGE", "VIRTUAL_ENV")

LIST_INSTALLED = """
import importlib.metadata as m
names = {d.name.lower(): d.version for d in m.distributions()}
names.pop("bolthead", None)
print(*sorted(f"{name}=={version}" for name, version in names.items()), sep="\\n")
"""


class SuiteError(Exception):
    """A suite could not be run: nothing is known about the framework."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A suite's folder: its virtual environment, sources, records and logs."""

    suite: Suite
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "venv" / "bin" / "python"

    def run(
        self, *command: str | Path, log: str, cwd: Path | None = None, timeout: int = PIP_TIMEOUT
    ) -> int | None:
        """Run Python here with its output in a log; its exit status, or None after a timeout."""
        with self.log(log).open("wb") as output:
            return run_group([self.python, *command], output.fileno(), cwd or self.folder, timeout)

    def must(self, *command: str | Path, log: str) -> None:
        """Run Python here; a failure ends the suite and shows the end of the log."""
        status = self.run(*command, log=log)
        if status != 0:
            words = " ".join(map(str, command))
            raise SuiteError(f"`python {words}` ended with {status}:\n{self.log_end(log)}")

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def log_end(self, name: str, lines: int = 25) -> str:
        return "\n".join(self.log(name).read_text("utf-8", "replace").splitlines()[-lines:])

    def installed(self) -> str:
        """Name and version of all that is installed, Bolthead aside."""
        return subprocess.check_output([self.python, "-c", LIST_INSTALLED], text=True)


def run_group(command: Sequence[str | Path], output: int, cwd: Path, timeout: int) -> int | None:
    """Run a command in a process group of its own, so that a timeout ends its children too."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=clean_environ(Path(command[0]).parent),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def clean_environ(scripts: Path) -> dict[str, str]:
    """The caller's environment without what is meant for other programs."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    return kept | {"PATH": f"{scripts}{os.pathsep}{kept.get('PATH', os.defpath)}"}


def python_version(python: str) -> str:
    """The full version of an interpreter, such as "3.13.0"."""
    ask = "import platform; print(platform.python_version())"
    return subprocess.check_output([python, "-c", ask], text=True).strip()


@contextmanager
def opened(suite: Suite, python: str, *, fresh: bool) -> Iterator[Environment]:
    """The suite's environment, made where it is missing or its row has changed.

    A second run waits until the first has left it: both would adopt and undo in one place.
    """
    version = python_version(python)
    environment = Environment(suite, CACHE / f"py{version.rpartition('.')[0]}" / suite.name)
    environment.folder.parent.mkdir(parents=True, exist_ok=True)
    with environment.folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        recipe = json.dumps([version, suite.requirements])
        if fresh or stamp(environment, "packages") != recipe:
            build(environment, python)
            set_stamp(environment, "packages", recipe)
        install_bolthead(environment)
        yield environment


def build(environment: Environment, python: str) -> None:
    """Make the virtual environment anew, with all that the suite requires."""
    shutil.rmtree(environment.folder, ignore_errors=True)
    environment.folder.mkdir()
    subprocess.run([python, "-m", "venv", environment.folder / "venv"], check=True)
    environment.must("-m", "pip", "install", *environment.suite.requirements, log="install")


def install_bolthead(environment: Environment) -> None:
    """Install the checkout in editable form, again only when its metadata has changed."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    recipe = json.dumps([project["dependencies"], project["scripts"]])
    if stamp(environment, "bolthead") == recipe:
        return
    environment.must("-m", "pip", "install", "--editable", CHECKOUT, log="install-bolthead")
    set_stamp(environment, "bolthead", recipe)


def stamp(environment: Environment, name: str) -> str | None:
    path = environment.folder / f"{name}.stamp"
    return path.read_text("utf-8") if path.exists() else None


def set_stamp(environment: Environment, name: str, recipe: str) -> None:
    (environment.folder / f"{name}.stamp").write_text(recipe, "utf-8")


@contextmanager
def adopted(environment: Environment) -> Iterator[None]:
    """While this is open, `import flask` in the environment gives Bolthead."""
    environment.must("-m", "bolthead", "adopt", log="adopt")
    try:
        yield
    finally:
        environment.must("-m", "bolthead", "adopt", "--undo", log="adopt-undo")


def fetch_sdist(environment: Environment) -> Path:
    """The suite's source distribution, downloaded once and checked every time."""
    suite = environment.suite
    folder = CACHE / "sdists" / f"{suite.name}-{suite.version}"
    if not any(folder.glob("*.tar.gz")):
        pip = ("-m", "pip", "download", "--no-deps", "--no-binary", suite.dist, "--dest", folder)
        environment.must(*pip, f"{suite.dist}=={suite.version}", log="download")
    sdist = next(folder.glob("*.tar.gz"))
    found = digest(sdist)
    if suite.sha256 not in (None, found):
        sdist.unlink()
        raise SuiteError(f"{sdist.name} has sha256 {found}, but its row says {suite.sha256}.")
    return sdist


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(suite: Suite, sdist: Path, target: Path) -> Path:
    """Unpack the sdist anew, changed as its row says; the folder in which pytest starts."""
    shutil.rmtree(target, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(target, filter="data")
    (root,) = target.iterdir()
    for path in suite.remove:
        shutil.rmtree(root / path)
    for path, text in suite.write.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    for patch in suite.patch:
        replace_text(root / patch.path, patch.old, patch.new)
    return root / suite.subdir


def replace_text(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    if old not in text:
        raise SuiteError(f"{path.name} does not contain {old!r}: its patch no longer applies.")
    path.write_text(text.replace(old, new), "utf-8")


def install_witness(environment: Environment) -> None:
    """Put the plugin where pytest finds it without any change to the search path."""
    (site_packages,) = (environment.folder / "venv" / "lib").glob("python*/site-packages")
    shutil.copy(WITNESS, site_packages / "bolthead_conformance_witness.py")
