"""Run the samples of documentation pages: ``python docs/run_samples.py README.md docs/index.md``.

A page's samples run in order, in one namespace and in a folder of their own. What a fence says:

    ```python               a sample that is run
    ```python app.py        a file of the page's folder; imported, or run by pytest if it is a test
    ```html templates/x     a file in any other language
    ```console              commands after ``$``, then what they print; see ``run_command``
    ```python no-run        not run; the first line is a comment that begins "Not run:"

The pages of a tutorial are about one project: the files of the pages before are there already.
"""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
import types
import warnings
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```(?P<info>[^`\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = "# Not run:"

# Folders whose pages are about one project each.
SERIES = {"tutorial", "dashboard"}

# These serve, ask or change the environment, so that their arguments are only parsed.
ONLY_PARSED = {"run", "serve", "shell", "adopt"}


@dataclass(frozen=True)
class Sample:
    """A fenced block: its language, what else the fence says, its text and its first line."""

    language: str
    rest: str
    text: str
    line: int


def find_samples(page: Path) -> list[Sample]:
    """Return the fenced blocks of a page."""
    source = page.read_text(encoding="utf-8")
    found = []
    for block in FENCE.finditer(source):
        language, _, rest = block["info"].strip().partition(" ")
        line = source.count("\n", 0, block.start("text")) + 1
        found.append(Sample(language, rest.strip(), block["text"], line))
    return found


def pages_before(page: Path) -> list[Path]:
    """Return the pages whose files a page's samples need: those before it in its tutorial."""
    if page.parent.name not in SERIES:
        return []
    return [other for other in sorted(page.parent.glob("[0-9]*.md")) if other.name < page.name]


def run_page(page: Path) -> None:
    """Run a page's samples in the working directory, which should be an empty one."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.getcwd())
    for other in pages_before(page):
        for sample in find_samples(other):
            if is_file(sample):
                write_file(sample)

    module = types.ModuleType("sample")
    module.__file__ = os.path.join(os.getcwd(), "sample.py")
    sys.modules["sample"] = module
    written: set[Path] = set()
    for sample in find_samples(page):
        if is_file(sample):
            if Path(sample.rest) in written:
                import_file(Path(sample.rest))
            path = write_file(sample)
            written.add(path)
            run_file(path)
        elif sample.language == "python" and sample.rest != "no-run":
            # The blank lines make a traceback name the page's own line.
            source = "\n" * (sample.line - 1) + sample.text
            exec(compile(source, page, "exec"), module.__dict__)  # noqa: S102  # our own page
        elif sample.language == "console":
            for command, output in find_commands(sample):
                run_command(command, output)
    for path in sorted(written):
        import_file(path)


def is_file(sample: Sample) -> bool:
    """Tell whether a sample is a file to write."""
    return bool(sample.rest) and sample.rest != "no-run"


def write_file(sample: Sample) -> Path:
    """Write a sample's text to the file that its fence names."""
    path = Path(sample.rest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(sample.text, encoding="utf-8")
    return path


def run_file(path: Path) -> None:
    """Run a file of tests; forget what a file that is written anew held before."""
    if path.name.startswith("test_"):
        command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        call([*command, path], {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
        return
    name = module_of(path)
    for known in list(sys.modules):
        if known == name or known.startswith(f"{name}."):
            del sys.modules[known]
    importlib.invalidate_caches()


def import_file(path: Path) -> None:
    """Import a Python file that no sample has imported; leave others alone."""
    if path.suffix == ".py" and not path.name.startswith("test_"):
        importlib.import_module(module_of(path))


def module_of(path: Path) -> str:
    """Return the dotted name of a file."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def find_commands(sample: Sample) -> list[tuple[list[str], str]]:
    """Return a console sample's commands, as words, each with what it prints."""
    found: list[tuple[list[str], str]] = []
    for line in sample.text.splitlines():
        if line.startswith("$ "):
            found.append((shlex.split(line[2:], comments=True), ""))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return found


def parse_command(words: list[str]) -> str | None:
    """Parse a ``bolthead`` command; return the subcommand's name, or None where there is none.

    Raises ``click.UsageError`` for an option that does not exist.
    """
    from bolthead.cli import cli

    group_context = click.Context(cli, info_name="bolthead")
    _, rest, _ = cli.make_parser(group_context).parse_args(list(words))
    if not rest:
        return None
    command = cli.commands.get(rest[0])
    if command is not None:
        context = click.Context(command, parent=group_context, info_name=rest[0])
        _, extra, _ = command.make_parser(context).parse_args(rest[1:])
        if extra:
            raise click.UsageError(f"Got unexpected extra arguments: {extra}")
    return str(rest[0])


def run_command(command: list[str], output: str) -> None:
    """Check a console sample's command; run it and compare the output where that can be done.

    Only ``bolthead`` commands are looked at: ``run``, ``shell`` and ``adopt`` are parsed; the
    others run, and must print what the sample shows, if it shows anything.
    """
    words = list(command)
    variables = {}
    while words and re.match(r"[A-Z_]+=", words[0]):
        name, _, variables[name] = words.pop(0).partition("=")
    if words[:1] != ["bolthead"]:
        return
    subcommand = parse_command(words[1:])
    if subcommand is None or subcommand in ONLY_PARSED:
        return
    printed = call([sys.executable, "-m", *words], variables)
    if output and [*map(str.rstrip, printed.splitlines())] != output.splitlines():
        raise AssertionError(f"{shlex.join(command)} prints:\n{printed}\nThe page says:\n{output}")


def call(command: list[str | Path], variables: dict[str, str] | None = None) -> str:
    """Run a program and return what it prints; AssertionError if it fails."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(variables or {})}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)  # noqa: S603  # our own page
    if done.returncode != 0:
        shown = " ".join(map(str, command))
        raise AssertionError(f"{shown} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    """Run each page that is named, in a folder of its own."""
    pages = [Path(name).resolve() for name in sys.argv[1:]]
    if len(pages) == 1:
        warnings.simplefilter("error")
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            run_page(pages[0])
            os.chdir(ROOT)
        return
    # A process for each: what one page imports must not help the next.
    for page in pages:
        print(page.relative_to(ROOT))
        call([sys.executable, __file__, page])


if __name__ == "__main__":
    main()
